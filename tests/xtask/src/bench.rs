//! `cargo xtask bench [NAME…]`: what logins and plugin calls cost, optimised, side by side with what
//! they are compared to.

use crate::command::{cargo, run as show};
use crate::failure::Failure;
use crate::places::Places;
use crate::step::step;
use crate::{dev, install};
use std::ffi::OsString;
use std::fs;

const PACKAGE: &str = "celadon-bench";
const FEATURES: &str = "celadon-bench/javascript";
/// The benchmarks, in the order in which they run.
const NAMES: [&str; 2] = ["plugin", "login"];

/// Builds everything optimised, then runs the benchmarks that are named, or all.
pub fn run(places: &Places, arguments: &[OsString]) -> Result<(), Failure> {
    let named = |name: &&str| arguments.is_empty() || arguments.iter().any(|word| word == name);
    let chosen: Vec<_> = NAMES.into_iter().filter(named).collect();
    if chosen.len() < arguments.len() {
        return Err(Failure::Usage);
    }
    let temporal = install::temporal(places)?;
    dev::build(places)?;
    step(
        "build everything optimised (this takes many minutes)",
        || {
            let mut build = cargo(places.workspace());
            build.args([
                "build",
                "--release",
                "--package",
                "celadon",
                "--package",
                PACKAGE,
            ]);
            show(build.args(["--features", FEATURES]))
        },
    )?;
    let celadon = places.target().join("release/celadon");
    // The components are the same, and the list counts beside the program alone.
    let list = celadon.with_file_name("celadon.bundled");
    let copied = fs::copy(places.bundled(), &list);
    copied.map_err(|source| Failure::File { path: list, source })?;
    for name in chosen {
        step(&format!("benchmark: {name}"), || {
            let mut bench = cargo(places.workspace());
            bench.args([
                // The same packages as above: nothing is compiled with other features.
                "bench",
                "--package",
                "celadon",
                "--package",
                PACKAGE,
                "--features",
                FEATURES,
                "--bench",
                name,
            ]);
            bench.env("CELADON_TEMPORAL_CLI", &temporal);
            bench.env("CELADON_COMPONENTS", places.components());
            show(bench.env("CELADON_BIN", &celadon))
        })?;
    }
    Ok(())
}
