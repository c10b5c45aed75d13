//! The house's door: routes, cookies, headers, credentials of clients, limits.
//!
//! It owns what is HTTP about a login and nothing else: [`crate::logins`] knows attempts and
//! workflows, [`crate::web`] how pages look. One endpoint is one file, its functions named after
//! the methods. Every failure is a [`problem::Problem`]. The routes are described in docs/HTTP.md.

pub mod address;
mod assets;
mod body;
mod callback;
mod client_login;
mod client_logins;
mod clients;
mod codec;
pub mod cookies;
mod guards;
mod health;
mod home;
mod json;
mod limits;
mod login;
mod login_result;
mod logout;
mod measure;
mod metrics;
mod operators;
mod origin;
pub mod problem;
mod providers;
mod query;
pub mod ready;
pub mod resource;
pub mod server;
mod session;
pub mod sign_in;
#[cfg(test)]
mod tests;

use crate::config::{self, Config};
use crate::seal::KeyRing;
use crate::sessions::Sessions;
use crate::store::{SessionRecord, SharedStore};
use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use celadon_workflows::types::ProviderName;
use cookies::Cookies;
use http::HeaderMap;
use http::header::ALLOW;
use limits::Limits;
use problem::{Problem, kinds};
use ready::Readiness;
use resource::Resources;
use sign_in::SignIn;
use std::sync::Arc;

/// What the endpoints need from the rest of the house.
#[derive(Clone)]
pub struct Web {
    /// The configuration.
    pub config: Arc<Config>,
    /// Logins: begins, answers, watches and cancels them.
    pub logins: Arc<dyn SignIn>,
    /// Browser sessions.
    pub sessions: Sessions,
    /// Identities, grants and handoffs.
    pub store: SharedStore,
    /// The keys that handoffs and profiles are sealed with.
    pub keys: Arc<KeyRing>,
    /// What is up.
    pub readiness: Readiness,
    /// Protected resources of signed-in users.
    pub resources: Arc<dyn Resources>,
}

/// The state of the endpoints: the house's parts, and what is HTTP alone.
pub struct Edge {
    web: Web,
    cookies: Cookies,
    limits: Limits,
}

impl Edge {
    fn new(web: Web) -> Self {
        let secure = web.config.server.public_url.scheme() == "https";
        Self {
            web,
            cookies: Cookies::new(secure),
            limits: Limits::new(),
        }
    }

    /// A configured provider, by its name in a path.
    fn provider(&self, name: &str) -> Option<&config::Provider> {
        self.web.config.providers.get(&ProviderName::new(name))
    }

    /// The session of a request's cookie, if it lives.
    async fn session(&self, headers: &HeaderMap) -> Result<Option<SessionRecord>, Problem> {
        match self.cookies.session(headers) {
            Some(cookie) => Ok(self.web.sessions.current(&cookie).await?),
            None => Ok(None),
        }
    }

    /// The session, or 401.
    async fn require_session(&self, headers: &HeaderMap) -> Result<SessionRecord, Problem> {
        let session = self.session(headers).await?;
        session.ok_or_else(|| Problem::new(&kinds::SIGNED_OUT))
    }
}

/// All routes, with everything that goes around them.
pub fn router(web: Web) -> Router {
    let edge = Arc::new(Edge::new(web));
    let routes = routes().merge(long_polls());
    around(routes, &edge).with_state(edge)
}

fn routes() -> Router<Arc<Edge>> {
    Router::new()
        .route("/", get(home::get))
        .route("/login/{provider}", get(login::get).head(|| no_head("GET")))
        .route(
            "/callback/{provider}",
            get(callback::get)
                .post(callback::post)
                .head(|| no_head("GET, POST")),
        )
        .route("/resource/{provider}", get(resource::get))
        .route("/logout", post(logout::post))
        .route("/assets/{file}", get(assets::get))
        .route("/v1/providers", get(providers::get))
        .route("/v1/session", get(session::get))
        .route("/v1/logins", post(client_logins::post))
        .route("/v1/logins/{id}/result", post(login_result::post))
        .route(
            "/codec/encode",
            post(codec::encode).options(codec::preflight),
        )
        .route(
            "/codec/decode",
            post(codec::decode).options(codec::preflight),
        )
        .route("/healthz", get(health::get))
        .route("/readyz", get(ready::get))
        .route("/metrics", get(metrics::get))
        .layer(from_fn(guards::deadline))
}

/// Routes that may wait longer than a browser would.
fn long_polls() -> Router<Arc<Edge>> {
    Router::new()
        .route(
            "/v1/logins/{id}",
            get(client_login::get).delete(client_login::delete),
        )
        .layer(from_fn(guards::long_deadline))
}

/// The layers around all routes, the innermost first.
fn around(routes: Router<Arc<Edge>>, edge: &Arc<Edge>) -> Router<Arc<Edge>> {
    routes
        .fallback(not_found)
        .method_not_allowed_fallback(no_method)
        .layer(from_fn(guards::head))
        .layer(from_fn(guards::catch_panic))
        .layer(from_fn_with_state(edge.clone(), address::find))
        .layer(from_fn_with_state(edge.clone(), problem::render::render))
        .layer(from_fn_with_state(edge.clone(), guards::headers))
        .layer(from_fn(measure::count))
}

async fn not_found() -> Problem {
    Problem::new(&kinds::NOT_FOUND)
}

async fn no_method() -> Problem {
    Problem::new(&kinds::METHOD_NOT_ALLOWED)
}

/// A GET that changes something must not be answered to a HEAD.
async fn no_head(allowed: &'static str) -> impl IntoResponse {
    ([(ALLOW, allowed)], Problem::new(&kinds::METHOD_NOT_ALLOWED))
}
