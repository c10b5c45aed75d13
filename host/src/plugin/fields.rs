//! The fields of one query or body: each name once, the host's names the host's alone.

use super::description::{Endpoint, Placement, Role, names};
use super::request::Rules;
use serde_json::{Map, Value};
use url::Url;
use zeroize::Zeroizing;

/// Why a field was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Forbidden {
    /// The host writes this name.
    #[error("sets a parameter that only the host writes")]
    HostWritten,
    /// One name twice.
    #[error("sets one parameter twice")]
    Twice,
    /// It contradicts the endpoint's own query.
    #[error("contradicts the query of the endpoint's URL")]
    Contradicts,
}

/// Names at `token` and `revocation` that the host alone writes, in lower case.
const AT_TOKEN: [&str; 14] = [
    "grant_type",
    "redirect_uri",
    "code_verifier",
    "code_challenge",
    "code_challenge_method",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "request",
    "request_uri",
    "response_type",
    "state",
    "nonce",
];

/// Whether only the host may write this name in a request to this endpoint.
pub(super) fn host_written(
    name: &str,
    endpoint: &Endpoint,
    rules: &Rules<'_>,
) -> Option<Forbidden> {
    let is = |other: &str| names::alike(name, other);
    let placed = match &endpoint.bearer {
        Placement::Header => is("access_token"),
        Placement::Query(own) | Placement::Form(own) => is(own),
    };
    let proof = endpoint.proof.as_deref().is_some_and(is);
    let at_token = matches!(endpoint.role, Role::Token | Role::Revocation)
        && (AT_TOKEN.iter().any(|own| is(own))
            || is(rules.id_parameter)
            || is(rules.secret_parameter)
            || rules.scope_parameters.iter().any(|own| is(own)));
    let placed = placed && !matches!(endpoint.role, Role::Token | Role::Revocation);
    (placed || proof || at_token).then_some(Forbidden::HostWritten)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Url,
    Guest,
    Host,
}

struct Entry {
    name: String,
    value: Zeroizing<String>,
    origin: Origin,
}

/// Fields in the order they were added.
#[derive(Default)]
pub(super) struct Fields(Vec<Entry>);

impl Fields {
    /// The fixed query of an endpoint's URL.
    pub(super) fn fixed(url: &Url) -> Self {
        let pairs = url.query_pairs().map(|(name, value)| Entry {
            name: name.into_owned(),
            value: Zeroizing::new(value.into_owned()),
            origin: Origin::Url,
        });
        Self(pairs.collect())
    }

    /// A field of the component's. One that repeats the URL's is dropped.
    pub(super) fn add_guest(
        &mut self,
        name: &str,
        value: Zeroizing<String>,
    ) -> Result<(), Forbidden> {
        match self.find(name) {
            Some(entry) if entry.origin != Origin::Url => Err(Forbidden::Twice),
            Some(entry) if entry.name == name && entry.value == value => Ok(()),
            Some(_) => Err(Forbidden::Contradicts),
            None => {
                self.push(name, value, Origin::Guest);
                Ok(())
            }
        }
    }

    /// A field of the host's. It replaces nothing: a name that is there already is a fault.
    pub(super) fn add_host(&mut self, name: &str, value: &str) -> Result<(), Forbidden> {
        if self.has(name) {
            return Err(Forbidden::HostWritten);
        }
        self.push(name, Zeroizing::new(value.to_owned()), Origin::Host);
        Ok(())
    }

    /// Whether a field of this name, in any case, is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes them as the URL's query.
    pub(super) fn write_query(&self, url: &mut Url) {
        if self.0.is_empty() {
            url.set_query(None);
            return;
        }
        url.query_pairs_mut().clear().extend_pairs(self.pairs());
    }

    /// As application/x-www-form-urlencoded.
    pub(super) fn to_form(&self) -> Vec<u8> {
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.pairs())
            .finish()
            .into_bytes()
    }

    /// As one JSON object of strings.
    pub(super) fn to_json(&self) -> Vec<u8> {
        let members: Map<String, Value> = self
            .pairs()
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .collect();
        Value::Object(members).to_string().into_bytes()
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|entry| (entry.name.as_str(), entry.value.as_str()))
    }

    fn find(&self, name: &str) -> Option<&Entry> {
        self.0
            .iter()
            .find(|entry| entry.name.eq_ignore_ascii_case(name))
    }

    fn push(&mut self, name: &str, value: Zeroizing<String>, origin: Origin) {
        self.0.push(Entry {
            name: name.to_owned(),
            value,
            origin,
        });
    }
}
