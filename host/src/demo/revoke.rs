//! `POST /revoke` ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)).

use super::Idp;
use super::fields::Fields;
use super::token::TokenError;
use crate::clock;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use std::sync::Arc;

/// Ends a token, or with a refresh token the whole grant. An unknown one is no error (section 2.2).
pub(super) async fn revoke(
    State(idp): State<Arc<Idp>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, TokenError> {
    let fields = Fields::parse(&body)?;
    idp.client.authenticate(&headers, &fields)?;
    let token = fields.get("token").ok_or(TokenError::Missing("token"))?;
    idp.grants().revoke(token, clock::now());
    Ok(StatusCode::OK)
}
