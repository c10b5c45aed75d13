//! Requests: an endpoint's name, fields, and the names of credentials.

use crate::wire;
use serde_json::Value;
use std::borrow::Cow;

/// The name of a credential. The credential itself stays with Celadon, which puts it in where the
/// contract allows; a name gives nothing to whoever knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret(Cow<'static, str>);

impl Secret {
    /// The authorization code of this login.
    pub const CODE: Self = Self(Cow::Borrowed("code"));
    /// The refresh token that is presented or withdrawn.
    pub const REFRESH_TOKEN: Self = Self(Cow::Borrowed("refresh_token"));
    /// The first access token.
    pub const ACCESS_TOKEN: Self = Self(Cow::Borrowed("access_token"));
    /// The device code of this login.
    pub const DEVICE_CODE: Self = Self(Cow::Borrowed("device_code"));
    /// The subject token of an exchange.
    pub const SUBJECT_TOKEN: Self = Self(Cow::Borrowed("subject_token"));
    /// The actor token of an exchange.
    pub const ACTOR_TOKEN: Self = Self(Cow::Borrowed("actor_token"));

    /// The access token of that name; empty: the first.
    pub fn access_token(name: &str) -> Self {
        match name {
            "" => Self::ACCESS_TOKEN,
            name => Self(Cow::Owned(format!("access_token:{name}"))),
        }
    }

    /// What stands hidden in an answer.
    pub(crate) fn hidden(name: &str) -> Option<Self> {
        name.starts_with("secret:")
            .then(|| Self(Cow::Owned(name.to_owned())))
    }

    pub(crate) fn into_name(self) -> String {
        self.0.into_owned()
    }
}

/// What a field holds: text, or a credential by its name. Text that looks like such a name stays
/// text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Sent as it is.
    Text(String),
    /// Put in by Celadon.
    Secret(Secret),
}

impl From<&str> for Input {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Input {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Secret> for Input {
    fn from(secret: Secret) -> Self {
        Self::Secret(secret)
    }
}

/// A request to one of the description's endpoints.
#[derive(Clone, Debug)]
pub struct Request(wire::Request);

impl Request {
    /// Asks with the first access token: for `userinfo` and `resource` endpoints.
    pub fn to(endpoint: &str) -> Self {
        Self::with(
            endpoint,
            wire::Credential::Bearer(Secret::ACCESS_TOKEN.into_name()),
        )
    }

    /// Asks with the client's own authentication: for `token` and `revocation` endpoints.
    pub fn as_client(endpoint: &str) -> Self {
        Self::with(endpoint, wire::Credential::Client)
    }

    /// Asks as nobody.
    pub fn anonymous(endpoint: &str) -> Self {
        Self::with(endpoint, wire::Credential::None)
    }

    /// Asks with another token.
    pub fn bearer(endpoint: &str, token: Secret) -> Self {
        Self::with(endpoint, wire::Credential::Bearer(token.into_name()))
    }

    fn with(endpoint: &str, credential: wire::Credential) -> Self {
        Self(wire::Request {
            endpoint: endpoint.to_owned(),
            query: Vec::new(),
            body: wire::Body::None,
            credential,
        })
    }

    /// Adds a field to the query.
    pub fn query(mut self, name: &str, value: impl Into<Input>) -> Self {
        self.0.query.push(field(name, value.into()));
        self
    }

    /// Adds a field to the body: a form, unless [`Request::json`] came before.
    pub fn field(mut self, name: &str, value: impl Into<Input>) -> Self {
        let added = field(name, value.into());
        match &mut self.0.body {
            wire::Body::Form(fields) | wire::Body::Json(fields) => fields.push(added),
            wire::Body::None | wire::Body::Document(_) => {
                self.0.body = wire::Body::Form(vec![added]);
            }
        }
        self
    }

    /// Sends the fields as one JSON object. Fields that were added before stay.
    pub fn json(mut self) -> Self {
        let fields = match self.0.body {
            wire::Body::Form(fields) | wire::Body::Json(fields) => fields,
            wire::Body::None | wire::Body::Document(_) => Vec::new(),
        };
        self.0.body = wire::Body::Json(fields);
        self
    }

    /// Sends this document as it is, in the place of fields: for `resource` endpoints.
    pub fn document(mut self, document: &Value) -> Self {
        self.0.body = wire::Body::Document(document.to_string());
        self
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.0.endpoint
    }

    pub(crate) fn is_as_client(&self) -> bool {
        matches!(self.0.credential, wire::Credential::Client)
    }

    pub(crate) fn into_wire(self) -> wire::Request {
        self.0
    }
}

fn field(name: &str, value: Input) -> wire::Field {
    let value = match value {
        Input::Text(text) => wire::Value::Text(text),
        Input::Secret(secret) => wire::Value::Secret(secret.into_name()),
    };
    wire::Field {
        name: name.to_owned(),
        value,
    }
}

impl wire::Parameter {
    /// A parameter.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }
}

/// What the application asks for.
#[derive(Clone, Debug, Default)]
pub struct AuthorizationRequest {
    /// The scopes. Celadon sends them.
    pub scopes: Vec<String>,
    hints: Vec<wire::Parameter>,
}

impl AuthorizationRequest {
    pub(crate) fn new(request: wire::AuthorizationRequest) -> Self {
        Self {
            scopes: request.scopes,
            hints: request.hints,
        }
    }

    /// A hint by its name in OpenID Connect: `prompt`, `login_hint`.
    pub fn hint(&self, name: &str) -> Option<&str> {
        self.hints
            .iter()
            .find(|hint| hint.name == name)
            .map(|hint| hint.value.as_str())
    }

    /// Those hints that the provider knows, as parameters of the link.
    pub fn pass(&self, names: &[&str]) -> Vec<wire::Parameter> {
        self.hints
            .iter()
            .filter(|hint| names.contains(&hint.name.as_str()))
            .cloned()
            .collect()
    }
}
