//! What a description says now, beside what was approved: in words, line by line.

use super::lock::Approved;
use crate::plugin::description::{Description, Recalled};
use crate::random;

/// One line of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was approved and is still so.
    Same(String),
    /// It was approved and is not so any more.
    Gone(String),
    /// It is so now and was not approved.
    New(String),
}

/// A comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Whether there was an approval before.
    pub is_change: bool,
    /// Whether what was approved could not be read by this version of Celadon.
    pub is_unreadable: bool,
    /// Everything that the description says, and what it said.
    pub lines: Vec<Change>,
    /// What of it changes who a user is: one change a line. Users may become others by it.
    pub migration: Vec<String>,
}

impl Difference {
    /// Compares. Without an approval everything is new, and nobody is there yet to become another.
    pub fn between(approved: Option<&Approved>, description: &Description) -> Self {
        let now = description.explain();
        let recalled = approved.map(|approved| Recalled::read(approved.description()));
        let is_unreadable = matches!(recalled, Some(None));
        let (before, migration) = match recalled {
            None => (Vec::new(), Vec::new()),
            Some(Some(before)) => (before.explain(), before.migration_to(description)),
            Some(None) => (
                Vec::new(),
                vec!["another version of Celadon wrote what was approved".to_owned()],
            ),
        };
        let mut lines = compare(before, now);
        let is_told = lines.iter().any(|line| !matches!(line, Change::Same(_)));
        if let (Some(approved), false) = (approved, is_told) {
            // Every fact has its words. Were one without, it must not pass in silence.
            let canonical = description.canonical();
            let digest = random::sha256_hex(canonical.as_bytes());
            lines.push(Change::Gone(format!("description {}", approved.digest())));
            lines.push(Change::New(format!("description {digest}")));
        }
        Self {
            is_change: approved.is_some(),
            is_unreadable,
            lines,
            migration,
        }
    }

    /// The lines that differ, as they are printed: `- …` and `+ …`.
    pub fn changed(&self) -> Vec<String> {
        self.lines
            .iter()
            .filter_map(|change| match change {
                Change::Same(_) => None,
                Change::Gone(line) => Some(format!("- {line}")),
                Change::New(line) => Some(format!("+ {line}")),
            })
            .collect()
    }
}

/// Keeps the longest common subsequence, so that a change of order is a change too.
fn compare(before: Vec<String>, now: Vec<String>) -> Vec<Change> {
    // `common[i][j]`: its length for what follows `before[i]` and `now[j]`, both included.
    let mut common = vec![vec![0_usize; now.len() + 1]; before.len() + 1];
    for i in (0..before.len()).rev() {
        for j in (0..now.len()).rev() {
            common[i][j] = if before[i] == now[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut changes = Vec::new();
    while i < before.len() || j < now.len() {
        if i < before.len() && j < now.len() && before[i] == now[j] {
            changes.push(Change::Same(now[j].clone()));
            (i, j) = (i + 1, j + 1);
        } else if j == now.len() || (i < before.len() && common[i + 1][j] >= common[i][j + 1]) {
            changes.push(Change::Gone(before[i].clone()));
            i += 1;
        } else {
            changes.push(Change::New(now[j].clone()));
            j += 1;
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(letters: &str) -> Vec<String> {
        letters.chars().map(String::from).collect()
    }

    fn told(before: &str, now: &str) -> String {
        let sign = |change: &Change| match change {
            Change::Same(line) => format!(" {line}"),
            Change::Gone(line) => format!("-{line}"),
            Change::New(line) => format!("+{line}"),
        };
        compare(texts(before), texts(now))
            .iter()
            .map(sign)
            .collect()
    }

    #[test]
    fn tells_what_went_and_came_where_it_stood() {
        assert_eq!(told("abc", "axc"), " a-b+x c");
        assert_eq!(told("", "ab"), "+a+b");
        assert_eq!(told("ab", ""), "-a-b");
        assert_eq!(told("ab", "ba"), "-a b+a", "order is a fact too");
    }

    proptest! {
        #[test]
        fn both_sides_can_be_read_off(before in "[abc]{0,8}", now in "[abc]{0,8}") {
            let changes = compare(texts(&before), texts(&now));
            let side = |skip: fn(&Change) -> bool| -> String {
                changes.iter().filter(|change| !skip(change)).map(|change| match change {
                    Change::Same(line) | Change::Gone(line) | Change::New(line) => line.as_str(),
                }).collect()
            };
            prop_assert_eq!(side(|change| matches!(change, Change::New(_))), before);
            prop_assert_eq!(side(|change| matches!(change, Change::Gone(_))), now);
        }
    }
}
