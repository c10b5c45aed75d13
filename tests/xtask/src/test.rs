//! `cargo xtask test`: everything that tests need, then all tests.

use crate::command::{cargo, run as show};
use crate::failure::Failure;
use crate::places::Places;
use crate::step::step;
use crate::{dev, install};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

/// The library whose examples are compiled and run: authors copy them.
const EXAMPLES_OF: &str = "celadon-provider";

/// The test that records histories instead of testing anything.
const RECORDER: &str = "histories::record";

/// Installs, builds, and runs the tests. Arguments go to the test runner.
pub fn run(places: &Places, arguments: &[OsString]) -> Result<(), Failure> {
    let environment = environment(places)?;
    install::chromium()?;
    dev::build(places)?;
    let nextest = install::is_on_path("cargo-nextest");
    step("run the tests", || {
        let mut tests = runner(places, nextest);
        show(tests.args(arguments).envs(environment.clone()))
    })?;
    if !arguments.is_empty() {
        // A selection of tests says nothing of examples.
        return Ok(());
    }
    step("run the examples in the documentation", || {
        show(cargo(places.workspace()).args(["test", "--quiet", "--doc", "--package", EXAMPLES_OF]))
    })
}

/// Records the golden histories anew, in tests/histories.
pub fn record_histories(places: &Places) -> Result<(), Failure> {
    let environment = environment(places)?;
    dev::build(places)?;
    step("record the histories", || {
        let mut recorder = cargo(places.workspace());
        recorder.args(["test", "--workspace", "--test", "e2e", "--"]);
        show(
            recorder
                .args(["--ignored", "--exact", RECORDER])
                .envs(environment),
        )
    })
}

/// Where tests find what was installed and built.
fn environment(places: &Places) -> Result<[(&'static str, PathBuf); 5], Failure> {
    Ok([
        ("CELADON_TEMPORAL_CLI", install::temporal(places)?),
        ("CELADON_MOCK_OP", install::mock_op(places)?),
        ("CELADON_NODE_MODULES", install::npm(places)?),
        ("CELADON_COMPONENTS", places.components()),
        ("CELADON_BIN", places.celadon()),
    ])
}

fn runner(places: &Places, nextest: bool) -> Command {
    let mut command = cargo(places.workspace());
    if nextest {
        command.args(["nextest", "run", "--workspace"]);
    } else {
        command.args(["test", "--workspace", "--lib", "--bins", "--tests"]);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::line;

    #[test]
    fn nextest_is_used_where_it_is_installed() {
        let places = Places::find().expect("found");
        assert!(line(&runner(&places, true)).ends_with("nextest run --workspace"));
        let plain = line(&runner(&places, false));
        assert!(
            plain.ends_with("test --workspace --lib --bins --tests"),
            "{plain}"
        );
    }
}
