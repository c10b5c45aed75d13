//! What is said on stdout and stderr. A reader that has gone, or a full disk, is no failure of what is
//! done: it is not told again, and the exit code says the rest.

use std::fmt::Display;
use std::io::{self, Write};

/// A line on stdout.
pub(super) fn line(text: impl Display) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// A line on stderr.
pub(super) fn error(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
