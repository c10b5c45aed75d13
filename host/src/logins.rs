//! Starting, answering, watching and cancelling logins: what the HTTP endpoints call.
//!
//! The endpoints know cookies, headers and pages; this module knows attempts and workflows.

mod answer;
pub(crate) mod begin;
mod callback;
mod client;
pub mod return_to;

use crate::clock::Timestamp;
use crate::plugin::transcript::Stop;
use crate::sessions::Sessions;
use crate::steps::Steps;
use crate::store::{AttemptRecord, StoreError};
use crate::temporal::{Temporal, TemporalError};
use crate::traces::{self, Trace};
use celadon_workflows::types::{LoginId, Outcome, ProviderName, Refusal, Stage, UserId};
use std::net::IpAddr;
use std::sync::Arc;
use url::Url;

/// A browser's wish to sign in.
#[derive(Clone, Debug)]
pub struct BrowserLogin {
    /// With which provider.
    pub provider: String,
    /// Where to go at the end, as it came.
    pub return_to: Option<String>,
    /// Hints of OIDC Core 3.1.2.1 that may be passed on: `prompt`, `login_hint`, `ui_locales`, ….
    pub hints: Vec<(String, String)>,
    /// The browser's address.
    pub address: IpAddr,
}

/// A login that has begun and is bound to its browser.
#[derive(Clone)]
pub struct Begun {
    /// Its id.
    pub login: LoginId,
    /// The provider's link, written by the host: where the browser goes now.
    pub location: Url,
    /// The value of the binding cookie.
    pub binding: String,
    /// When the login, and the cookie, expire.
    pub expires_at: Timestamp,
}

/// A login by the API, as its client learns of it.
#[derive(Clone, Debug)]
pub struct Created {
    /// Its id.
    pub login: LoginId,
    /// Celadon's own address for a browser.
    pub login_url: String,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// A wish of a configured client (`POST /v1/logins`).
#[derive(Clone, Debug)]
pub struct ClientLogin {
    /// The client's configured name.
    pub client: String,
    /// With which provider.
    pub provider: String,
    /// Scopes, if not the configured ones.
    pub scopes: Option<Vec<String>>,
    /// Where the browser goes at the end, as it came.
    pub return_to: Option<String>,
    /// The client's own name of the user to connect.
    pub user: Option<String>,
}

/// What a browser that opens `/login/{provider}?login=<id>` is shown before it is sent on.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// The title of the application that asks.
    pub client: String,
    /// The title of the provider.
    pub provider: String,
}

/// A callback as it came, its parameters in order, duplicates included.
#[derive(Clone)]
pub struct CallbackRequest {
    /// The provider named in the path.
    pub provider: String,
    /// The parameters.
    pub parameters: Vec<(String, String)>,
    /// All binding cookies of the browser, as (name, value).
    pub bindings: Vec<(String, String)>,
}

/// A callback that ended well.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The login.
    pub login: LoginId,
    /// The value of the new session's cookie; `None` where a client's login was answered, which
    /// gives its browser no session.
    pub session: Option<String>,
    /// Where the browser goes: `return_to`, with `login` and `result` where a client waits.
    pub return_to: String,
}

/// Where a login stands.
#[derive(Clone, Debug)]
pub struct LoginStatus {
    /// Its id.
    pub login: LoginId,
    /// The provider.
    pub provider: ProviderName,
    /// The stage.
    pub stage: Stage,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// A login's result, for the client that redeems its one-time code.
#[derive(Clone, Debug)]
pub struct LoginResult {
    /// The login.
    pub login: LoginId,
    /// The grant.
    pub authorization: String,
    /// The identity.
    pub identity: crate::store::IdentityRecord,
    /// Whose.
    pub user: UserId,
}

/// Why a login could not be begun, answered or read. Each variant has a page and a problem type.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// No such provider is configured.
    #[error("no provider of this name is configured")]
    UnknownProvider,
    /// No such login, or it ended long ago.
    #[error("this login is not known")]
    UnknownLogin,
    /// The state in the callback belongs to no login, or to one of another provider.
    #[error("the callback's state belongs to no login of this provider")]
    UnknownState,
    /// It took too long.
    #[error("the login has expired")]
    Expired,
    /// It was called off.
    #[error("the login was cancelled")]
    Cancelled,
    /// A callback with other parameters came first, or the login has ended.
    #[error("the login was answered already")]
    AlreadyAnswered,
    /// The browser that comes back is not the one that began.
    #[error("the login was begun in another browser")]
    ForeignBrowser,
    /// The request is malformed: says what and how to mend it.
    #[error("{0}")]
    BadRequest(String),
    /// `return_to` names a place that is not allowed.
    #[error("return_to may name a path of this site or a configured origin")]
    ReturnTo,
    /// Too many logins are under way from this address.
    #[error("too many logins are under way from this address")]
    TooManyFromAddress,
    /// Too many logins are under way in all.
    #[error("too many logins are under way")]
    TooMany,
    /// The login was refused, for the reason given.
    #[error("the login was refused: {}", .1.detail)]
    Refused(LoginId, Refusal),
    /// The login could not begin: discovery, the plugin, the link.
    #[error("the login could not begin: {}", .0.detail)]
    CannotBegin(Refusal),
    /// It is under way still; the browser has waited long enough.
    #[error("the login is still under way")]
    StillRunning(LoginId),
    /// The one-time code is wrong, was used, or is another client's.
    #[error("the result code is not good")]
    ResultCode,
    /// The identity that signed in belongs to another user than the one the client named.
    #[error("the identity belongs to another user")]
    OwnedByAnother,
    /// Our own fault: Temporal, the store.
    #[error("{0} cannot be reached now")]
    Unavailable(
        &'static str,
        #[source] Box<dyn std::error::Error + Send + Sync>,
    ),
}

/// The facade. Cheap to clone.
#[derive(Clone)]
pub struct Logins {
    steps: Arc<Steps>,
    temporal: Temporal,
    sessions: Sessions,
}

impl Logins {
    /// Over the steps, Temporal and the browsers' sessions.
    pub fn new(steps: Arc<Steps>, temporal: Temporal, sessions: Sessions) -> Self {
        Self {
            steps,
            temporal,
            sessions,
        }
    }

    /// A login's attempt. The request that asks for one that exists is a part of its trace.
    async fn attempt(&self, login: &LoginId) -> Result<Option<AttemptRecord>, LoginError> {
        let record = self.steps.store.attempt(login).await.map_err(store)?;
        if record.is_some() {
            traces::join(&Trace::of_login(login));
        }
        Ok(record)
    }
}

fn store(error: StoreError) -> LoginError {
    LoginError::Unavailable("the store", Box::new(error))
}

fn temporal(error: TemporalError) -> LoginError {
    LoginError::Unavailable("temporal", Box::new(error))
}

/// A login that cannot begin.
fn cannot_begin(stop: Stop) -> LoginError {
    match stop {
        Stop::Refused(refusal) => LoginError::CannotBegin(refusal),
        Stop::Trouble(error) => LoginError::Unavailable(error.what, Box::new(error)),
    }
}

/// An ended login, as the one who asks for it now is told.
fn ended(login: &LoginId, outcome: &Outcome) -> LoginError {
    match outcome {
        Outcome::SignedIn { .. } => LoginError::AlreadyAnswered,
        Outcome::Refused(refusal) => LoginError::Refused(login.clone(), refusal.clone()),
        Outcome::Expired => LoginError::Expired,
        Outcome::Cancelled => LoginError::Cancelled,
    }
}
