//! Development commands: `cargo xtask dev`, `build`, `test`, `fuzz`, `bench`, `histories`.
//!
//! A crate without dependencies, so that it is compiled in a second and a fresh clone needs nothing
//! but cargo to begin. Owned here: what must be built and installed before the program or its tests
//! can run, in which order. Left to others: what the program and the tests do.
//!
//! Everything goes below `target/`; the source tree stays clean. A step that was done is skipped,
//! so that after the first time nothing needs the network.

#![expect(
    clippy::disallowed_methods,
    reason = "the rule is for the program; this is a development command"
)]

mod bench;
mod build;
mod command;
mod dev;
mod failure;
mod fuzz;
mod install;
mod places;
mod step;
mod test;

use failure::Failure;
use places::Places;
use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

const HELP: &str = "\
Development commands of Celadon.

  cargo xtask dev [ARGUMENTS]    build everything, then run `celadon dev` with the arguments
  cargo xtask build              build the program and the components in target/components
  cargo xtask test [ARGUMENTS]   install what tests need into target/tools, build, run all tests;
                                 the arguments go to nextest (or to cargo test)
  cargo xtask fuzz [SECONDS] [TARGET...]
                                 give every parser of untrusted bytes a minute under libFuzzer
  cargo xtask bench [NAME...]    measure logins and plugin calls, optimised: `login`, `plugin`
  cargo xtask histories          record the golden histories in tests/histories anew
  cargo xtask help               this text

Needed: rustup, python3 with venv and, for the tests, node with npm and chromium with chromedriver.
";

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let command = arguments.next().unwrap_or_else(|| "help".into());
    match run(&command.to_string_lossy(), &arguments.collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &str, arguments: &[OsString]) -> Result<(), Failure> {
    match command {
        "dev" => dev::run(&Places::find()?, arguments),
        "build" if arguments.is_empty() => dev::build(&Places::find()?),
        "test" => test::run(&Places::find()?, arguments),
        "fuzz" => fuzz::run(&Places::find()?, arguments),
        "bench" => bench::run(&Places::find()?, arguments),
        "histories" if arguments.is_empty() => test::record_histories(&Places::find()?),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        _ => Err(Failure::Usage),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_command_is_refused() {
        assert!(matches!(run("deploy", &[]), Err(Failure::Usage)));
        assert!(matches!(
            run("build", &["--fast".into()]),
            Err(Failure::Usage)
        ));
    }
}
