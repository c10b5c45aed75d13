//! Development commands.

mod build;

use std::env;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let [command, celadon] = &env::args_os().skip(1).collect::<Vec<_>>()[..] else {
        eprintln!("usage: cargo xtask build <path of celadon>");
        return ExitCode::FAILURE;
    };
    if command != "build" {
        eprintln!("{} is unknown", command.display());
        return ExitCode::FAILURE;
    }
    match build::components(&workspace, Path::new(celadon)) {
        Ok(components) => {
            for component in components {
                println!("{}", component.display());
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
