//! The claims of an ID token, one rule a function.

use super::error::{Fault, IdTokenError};
use super::{Expectations, LEEWAY, MAX_AGE, TokenHeader};
use crate::oidc::issuer::IssuerFault;
use crate::oidc::subject::is_subject;
use aws_lc_rs::digest::digest;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

type Claims = Map<String, Value>;

/// Audiences that a token may have.
const MAX_AUDIENCES: usize = 64;

/// Checks everything but `sub`, and answers the issuer to record.
pub(super) fn check(
    claims: &Claims,
    header: &TokenHeader,
    expected: &Expectations<'_>,
) -> Result<String, IdTokenError> {
    let issuer = issuer(claims, expected)?;
    audience(claims, expected.client_id)?;
    times(claims, expected.now)?;
    nonce(claims, expected)?;
    hash(claims, "at_hash", expected.access_token, header)?;
    hash(claims, "c_hash", expected.code, header)?;
    authentication_time(claims, expected)?;
    Ok(issuer)
}

/// `sub`: 1 to 255 printable ASCII characters.
pub(super) fn subject(claims: &Claims) -> Result<String, IdTokenError> {
    let subject = required_text(claims, "sub")?;
    if !is_subject(subject) {
        return Err(wrong("sub", Fault::Characters));
    }
    Ok(subject.to_owned())
}

fn issuer(claims: &Claims, expected: &Expectations<'_>) -> Result<String, IdTokenError> {
    let iss = required_text(claims, "iss")?;
    expected.issuer.check(iss, claims).map_err(|fault| {
        let fault = match fault {
            IssuerFault::Mismatch => Fault::Mismatch,
            IssuerFault::Template => Fault::Template,
            IssuerFault::NotAllowed => Fault::NotAllowed,
        };
        wrong("iss", fault)
    })
}

/// `aud` holds the client; several audiences need an `azp`, and an `azp` is always the client.
fn audience(claims: &Claims, client_id: &str) -> Result<(), IdTokenError> {
    let audiences: Vec<&str> = match claims.get("aud") {
        None => return Err(wrong("aud", Fault::Missing)),
        Some(Value::String(audience)) => vec![audience],
        Some(Value::Array(list)) if list.len() <= MAX_AUDIENCES => list
            .iter()
            .map(|audience| audience.as_str().ok_or(wrong("aud", Fault::Type)))
            .collect::<Result<_, _>>()?,
        Some(_) => return Err(wrong("aud", Fault::Type)),
    };
    if !audiences.contains(&client_id) {
        return Err(wrong("aud", Fault::Mismatch));
    }
    match optional_text(claims, "azp")? {
        Some(party) if party != client_id => Err(wrong("azp", Fault::Mismatch)),
        None if audiences.len() > 1 => Err(wrong("azp", Fault::Missing)),
        _ => Ok(()),
    }
}

fn times(claims: &Claims, now: u64) -> Result<(), IdTokenError> {
    let exp = required_time(claims, "exp")?;
    if exp.saturating_add(LEEWAY) <= now {
        return Err(wrong("exp", Fault::Past));
    }
    let iat = required_time(claims, "iat")?;
    if iat > now.saturating_add(LEEWAY) {
        return Err(wrong("iat", Fault::Future));
    }
    if iat.saturating_add(MAX_AGE) < now {
        return Err(wrong("iat", Fault::Past));
    }
    match time(claims, "nbf")? {
        Some(nbf) if nbf > now.saturating_add(LEEWAY) => Err(wrong("nbf", Fault::Future)),
        _ => Ok(()),
    }
}

fn nonce(claims: &Claims, expected: &Expectations<'_>) -> Result<(), IdTokenError> {
    let Some(sent) = expected.nonce else {
        return Ok(());
    };
    match optional_text(claims, "nonce")? {
        Some(nonce) if bool::from(nonce.as_bytes().ct_eq(sent.as_bytes())) => Ok(()),
        Some(_) => Err(wrong("nonce", Fault::Mismatch)),
        None if expected.nonce_optional => Ok(()),
        None => Err(wrong("nonce", Fault::Missing)),
    }
}

/// `at_hash` and `c_hash`: the left half of the hash, if the claim and what it hashes are there.
fn hash(
    claims: &Claims,
    name: &'static str,
    hashed: Option<&str>,
    header: &TokenHeader,
) -> Result<(), IdTokenError> {
    let (Some(claim), Some(hashed)) = (optional_text(claims, name)?, hashed) else {
        return Ok(());
    };
    let full = digest(header.algorithm().hash(), hashed.as_bytes());
    let half = &full.as_ref()[..full.as_ref().len() / 2];
    let right = BASE64URL_NOPAD.encode(half);
    let equal = bool::from(right.as_bytes().ct_eq(claim.as_bytes()));
    equal.then_some(()).ok_or(wrong(name, Fault::Mismatch))
}

/// `auth_time`, where `max_age` was sent. Otherwise nobody relies on it.
fn authentication_time(claims: &Claims, expected: &Expectations<'_>) -> Result<(), IdTokenError> {
    let Some(max_age) = expected.max_age else {
        return Ok(());
    };
    let at = required_time(claims, "auth_time")?;
    if at > expected.now.saturating_add(LEEWAY) {
        return Err(wrong("auth_time", Fault::Future));
    }
    if at.saturating_add(max_age).saturating_add(LEEWAY) < expected.now {
        return Err(wrong("auth_time", Fault::Past));
    }
    Ok(())
}

fn wrong(name: &'static str, fault: Fault) -> IdTokenError {
    IdTokenError::Claim { name, fault }
}

fn optional_text<'a>(
    claims: &'a Claims,
    name: &'static str,
) -> Result<Option<&'a str>, IdTokenError> {
    claims
        .get(name)
        .map(|value| value.as_str().ok_or(wrong(name, Fault::Type)))
        .transpose()
}

fn required_text<'a>(claims: &'a Claims, name: &'static str) -> Result<&'a str, IdTokenError> {
    optional_text(claims, name)?.ok_or(wrong(name, Fault::Missing))
}

/// A NumericDate ([RFC 7519 section 2](https://www.rfc-editor.org/rfc/rfc7519#section-2)) in whole
/// seconds; a fraction is cut off.
fn time(claims: &Claims, name: &'static str) -> Result<Option<u64>, IdTokenError> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    value
        .as_f64()
        .and_then(whole_seconds)
        .map(Some)
        .ok_or(wrong(name, Fault::Type))
}

fn required_time(claims: &Claims, name: &'static str) -> Result<u64, IdTokenError> {
    time(claims, name)?.ok_or(wrong(name, Fault::Missing))
}

/// Some issuers write `1700000000.0`. Below 2^53 every integer is a float exactly; nothing beyond is
/// a time.
fn whole_seconds(seconds: f64) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (0.0..EXACT).contains(&seconds).then_some(seconds as u64)
}
