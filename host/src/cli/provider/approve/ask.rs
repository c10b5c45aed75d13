//! The decision: by `--yes`, or by whoever sits at the terminal.

use super::{Approve, Candidate};
use std::io::{self, BufRead, IsTerminal, Write};

/// What is decided about a provider.
pub(super) enum Answer {
    Yes,
    /// With the reason.
    No(&'static str),
}

/// Who sits there, if anybody does.
pub(super) struct Terminal {
    answers: bool,
    shows: bool,
}

impl Terminal {
    pub(super) fn new() -> Self {
        Self {
            answers: io::stdin().is_terminal(),
            shows: io::stdout().is_terminal(),
        }
    }

    /// Whether colours mean something where the output goes.
    pub(super) fn has_colours(&self) -> bool {
        self.shows
    }

    pub(super) fn decide(&self, approve: &Approve, candidate: &Candidate<'_>) -> Answer {
        let is_migration = !candidate.difference.migration.is_empty();
        let asks = self.answers && self.shows && !approve.yes;
        match (asks, is_migration && !approve.migrate) {
            (true, false) => by_answer("Approve it? [y/N] ", |answer| {
                matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes")
            }),
            (true, true) => {
                let name = candidate.name.as_str();
                let question = "Users may become others. To approve it all the same, type the \
                                provider's name: ";
                by_answer(question, |answer| answer == name)
            }
            (false, true) => Answer::No(
                "it changes who a user is, so users may become others; --migrate, beside --yes, \
                 approves that too",
            ),
            (false, false) if approve.yes => Answer::Yes,
            (false, false) => Answer::No(
                "there is no terminal to ask on; --yes approves without asking, once somebody has \
                 read the lines above",
            ),
        }
    }
}

fn by_answer(question: &str, is_yes: impl FnOnce(&str) -> bool) -> Answer {
    let mut answer = String::new();
    let mut out = io::stdout().lock();
    let asked = write!(out, "  {question}")
        .and_then(|()| out.flush())
        .and_then(|()| io::stdin().lock().read_line(&mut answer));
    if asked.is_ok() && is_yes(answer.trim()) {
        Answer::Yes
    } else {
        Answer::No("that was not a yes")
    }
}
