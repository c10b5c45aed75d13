//! `GET /v1/session`: who is signed in, for pages and programs that have the session's cookie.
//! Tokens are never told.

use super::Edge;
use super::home::profile;
use super::json::Json;
use super::problem::{Problem, kinds};
use crate::store::{AuthorizationRecord, IdentityRecord};
use axum::extract::State;
use http::HeaderMap;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The signed-in identity and its authorizations, or 401.
pub async fn get(
    State(edge): State<Arc<Edge>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let session = edge.require_session(&headers).await?;
    let identity = edge.web.store.identity(&session.identity).await?;
    let identity = identity.ok_or_else(|| Problem::new(&kinds::SIGNED_OUT))?;
    let grants = edge.web.store.authorizations(&session.user).await?;
    let authorizations: Vec<Value> = grants.iter().map(authorization).collect();
    let mut who = describe(&identity);
    add_profile(&edge, &identity, &mut who);
    Ok(Json(json!({
        "user": session.user,
        "identity": who,
        "authorizations": authorizations,
        "expires_at": session.expires_at,
    })))
}

/// An identity as the host verified it.
pub fn describe(identity: &IdentityRecord) -> Map<String, Value> {
    let members = [
        ("provider", json!(identity.namespace)),
        ("issuer", json!(identity.issuer)),
        ("subject", json!(identity.subject)),
        ("email", json!(identity.email)),
        ("email_verified", json!(identity.email_verified)),
    ];
    members
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
}

/// What the component adds: its word, for showing.
fn add_profile(edge: &Edge, identity: &IdentityRecord, who: &mut Map<String, Value>) {
    let profile = profile(edge, identity);
    let texts = [
        ("name", profile.name),
        ("username", profile.username),
        ("picture", profile.picture),
        ("locale", profile.locale),
    ];
    for (name, text) in texts {
        who.extend(text.map(|text| (name.to_owned(), json!(text))));
    }
    who.insert("groups".to_owned(), json!(profile.groups));
    who.insert("attributes".to_owned(), json!(profile.attributes));
}

fn authorization(grant: &AuthorizationRecord) -> Value {
    json!({
        "id": grant.id,
        "provider": grant.provider,
        "scope": grant.scope,
        "token_type": grant.token_type,
        "created_at": grant.created_at,
        "expires_at": grant.expires_at,
        "needs_reauth": grant.needs_reauth.is_some(),
    })
}
