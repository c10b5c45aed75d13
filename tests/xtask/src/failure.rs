//! Why a command could not be done: one line that says what to do.

use crate::build::BuildError;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

/// A command's end.
#[derive(Debug)]
pub enum Failure {
    /// No such command.
    Usage,
    /// Something must be installed by hand.
    Missing {
        /// What.
        what: &'static str,
        /// How to get it.
        how: &'static str,
    },
    /// A program was run and did not succeed. What it said was shown already, or is here.
    Failed {
        /// The command line.
        line: String,
        /// How it ended.
        status: ExitStatus,
        /// The last line that it wrote, where its output was not shown.
        said: Option<String>,
    },
    /// A program could not be run.
    Run {
        /// The command line.
        line: String,
        /// Why.
        source: io::Error,
    },
    /// The components could not be built.
    Components(BuildError),
    /// A file or folder.
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage => f.write_str("no such command; `cargo xtask help` lists them"),
            Self::Missing { what, how } => write!(f, "{what} is missing: {how}"),
            Self::Failed {
                line,
                status,
                said: None,
            } => write!(f, "`{line}` failed ({status})"),
            Self::Failed {
                line,
                said: Some(said),
                ..
            } => write!(f, "`{line}` failed: {said}"),
            Self::Run { line, source } => write!(f, "`{line}` cannot be run: {source}"),
            Self::Components(error) => write!(f, "components: {error}"),
            Self::File { path, source } => write!(f, "{}: {source}", path.display()),
        }
    }
}

impl std::error::Error for Failure {}
