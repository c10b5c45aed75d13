//! `cargo xtask build`: the components.
//!
//! Guests are built by a cargo of their own, into a target directory of their own: a build script of
//! the host would wait for the lock that its own cargo holds. Folders are the list: `providers/*`
//! but for the SDK, each the crate `celadon-provider-<folder>`, and `tests/components/*`, each
//! `celadon-test-<folder>`.

use crate::places::Places;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::{env, fmt, fs, io};

const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "guest";

/// A guest's stack in bytes. The linker's 1 MiB would lie before the data and make every instance
/// larger by 15 pages that are never touched.
const STACK: u32 = 64 << 10;

/// Why the components could not be built.
#[derive(Debug)]
pub enum BuildError {
    /// A folder or file.
    Path(PathBuf, io::Error),
    /// A program that could not be started.
    Start(OsString, io::Error),
    /// A program that failed; what it said is on the terminal.
    Failed(OsString, ExitStatus),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Start(program, error) => {
                write!(f, "{} does not start: {error}", program.display())
            }
            Self::Failed(program, status) => write!(f, "{} failed: {status}", program.display()),
        }
    }
}

impl std::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Path(_, error) | Self::Start(_, error) => Some(error),
            Self::Failed(..) => None,
        }
    }
}

/// One component to build.
struct Component {
    package: String,
    output: PathBuf,
}

/// Builds every component: `target/components/<folder>.wasm`, and `target/components/test/<folder>.wasm`
/// for those of the tests. The built program makes components of core modules. Those of `providers`
/// come with it: they are listed beside it, and need no approval. Those of the tests are strangers.
///
/// # Errors
/// The first thing that went wrong.
pub fn components(places: &Places) -> Result<(), BuildError> {
    let workspace = places.workspace();
    let output = places.components();
    let mut components = list(&workspace.join("providers"), "celadon-provider-", &output)?;
    components.retain(|component| component.package != "celadon-provider-sdk");
    let bundled: Vec<PathBuf> = components.iter().map(|it| it.output.clone()).collect();
    let tests = workspace.join("tests/components");
    components.extend(list(&tests, "celadon-test-", &output.join("test"))?);

    // Whatever fails from here on, no digest of former components stays approved.
    let list = places.bundled();
    forget(&list)?;
    let modules = compile(places, &components)?;
    for component in &components {
        let module = modules.join(format!("{}.wasm", component.package.replace('-', "_")));
        encode(&places.celadon(), &module, &component.output)?;
    }
    bundle(&places.celadon(), &bundled, &list)
}

fn forget(list: &Path) -> Result<(), BuildError> {
    match fs::remove_file(list) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(BuildError::Path(list.into(), error))
        }
        _ => Ok(()),
    }
}

/// Lists components as those that come with the program. The list appears complete or not at all.
fn bundle(celadon: &Path, components: &[PathBuf], list: &Path) -> Result<(), BuildError> {
    let mut program = Command::new(celadon);
    program.args(["provider", "bundle"]).args(components);
    let output = program.stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| BuildError::Start(celadon.into(), error))?;
    if !output.status.success() {
        return Err(BuildError::Failed(celadon.into(), output.status));
    }
    let draft = list.with_extension("new");
    fs::write(&draft, output.stdout)
        .and_then(|()| fs::rename(&draft, list))
        .map_err(|error| BuildError::Path(list.into(), error))
}

/// The folders with a `Cargo.toml`, in the order of their names.
fn list(folder: &Path, prefix: &str, output: &Path) -> Result<Vec<Component>, BuildError> {
    let at = |error| BuildError::Path(folder.to_path_buf(), error);
    let mut components = Vec::new();
    for entry in fs::read_dir(folder).map_err(at)? {
        let path = entry.map_err(at)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if let (Some(name), true) = (name, path.join("Cargo.toml").is_file()) {
            components.push(Component {
                package: format!("{prefix}{name}"),
                output: output.join(format!("{name}.wasm")),
            });
        }
    }
    components.sort_by(|a, b| a.package.cmp(&b.package));
    Ok(components)
}

/// One cargo for all, and the folder with the core modules.
fn compile(places: &Places, components: &[Component]) -> Result<PathBuf, BuildError> {
    let workspace = places.workspace();
    let target = places.guests();
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(workspace)
        .args(["build", "--locked", "--profile", PROFILE])
        .args(["--target", TARGET, "--target-dir"])
        .arg(&target);
    for component in components {
        cargo.args(["--package", &component.package]);
    }
    // The outer cargo's flags are for the host, and would take the place of these.
    cargo
        .env_remove("RUSTFLAGS")
        .env("CARGO_ENCODED_RUSTFLAGS", flags(workspace));
    run(&mut cargo)?;
    Ok(target.join(TARGET).join(PROFILE))
}

/// The compiler's flags, separated as `CARGO_ENCODED_RUSTFLAGS` wants them. Paths of this machine
/// stay out of the modules, so that the same source gives the same component anywhere.
fn flags(workspace: &Path) -> OsString {
    let mut flags = OsString::from(format!("-Clink-arg=-zstack-size={STACK}"));
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    let places = [
        (home, "/cargo"),
        (Some(workspace.to_path_buf()), "/celadon"),
    ];
    for (place, name) in places {
        if let Some(place) = place {
            flags.push("\u{1f}--remap-path-prefix=");
            flags.push(place);
            flags.push("=");
            flags.push(name);
        }
    }
    flags
}

fn encode(celadon: &Path, module: &Path, output: &Path) -> Result<(), BuildError> {
    if let Some(folder) = output.parent() {
        fs::create_dir_all(folder).map_err(|error| BuildError::Path(folder.into(), error))?;
    }
    let mut program = Command::new(celadon);
    program.args(["provider", "build"]).arg(module);
    run(program.arg("--output").arg(output))
}

fn run(command: &mut Command) -> Result<(), BuildError> {
    let program = command.get_program().to_owned();
    let status = command
        .status()
        .map_err(|error| BuildError::Start(program.clone(), error))?;
    if status.success() {
        Ok(())
    } else {
        Err(BuildError::Failed(program, status))
    }
}
