//! A provider whose description is not approved: why, and the command that approves it.

use super::difference::Difference;
use crate::config::LockPlace;
use celadon_workflows::types::ProviderName;
use std::fmt;

/// Lines of a difference that an error repeats. The command shows all.
const LINES_TOLD: usize = 64;

/// Why a component may not be used: nobody has approved what it says of itself.
#[derive(Clone, Debug, thiserror::Error)]
pub struct Unapproved {
    /// The provider.
    pub provider: ProviderName,
    /// What it says, beside what was approved.
    pub difference: Difference,
    /// Whether the program knows which components came with it.
    pub(super) has_list: bool,
    /// Where it could be approved.
    pub(super) place: Option<LockPlace>,
}

impl Unapproved {
    /// The command that approves it. `None`: `celadon dev`, where nothing can be approved.
    pub fn command(&self) -> Option<String> {
        let place = self.place.as_ref()?;
        let mut command = format!("celadon provider approve {}", self.provider);
        if let Some(file) = &place.configuration {
            command += &format!(" --config {}", shell(&file.to_string_lossy()));
        }
        if !self.difference.migration.is_empty() {
            command += " --migrate";
        }
        Some(command)
    }
}

impl fmt::Display for Unapproved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.difference.is_change, self.has_list) {
            (true, _) => "the component does not describe itself as it was approved:",
            (false, true) => "nobody has approved what the component says of itself:",
            (false, false) => {
                "nobody has approved what the component says of itself, and there is no \
                 celadon.bundled beside the program that would name it:"
            }
        })?;
        let changed = self.difference.changed();
        for line in changed.iter().take(LINES_TOLD) {
            write!(f, "\n  {line}")?;
        }
        if let Some(more @ 1..) = changed.len().checked_sub(LINES_TOLD) {
            write!(f, "\n  and {more} more lines")?;
        }
        for line in &self.difference.migration {
            write!(f, "\n  this changes who a user is: {line}")?;
        }
        match self.command() {
            Some(command) => write!(f, "\n  to approve it: {command}"),
            None => write!(
                f,
                "\n  `celadon dev` uses the component that was built with it: `cargo xtask build` \
                 makes both, and CELADON_COMPONENTS may name another folder"
            ),
        }
    }
}

/// An argument as a shell takes it.
fn shell(argument: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+@:=".contains(&byte);
    if !argument.is_empty() && argument.bytes().all(plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_argument() {
        assert_eq!(shell("/etc/celadon.toml"), "/etc/celadon.toml");
        assert_eq!(shell("a b"), "'a b'");
        assert_eq!(shell("it's; rm"), r"'it'\''s; rm'");
        assert_eq!(shell(""), "''");
    }
}
