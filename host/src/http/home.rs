//! `GET /`: a button for each provider, or who is signed in and what is connected.

use super::Edge;
use super::problem::Problem;
use crate::seal::Context;
use crate::store::{AuthorizationRecord, IdentityRecord, SessionRecord};
use crate::web::{self, Choice, Connection, Person};
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is sealed in an identity's profile: the component's word on a user, for showing only.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// The name that the user chose there.
    pub username: Option<String>,
    /// The full name.
    pub name: Option<String>,
    /// The address of a picture. Never fetched by us, never shown.
    pub picture: Option<String>,
    /// A language tag.
    pub locale: Option<String>,
    /// Groups.
    pub groups: Vec<String>,
    /// Everything else.
    pub attributes: BTreeMap<String, serde_json::Value>,
}

/// Opens an identity's profile. One that does not open, because its key is lost, is an empty one:
/// it is for showing only, and the next sign-in writes it anew.
pub fn profile(edge: &Edge, identity: &IdentityRecord) -> Profile {
    if identity.profile.is_empty() {
        return Profile::default();
    }
    let context = Context::profile_of(
        identity.namespace.as_str(),
        &identity.issuer,
        &identity.subject,
    );
    let opened = edge.web.keys.open_json(&context, &identity.profile);
    opened.unwrap_or_else(|error| {
        tracing::error!(error = %error, identity = %identity.id, "a profile does not open");
        Profile::default()
    })
}

/// The home page.
pub async fn get(State(edge): State<Arc<Edge>>, headers: HeaderMap) -> Result<Response, Problem> {
    let person = match edge.session(&headers).await? {
        Some(session) => person(&edge, &session).await?,
        None => None,
    };
    let choices = choices(&edge);
    Ok(web::html(&web::Home { person, choices }))
}

fn choices(edge: &Edge) -> Vec<Choice> {
    let providers = edge.web.config.providers.iter();
    providers
        .map(|(name, provider)| Choice {
            name: name.to_string(),
            title: provider.title.clone(),
        })
        .collect()
}

/// `None` where the identity is gone: the session is then worth nothing.
async fn person(edge: &Edge, session: &SessionRecord) -> Result<Option<Person>, Problem> {
    let Some(identity) = edge.web.store.identity(&session.identity).await? else {
        return Ok(None);
    };
    let profile = profile(edge, &identity);
    let grants = edge.web.store.authorizations(&session.user).await?;
    let provider = edge.provider(session.provider.as_str());
    Ok(Some(Person {
        name: [profile.name, profile.username, identity.email.clone()]
            .into_iter()
            .flatten()
            .find(|name| !name.trim().is_empty())
            .unwrap_or_else(|| identity.subject.clone()),
        provider: provider.map_or_else(|| session.provider.to_string(), |it| it.title.clone()),
        email: identity.email,
        email_verified: identity.email_verified,
        issuer: identity.issuer,
        subject: identity.subject,
        connections: connections(edge, &grants),
    }))
}

/// One line for each provider: its newest grant.
fn connections(edge: &Edge, grants: &[AuthorizationRecord]) -> Vec<Connection> {
    let mut connections: Vec<Connection> = Vec::new();
    for grant in grants {
        let name = grant.provider.as_str();
        if connections.iter().any(|known| known.name == name) {
            continue;
        }
        let provider = edge.provider(name);
        connections.push(Connection {
            name: name.to_owned(),
            title: provider.map_or_else(|| name.to_owned(), |it| it.title.clone()),
            scope: grant.scope.clone(),
            since: web::time::utc(grant.created_at),
            configured: provider.is_some(),
            has_resource: provider.is_some_and(|it| it.resource_url.is_some()),
            needs_reauth: grant.needs_reauth.is_some(),
        });
    }
    connections
}
