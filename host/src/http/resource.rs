//! `GET /resource/{provider}`: the protected resource, fetched with the signed-in user's token.

use super::Edge;
use super::json::Json;
use super::problem::{Problem, accept, kinds};
use crate::clock::Timestamp;
use crate::web;
use async_trait::async_trait;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use celadon_workflows::types::{ProviderName, UserId};
use http::HeaderMap;
use serde_json::{Value, json};
use std::sync::Arc;

/// The most characters that are shown.
const MAX_SHOWN: usize = 64 << 10;

/// Protected resources.
#[async_trait]
pub trait Resources: Send + Sync {
    /// Fetches the provider's `resource_url` with a valid token of the user.
    async fn fetch(
        &self,
        user: &UserId,
        provider: &ProviderName,
    ) -> Result<Resource, ResourceError>;
}

/// What was fetched.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its media type, as the server named it.
    pub content_type: String,
    /// Its bytes; whoever fetched it has bounded them.
    pub body: Bytes,
    /// When.
    pub fetched_at: Timestamp,
}

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub enum ResourceError {
    /// The user has no grant of this provider.
    #[error("the user is not connected to this provider")]
    NotConnected,
    /// The grant is spent.
    #[error("the user must sign in again")]
    NeedsReauth,
    /// No `resource_url` is configured.
    #[error("no protected resource is configured for this provider")]
    NotConfigured,
    /// The provider or the resource failed; says how, in our own words.
    #[error("the resource could not be fetched: {0}")]
    Provider(String),
    /// Our own fault. Whoever answers this has logged the cause.
    #[error("resources cannot be fetched now")]
    Unavailable,
}

/// Shows the resource.
pub async fn get(
    State(edge): State<Arc<Edge>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(provider) = edge.provider(&name) else {
        return Err(Problem::new(&kinds::UNKNOWN_PROVIDER));
    };
    let session = edge
        .require_session(&headers)
        .await
        .map_err(|problem| problem.again(&name))?;
    let provider_name = ProviderName::new(name.as_str());
    let fetched = edge
        .web
        .resources
        .fetch(&session.user, &provider_name)
        .await;
    let resource = fetched.map_err(|error| Problem::from(error).again(&name))?;
    if accept::prefers_json(&headers) {
        return Ok(as_json(&name, &resource).into_response());
    }
    Ok(web::html(&web::Resource {
        title: provider.title.clone(),
        url: provider.resource_url.as_ref().map(ToString::to_string),
        shown: shown(&resource.body),
        fetched_at: web::time::utc(resource.fetched_at),
        content_type: resource.content_type,
    }))
}

fn as_json(provider: &str, resource: &Resource) -> Json<Value> {
    let text = || json!(String::from_utf8_lossy(&resource.body));
    Json(json!({
        "provider": provider,
        "content_type": resource.content_type,
        "fetched_at": resource.fetched_at,
        "resource": serde_json::from_slice(&resource.body).unwrap_or_else(|_| text()),
    }))
}

/// Text for people: JSON with line breaks, other text as it is, bytes by their number.
fn shown(body: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(body) else {
        return format!("{} bytes that are not text", body.len());
    };
    let pretty = serde_json::from_str::<Value>(text)
        .ok()
        .and_then(|value| serde_json::to_string_pretty(&value).ok());
    let whole = pretty.as_deref().unwrap_or(text);
    match whole.char_indices().nth(MAX_SHOWN) {
        Some((at, _)) => format!("{}\n… and more", &whole[..at]),
        None => whole.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn json_is_laid_out_and_bytes_are_counted() {
        assert_eq!(shown(br#"{"a":[1]}"#), "{\n  \"a\": [\n    1\n  ]\n}");
        assert_eq!(shown(b"plain <b>"), "plain <b>");
        assert_eq!(shown(&[0xff, 0xfe]), "2 bytes that are not text");
        assert!(shown("ü".repeat(MAX_SHOWN + 1).as_bytes()).ends_with("… and more"));
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_shown(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            shown(&bytes);
        }
    }
}
