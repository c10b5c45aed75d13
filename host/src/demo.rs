//! The demo identity provider of `celadon dev`: an OpenID provider on loopback that signs in
//! whoever you say you are.
//!
//! It exists so that two commands show a whole login, without an account anywhere. It asserts any
//! name without proof, so it must never run elsewhere: it starts only for who holds a
//! [`DevOnly`], which `celadon dev` alone can make, and it answers only
//! under its own loopback address. Its state is in memory, bounded, and gone with it; its key,
//! client id and secret are made at start.
//!
//! Towards its client it is strict: PKCE S256 is required ([RFC 7636]), redirect URIs match
//! exactly, codes are single-use, refresh tokens rotate, and a token used twice ends its grant
//! ([RFC 9700]).
//!
//! Left to others: everything. Celadon treats it like any other provider.
//!
//! [RFC 7636]: https://www.rfc-editor.org/rfc/rfc7636
//! [RFC 9700]: https://www.rfc-editor.org/rfc/rfc9700#section-4.14

#[expect(clippy::result_large_err, reason = "made once a login, in the demo")]
mod authorize;
mod client;
mod fields;
mod grants;
mod keys;
mod metadata;
mod page;
mod resources;
mod revoke;
mod token;
mod user;

use crate::cli::dev::DevOnly;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use client::Client;
use grants::Grants;
use keys::Keys;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The longest request body: a consent form or a token request is far shorter.
const BODY_LIMIT: usize = 16 << 10;
/// How long open connections may take to end.
const STOPPED_WITHIN: Duration = Duration::from_secs(2);

/// Why there is no demo identity provider.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// No loopback port.
    #[error("the demo identity provider finds no port on 127.0.0.1")]
    Bind(#[source] io::Error),
    /// No signing key.
    #[error("the demo identity provider cannot make its key")]
    Key(#[source] aws_lc_rs::error::Unspecified),
}

/// A running demo identity provider. Stops by [`Demo::stop`], or when it is dropped.
pub struct Demo {
    idp: Arc<Idp>,
    stopping: CancellationToken,
    server: JoinHandle<()>,
}

/// What its endpoints share.
struct Idp {
    issuer: String,
    client: Client,
    keys: Keys,
    grants: Mutex<Grants>,
}

impl Idp {
    fn grants(&self) -> MutexGuard<'_, Grants> {
        // Every change is one insertion or removal: what a panic leaves behind is whole.
        self.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts it on 127.0.0.1, at `port` if that is free and at another one if not. A port that stays
/// the same keeps the issuer, and with it the users, across restarts; 0 takes any.
///
/// # Errors
/// Where no port is free or no key can be made.
pub async fn start(_only: DevOnly, port: u16) -> Result<Demo, DemoError> {
    let listener = match TcpListener::bind(("127.0.0.1", port)).await {
        Err(_) if port != 0 => TcpListener::bind(("127.0.0.1", 0)).await,
        bound => bound,
    }
    .map_err(DemoError::Bind)?;
    let address = listener.local_addr().map_err(DemoError::Bind)?;
    let idp = Arc::new(Idp {
        issuer: format!("http://{address}"),
        client: Client::generate(),
        keys: Keys::generate().map_err(DemoError::Key)?,
        grants: Mutex::default(),
    });
    let stopping = CancellationToken::new();
    let server = axum::serve(listener, router(idp.clone()))
        .with_graceful_shutdown(stopping.clone().cancelled_owned());
    let server = tokio::spawn(async move {
        if let Err(error) = server.await {
            tracing::warn!(%error, "the demo identity provider failed");
        }
    });
    Ok(Demo {
        idp,
        stopping,
        server,
    })
}

impl Demo {
    /// Its issuer identifier: `http://127.0.0.1:<port>`.
    pub fn issuer(&self) -> &str {
        &self.idp.issuer
    }

    /// The `client_id` of its one client.
    pub fn client_id(&self) -> &str {
        self.idp.client.id()
    }

    /// The client's `client_secret`.
    pub fn client_secret(&self) -> &str {
        self.idp.client.secret()
    }

    /// A protected resource that its access tokens open.
    pub fn resource_url(&self) -> String {
        format!("{}/resource", self.idp.issuer)
    }

    /// Adds a redirect URI to those of the client. They are compared character by character.
    pub fn register(&self, redirect_uri: &str) {
        self.idp.client.register(redirect_uri);
    }

    /// Stops it. Returns when it no longer listens; connections get 2 seconds to end.
    pub async fn stop(mut self) {
        self.stopping.cancel();
        if tokio::time::timeout(STOPPED_WITHIN, &mut self.server)
            .await
            .is_err()
        {
            self.server.abort();
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

impl fmt::Debug for Demo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Demo")
            .field("issuer", &self.idp.issuer)
            .finish_non_exhaustive()
    }
}

fn router(idp: Arc<Idp>) -> Router {
    Router::new()
        .route(
            "/.well-known/openid-configuration",
            get(metadata::discovery),
        )
        .route("/jwks", get(metadata::jwks))
        .route("/authorize", get(authorize::show).post(authorize::decide))
        .route("/token", post(token::token))
        .route("/revoke", post(revoke::revoke))
        .route(
            "/userinfo",
            get(resources::userinfo).post(resources::userinfo),
        )
        .route("/resource", get(resources::resource))
        .route("/demo.css", get(page::style))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(idp.clone(), guard))
        .with_state(idp)
}

/// Answers under the issuer's own name alone, so that no web site can reach it by a name that it
/// points at 127.0.0.1, and gives every response its headers.
async fn guard(State(idp): State<Arc<Idp>>, request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let ours = idp.issuer.strip_prefix("http://");
    let mut response = if host.is_some() && host == ours {
        next.run(request).await
    } else {
        (
            StatusCode::MISDIRECTED_REQUEST,
            "this host name is not served here\n",
        )
            .into_response()
    };
    let headers: [(HeaderName, &'static str); 4] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Not `no-referrer`: under that, browsers send the form with `Origin: null`.
        (header::REFERRER_POLICY, "same-origin"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
    ];
    for (name, value) in headers {
        // The form's page has a policy of its own.
        response
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests;
