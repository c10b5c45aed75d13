//! `/userinfo` and `/resource`: what an access token opens
//! ([RFC 6750](https://www.rfc-editor.org/rfc/rfc6750)).

use super::Idp;
use super::grants::has_scope;
use super::user::User;
use crate::clock::{self, Timestamp};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;

/// Why a token does not open anything.
#[derive(Debug, thiserror::Error)]
pub(super) enum ResourceError {
    /// There is none.
    #[error("a bearer token is needed")]
    Missing,
    /// It is unknown, expired or revoked.
    #[error("the access token is not good")]
    Invalid,
    /// It was granted for something else.
    #[error("the access token has another scope")]
    Scope,
}

impl IntoResponse for ResourceError {
    fn into_response(self) -> Response {
        let (status, challenge) = match self {
            Self::Missing => (StatusCode::UNAUTHORIZED, "Bearer"),
            Self::Invalid => (StatusCode::UNAUTHORIZED, "Bearer error=\"invalid_token\""),
            Self::Scope => (
                StatusCode::FORBIDDEN,
                "Bearer error=\"insufficient_scope\", scope=\"openid\"",
            ),
        };
        let challenge = [(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static(challenge),
        )];
        (
            status,
            challenge,
            Json(json!({ "error": self.to_string() })),
        )
            .into_response()
    }
}

/// [OpenID Connect Core section 5.3](https://openid.net/specs/openid-connect-core-1_0.html#UserInfo).
pub(super) async fn userinfo(
    State(idp): State<Arc<Idp>>,
    headers: HeaderMap,
) -> Result<Json<Value>, ResourceError> {
    let (user, scope) = bearer(&idp, &headers)?;
    if !has_scope(&scope, "openid") {
        return Err(ResourceError::Scope);
    }
    let mut claims = json!({ "sub": user.subject });
    if has_scope(&scope, "profile") {
        claims["name"] = user.name.into();
    }
    if has_scope(&scope, "email") {
        claims["email"] = user.email.into();
        claims["email_verified"] = true.into();
    }
    Ok(Json(claims))
}

/// Something worth protecting.
pub(super) async fn resource(
    State(idp): State<Arc<Idp>>,
    headers: HeaderMap,
) -> Result<Json<Value>, ResourceError> {
    let (user, scope) = bearer(&idp, &headers)?;
    Ok(Json(json!({
        "who": user.name,
        "when": rfc3339(clock::now()),
        "scope": scope,
        "note": "You see this because Celadon fetched it with your access token. Your browser never had that token.",
    })))
}

fn bearer(idp: &Idp, headers: &HeaderMap) -> Result<(User, String), ResourceError> {
    let value = headers
        .get(header::AUTHORIZATION)
        .ok_or(ResourceError::Missing)?;
    let (scheme, token) = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .ok_or(ResourceError::Missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(ResourceError::Missing);
    }
    idp.grants()
        .open(token, clock::now())
        .ok_or(ResourceError::Invalid)
}

/// A time as people read it, in UTC ([RFC 3339](https://www.rfc-editor.org/rfc/rfc3339)).
fn rfc3339(time: Timestamp) -> String {
    let (days, seconds) = (time / 86_400, time % 86_400);
    // Counted in years that begin in March, so that a leap day is the last of its year, and in
    // eras of 400 years, which are all equally long. Day 0 is 1 March of year 0.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let leap_days = day_of_era / 1_460 + day_of_era / 146_096 - day_of_era / 36_524;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::rfc3339;

    #[test]
    fn times_are_written_as_dates() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(rfc3339(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(rfc3339(1_709_251_199), "2024-02-29T23:59:59Z");
        assert_eq!(rfc3339(4_107_542_400), "2100-03-01T00:00:00Z");
        assert_eq!(rfc3339(1_798_761_599), "2026-12-31T23:59:59Z");
    }
}
