//! Endpoints of a description.

use crate::plugin::bindings;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use url::Url;

/// What an endpoint is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    pub(super) const STANDARD: [Self; 8] = [
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

    /// The role whose endpoint metadata gives under this name.
    pub fn standard(name: &str) -> Option<Self> {
        Self::STANDARD
            .into_iter()
            .find(|role| role.as_str() == name)
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs, reason = "the methods of HTTP")]
pub enum Method {
    Get,
    Post,
    Delete,
}

impl Method {
    /// As HTTP writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
