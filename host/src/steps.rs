//! The steps of a login: what the workflow's activities do.
//!
//! One file, one step, and none of them calls another: `authorize` writes the link, `exchange` gets
//! the tokens, `identify` finds out who it is, `persist` writes it down, `refresh` renews a grant.
//! Their order is known in `celadon_workflows::login` alone. Each step reads what it needs from the
//! sealed attempt and leaves its result there, so that it may be run again, here or elsewhere.

pub mod attempt;
mod authorize;
mod exchange;
mod identify;
mod persist;
mod prepare;
pub mod provider;
mod refresh;
pub mod resource;
pub mod tokens;

use self::provider::Provider;
use crate::config::Config;
use crate::metrics::{self, Verdict};
use crate::oidc::discovery::Discovery;
use crate::oidc::jwks::KeySets;
use crate::plugin::bindings::{Failure, FailureKind};
use crate::plugin::call::{Answered, CallError, Sandbox};
use crate::plugin::transcript::Stop;
use crate::plugin::{Providers, Revision};
use crate::seal::{Context, KeyRing, SealError, Sealed};
use crate::store::SharedStore;
use crate::traces::{self, Trace};
use async_trait::async_trait;
use celadon_workflows::ports::{GrantSteps, LoginSteps, StepError};
use celadon_workflows::types::{
    Attempt, AuthorizationId, Conclusion, LoginId, Persisted, Preparation, ProviderName, Reason,
    Refreshed, RevisionId, Step,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::sync::Arc;
use tracing::{Instrument, Span};

/// The steps and what they need.
pub struct Steps {
    /// The configuration.
    pub config: Arc<Config>,
    /// The store.
    pub store: SharedStore,
    /// Seals what rests in the store.
    pub keys: KeyRing,
    /// The components' revisions.
    pub revisions: Arc<Providers>,
    /// Finds providers' metadata.
    pub discovery: Discovery,
    /// Providers' signing keys.
    pub signing_keys: KeySets,
    /// The configured providers.
    pub providers: BTreeMap<ProviderName, Arc<Provider>>,
}

impl Steps {
    fn sandbox(&self) -> &Sandbox {
        self.revisions.sandbox()
    }

    /// The revision that a login is pinned to.
    pub async fn revision_of(&self, id: &RevisionId) -> Result<Arc<Revision>, Stop> {
        match self.revisions.revision(id).await {
            Ok(Some(revision)) => Ok(revision),
            Ok(None) => Err(Stop::refused(
                Reason::Reconfigured,
                "the revision that the login began with is gone",
            )),
            Err(error) => {
                tracing::error!(error = %error, revision = %id, "a revision cannot be loaded");
                Err(Stop::Trouble(StepError {
                    what: "the revision",
                    source: Some(Box::new(error)),
                }))
            }
        }
    }

    fn seal<T: Serialize>(&self, context: &Context, value: &T) -> Result<Sealed, Stop> {
        self.keys.seal_json(context, value).map_err(Stop::from)
    }

    fn open<T: DeserializeOwned>(&self, context: &Context, sealed: &Sealed) -> Result<T, Stop> {
        self.keys.open_json(context, sealed).map_err(Stop::from)
    }

    /// A call's value, or what its failure means for the login.
    fn call<T>(&self, answer: Answered<T>) -> Result<T, Stop> {
        match answer {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(failure)) => Err(reported(&failure)),
            Err(CallError::Busy) => Err(Stop::Trouble(StepError {
                what: "the plugin pool",
                source: None,
            })),
            // The sandbox has logged it, or will when it has looked into it.
            Err(error) => Err(Stop::refused(Reason::PluginFailed, error.to_string())),
        }
    }
}

impl From<SealError> for Stop {
    fn from(error: SealError) -> Self {
        tracing::error!(error = %error, "a sealed value cannot be used");
        // Without its key a login is lost, and beginning again is all that helps.
        if matches!(error, SealError::UnknownKey { .. }) {
            return Self::refused(
                Reason::Reconfigured,
                "the login is sealed under a key that is no longer in the key ring",
            );
        }
        Self::refused(
            Reason::HostFailed,
            "a sealed value cannot be opened or made; the log says why",
        )
    }
}

