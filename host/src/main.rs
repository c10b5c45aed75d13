//! The program `celadon`: arguments, and what they ask for.

use celadon::cli::{self, Arguments};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(Arguments::parse())
}
