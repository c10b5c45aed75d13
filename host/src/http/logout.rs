//! `POST /logout`: ends the browser's session here.

use super::callback::see_other;
use super::problem::Problem;
use super::{Edge, origin};
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use std::sync::Arc;

/// Ends the session, if there is one, and goes home.
pub async fn post(State(edge): State<Arc<Edge>>, headers: HeaderMap) -> Result<Response, Problem> {
    origin::require_own(&headers, &edge.web.config.server.public_url)?;
    if let Some(cookie) = edge.cookies.session(&headers) {
        edge.web.sessions.end(&cookie).await?;
    }
    let mut response = see_other("/")?;
    let name = edge.cookies.session_name();
    edge.cookies.clear(response.headers_mut(), &name);
    Ok(response)
}
