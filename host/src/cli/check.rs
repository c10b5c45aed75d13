//! `celadon check`: everything that is wrong, or what would be served and what each provider may do.

mod inspect;
mod summary;

pub(super) use inspect::{inspect, mistakes};
pub(super) use summary::{grant, line, or_none};

use super::{CliError, LONGEST_LINE, configuration, say};
use crate::config::{Config, DEFAULT_FILE};
use crate::plain;
use celadon_workflows::types::ProviderName;
use std::io::{self, Write};
use std::path::Path;

/// What the sandbox found out about a provider by loading its component and asking it to describe
/// itself.
#[derive(Clone, Debug)]
pub struct ProviderReport {
    /// Which provider this is about.
    pub provider: ProviderName,
    /// What it may do, in words and in order: `("reaches", "https://idp.example (token)")`.
    pub facts: Vec<(&'static str, String)>,
    /// What is worth a thought.
    pub warnings: Vec<String>,
    /// Why it cannot be used, each with its mend. Safe for a terminal.
    pub mistakes: Vec<String>,
}

/// Checks the configuration. `inspect` looks at the components, which is slow, so it comes after
/// everything else is right.
pub(super) fn run(
    file: Option<&Path>,
    inspect: impl FnOnce(&Config) -> Result<Vec<ProviderReport>, CliError>,
) -> Result<(), CliError> {
    let (config, warnings) = configuration(file)?;
    let reports = inspect(&config)?;
    for warning in &warnings {
        say::error(format_args!("warning: {warning}"));
    }
    let path = file.unwrap_or(Path::new(DEFAULT_FILE)).display();
    let mut wrong = 0;
    for report in &reports {
        let name = &report.provider;
        for warning in &report.warnings {
            let warning = plain::lines(warning, LONGEST_LINE);
            say::error(format_args!("warning: {path}: providers.{name}: {warning}"));
        }
        for mistake in &report.mistakes {
            say::error(format_args!("error: {path}: providers.{name}.{mistake}"));
        }
        wrong += usize::from(!report.mistakes.is_empty());
    }
    if wrong > 0 {
        return Err(CliError::Providers { count: wrong });
    }
    let mut out = io::stdout().lock();
    // A reader that has seen enough (`celadon check | head`) is no failure.
    let _ = summary::write(&mut out, &config, &reports).and_then(|()| out.flush());
    Ok(())
}
