//! A description that was approved once, read back from its canonical form: to be told in words and
//! compared, and for nothing else. No login can use it, since it was checked under what was
//! configured then.

use super::explain::{join, reach};
use super::{
    Callback, Client, Description, EmailSource, Endpoint, Issuer, Logout, Pointer, Relaxation,
    Renewal, Role, ScopeParameter, Source, Subject,
};
use crate::plain::word;
use crate::plugin::json;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How a [`Description`] is read. It cannot be read by itself, so that one which exists has been
/// checked.
#[derive(Deserialize)]
#[serde(remote = "Description")]
struct Form {
    issuer: Issuer,
    endpoints: BTreeMap<String, Endpoint>,
    client: Client,
    callback: Callback,
    scopes: Vec<ScopeParameter>,
    resource_parameter: String,
    id_token: bool,
    subject: Subject,
    emails: Vec<EmailSource>,
    renewal: Renewal,
    reveal: BTreeSet<Pointer>,
    logout: Option<Logout>,
    relax: BTreeSet<Relaxation>,
}

/// A description as it was.
#[derive(Debug)]
pub struct Recalled(Description);

impl Recalled {
    /// `None`: it is the canonical form of no description that this version of Celadon knows.
    pub fn read(canonical: &Value) -> Option<Self> {
        let description = Form::deserialize(canonical).ok()?;
        // What is not read is not told: then nothing is.
        let is_whole = description.canonical() == json::canonical(canonical);
        is_whole.then_some(Self(description))
    }

    /// What it said, as [`Description::explain`] says it.
    pub fn explain(&self) -> Vec<String> {
        self.0.explain()
    }

    /// What of it decides who a user is, where the other one decides otherwise: one change a line.
    pub fn migration_to(&self, other: &Description) -> Vec<String> {
        let (before, after) = (self.0.who(), other.who());
        before
            .into_iter()
            .zip(after)
            .filter(|((_, before), (_, after))| before != after)
            .map(|((what, before), (_, after))| format!("{what}: was {before}, is {after}"))
            .collect()
    }
}

impl Description {
    /// Everything that decides who a user is: the namespace, who speaks for it, where the subject
    /// stands, and whoever could say another one: the token endpoints, the endpoint that tells the
    /// subject with all that it is sent, and holders of the client secret.
    fn who(&self) -> [(&'static str, String); 9] {
        let issuer = &self.issuer;
        let or_none = |text: Option<&str>| text.map_or("nothing".to_owned(), word);
        let aliases = join(&issuer.aliases);
        [
            ("the issuer", word(&issuer.identifier)),
            (
                "its other names",
                or_none((!aliases.is_empty()).then_some(aliases.as_str())),
            ),
            (
                "its metadata",
                or_none(issuer.metadata.as_ref().map(url::Url::as_str)),
            ),
            (
                "the issuer in its metadata",
                or_none(issuer.metadata_issuer.as_deref()),
            ),
            ("the subject", self.subject_line()),
            ("who is asked for the subject", self.witness()),
            ("who is asked for tokens", self.token_endpoints()),
            ("the ID token", self.id_token_line().to_owned()),
            ("who can make ID tokens", self.signers().to_owned()),
        ]
    }

    fn signers(&self) -> &'static str {
        if self.relax.contains(&Relaxation::Hs256IdToken) {
            "the issuer, and whoever has the client secret (hs256-id-token)"
        } else {
            "the issuer"
        }
    }

    /// The listed token endpoints, in words. ID tokens and token responses are theirs, and access
    /// tokens, for which an endpoint tells the subject.
    fn token_endpoints(&self) -> String {
        let listed: Vec<String> = self
            .endpoints
            .iter()
            .filter(|(_, endpoint)| endpoint.role == Role::Token)
            .map(|(name, endpoint)| reach(name, endpoint))
            .collect();
        if listed.is_empty() {
            "the issuer".to_owned()
        } else {
            join(&listed)
        }
    }

    /// The listed endpoint whose answer holds the subject, in words.
    fn witness(&self) -> String {
        match &self.subject.source {
            Source::IdToken | Source::TokenResponse => "the token endpoint".to_owned(),
            Source::Endpoint(name) => self
                .endpoints
                .get(name)
                .map_or("the issuer".to_owned(), |it| word(&reach(name, it))),
        }
    }
}

#[cfg(test)]
mod tests;
