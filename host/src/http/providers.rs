//! `GET /v1/providers`: what a sign-in page of somebody else needs to know.

use super::Edge;
use super::json::Json;
use axum::extract::State;
use serde_json::{Value, json};
use std::sync::Arc;

/// The configured providers: names, titles, addresses. All of it is on the home page too.
pub async fn get(State(edge): State<Arc<Edge>>) -> Json<Value> {
    let config = &edge.web.config;
    let providers: Vec<Value> = config
        .providers
        .iter()
        .map(|(name, provider)| {
            json!({
                "name": name,
                "title": provider.title,
                "login_url": config.server.at(&format!("/login/{name}")),
            })
        })
        .collect();
    Json(json!({ "providers": providers }))
}
