//! `celadon provider approve`: shows what components may do, asks, and writes `celadon.lock`.
//!
//! What is written is what was shown: a lock that somebody else has changed meanwhile is not
//! overwritten, unless by an approval of another provider.

mod ask;
mod show;

use self::ask::{Answer, Terminal};
use super::ProviderError;
use crate::cli::check::mistakes;
use crate::cli::{CliError, configuration, say};
use crate::config::{Config, LockPlace};
use crate::plugin::approval::{Approvals, Approved, Difference, Ground, Lock, LockError, lock};
use crate::plugin::revisions::{self, Loaded};
use celadon_workflows::types::ProviderName;
use std::collections::BTreeSet;
use std::path::Path;
use tokio::runtime::Runtime;

/// What stands below `celadon provider approve --help`.
pub(super) const HELP: &str = "\
A component is used if the operator has approved what it says of itself: which endpoints it reaches
with which credentials, where the user's id and e-mail come from, which checks are relaxed. Components
that came with Celadon need no approval. Approvals are in celadon.lock beside the configuration:
commit it. Another component that says the same of itself needs no new one.

What decides who a user is (issuer, metadata, subject) is a migration where it changes: users may
become others. It takes --migrate, beside --yes or the answer.

Examples:
  celadon provider approve                 show and ask, for all that is not approved
  celadon provider approve acme --yes      approve without asking, and show it
  celadon provider approve --prune         forget providers that are not in this configuration

Exit codes: 0 everything asked for is approved, 1 something is not, 2 wrong arguments, configuration or
lock.";

/// `celadon provider approve`
#[derive(Debug, clap::Args)]
pub(crate) struct Approve {
    /// The providers [default: all that are not approved]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Approve changes of who users are, too
    #[arg(long)]
    migrate: bool,
    /// Forget the approvals of providers that are not in this configuration, even if another one in
    /// its folder has them
    #[arg(long)]
    prune: bool,
}

/// Why not everything is approved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApproveError {
    /// A name that is not configured.
    #[error("there is no provider {name:?} in the configuration; it has: {known}")]
    Unknown {
        /// As it was given.
        name: String,
        /// Those that are.
        known: String,
    },
    /// The lock cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Somebody else approved the same provider while this one was being read.
    #[error(
        "the approval of `{0}` was changed by somebody else meanwhile; nothing was written: run the \
         command again"
    )]
    Changed(ProviderName),
    /// Some are not approved. Why was said with each.
    #[error("{count} of the providers are not approved")]
    Left {
        /// How many.
        count: usize,
    },
    /// The configuration has no place for a lock.
    #[error("this configuration has no folder for a celadon.lock")]
    NoPlace,
}

impl ApproveError {
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Unknown { .. }
            | Self::Lock(
                LockError::Broken { .. }
                | LockError::TooLarge { .. }
                | LockError::NoFile { .. }
                | LockError::Dangling { .. },
            ) => 2,
            _ => 1,
        }
    }
}

/// A provider that may be approved.
struct Candidate<'a> {
    name: &'a ProviderName,
    loaded: &'a Loaded,
    difference: Difference,
}

/// What is to be written, and over what.
struct Decision {
    name: ProviderName,
    approved: Approved,
    before: Option<Approved>,
}

