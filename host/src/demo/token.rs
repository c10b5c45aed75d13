//! `POST /token`: codes and refresh tokens for tokens
//! ([RFC 6749 section 3.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.2)).

use super::Idp;
use super::client::ClientError;
use super::fields::{Fields, Repeated};
use super::grants::{ACCESS_LIFETIME, GrantError, Tokens, has_scope};
use super::keys::at_hash;
use crate::clock;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;

/// The errors of [RFC 6749 section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2).
#[derive(Debug, thiserror::Error)]
pub(super) enum TokenError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Repeated(#[from] Repeated),
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("the grant_type is neither authorization_code nor refresh_token")]
    GrantType,
    #[error(transparent)]
    Grant(#[from] GrantError),
    #[error("the ID token could not be signed")]
    Sign(#[from] jsonwebtoken::errors::Error),
}

impl TokenError {
    fn code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Client(ClientError::Unauthenticated) => {
                (StatusCode::UNAUTHORIZED, "invalid_client")
            }
            Self::Client(ClientError::Twice) | Self::Repeated(_) | Self::Missing(_) => {
                (StatusCode::BAD_REQUEST, "invalid_request")
            }
            Self::GrantType => (StatusCode::BAD_REQUEST, "unsupported_grant_type"),
            Self::Grant(GrantError::Invalid) => (StatusCode::BAD_REQUEST, "invalid_grant"),
            Self::Grant(GrantError::Scope) => (StatusCode::BAD_REQUEST, "invalid_scope"),
            Self::Sign(_) => (StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
        }
    }
}

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        let (status, error) = self.code();
        let body = Json(json!({ "error": error, "error_description": self.to_string() }));
        let mut response = (status, body).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"demo\"");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// The endpoint.
pub(super) async fn token(
    State(idp): State<Arc<Idp>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, TokenError> {
    let fields = Fields::parse(&body)?;
    idp.client.authenticate(&headers, &fields)?;
    let required = |name| fields.get(name).ok_or(TokenError::Missing(name));
    let now = clock::now();
    let tokens = match required("grant_type")? {
        "authorization_code" => {
            let (code, redirect_uri, code_verifier) = (
                required("code")?,
                required("redirect_uri")?,
                required("code_verifier")?,
            );
            idp.grants()
                .redeem(code, redirect_uri, code_verifier, now)?
        }
        "refresh_token" => {
            idp.grants()
                .refresh(required("refresh_token")?, fields.get("scope"), now)?
        }
        _ => return Err(TokenError::GrantType),
    };
    Ok(Json(answer(&idp, tokens)?))
}

fn answer(idp: &Idp, tokens: Tokens) -> Result<Value, TokenError> {
    let mut body = json!({
        "access_token": tokens.access_token,
        "token_type": "Bearer",
        "expires_in": ACCESS_LIFETIME,
        "scope": tokens.scope,
    });
    if has_scope(&tokens.scope, "openid") {
        body["id_token"] = id_token(idp, &tokens)?.into();
    }
    if let Some(refresh_token) = tokens.refresh_token {
        body["refresh_token"] = refresh_token.into();
    }
    Ok(body)
}

/// [OpenID Connect Core section 2](https://openid.net/specs/openid-connect-core-1_0.html#IDToken).
/// Names and addresses are userinfo's to tell.
fn id_token(idp: &Idp, tokens: &Tokens) -> Result<String, TokenError> {
    let now = clock::now();
    let mut claims = json!({
        "iss": idp.issuer,
        "sub": tokens.user.subject,
        "aud": idp.client.id(),
        "iat": now,
        "exp": now + ACCESS_LIFETIME,
        "auth_time": tokens.auth_time,
        "at_hash": at_hash(&tokens.access_token),
    });
    if let Some(nonce) = &tokens.nonce {
        claims["nonce"] = nonce.as_str().into();
    }
    Ok(idp.keys.sign(&claims)?)
}
