//! Where things are: build outputs, tools and free ports.

use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

/// The workspace's folder.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("this crate is in a folder of the workspace")
        .to_path_buf()
}

/// A build output or tool below `target/`; `variable` overrides where it is.
pub(crate) fn built(variable: &str, below_target: &str) -> Result<PathBuf> {
    let path = match environment(variable) {
        Some(path) => PathBuf::from(path),
        None => target().join(below_target),
    };
    if !path.exists() {
        bail!(
            "{} is missing: `cargo xtask test` makes it, or {variable} says where it is",
            path.display()
        );
    }
    path.canonicalize().context("the path of a build output")
}

/// A file of the source tree.
pub fn text_of(path: &str) -> Result<String> {
    let path = workspace().join(path);
    std::fs::read_to_string(&path).with_context(|| path.display().to_string())
}

/// The folder in which pictures of pages are wanted, if they are: `CELADON_PICTURES`.
pub fn pictures() -> Option<PathBuf> {
    environment("CELADON_PICTURES").map(PathBuf::from)
}

/// The program `name` on `PATH`.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = environment("PATH")?;
    let mut files = std::env::split_paths(&path).map(|folder| folder.join(name));
    files.find(|file| file.is_file())
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests are configured by the environment that runs them"
)]
fn environment(variable: &str) -> Option<OsString> {
    std::env::var_os(variable)
}

fn target() -> PathBuf {
    match environment("CARGO_TARGET_DIR") {
        Some(target) => workspace().join(target),
        None => workspace().join("target"),
    }
}

/// A component that the build leaves, such as `oidc` or `test/spy`.
pub fn component(name: &str) -> Result<PathBuf> {
    Ok(built("CELADON_COMPONENTS", "components")?.join(format!("{name}.wasm")))
}

/// The number in an environment variable, to make a test larger than it is by default.
pub fn number(variable: &str, default: usize) -> usize {
    let value = environment(variable).and_then(|value| value.into_string().ok());
    value
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

/// A port of 127.0.0.1 that is free now, for a server that cannot choose one itself.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no port is free")?;
    Ok(listener.local_addr()?.port())
}
