//! Starting, answering, watching and cancelling logins: what the HTTP endpoints call.
//!
//! The endpoints know cookies, headers and pages; this module knows attempts and workflows.

use crate::clock::Timestamp;
use crate::config::Config;
use crate::plugin::Providers;
use crate::seal::KeyRing;
use crate::steps::Steps;
use crate::store::SharedStore;
use celadon_workflows::types::{LoginId, Outcome, ProviderName, Reason, Refusal, Stage, UserId};
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
    /// Our own fault: Temporal, the store.
    #[error("{0} cannot be reached now")]
    Unavailable(
        &'static str,
        #[source] Box<dyn std::error::Error + Send + Sync>,
    ),
}

/// The reasons with which a login cannot begin are those of [`Reason`].
pub type BeginReason = Reason;

/// The facade. Cheap to clone.
#[derive(Clone)]
pub struct Logins {
    #[allow(dead_code, reason = "written next")]
    inner: Arc<Inner>,
}

#[allow(dead_code, reason = "written next")]
struct Inner {
    config: Arc<Config>,
    store: SharedStore,
    keys: Arc<KeyRing>,
    providers: Arc<Providers>,
    steps: Arc<Steps>,
    temporal: temporalio_client::Client,
}

impl Logins {
    /// Begins a login in a browser.
    pub async fn begin(&self, _wish: BrowserLogin) -> Result<Begun, LoginError> {
        Err(LoginError::UnknownProvider)
    }

    /// Begins a login for a configured client.
    pub async fn create(&self, _wish: ClientLogin) -> Result<Created, LoginError> {
        Err(LoginError::UnknownProvider)
    }

    /// What to show to the browser that opens a client's login, before it is bound.
    pub async fn invitation(
        &self,
        _provider: &str,
        _login: &LoginId,
    ) -> Result<Invitation, LoginError> {
        Err(LoginError::UnknownLogin)
    }

    /// Binds a client's login to the browser that accepts the invitation, once.
    pub async fn accept(&self, _provider: &str, _login: &LoginId) -> Result<Begun, LoginError> {
        Err(LoginError::UnknownLogin)
    }

    /// Answers a callback: waits until the login has ended, at most 20 s.
    pub async fn callback(&self, _callback: CallbackRequest) -> Result<SignedIn, LoginError> {
        Err(LoginError::UnknownState)
    }

    /// Where a client's login stands. With `wait`: answers when it has ended, or after that many
    /// seconds. Only the client that started it may ask.
    pub async fn status(
        &self,
        _client: &str,
        _login: &LoginId,
        _wait: Option<std::time::Duration>,
    ) -> Result<LoginStatus, LoginError> {
        Err(LoginError::UnknownLogin)
    }

    /// Cancels a client's login.
    pub async fn cancel(&self, _client: &str, _login: &LoginId) -> Result<(), LoginError> {
        Err(LoginError::UnknownLogin)
    }

    /// Redeems the one-time code of a client's login.
    pub async fn result(
        &self,
        _client: &str,
        _login: &LoginId,
        _code: &str,
    ) -> Result<LoginResult, LoginError> {
        Err(LoginError::UnknownLogin)
    }
}
