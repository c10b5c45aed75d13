//! `POST /v1/logins`: a configured client begins a login.

use super::address::ClientAddress;
use super::json::Json;
use super::problem::{Problem, kinds};
use super::{Edge, body, clients};
use crate::logins::ClientLogin;
use axum::Extension;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    provider: String,
    scopes: Option<Vec<String>>,
    return_to: Option<String>,
    user: Option<String>,
}

/// Begins a login. The answer holds Celadon's own address for a browser, never the provider's.
pub async fn post(
    State(edge): State<Arc<Edge>>,
    Extension(address): Extension<ClientAddress>,
    request: Request,
) -> Result<Response, Problem> {
    let client = clients::require(&edge, request.headers(), address)?;
    let wish: Wish = body::json(request).await?;
    let created = edge
        .web
        .logins
        .create(ClientLogin {
            client,
            provider: wish.provider,
            scopes: wish.scopes,
            return_to: wish.return_to,
            user: wish.user,
        })
        .await?;
    let location = HeaderValue::try_from(format!("/v1/logins/{}", created.login))
        .map_err(|error| Problem::new(&kinds::INTERNAL).cause(Arc::new(error) as Arc<_>))?;
    let answer = Json(json!({
        "id": created.login,
        "login_url": created.login_url,
        "expires_at": created.expires_at,
    }));
    Ok((StatusCode::CREATED, [(LOCATION, location)], answer).into_response())
}
