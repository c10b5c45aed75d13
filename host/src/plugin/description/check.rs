//! From what a component says to what the host believes: every rule of the contract's comments,
//! all mistakes at once.

mod client;
mod endpoints;
mod evidence;
mod issuer;

use super::names;
use super::{Description, Mistake, Relaxation, Renewal, Role};
use crate::config;
use crate::plugin::bindings;
use celadon_workflows::types::ProviderName;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Mistakes that are reported; a component that makes more gets the rest next time.
const MAX_MISTAKES: usize = 64;
/// Entries of a list that the contract does not bound more tightly.
const MAX_ENTRIES: usize = 256;
/// The longest canonical form: what an operator reads and approves, and what many of stand in a lock.
const MAX_CANONICAL: usize = 64 << 10;

/// What the operator has said about a provider, as far as a description depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Operator<'a> {
    /// The provider.
    pub provider: &'a ProviderName,
    /// What is granted to it.
    pub grant: &'a config::Grant,
}

impl Description {
    /// Checks a component's description, under what the operator grants.
    pub fn check(raw: bindings::Description, operator: Operator<'_>) -> Result<Self, Vec<Mistake>> {
        let mut checker = Checker::new(&raw, operator);
        let issuer = checker.issuer(&raw);
        let endpoints = checker.endpoints(&raw);
        let client = checker.client(&raw);
        let callback = checker.callback(&raw);
        let scopes = checker.scopes(&raw);
        checker.resource_parameter(&raw);
        let subject = checker.subject(&raw);
        let emails = checker.emails(&raw);
        let reveal = checker.reveal(&raw);
        let logout = checker.logout(&raw);
        let relax = checker.relax(&raw);
        let (Some(subject), true) = (subject, checker.mistakes.is_empty()) else {
            return Err(checker.mistakes);
        };
        let description = Self {
            issuer,
            endpoints,
            client,
            callback,
            scopes,
            resource_parameter: raw.resource_parameter,
            id_token: raw.id_token,
            subject,
            emails,
            renewal: renewal(raw.renewal),
            reveal,
            logout,
            relax,
        };
        description.readable()
    }

    /// Refuses what nobody could read before approving it.
    fn readable(self) -> Result<Self, Vec<Mistake>> {
        let length = self.canonical().len();
        if length <= MAX_CANONICAL {
            return Ok(self);
        }
        Err(vec![Mistake {
            at: "description".to_owned(),
            what: format!(
                "has {length} bytes in its canonical form, and an operator is asked to approve 64 KiB \
                 at most: describe fewer endpoints, or shorter headers, bodies and lists"
            ),
        }])
    }
}

fn renewal(raw: bindings::Renewal) -> Renewal {
    match raw {
        bindings::Renewal::None => Renewal::None,
        bindings::Renewal::Reusable => Renewal::Reusable,
        bindings::Renewal::SingleUse => Renewal::SingleUse,
        bindings::Renewal::AccessToken => Renewal::AccessToken,
    }
}

/// What the checks of one description share.
struct Checker<'a> {
    operator: Operator<'a>,
    /// Of the endpoints that are listed, by name.
    roles: BTreeMap<String, Role>,
    /// Whether metadata gives those that are not.
    has_metadata: bool,
    /// The relaxations that the description declares.
    declared: BTreeSet<Relaxation>,
    /// Names of parameters that are taken, each with the field that took it.
    taken: BTreeMap<String, &'static str>,
    mistakes: Vec<Mistake>,
}

impl<'a> Checker<'a> {
    fn new(raw: &bindings::Description, operator: Operator<'a>) -> Self {
        Self {
            operator,
            roles: raw
                .endpoints
                .iter()
                .map(|endpoint| (endpoint.name.clone(), endpoint.role.into()))
                .collect(),
            has_metadata: raw.issuer.metadata.is_some(),
            declared: raw.relax.iter().copied().map(Relaxation::from).collect(),
            taken: BTreeMap::new(),
            mistakes: Vec::new(),
        }
    }

