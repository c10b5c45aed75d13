//! The words that workflows, activities and the host share.
//!
//! Everything here may stand in a workflow's history, so nothing here is a secret: ids, names,
//! outcomes. Codes, tokens and verifiers stay in the store and are known by the login's id.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps an id that the store or the host made.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// One run of the authentication workflow: the lower-case hex SHA-256 of its `state`.
    LoginId
}
id! {
    /// A configured provider's name, `[a-z0-9][a-z0-9-]{0,62}`.
    ProviderName
}
id! {
    /// A stored grant.
    AuthorizationId
}
id! {
    /// What is known of a user at one issuer.
    IdentityId
}
id! {
    /// A user of Celadon: one or more identities.
    UserId
}
id! {
    /// A component with its configuration: the hex SHA-256 of both.
    RevisionId
}

impl LoginId {
    /// The id of the workflow that runs this login.
    pub fn workflow_id(&self) -> String {
        format!("login-{}", self.0)
    }
}

/// What the authentication workflow is started with.
///
/// The host prepares the attempt first and passes it in `attempt`. Any other Temporal client leaves
/// `attempt` out: the workflow then has one made, and its `status` tells the `login_url`.
///
/// Input of another shape becomes one without a provider, which `prepare` refuses in words: a
/// workflow whose input cannot be read would fail its task for ever.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "AnyInput")]
pub struct AuthenticationInput {
    /// The provider to sign in with.
    pub provider: ProviderName,
    /// Scopes to ask for; `None`: those of the provider's configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// Where the browser goes at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_to: Option<String>,
    /// The application's own name of the user to connect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The attempt, where the host has made it already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Attempt>,
}

/// The input, whatever was sent.
#[derive(Deserialize)]
#[serde(untagged)]
enum AnyInput {
    Right {
        provider: ProviderName,
        #[serde(default)]
        scopes: Option<Vec<String>>,
        #[serde(default)]
        return_to: Option<String>,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        attempt: Option<Attempt>,
    },
    Other(IgnoredAny),
}

impl From<AnyInput> for AuthenticationInput {
    fn from(input: AnyInput) -> Self {
        match input {
            AnyInput::Right {
                provider,
                scopes,
                return_to,
                user,
                attempt,
            } => Self {
                provider,
                scopes,
                return_to,
                user,
                attempt,
            },
            AnyInput::Other(_) => Self {
                provider: ProviderName::new(""),
                scopes: None,
                return_to: None,
                user: None,
                attempt: None,
            },
        }
    }
}

/// A login attempt that stands in the store, ready for its browser.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attempt {
    /// Its id.
    pub login: LoginId,
    /// Celadon's own address that a browser opens to sign in.
    pub login_url: String,
    /// Seconds that the user has.
    pub expires_in: u64,
}

/// What the `prepare` activity gets: a login that another Temporal client started.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Preparation {
    /// The workflow that asks.
    pub workflow_id: String,
    /// The provider.
    pub provider: ProviderName,
    /// Scopes, if not the configured ones.
    pub scopes: Option<Vec<String>>,
    /// Where the browser goes at the end.
    pub return_to: Option<String>,
    /// The application's own name of the user.
    pub user: Option<String>,
}

/// The callback's arrival. Its parameters are sealed in the store; this is their name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackDigest {
    /// Hex SHA-256 of the parameters. Also the update's id.
    pub digest: String,
}

/// What became of a login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The user is signed in and the grant is stored.
    SignedIn {
        /// The stored grant.
        authorization: AuthorizationId,
        /// Who signed in.
        identity: IdentityId,
        /// The user this identity belongs to.
        user: UserId,
    },
    /// The login was refused, for good.
    Refused(Refusal),
    /// Nobody came back in time.
    Expired,
    /// It was called off.
    Cancelled,
}