/// The failure that a component reports, in the host's words. Its own are for the operator's log;
/// they may quote the provider.
fn reported(failure: &Failure) -> Stop {
    let (reason, detail) = match failure.kind {
        FailureKind::InvalidGrant => (
            Reason::InvalidGrant,
            "the provider says that the code or token is no longer good",
        ),
        FailureKind::InvalidClient => (
            Reason::InvalidClient,
            "the provider refuses the client's credentials",
        ),
        FailureKind::AccessDenied => (Reason::AccessDenied, "the user refused, or may not sign in"),
        FailureKind::TemporarilyUnavailable => (
            Reason::ProviderUnavailable,
            "the provider says that it cannot answer now",
        ),
        FailureKind::AuthorizationPending
        | FailureKind::SlowDown
        | FailureKind::InvalidResponse => (
            Reason::InvalidResponse,
            "the provider's answer makes no sense",
        ),
        FailureKind::Unsupported => (Reason::PluginFailed, "the component cannot do this"),
    };
    let printable =
        |text: &str| -> String { text.chars().filter(|c| !c.is_control()).take(200).collect() };
    tracing::warn!(
        reason = reason.as_str(),
        code = known_code(failure.code.as_deref()),
        component_detail = printable(&failure.detail),
        "a component reports a failure"
    );
    Stop::refused(reason, detail)
}

/// An error code that an RFC registers; what else a provider says stays out of the log.
fn known_code(code: Option<&str>) -> &'static str {
    const KNOWN: [&str; 12] = [
        "invalid_grant",
        "invalid_client",
        "invalid_request",
        "invalid_scope",
        "invalid_token",
        "invalid_target",
        "unauthorized_client",
        "unsupported_grant_type",
        "insufficient_scope",
        "access_denied",
        "server_error",
        "temporarily_unavailable",
    ];
    match code {
        None => "",
        Some(code) => KNOWN
            .into_iter()
            .find(|known| *known == code)
            .unwrap_or("another"),
    }
}

/// A step's answer for its activity: refusals are values, trouble is a failure that is retried.
fn settle<T>(result: Result<T, Stop>) -> Result<Step<T>, StepError> {
    match result {
        Ok(value) => Ok(Step::Done(value)),
        Err(Stop::Refused(refusal)) => Ok(Step::Refused(refusal)),
        Err(Stop::Trouble(error)) => Err(error),
    }
}

/// What every line that a step logs says besides: which login it is about.
fn of_login(step: &'static str, login: &LoginId) -> Span {
    tracing::info_span!("step", step, %login)
}

/// A step's run, counted and traced.
fn watched<'a, T: Verdict + Send + 'a>(
    step: &'static str,
    trace: Option<Trace>,
    work: impl Future<Output = Result<T, Stop>> + Send + 'a,
) -> impl Future<Output = Result<T, Stop>> + Send + 'a {
    traces::step(step, trace, metrics::step(step, work))
}

#[async_trait]
impl LoginSteps for Steps {
    async fn prepare(&self, request: Preparation) -> Result<Step<Attempt>, StepError> {
        settle(watched("prepare", None, self.prepare_attempt(request)).await)
    }

    async fn exchange(&self, login: LoginId) -> Result<Step<()>, StepError> {
        let trace = Trace::of_login(&login);
        let work = watched("exchange", Some(trace), self.exchange_code(&login));
        settle(work.instrument(of_login("exchange", &login)).await)
    }

    async fn identify(&self, login: LoginId) -> Result<Step<()>, StepError> {
        let trace = Trace::of_login(&login);
        let work = watched("identify", Some(trace), self.identify_user(&login));
        settle(work.instrument(of_login("identify", &login)).await)
    }

    async fn persist(&self, login: LoginId) -> Result<Step<Persisted>, StepError> {
        let trace = Trace::of_login(&login);
        let work = watched("persist", Some(trace), self.persist_login(&login));
        settle(work.instrument(of_login("persist", &login)).await)
    }

    async fn conclude(&self, conclusion: Conclusion) -> Result<(), StepError> {
        let span = of_login("conclude", &conclusion.login);
        let trace = Trace::of_login(&conclusion.login);
        let work = watched("conclude", Some(trace), self.conclude_login(conclusion));
        match work.instrument(span).await {
            Ok(()) | Err(Stop::Refused(_)) => Ok(()),
            Err(Stop::Trouble(error)) => Err(error),
        }
    }
}

#[async_trait]
impl GrantSteps for Steps {
    async fn refresh(&self, authorization: AuthorizationId) -> Result<Refreshed, StepError> {
        let span = tracing::info_span!("step", step = "refresh", %authorization);
        let work = watched("refresh", None, self.refresh_grant(&authorization));
        match work.instrument(span).await {
            Ok(refreshed) => Ok(refreshed),
            Err(Stop::Refused(refusal)) => Ok(Refreshed::Unavailable {
                detail: refusal.detail,
            }),
            Err(Stop::Trouble(error)) => Err(error),
        }
    }
}
