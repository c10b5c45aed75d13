//! Tokens in hand: between an answer of the provider and the sealed row.

use crate::clock::Timestamp;
use crate::seal::{Context, KeyRing, SealError, Sealed};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use zeroize::Zeroizing;

/// The tokens of a grant. Has no `Serialize` and a Debug without values: it leaves memory sealed
/// or not at all.
#[derive(Clone)]
pub struct TokenSet {
    /// The access token.
    pub access_token: Zeroizing<String>,
    /// The refresh token.
    pub refresh_token: Option<Zeroizing<String>>,
    /// The ID token.
    pub id_token: Option<Zeroizing<String>>,
    /// Further access tokens by name.
    pub further: Vec<(String, Zeroizing<String>)>,
    /// `Bearer`
    pub token_type: String,
    /// Granted scopes, space-separated.
    pub scope: String,
    /// When the access token expires.
    pub expires_at: Option<Timestamp>,
    /// The answer in which the first token stood, as the provider sent it. Kept with a login's
    /// attempt, not with the grant.
    pub answer: Value,
}

impl fmt::Debug for TokenSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSet")
            .field("scope", &self.scope)
            .field("token_type", &self.token_type)
            .field("expires_at", &self.expires_at)
            .field("renewable", &self.refresh_token.is_some())
            .finish_non_exhaustive()
    }
}

/// The form inside the seal.
#[derive(Serialize, Deserialize)]
struct Wire {
    access_token: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    further: Vec<(String, String)>,
    token_type: String,
    scope: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    answer: Value,
}

impl TokenSet {
    /// Seals them for a login's attempt, with the answer they came in.
    pub fn seal(&self, keys: &KeyRing, context: &Context) -> Result<Sealed, SealError> {
        keys.seal_json(context, &self.wire(self.answer.clone()))
    }

    /// Seals them for a grant: without the answer.
    pub fn seal_for_grant(&self, keys: &KeyRing, context: &Context) -> Result<Sealed, SealError> {
        keys.seal_json(context, &self.wire(Value::Null))
    }

    /// Opens what one of the two has sealed.
    pub fn open(keys: &KeyRing, context: &Context, sealed: &Sealed) -> Result<Self, SealError> {
        let wire: Wire = keys.open_json(context, sealed)?;
        Ok(Self {
            access_token: wire.access_token.into(),
            refresh_token: wire.refresh_token.map(Into::into),
            id_token: wire.id_token.map(Into::into),
            further: wire
                .further
                .into_iter()
                .map(|(name, token)| (name, token.into()))
                .collect(),
            token_type: wire.token_type,
            scope: wire.scope,
            expires_at: wire.expires_at,
            answer: wire.answer,
        })
    }

    fn wire(&self, answer: Value) -> Wire {
        Wire {
            access_token: self.access_token.to_string(),
            refresh_token: self.refresh_token.as_deref().cloned(),
            id_token: self.id_token.as_deref().cloned(),
            further: self
                .further
                .iter()
                .map(|(name, token)| (name.clone(), token.to_string()))
                .collect(),
            token_type: self.token_type.clone(),
            scope: self.scope.clone(),
            expires_at: self.expires_at,
            answer,
        }
    }

    /// All values that must not reach a component.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.access_token.as_str())
            .chain(self.refresh_token.iter().map(|token| token.as_str()))
            .chain(self.id_token.iter().map(|token| token.as_str()))
            .chain(self.further.iter().map(|(_, token)| token.as_str()))
    }
}

/// Where a grant's tokens belong: sealed under the grant's natural key, since its id is not known
/// before it is written.
pub fn grant_context(provider: &str, issuer: &str, subject: &str, client: Option<&str>) -> Context {
    let client = client.unwrap_or_default();
    let row = format!(
        "{}:{provider}{}:{issuer}{}:{subject}{}:{client}",
        provider.len(),
        issuer.len(),
        subject.len(),
        client.len()
    );
    Context::new("authorization.tokens", row)
}
