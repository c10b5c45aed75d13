//! The compact serialisation ([RFC 7515 section 7.1]) and the header parameters that count.
//!
//! [RFC 7515 section 7.1]: https://www.rfc-editor.org/rfc/rfc7515#section-7.1

use super::MAX_TOKEN;
use super::error::{Fault, IdTokenError};
use crate::oidc::algorithm::Algorithm;
use crate::oidc::json::{self, Integers, Limits};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value};

/// A token in its three parts.
pub(super) struct Compact<'a> {
    message: &'a str,
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Compact<'a> {
    pub(super) fn split(token: &'a str) -> Result<Self, IdTokenError> {
        if token.len() > MAX_TOKEN {
            return Err(IdTokenError::TooLarge);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(IdTokenError::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(IdTokenError::Malformed)?;
        // Five parts would be an encrypted token.
        if payload.contains('.') {
            return Err(IdTokenError::Malformed);
        }
        Ok(Self {
            message,
            header,
            payload,
            signature,
        })
    }

    /// What the signature is over.
    pub(super) fn message(&self) -> &'a [u8] {
        self.message.as_bytes()
    }

    pub(super) fn signature(&self) -> Result<Vec<u8>, IdTokenError> {
        decode(self.signature)
    }

    pub(super) fn claims(&self) -> Result<Map<String, Value>, IdTokenError> {
        Ok(json::parse_object(&decode(self.payload)?, &limits())?)
    }

    /// The claims with every number as a number: what is an integer is no text, however large.
    pub(super) fn typed_claims(&self) -> Result<Map<String, Value>, IdTokenError> {
        let limits = Limits {
            integers: Integers::Numbers,
            ..limits()
        };
        Ok(json::parse_object(&decode(self.payload)?, &limits)?)
    }

    pub(super) fn header(&self, allowed: &[Algorithm]) -> Result<TokenHeader, IdTokenError> {
        let header = json::parse_object(&decode(self.header)?, &limits())?;
        TokenHeader::check(&header, allowed)
    }
}

/// A token's header, of a kind that Celadon verifies. Nobody vouches for it yet.
#[derive(Clone, Debug)]
pub struct TokenHeader {
    algorithm: Algorithm,
    kid: Option<String>,
}

impl TokenHeader {
    /// Reads a token's header and refuses what cannot be verified whatever the keys are.
    ///
    /// # Errors
    /// The token's form, its `alg`, or a header parameter that asks for more than Celadon does.
    pub fn read(token: &str, allowed: &[Algorithm]) -> Result<Self, IdTokenError> {
        Compact::split(token)?.header(allowed)
    }

    fn check(header: &Map<String, Value>, allowed: &[Algorithm]) -> Result<Self, IdTokenError> {
        // `crit` lists what must be understood, and `b64` changes what is signed: nothing of the
        // kind is.
        for name in ["crit", "b64", "zip", "enc"] {
            if header.contains_key(name) {
                let fault = Fault::Present;
                return Err(IdTokenError::Header { name, fault });
            }
        }
        // Another kind of JWT of the same issuer (access, logout) must not pass for an ID token.
        let is_jwt = |typ: &str| typ.eq_ignore_ascii_case("JWT");
        if text(header, "typ")?.is_some_and(|typ| !is_jwt(typ)) {
            let fault = Fault::Mismatch;
            return Err(IdTokenError::Header { name: "typ", fault });
        }
        let algorithm = text(header, "alg")?
            .and_then(Algorithm::from_name)
            .filter(|algorithm| allowed.iter().any(|other| other.same_as(*algorithm)))
            .ok_or(IdTokenError::Algorithm)?;
        let kid = text(header, "kid")?.map(str::to_owned);
        Ok(Self { algorithm, kid })
    }

    /// `alg`.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// `kid`.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Whether the client secret is the key.
    pub fn is_symmetric(&self) -> bool {
        self.algorithm == Algorithm::Hs256
    }
}

fn text<'a>(
    header: &'a Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'a str>, IdTokenError> {
    let fault = Fault::Type;
    header
        .get(name)
        .map(|value| value.as_str().ok_or(IdTokenError::Header { name, fault }))
        .transpose()
}

/// Base64url without padding, and in one spelling: stray bits at the end are refused.
fn decode(part: &str) -> Result<Vec<u8>, IdTokenError> {
    BASE64URL_NOPAD
        .decode(part.as_bytes())
        .map_err(|_| IdTokenError::Malformed)
}

fn limits() -> Limits {
    Limits {
        bytes: MAX_TOKEN,
        values: 4_000,
        ..Limits::default()
    }
}