    fn mistake(&mut self, at: impl fmt::Display, what: impl fmt::Display) {
        if self.mistakes.len() < MAX_MISTAKES {
            self.mistakes.push(Mistake {
                at: at.to_string(),
                what: what.to_string(),
            });
        }
    }

    fn ensure(&mut self, holds: bool, at: impl fmt::Display, what: impl fmt::Display) {
        if !holds {
            self.mistake(at, what);
        }
    }

    /// The entries that are looked at: a long list costs no more than one that is long enough.
    fn bounded<'l, T>(&mut self, items: &'l [T], at: &str) -> &'l [T] {
        if items.len() > MAX_ENTRIES {
            self.mistake(at, format_args!("has more than {MAX_ENTRIES} entries"));
        }
        items.get(..MAX_ENTRIES).unwrap_or(items)
    }

    /// A list of texts whose order means nothing.
    fn set(
        &mut self,
        items: &[String],
        at: &str,
        is_right: impl Fn(&str) -> bool,
        rule: &str,
    ) -> BTreeSet<String> {
        let mut set = BTreeSet::new();
        for (index, item) in self.bounded(items, at).iter().enumerate() {
            self.ensure(is_right(item), format_args!("{at}[{index}]"), rule);
            let is_new = set.insert(item.clone());
            self.ensure(is_new, format_args!("{at}[{index}]"), "is there twice");
        }
        set
    }

    /// The name of a parameter that the host writes because the description says so. It must be a
    /// name, none of the protocol's, and no other field's.
    fn parameter(&mut self, name: &str, at: &'static str) {
        if !names::is_parameter(name) {
            self.mistake(
                at,
                "must be the name of a parameter: 1 to 128 of `A-Za-z0-9-._[]:`",
            );
            return;
        }
        if names::is_protocol(name) {
            self.mistake(
                at,
                format_args!("`{name}` has a meaning in the protocol already"),
            );
        }
        if let Some(other) = self.taken.insert(name.to_ascii_lowercase(), at) {
            self.mistake(
                at,
                format_args!("`{name}` is the name of `{other}` already"),
            );
        }
    }

    /// The role of the endpoint of that name, listed or from metadata.
    fn role_of(&self, name: &str) -> Option<Role> {
        let standard = self.has_metadata.then(|| Role::standard(name)).flatten();
        self.roles.get(name).copied().or(standard)
    }

    fn has_role(&self, role: Role) -> bool {
        self.has_metadata || self.roles.values().any(|listed| *listed == role)
    }

    /// A use of secrets in a query, which must be declared.
    fn secret_in_query(&mut self, at: impl fmt::Display) {
        let declared = self.declared.contains(&Relaxation::SecretsInQuery);
        self.ensure(
            declared,
            at,
            "puts a secret into a URL: `relax` must have `secrets-in-query`",
        );
    }

    fn relax(&mut self, raw: &bindings::Description) -> BTreeSet<Relaxation> {
        let granted: BTreeSet<&str> = self
            .operator
            .grant
            .relax
            .iter()
            .map(String::as_str)
            .collect();
        let missing: Vec<Relaxation> = self
            .declared
            .iter()
            .copied()
            .filter(|relaxation| !granted.contains(relaxation.as_str()))
            .collect();
        self.ensure(
            self.declared.len() == raw.relax.len(),
            "relax",
            "has something twice",
        );
        if !missing.is_empty() {
            let names: BTreeSet<&str> = missing
                .iter()
                .map(|relaxation| relaxation.as_str())
                .collect();
            let line: Vec<String> = granted
                .union(&names)
                .map(|name| format!("{name:?}"))
                .collect();
            let provider = self.operator.provider;
            self.mistake(
                "relax",
                format_args!(
                    "asks for {}, which is not granted; to grant it, write under \
                     [providers.{provider}.grant]: relax = [{}]",
                    names.into_iter().collect::<Vec<_>>().join(", "),
                    line.join(", "),
                ),
            );
        }
        self.declared.clone()
    }
}

/// A text of the component in a sentence: bounded, and safe for a terminal.
fn quoted(text: &str) -> String {
    let short: String = text.chars().take(80).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("`{}{more}`", short.escape_debug())
}

#[cfg(test)]
mod tests;
