//! What is known of a user before the provider is asked.

use crate::{Parameter, wire};
use serde_json::Value;

/// The verified evidence of a login.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// The verified claims of the ID token, where one is required.
    pub id_token: Option<Value>,
    /// The claims of the first access token, where it is a JWT that the issuer's keys verify.
    pub access_token: Option<Value>,
    /// The answer in which the first token stood, with every credential replaced by its name.
    pub token: Value,
    /// The scopes of the first token.
    pub scopes: Vec<String>,
    callback: Vec<Parameter>,
}

impl Evidence {
    pub(crate) fn new(evidence: wire::Evidence) -> Self {
        let read = |text: String| serde_json::from_str(&text).ok();
        Self {
            id_token: evidence.id_token.and_then(read),
            access_token: evidence.access_token.and_then(read),
            token: read(evidence.token).unwrap_or(Value::Null),
            scopes: evidence.scopes,
            callback: evidence.callback,
        }
    }

    /// A claim of the ID token, by its RFC 6901 pointer.
    pub fn claim(&self, pointer: &str) -> Option<&Value> {
        self.id_token.as_ref()?.pointer(pointer)
    }

    /// A claim of the ID token that is text.
    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.claim(pointer)?.as_str()
    }

    /// A kept parameter of the callback. Unsigned: whoever holds the browser chose it.
    pub fn callback(&self, name: &str) -> Option<&str> {
        self.callback
            .iter()
            .find(|parameter| parameter.name == name)
            .map(|parameter| parameter.value.as_str())
    }

    /// Whether the first token has this scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|granted| granted == scope)
    }
}
