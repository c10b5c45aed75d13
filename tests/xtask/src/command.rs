//! Running other programs.

use crate::failure::Failure;
use std::env;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

/// The cargo that runs us, in the workspace.
pub fn cargo(workspace: &Path) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.current_dir(workspace);
    command
}

/// Runs it with its output shown.
pub fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command.status().map_err(|source| cannot(command, source))?;
    judged(command, status, None)
}

/// Runs it with its output kept back, but for the last line if it fails. `missing` is the answer
/// where the program does not exist.
pub fn quietly(command: &mut Command, missing: Failure) -> Result<String, Failure> {
    let output = match command.stdin(Stdio::null()).output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(missing),
        Err(source) => return Err(cannot(command, source)),
        Ok(output) => output,
    };
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    let last = complaint
        .lines()
        .chain(said.lines())
        .rfind(|line| !line.trim().is_empty());
    judged(
        command,
        output.status,
        Some(last.unwrap_or_default().trim().to_owned()),
    )?;
    Ok(said)
}

/// Tries again once: downloads fail now and then.
pub fn twice<T>(mut work: impl FnMut() -> Result<T, Failure>) -> Result<T, Failure> {
    match work() {
        Err(failure @ Failure::Failed { .. }) => {
            eprintln!("    once more, since {failure}");
            work()
        }
        other => other,
    }
}

/// The command as one would type it.
pub fn line(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = program.file_name().unwrap_or(program.as_os_str());
    let words = command.get_args().map(|word| word.to_string_lossy());
    [program.to_string_lossy()]
        .into_iter()
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}

fn cannot(command: &Command, source: io::Error) -> Failure {
    Failure::Run {
        line: line(command),
        source,
    }
}

fn judged(command: &Command, status: ExitStatus, said: Option<String>) -> Result<(), Failure> {
    if status.success() {
        Ok(())
    } else {
        Err(Failure::Failed {
            line: line(command),
            status,
            said,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn what_a_quiet_command_says_is_returned_or_told() {
        assert_eq!(
            quietly(&mut sh("echo yes"), Failure::Usage).expect("it ran"),
            "yes"
        );
        let failed = quietly(
            &mut sh("echo first >&2; echo last >&2; exit 3"),
            Failure::Usage,
        );
        let failure = failed.expect_err("it failed").to_string();
        assert!(
            failure.ends_with("failed: last") || failure.ends_with(": last"),
            "{failure}"
        );
        assert!(failure.starts_with("`sh -c"), "{failure}");
    }

    #[test]
    fn a_missing_program_has_its_own_answer() {
        let missing = Failure::Missing {
            what: "npm",
            how: "install node",
        };
        let failure = quietly(&mut Command::new("no-such-program"), missing).expect_err("no");
        assert_eq!(failure.to_string(), "npm is missing: install node");
    }

    #[test]
    fn a_failure_is_tried_again_once() {
        let mut runs = 0;
        let outcome = twice(|| {
            runs += 1;
            run(&mut sh(if runs == 1 { "exit 1" } else { "exit 0" }))
        });
        assert!(outcome.is_ok());
        assert_eq!(runs, 2);
        runs = 0;
        let outcome = twice(|| {
            runs += 1;
            run(&mut sh("exit 1"))
        });
        assert!(outcome.is_err());
        assert_eq!(runs, 2);
    }
}
