//! What is shown before it is decided: the same words as in `celadon check`.

use super::Candidate;
use crate::cli::check::{grant, line, or_none};
use crate::config::Config;
use crate::plain;
use crate::plugin::approval::Change;
use std::io::{self, Write};

const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const PLAIN: &str = "\x1b[0m";

pub(super) fn show(config: &Config, candidate: &Candidate<'_>, colours: bool) {
    let mut out = io::stdout().lock();
    // Who does not read cannot be asked either: then nothing is approved.
    let _ = write(&mut out, config, candidate, colours);
}

fn write(
    out: &mut impl Write,
    config: &Config,
    candidate: &Candidate<'_>,
    colours: bool,
) -> io::Result<()> {
    let (name, difference) = (candidate.name, &candidate.difference);
    writeln!(out, "provider {name}")?;
    if let Some(provider) = config.providers.get(name) {
        let path = provider.component.to_string_lossy();
        line(out, "component", &plain::line(&path, path.len()))?;
        line(out, "sha256", &candidate.loaded.examined.component)?;
        line(
            out,
            "options",
            &or_none(provider.options.keys().map(|key| plain::word(key))),
        )?;
        grant(out, &provider.grant)?;
    }
    line(
        out,
        "approval",
        &match (difference.is_change, difference.is_unreadable) {
            (false, _) => {
                "none yet, so nothing tells who signed in by it before: if anybody did, users may \
                 become others"
            }
            (true, false) => "of something else; the difference is marked",
            (true, true) => "of something that another version of Celadon wrote",
        },
    )?;
    for change in &difference.lines {
        let (colour, sign, text) = match change {
            Change::Same(text) => ("", ' ', text),
            Change::Gone(text) => (RED, '-', text),
            Change::New(text) => (GREEN, '+', text),
        };
        mark(
            out,
            if colours { colour } else { "" },
            &format!("{sign} {text}"),
        )?;
    }
    for line in &difference.migration {
        let text = format!("! this changes who a user is: {line}");
        mark(out, if colours { RED } else { "" }, &text)?;
    }
    Ok(())
}

fn mark(out: &mut impl Write, colour: &str, text: &str) -> io::Result<()> {
    if colour.is_empty() {
        writeln!(out, "  {text}")
    } else {
        writeln!(out, "  {colour}{text}{PLAIN}")
    }
}
