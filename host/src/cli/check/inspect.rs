//! What the sandbox finds out about the configured providers.

use super::ProviderReport;
use crate::cli::CliError;
use crate::config::Config;
use crate::plugin::component::Compiler;
use crate::plugin::revisions::{self, LoadError, Loaded};
use tokio::runtime::Runtime;

/// Loads every provider's component, asks it to describe itself, and keeps nothing.
pub(in crate::cli) fn inspect(config: &Config) -> Result<Vec<ProviderReport>, CliError> {
    let compiler = Compiler::children().map_err(CliError::Compiler)?;
    let runtime = Runtime::new().map_err(CliError::Runtime)?;
    let found = runtime
        .block_on(revisions::check(config, compiler))
        .map_err(CliError::Sandbox)?;
    Ok(found
        .into_iter()
        .map(|report| ProviderReport {
            provider: report.provider,
            facts: report.result.as_ref().map(facts).unwrap_or_default(),
            warnings: report.result.as_ref().map(warnings).unwrap_or_default(),
            mistakes: report
                .result
                .err()
                .as_ref()
                .map(mistakes)
                .unwrap_or_default(),
        })
        .collect())
}

fn facts(loaded: &Loaded) -> Vec<(&'static str, String)> {
    let explained = loaded.explanation.iter().map(|line| ("it", line.clone()));
    std::iter::once(("revision", loaded.revision.to_string()))
        .chain(explained)
        .collect()
}

fn warnings(loaded: &Loaded) -> Vec<String> {
    let issuer = &loaded.issuer;
    let mut warnings = Vec::new();
    if issuer.starts_with("http://") {
        warnings.push(format!(
            "the issuer is {issuer}: whoever answers there decides who everybody is; for \
             development and tests alone"
        ));
    }
    warnings
}

fn mistakes(error: &LoadError) -> Vec<String> {
    let listed = error.mistakes();
    if listed.is_empty() {
        return vec![format!("component: {}", chain(error))];
    }
    // Places in options are pointers; a key of the file has dots.
    let key = |at: &str| at.replace('/', ".");
    listed
        .iter()
        .map(|mistake| format!("{}: {}", key(&mistake.at), mistake.what))
        .collect()
}

/// The error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
