//! What providers that speak OpenID Connect have in common: hints for the link, and the standard
//! claims, from the ID token and, where that is thin, from userinfo.

use crate::{
    AuthorizationRequest, Description, Evidence, Http, Identity, Parameter, Request, Stop,
};
use serde_json::Value;

/// The hints of [OpenID Connect Core, section 3.1.2.1](https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest)
/// that every provider has to know or to ignore.
pub fn hints(request: &AuthorizationRequest) -> Vec<Parameter> {
    request.pass(&[
        "prompt",
        "login_hint",
        "ui_locales",
        "max_age",
        "acr_values",
    ])
}

/// The two places of the standard e-mail claims.
pub fn email(description: Description, userinfo: bool) -> Description {
    let description = description.email("id-token", "/email", Some("/email_verified"));
    if userinfo {
        description.email("userinfo", "/email", Some("/email_verified"))
    } else {
        description
    }
}

/// How to read the standard claims.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// Whether to ask userinfo for what the ID token lacks.
    pub userinfo: bool,
    /// The claim with the groups: a name, or an RFC 6901 pointer such as `/realm_access/roles`.
    pub groups_claim: &'a str,
}

/// Makes an identity of the standard claims.
///
/// # Errors
/// [`Stop`]: the request to userinfo, or its failure. That there is none is no failure.
pub fn identify(
    reading: Reading<'_>,
    evidence: &Evidence,
    http: &mut Http,
) -> Result<Identity, Stop> {
    let groups = pointer(reading.groups_claim);
    let asks = reading.userinfo && is_thin(evidence, reading.groups_claim, &groups);
    let userinfo = if asks { userinfo(http)? } else { Value::Null };
    let claim = |at: &str| evidence.claim(at).or_else(|| userinfo.pointer(at));
    let text = |at: &str| claim(at).and_then(Value::as_str);
    let identity = Identity::new()
        .username(text("/preferred_username"))
        .name(text("/name"))
        .picture(text("/picture"))
        .locale(text("/locale"))
        .groups(claim(&groups).map(texts).unwrap_or_default());
    Ok(match email_source(evidence, &userinfo) {
        Some(source) => identity.email(source, "/email"),
        None => identity,
    })
}

/// Whether a granted scope promises claims that the ID token does not hold. A provider answers the
/// same at userinfo otherwise, so asking would only take time.
fn is_thin(evidence: &Evidence, groups_claim: &str, groups: &str) -> bool {
    let lacks = |at: &str| evidence.claim(at).is_none();
    let email = lacks("/email") || lacks("/email_verified");
    let profile = lacks("/name") && lacks("/preferred_username");
    (evidence.has_scope("email") && email)
        || (evidence.has_scope("profile") && profile)
        || (evidence.has_scope(groups_claim) && lacks(groups))
}

fn userinfo(http: &mut Http) -> Result<Value, Stop> {
    let response = http.send(Request::to("userinfo"))?;
    if response.status == 404 {
        return Ok(Value::Null);
    }
    Ok(response.ok()?.body)
}

/// The ID token's address, unless only userinfo calls its own verified.
fn email_source(evidence: &Evidence, userinfo: &Value) -> Option<&'static str> {
    let in_token = evidence.text("/email").is_some();
    let in_userinfo = userinfo.pointer("/email").is_some_and(Value::is_string);
    let verified = |claim: Option<&Value>| claim.is_some_and(is_true);
    let better = verified(userinfo.pointer("/email_verified"))
        && !verified(evidence.claim("/email_verified"));
    match (in_token, in_userinfo) {
        (true, true) if better => Some("userinfo"),
        (true, _) => Some("id-token"),
        (false, true) => Some("userinfo"),
        (false, false) => None,
    }
}

fn is_true(claim: &Value) -> bool {
    claim.as_bool() == Some(true)
        || claim.as_u64() == Some(1)
        || matches!(claim.as_str(), Some("true" | "1"))
}

/// One text, or the texts of a list.
fn texts(claim: &Value) -> Vec<String> {
    match claim {
        Value::String(one) => vec![one.clone()],
        Value::Array(list) => list
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}

/// A claim's name as a pointer; one that begins with a slash is a pointer already.
fn pointer(claim: &str) -> String {
    if claim.starts_with('/') {
        return claim.to_owned();
    }
    format!("/{}", claim.replace('~', "~0").replace('/', "~1"))
}
