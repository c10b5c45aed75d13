//! Tokens, read out of an answer by their places: the component sees names, never values.

use crate::wire::{self, Lifetime};
use crate::{Failure, Response, Secret};
use serde_json::Value;

/// The tokens of one grant.
#[derive(Clone, Debug)]
#[must_use]
pub struct Tokens(wire::Tokens);

impl Tokens {
    /// The standard token response of RFC 6749 and OpenID Connect: one token, and the ID token.
    ///
    /// # Errors
    /// Where there is no access token.
    pub fn standard(response: &Response) -> Result<Self, Failure> {
        let token = Token::read(response, "")?;
        Ok(Self::of(token).id_token(response.secret("/id_token")))
    }

    /// The first token: the one that identifies.
    pub fn of(first: Token) -> Self {
        Self(wire::Tokens {
            tokens: vec![first.0],
            id_token: None,
        })
    }

    /// A further token, under a name: `bot`.
    pub fn and(mut self, name: &str, token: Token) -> Self {
        let name = name.to_owned();
        self.0.tokens.push(wire::Token { name, ..token.0 });
        self
    }

    /// The ID token's place.
    pub fn id_token(mut self, id_token: Option<Secret>) -> Self {
        self.0.id_token = id_token.map(Secret::into_name);
        self
    }

    pub(crate) fn into_wire(self) -> wire::Tokens {
        self.0
    }
}

/// One token and what is known of it.
#[derive(Clone, Debug)]
#[must_use]
pub struct Token(wire::Token);

impl Token {
    /// A token by its place.
    pub fn new(access: Secret) -> Self {
        Self(wire::Token {
            name: String::new(),
            access: access.into_name(),
            refresh: None,
            token_type: None,
            lifetime: Lifetime::Unknown,
            scopes: None,
        })
    }

    /// Reads the fields of a standard token response under a pointer: empty for the whole answer,
    /// `/authed_user` for a token further in. `expires_in` may be a string of digits; `scope` may
    /// also be called `scopes`, be a list, and have commas.
    ///
    /// # Errors
    /// Where there is no access token.
    pub fn read(response: &Response, at: &str) -> Result<Self, Failure> {
        let field = |name: &str| response.at(&format!("{at}/{name}"));
        let secret = |name: &str| response.secret(&format!("{at}/{name}"));
        let access = secret("access_token")
            .ok_or_else(|| Failure::invalid_response("there is no access token in the answer"))?;
        let seconds = field("expires_in").and_then(seconds);
        Ok(Self::new(access)
            .refresh(secret("refresh_token"))
            .token_type(field("token_type").and_then(Value::as_str))
            .lifetime(seconds.map_or(Lifetime::Unknown, Lifetime::Seconds))
            .scopes(field("scope").or_else(|| field("scopes")).and_then(scopes)))
    }

    /// The refresh token's place. `None`: Celadon keeps the one it has.
    pub fn refresh(mut self, refresh: Option<Secret>) -> Self {
        self.0.refresh = refresh.map(Secret::into_name);
        self
    }

    /// The token's type. `None`: `Bearer`.
    pub fn token_type(mut self, token_type: Option<&str>) -> Self {
        self.0.token_type = token_type.map(str::to_owned);
        self
    }

    /// How long it is good.
    pub fn lifetime(mut self, lifetime: Lifetime) -> Self {
        self.0.lifetime = lifetime;
        self
    }

    /// The granted scopes. `None`: as asked.
    pub fn scopes(mut self, scopes: Option<Vec<String>>) -> Self {
        self.0.scopes = scopes;
        self
    }
}

fn seconds(value: &Value) -> Option<u64> {
    match value {
        // Some providers send a fraction; the token is good for the whole part at least.
        Value::Number(number) => number.as_u64().or_else(|| {
            number
                .as_f64()
                .filter(|seconds| *seconds >= 0.0)
                .map(|seconds| seconds as u64)
        }),
        Value::String(digits) => digits.parse().ok(),
        _ => None,
    }
}

/// An empty text says nothing of the scopes, so they are as asked.
fn scopes(value: &Value) -> Option<Vec<String>> {
    let scopes: Vec<String> = match value {
        Value::String(text) => text
            .split([' ', ','])
            .filter(|scope| !scope.is_empty())
            .map(str::to_owned)
            .collect(),
        Value::Array(list) => list
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => return None,
    };
    (!scopes.is_empty()).then_some(scopes)
}
