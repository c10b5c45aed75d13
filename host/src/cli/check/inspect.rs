//! What the sandbox finds out about the configured providers.

use super::ProviderReport;
use crate::cli::CliError;
use crate::config::Config;
use crate::plugin::approval::{Approvals, Ground};
use crate::plugin::revisions::{self, LoadError, Loaded};
use tokio::runtime::Runtime;

/// Loads every provider's component, asks it to describe itself, and keeps nothing.
pub(in crate::cli) fn inspect(config: &Config) -> Result<Vec<ProviderReport>, CliError> {
    let runtime = Runtime::new().map_err(CliError::Runtime)?;
    let approvals = Approvals::read(config)?;
    let found = runtime
        .block_on(revisions::check(config, approvals, &[]))
        .map_err(CliError::Sandbox)?;
    Ok(found
        .into_iter()
        .map(|report| ProviderReport {
            provider: report.provider,
            facts: report.result.as_ref().map(facts).unwrap_or_default(),
            warnings: report.result.as_ref().map(warnings).unwrap_or_default(),
            mistakes: match &report.result {
                Ok(loaded) => unapproved(loaded).into_iter().collect(),
                Err(error) => mistakes(error),
            },
        })
        .collect())
}

fn unapproved(loaded: &Loaded) -> Option<String> {
    let unapproved = loaded.approval.as_ref().err()?;
    Some(format!("component: {unapproved}"))
}

fn facts(loaded: &Loaded) -> Vec<(&'static str, String)> {
    let explained = loaded.examined.description.explain();
    [
        ("revision", loaded.revision.to_string()),
        ("approval", approval(loaded)),
    ]
    .into_iter()
    .chain(explained.into_iter().map(|line| ("it", line)))
    .collect()
}

fn approval(loaded: &Loaded) -> String {
    match &loaded.approval {
        Ok(Ground::Bundled) => "the component came with this program".to_owned(),
        Ok(Ground::Approved) => "approved in celadon.lock".to_owned(),
        Ok(Ground::ApprovedOfAnother(component)) => format!(
            "approved in celadon.lock, when the component was {component}; this one describes \
             itself the same"
        ),
        Err(_) => "none".to_owned(),
    }
}

fn warnings(loaded: &Loaded) -> Vec<String> {
    let issuer = &loaded.examined.description.issuer.identifier;
    let mut warnings = Vec::new();
    if issuer.starts_with("http://") {
        warnings.push(format!(
            "the issuer is {issuer}: whoever answers there decides who everybody is; for \
             development and tests alone"
        ));
    }
    warnings
}

pub(in crate::cli) fn mistakes(error: &LoadError) -> Vec<String> {
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
