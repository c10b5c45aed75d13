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
mod explain;
pub mod names;
mod pointer;
mod strict_url;

pub use self::pointer::{Match, Pointer, PointerError};

use super::bindings;
use super::json;
use serde::{Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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

/// What an endpoint is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "documented in the WIT")]
pub enum Role {
    Authorization,
    Token,
    Revocation,
    Userinfo,
    Resource,
    PushedAuthorization,
    DeviceAuthorization,
    Introspection,
    EndSession,
}

impl Role {
    /// The roles whose endpoints metadata can give.
    const STANDARD: [Self; 8] = [
        Self::Authorization,
        Self::Token,
        Self::Revocation,
        Self::Userinfo,
        Self::PushedAuthorization,
        Self::DeviceAuthorization,
        Self::Introspection,
        Self::EndSession,
    ];

    /// The role's name, which is also the name of the endpoint that metadata gives for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authorization => "authorization",
            Self::Token => "token",
            Self::Revocation => "revocation",
            Self::Userinfo => "userinfo",
            Self::Resource => "resource",
            Self::PushedAuthorization => "pushed-authorization",
            Self::DeviceAuthorization => "device-authorization",
            Self::Introspection => "introspection",
            Self::EndSession => "end-session",
        }
    }

    /// The role whose endpoint in the metadata is called so.
    pub fn standard(name: &str) -> Option<Self> {
        Self::STANDARD.into_iter().find(|role| role.as_str() == name)
    }
}

impl From<bindings::Role> for Role {
    fn from(role: bindings::Role) -> Self {
        match role {
            bindings::Role::Authorization => Self::Authorization,
            bindings::Role::Token => Self::Token,
            bindings::Role::Revocation => Self::Revocation,
            bindings::Role::Userinfo => Self::Userinfo,
            bindings::Role::Resource => Self::Resource,
            bindings::Role::PushedAuthorization => Self::PushedAuthorization,
            bindings::Role::DeviceAuthorization => Self::DeviceAuthorization,
            bindings::Role::Introspection => Self::Introspection,
            bindings::Role::EndSession => Self::EndSession,
        }
    }
}

/// How an endpoint is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs, reason = "the methods of HTTP")]
pub enum Method {
    Get,
    Post,
    Delete,
}

impl From<bindings::Method> for Method {
    fn from(method: bindings::Method) -> Self {
        match method {
            bindings::Method::Get => Self::Get,
            bindings::Method::Post => Self::Post,
            bindings::Method::Delete => Self::Delete,
        }
    }
}

/// Where a bearer token goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Placement {
    /// The Authorization header (RFC 6750 section 2.1).
    Header,
    /// A parameter of the query. Needs `secrets-in-query`.
    Query(String),
    /// A parameter of the form.
    Form(String),
}

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Endpoint {
    /// What it is for.
    pub role: Role,
    /// How it is called.
    pub method: Method,
    /// Where it is, with its fixed query.
    pub url: Url,
    /// Fixed headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// A fixed JSON body.
    pub body: Option<serde_json::Value>,
    /// Where a bearer token goes.
    pub bearer: Placement,
    /// Parameter for the HMAC of the bearer token.
    pub proof: Option<String>,
}

/// How the client authenticates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Client {
    /// Best first; never empty.
    pub authentication: Vec<ClientAuthentication>,
    /// Usually `client_id`.
    pub id_parameter: String,
    /// Usually `client_secret`.
    pub secret_parameter: String,
    /// There whenever `authentication` has [`ClientAuthentication::SignedSecret`].
    pub signed_secret: Option<SignedSecret>,
}

/// A way to authenticate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "documented in the WIT")]
pub enum ClientAuthentication {
    None,
    Basic,
    Post,
    PrivateKeyJwt,
    SignedSecret,
}

impl From<bindings::ClientAuthentication> for ClientAuthentication {
    fn from(authentication: bindings::ClientAuthentication) -> Self {
        match authentication {
            bindings::ClientAuthentication::None => Self::None,
            bindings::ClientAuthentication::Basic => Self::Basic,
            bindings::ClientAuthentication::Post => Self::Post,
            bindings::ClientAuthentication::PrivateKeyJwt => Self::PrivateKeyJwt,
            bindings::ClientAuthentication::SignedSecret => Self::SignedSecret,
        }
    }
}

/// What a host-made client secret says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignedSecret {
    /// Its `iss`.
    pub issuer: String,
    /// Its `aud`.
    pub audience: String,
    /// How long it lives, in seconds: 1 to 300.
    pub lifetime: u32,
}

/// What comes back through the browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "documented in the WIT")]
pub enum ResponseMode {
    Query,
    FormPost,
}

/// How some of the scopes are sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScopeParameter {
    /// The parameter.
    pub name: String,
    /// What stands between two scopes.
    pub separator: String,
    /// Which scopes: those that begin so. It is cut off.
    pub prefix: String,
}

/// A piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The verified claims of the ID token.
    IdToken,
    /// The answer in which the first token stood.
    TokenResponse,
    /// The answer of a `userinfo` endpoint of that name.
    Endpoint(String),
}

impl Source {
    /// Reads a source as the contract writes it.
    pub fn from_name(name: &str) -> Self {
        match name {
            "id-token" => Self::IdToken,
            "token-response" => Self::TokenResponse,
            endpoint => Self::Endpoint(endpoint.to_owned()),
        }
    }

    /// As the contract writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::IdToken => "id-token",
            Self::TokenResponse => "token-response",
            Self::Endpoint(name) => name,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Where the user's id stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// In what.
    pub source: Source,
    /// At which places, joined; never empty, never with `*`.
    pub at: Vec<Pointer>,
}

/// Where an e-mail address may stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EmailSource {
    /// In what.
    pub source: Source,
    /// At which place.
    pub address: Pointer,
    /// At which place it says that the address is verified.
    pub verified: Option<Pointer>,
}

/// How tokens are renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "documented in the WIT")]
pub enum Renewal {
    None,
    Reusable,
    SingleUse,
    AccessToken,
}

/// How to sign out at the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Logout {
    /// An `end-session` endpoint.
    pub endpoint: String,
    /// The parameter for where to return.
    pub return_parameter: String,
    /// Whether `id_token_hint` is added.
    pub hint: bool,
}

/// A check that the host does without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
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
    /// nothing.
    pub fn canonical(&self) -> String {
        // Only a map whose keys are no strings could fail, and there is none.
        let value = serde_json::to_value(self).expect("all keys are strings");
        json::canonical(&value)
    }
}