impl Outcome {
    /// The outcome as it stands in JSON, metrics, traces and search attributes.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::SignedIn { .. } => "signed_in",
            Self::Refused(_) => "refused",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Why a login was refused: a stable code, and words for the operator that hold no secret and
/// nothing that the provider said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What kind of refusal; decides the page and the status code.
    pub reason: Reason,
    /// For the operator's log and the login's status. At most 300 characters, Celadon's own words.
    pub detail: String,
}

impl Refusal {
    /// A refusal with its explanation, cut to 300 characters.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        let mut detail: String = detail.into();
        if let Some((at, _)) = detail.char_indices().nth(300) {
            detail.truncate(at);
        }
        Self { reason, detail }
    }
}

/// The ways a login can be refused. Each has a page and a problem type of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The user said no, or may not (`access_denied`).
    AccessDenied,
    /// The provider answered the authorization request with another error.
    ProviderRefused,
    /// The code is no longer good: sign in again.
    InvalidGrant,
    /// The provider refuses Celadon's client credentials: the operator must act.
    InvalidClient,
    /// What the provider sent does not hold: signature, claims, issuer, shape.
    InvalidResponse,
    /// The provider could not be reached, or answered too late or with a server error.
    ProviderUnavailable,
    /// A code was sent and the answer was lost: it can never be sent again.
    AnswerLost,
    /// The plugin failed: trap, limit, or an answer that the contract forbids.
    PluginFailed,
    /// The plugin or the policy asked for something that is not granted.
    NotGranted,
    /// The configuration changed so that this login cannot end: provider or revision is gone.
    Reconfigured,
    /// Celadon itself could not do a step in time: store or workers were away too long.
    HostFailed,
}

impl Reason {
    /// The reason as it stands in JSON, metrics and problem types.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::ProviderRefused => "provider_refused",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidClient => "invalid_client",
            Self::InvalidResponse => "invalid_response",
            Self::ProviderUnavailable => "provider_unavailable",
            Self::AnswerLost => "answer_lost",
            Self::PluginFailed => "plugin_failed",
            Self::NotGranted => "not_granted",
            Self::Reconfigured => "reconfigured",
            Self::HostFailed => "host_failed",
        }
    }
}

/// An activity's answer: it went well, or the login is refused. Both are values, so that no
/// failure has to be decoded from Temporal's encrypted form.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step<T> {
    /// Go on.
    Done(T),
    /// End here.
    Refused(Refusal),
}

/// Where a login stands, for people and programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// In one sentence, for people.
    #[serde(default)]
    pub summary: String,
    /// The stage.
    pub stage: Stage,
    /// The provider.
    pub provider: ProviderName,
    /// The login, once it has an attempt.
    pub login: Option<LoginId>,
    /// Where a browser signs in, while the login waits for one.
    pub login_url: Option<String>,
    /// What became of it, at the end.
    pub outcome: Option<Outcome>,
}

/// The stages of a login, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The attempt is being made.
    Preparing,
    /// Waiting for the user.
    WaitingForUser,
    /// Exchanging the code for tokens.
    Exchanging,
    /// Finding out who it is.
    Identifying,
    /// Writing it down.
    Persisting,
    /// Ended; see the outcome.
    Ended,
}

/// Who signed in and what was stored: the answer of `persist`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Persisted {
    /// The stored grant.
    pub authorization: AuthorizationId,
    /// Who.
    pub identity: IdentityId,
    /// Whose.
    pub user: UserId,
}

/// How a login ended without success, for the `conclude` activity.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Conclusion {
    /// The login.
    pub login: LoginId,
    /// Its outcome.
    pub outcome: Outcome,
}

/// What became of a refresh.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Refreshed {
    /// A valid access token stands in the store.
    Fresh,
    /// The grant is spent: the user must sign in again.
    NeedsReauth {
        /// Why, in Celadon's words.
        detail: String,
    },
    /// It did not work now and may later.
    Unavailable {
        /// Why, in Celadon's words.
        detail: String,
    },
}
