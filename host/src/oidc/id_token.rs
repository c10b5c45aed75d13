//! ID tokens: what [OIDC Core 3.1.3.7] and [RFC 8725] demand of one, checked in one place.
//!
//! [`verify`] is pure: keys and time are arguments. Where the keys come from is
//! [`super::jwks`]'s to know.
//!
//! [OIDC Core 3.1.3.7]: https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
//! [RFC 8725]: https://www.rfc-editor.org/rfc/rfc8725

mod claims;
mod compact;
mod error;
#[cfg(test)]
mod tests;

pub use self::compact::TokenHeader;
pub use self::error::{Fault, IdTokenError};

use self::compact::Compact;
use super::algorithm::Algorithm;
use super::issuer::IssuerRules;
use super::jwk::Jwks;
use crate::clock::Timestamp;
use aws_lc_rs::hmac;
use serde_json::{Map, Value};
use std::fmt;

/// The largest ID token: 32 KiB.
pub const MAX_TOKEN: usize = 32 << 10;
/// How far two clocks may be apart, in seconds.
pub const LEEWAY: u64 = 60;
/// How old `iat` may be, in seconds. Lenient: the nonce and `exp` make a login's token fresh, and an
/// answer to a refresh may repeat an old one.
pub const MAX_AGE: u64 = 24 * 3600;
/// The shortest secret that HS256 is accepted under, in bytes: RFC 7518 section 3.2.
const MIN_SECRET: usize = 32;

/// What an ID token must say.
#[derive(Clone, Copy)]
pub struct Expectations<'a> {
    /// Who may have issued it.
    pub issuer: &'a IssuerRules,
    /// For whom it must be.
    pub client_id: &'a str,
    /// The nonce that was sent. `None`: none was, as at a refresh, and the claim is not looked at.
    pub nonce: Option<&'a str>,
    /// Whether the nonce may be missing (the relaxation `no-nonce`). It may never be wrong.
    pub nonce_optional: bool,
    /// The access token that came with it; `at_hash`, where present, must be its.
    pub access_token: Option<&'a str>,
    /// The code that it was got for; `c_hash`, where present, must be its.
    pub code: Option<&'a str>,
    /// The `max_age` that was sent, in seconds; then `auth_time` must be there and keep to it.
    pub max_age: Option<u64>,
    /// The time, in Unix seconds.
    pub now: Timestamp,
    /// What `alg` may be: see [`Algorithm::allowed`].
    pub algorithms: &'a [Algorithm],
    /// The client secret, the key of HS256.
    pub client_secret: Option<&'a [u8]>,
}

/// The claims of an ID token that holds. Only [`verify`] makes one.
#[derive(Clone)]
pub struct VerifiedIdToken {
    claims: Map<String, Value>,
    issuer: String,
    subject: String,
}

impl VerifiedIdToken {
    /// All claims, as they stand; integers beyond ±(2^53 − 1) are strings of their digits.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// The claims as one JSON value, for pointers to read.
    pub fn to_value(&self) -> Value {
        Value::Object(self.claims.clone())
    }

    /// The issuer to record: the description's identifier, a template filled in.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// `sub`.
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

impl fmt::Debug for VerifiedIdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedIdToken")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// Verifies an ID token that came from the token endpoint.
///
/// # Errors
/// [`IdTokenError`] names the claim or part that does not hold, never its value.
pub fn verify(
    token: &str,
    expectations: &Expectations<'_>,
    keys: &Jwks,
) -> Result<VerifiedIdToken, IdTokenError> {
    let compact = Compact::split(token)?;
    let header = compact.header(expectations.algorithms)?;
    check_signature(&compact, &header, expectations, keys)?;
    let typed = compact.typed_claims()?;
    let issuer = claims::check(&typed, &header, expectations)?;
    let subject = claims::subject(&typed)?;
    let claims = compact.claims()?;
    Ok(VerifiedIdToken {
        claims,
        issuer,
        subject,
    })
}

fn check_signature(
    compact: &Compact<'_>,
    header: &TokenHeader,
    expectations: &Expectations<'_>,
    keys: &Jwks,
) -> Result<(), IdTokenError> {
    let (message, signature) = (compact.message(), compact.signature()?);
    let holds = if header.is_symmetric() {
        let secret = expectations
            .client_secret
            .filter(|secret| secret.len() >= MIN_SECRET)
            .ok_or(IdTokenError::NoKey)?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        hmac::verify(&key, message, &signature).is_ok()
    } else {
        let mut candidates = keys.candidates(header.algorithm(), header.kid()).peekable();
        candidates.peek().ok_or(IdTokenError::NoKey)?;
        candidates.any(|key| key.verifies(header.algorithm(), message, &signature))
    };
    holds.then_some(()).ok_or(IdTokenError::Signature)
}
