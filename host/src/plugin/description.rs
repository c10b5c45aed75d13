//! What a provider is, as the host believes it.
//!
//! A component describes itself once; [`Description::check`] turns that into the types below, or into the
//! list of everything that is wrong with it. Whoever holds a [`Description`] need not doubt it: its
//! URLs are canonical and https unless granted, its names collide with nothing the host writes, its
//! sources exist and may prove what they are for, its relaxations are granted.
//!
//! [`Description::canonical`] is the text that an operator approves and that names a revision;
//! [`Description::explain`] says the same in words.

pub mod check;
mod client;
mod endpoint;
mod evidence;
mod explain;
pub mod names;
mod pointer;
mod recalled;
mod strict_url;

pub use self::client::{Client, ClientAuthentication, SignedSecret};
pub use self::endpoint::{Endpoint, Method, Placement, Role};
pub use self::evidence::{EmailSource, Source, Subject};
pub use self::pointer::{Match, Pointer, PointerError};
pub use self::recalled::Recalled;

use super::bindings;
use super::json;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use url::Url;

/// One thing that is wrong with a description, or with the operator's configuration for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {what}")]
pub struct Mistake {
    /// The field: `endpoints[2].url`.
    pub at: String,
    /// What is wrong, and where it helps, what would be right. Safe for a terminal.
    pub what: String,
}

/// A checked description. See the WIT of the same name for what the fields mean.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Description {
    /// Whose ID tokens and users these are.
    pub issuer: Issuer,
    /// By their names.
    pub endpoints: BTreeMap<String, Endpoint>,
    /// How the client authenticates.
    pub client: Client,
    /// What comes back through the browser.
    pub callback: Callback,
    /// How scopes are sent; the first whose prefix fits takes a scope.
    pub scopes: Vec<ScopeParameter>,
    /// Name of the parameter for resources.
    pub resource_parameter: String,
    /// Whether a valid ID token must come.
    pub id_token: bool,
    /// Where the user's id stands.
    pub subject: Subject,
    /// Where an e-mail address may stand.
    pub emails: Vec<EmailSource>,
    /// How tokens are renewed.
    pub renewal: Renewal,
    /// Strings of token answers that the component may read.
    pub reveal: BTreeSet<Pointer>,
    /// How to sign out at the provider.
    pub logout: Option<Logout>,
    /// Checks that the host does without. All of them are granted.
    pub relax: BTreeSet<Relaxation>,
}

/// The issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issuer {
    /// The `iss` of ID tokens, maybe with one `{claim}`.
    pub identifier: String,
    /// Other values of `iss` that mean the same.
    pub aliases: BTreeSet<String>,
    /// Values that the claim may have; empty: all.
    pub allow: BTreeSet<String>,
    /// Values that it may not have.
    pub deny: BTreeSet<String>,
    /// Where the metadata is.
    pub metadata: Option<Url>,
    /// `issuer` in the metadata, where it is not the identifier.
    pub metadata_issuer: Option<String>,
}

/// An issuer's identifier around its claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template<'a> {
    /// What stands before the claim's value.
    pub prefix: &'a str,
    /// The name of the claim.
    pub claim: &'a str,
    /// What stands after it.
    pub suffix: &'a str,
}

impl Issuer {
    /// The identifier taken apart, where it holds a `{claim}`.
    pub fn template(&self) -> Option<Template<'_>> {
        let (prefix, rest) = self.identifier.split_once('{')?;
        let (claim, suffix) = rest.split_once('}')?;
        Some(Template {
            prefix,
            claim,
            suffix,
        })
    }
}

/// What comes back through the browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    /// In the query or in a form.
    pub mode: ResponseMode,
    /// Usually `code`.
    pub code_parameter: String,
    /// Further parameters that the component gets.
    pub keep: BTreeSet<String>,
    /// Values of `iss` (RFC 9207) that are right. Empty: the issuer's identifier.
    pub issuers: BTreeSet<String>,
}

/// How the browser brings the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "documented in the WIT")]
pub enum ResponseMode {
    Query,
    FormPost,
}

/// How some of the scopes are sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeParameter {
    /// The parameter.
    pub name: String,
    /// What stands between two scopes.
    pub separator: String,
    /// Which scopes: those that begin so. It is cut off.
    pub prefix: String,
}

/// How tokens are renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "documented in the WIT")]
pub enum Renewal {
    None,
    Reusable,
    SingleUse,
    AccessToken,
}

/// How to sign out at the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logout {
    /// An `end-session` endpoint.
    pub endpoint: String,
    /// The parameter for where to return.
    pub return_parameter: String,
    /// Whether `id_token_hint` is added.
    pub hint: bool,
}

/// A check that the host does without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "documented in the WIT")]
pub enum Relaxation {
    NoPkce,
    NoNonce,
    SecretsInQuery,
    Hs256IdToken,
}

impl Relaxation {
    /// The name in `grant.relax`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoPkce => "no-pkce",
            Self::NoNonce => "no-nonce",
            Self::SecretsInQuery => "secrets-in-query",
            Self::Hs256IdToken => "hs256-id-token",
        }
    }
}

impl From<bindings::Relaxation> for Relaxation {
    fn from(relaxation: bindings::Relaxation) -> Self {
        match relaxation {
            bindings::Relaxation::NoPkce => Self::NoPkce,
            bindings::Relaxation::NoNonce => Self::NoNonce,
            bindings::Relaxation::SecretsInQuery => Self::SecretsInQuery,
            bindings::Relaxation::Hs256IdToken => Self::Hs256IdToken,
        }
    }
}

impl Description {
    /// The role of the endpoint of that name: one that is listed, or one that metadata may give.
    pub fn role_of(&self, name: &str) -> Option<Role> {
        match self.endpoints.get(name) {
            Some(endpoint) => Some(endpoint.role),
            None => self.issuer.metadata.as_ref().and(Role::standard(name)),
        }
    }

    /// The name of the endpoint that has this role: for roles that only the host uses, of which
    /// there is at most one.
    pub fn endpoint_for(&self, role: Role) -> Option<&str> {
        let listed = self
            .endpoints
            .iter()
            .find(|(_, endpoint)| endpoint.role == role)
            .map(|(name, _)| name.as_str());
        listed.or_else(|| self.role_of(role.as_str()).map(Role::as_str))
    }

    /// The text that is approved and hashed: JSON with sorted names, and sorted where order means
    /// nothing. A field that is new in this program is left out where it says what was so before:
    /// else every approval would end with the update.
    pub fn canonical(&self) -> String {
        json::canonical(&self.to_value())
    }

    /// The value whose canonical text that is.
    pub fn to_value(&self) -> serde_json::Value {
        // Only a map whose keys are no strings could fail, and there is none.
        serde_json::to_value(self).expect("all keys are strings")
    }
}
