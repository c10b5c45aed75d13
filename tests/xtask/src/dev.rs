//! `cargo xtask build` and `cargo xtask dev`.

use crate::command::{cargo, line, run as show};
use crate::failure::Failure;
use crate::places::Places;
use crate::step::step;
use crate::{build, install};
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Builds the program and the components.
pub fn build(places: &Places) -> Result<(), Failure> {
    install::wasm_target()?;
    step("build celadon (the first time takes some minutes)", || {
        show(cargo(places.workspace()).args(["build", "--package", "celadon"]))
    })?;
    step("build the components", || {
        build::components(places).map_err(Failure::Components)
    })
}

/// Builds everything, then becomes `celadon dev`: the terminal's signals reach it directly.
pub fn run(places: &Places, arguments: &[OsString]) -> Result<(), Failure> {
    install::any_temporal(places)?;
    build(places)?;
    let mut celadon = Command::new(places.celadon());
    celadon.arg("dev").args(arguments);
    let source = celadon.exec();
    Err(Failure::Run {
        line: line(&celadon),
        source,
    })
}
