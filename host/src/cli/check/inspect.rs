//! What the sandbox finds out about the configured providers.

use super::ProviderReport;
use crate::cli::{CliError, LONGEST_LINE};
use crate::config::Config;
use crate::plain;
use crate::plugin::approval::{Approvals, Ground, Unapproved};
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
    loaded.approval.as_ref().err().map(|it| whole(it))
}

/// Not cut: what an operator is to compare may differ at its end, and a description has its longest
/// form.
fn whole(unapproved: &Unapproved) -> String {
    let text = format!("component: {unapproved}");
    plain::lines(&text, text.len())
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

/// Why a provider cannot be used, in lines that are safe and of some length.
pub(in crate::cli) fn mistakes(error: &LoadError) -> Vec<String> {
    let safe = |text: String| plain::lines(&text, LONGEST_LINE);
    let listed = error.mistakes();
    if listed.is_empty() {
        return vec![safe(format!("component: {}", chain(error)))];
    }
    // Places in options are pointers; a key of the file has dots.
    let key = |at: &str| at.replace('/', ".");
    listed
        .iter()
        .map(|mistake| safe(format!("{}: {}", key(&mistake.at), mistake.what)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::approval::Approved;
    use crate::plugin::approval::tests::{description, name};
    use crate::plugin::component::ComponentDigest;

    #[test]
    fn a_difference_at_the_end_of_a_long_line_is_told() {
        let aliases = |last: &str| {
            let many = (0..200).map(|n| format!("https://alias-{n:03}.example/some/path/of/it"));
            let last = format!("https://z.example/{last}");
            let all = many.chain([last]).collect();
            description("https://a.example").changed(|it| it.issuer.aliases = all)
        };
        let component = ComponentDigest::of(b"a");
        let mut approvals = Approvals::default();
        let approved = Approved::new(component.clone(), &aliases("before"));
        approvals.lock.insert(name("a"), approved);
        let refused = approvals.judge(&name("a"), &component, &aliases("now"));
        let told = whole(&refused.unwrap_err());
        assert!(told.lines().any(|line| line.len() > LONGEST_LINE));
        for end in ["https://z.example/before", "https://z.example/now"] {
            assert!(told.contains(end), "{end}: {told}");
        }
    }
}