pub(super) fn run(file: Option<&Path>, approve: &Approve) -> Result<(), CliError> {
    let (config, _) = configuration(file)?;
    let names = names(&config, &approve.names).map_err(ProviderError::from)?;
    let approvals = Approvals::read(&config)?;
    let place = approvals.place.clone();
    let place = place.ok_or(ProviderError::from(ApproveError::NoPlace))?;
    let runtime = Runtime::new().map_err(CliError::Runtime)?;
    let reports = runtime
        .block_on(revisions::check(&config, approvals.clone(), &names))
        .map_err(CliError::Sandbox)?;
    let terminal = Terminal::new();
    let mut decisions = Vec::new();
    let mut left = 0;
    for report in &reports {
        let name = &report.provider;
        let loaded = match &report.result {
            Ok(loaded) => loaded,
            Err(error) => {
                for mistake in mistakes(error) {
                    say::error(format_args!("error: providers.{name}.{mistake}"));
                }
                left += 1;
                continue;
            }
        };
        let Some(candidate) = candidate(&approvals, name, loaded, !names.is_empty()) else {
            continue;
        };
        show::show(&config, &candidate, terminal.has_colours());
        match terminal.decide(approve, &candidate) {
            Answer::Yes => decisions.push(Decision {
                name: name.clone(),
                approved: Approved::new(
                    loaded.examined.component.clone(),
                    &loaded.examined.description,
                ),
                before: approvals.lock.get(name).cloned(),
            }),
            Answer::No(why) => {
                say::line(format_args!("  not approved: {why}\n"));
                left += 1;
            }
        }
    }
    conclude(&config, approve, &approvals.lock, &place, decisions, left).map_err(|error| {
        let error = ProviderError::from(error);
        error.into()
    })
}

/// Names that are configured.
fn names(config: &Config, given: &[String]) -> Result<Vec<ProviderName>, ApproveError> {
    given
        .iter()
        .map(|name| {
            let configured = config.providers.keys().find(|known| known.as_str() == name);
            configured.cloned().ok_or_else(|| {
                let known: Vec<&str> = config.providers.keys().map(ProviderName::as_str).collect();
                ApproveError::Unknown {
                    name: name.clone(),
                    known: known.join(", "),
                }
            })
        })
        .collect()
}

/// What there is to decide about a provider. One that is named is approved by the lock even where
/// its component came with the program: from then on the lock counts.
fn candidate<'a>(
    approvals: &Approvals,
    name: &'a ProviderName,
    loaded: &'a Loaded,
    is_named: bool,
) -> Option<Candidate<'a>> {
    let difference = match &loaded.approval {
        Err(unapproved) => unapproved.difference.clone(),
        Ok(Ground::Bundled) if is_named => {
            Difference::between(approvals.lock.get(name), &loaded.examined.description)
        }
        Ok(_) => {
            if is_named {
                say::line(format_args!("provider {name} is approved already"));
            }
            return None;
        }
    };
    Some(Candidate {
        name,
        loaded,
        difference,
    })
}

/// Writes what was decided, and tells it. Where nothing is to be written, nobody is waited for, and
/// who may only read the folder can ask.
fn conclude(
    config: &Config,
    approve: &Approve,
    read: &Lock,
    place: &LockPlace,
    decisions: Vec<Decision>,
    left: usize,
) -> Result<(), ApproveError> {
    let approved: Vec<ProviderName> = decisions.iter().map(|it| it.name.clone()).collect();
    let configured: BTreeSet<&ProviderName> = config.providers.keys().collect();
    let orphans_of = |lock: &Lock| -> Vec<ProviderName> {
        let orphans = lock.providers().filter(|name| !configured.contains(name));
        orphans.cloned().collect()
    };
    let waits = || {
        let folder = place.path.display();
        say::error(format_args!(
            "waiting for another process that has the folder of {folder} locked"
        ));
    };
    let orphans = if decisions.is_empty() && !approve.prune {
        orphans_of(read)
    } else {
        lock::change(&place.path, waits, |lock| {
            for decision in decisions {
                if lock.get(&decision.name) != decision.before.as_ref() {
                    return Err(ApproveError::Changed(decision.name));
                }
                lock.insert(decision.name, decision.approved);
            }
            let orphans = orphans_of(lock);
            if approve.prune {
                orphans.iter().for_each(|name| lock.remove(name));
            }
            Ok(orphans)
        })?
    };
    for name in &approved {
        say::line(format_args!("approved {name} in {}", place.path.display()));
    }
    for name in orphans {
        if approve.prune {
            say::line(format_args!(
                "forgot {name}, which is not in this configuration"
            ));
        } else {
            say::line(format_args!(
                "{name} is approved and not in this configuration: --prune forgets it, for every configuration in the folder"
            ));
        }
    }
    if left > 0 {
        return Err(ApproveError::Left { count: left });
    }
    if approved.is_empty() && approve.names.is_empty() {
        say::line("nothing is left to approve");
    }
    Ok(())
}
