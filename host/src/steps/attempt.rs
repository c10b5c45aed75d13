//! A login attempt: what is made for it, sealed, and read again by each step.

use super::Steps;
use crate::clock::{self, Timestamp};
use crate::config;
use crate::plugin::Revision;
use crate::plugin::transcript::Stop;
use crate::random;
use crate::seal::Context;
use crate::store::{Admission, AttemptRecord, InFlight, NewAttempt};
use crate::traces::{self, Trace};
use celadon_workflows::types::{LoginId, Outcome, ProviderName, Reason, RevisionId};
use oauth2::{PkceCodeChallenge, PkceCodeVerifier};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// How long the steps of a login may take from the callback's arrival. The browser waits 20 s; what
/// is left is for the answer's way.
const PATIENCE: Duration = Duration::from_secs(17);
/// What a step gets that runs again after a crash, when the browser has gone already.
const SECOND_CHANCE: Duration = Duration::from_secs(5);

/// The host's own errors in a callback's place (RFC 9207 section 2.4): what the provider promised to
/// send did not come …
pub const ISSUER_MISSING: &str = "issuer missing";
/// … or it is another provider's.
pub const ISSUER_WRONG: &str = "issuer wrong";

/// What only this login knows. Sealed in the attempt's row.
#[derive(Serialize, Deserialize)]
pub struct Secrets {
    /// `state` (RFC 6749 section 10.12), 256 bits.
    pub state: String,
    /// `nonce` (OIDC Core 3.1.2.1), 256 bits.
    pub nonce: String,
    /// `code_verifier` (RFC 7636), 256 bits.
    pub code_verifier: String,
    /// `redirect_uri`, as it stands in the link.
    pub redirect_uri: String,
    /// The scopes asked for.
    pub scopes: Vec<String>,
    /// Hints for the provider, such as `login_hint`.
    pub hints: Vec<(String, String)>,
    /// When the request came that began the login, Unix milliseconds: no secret, but the row knows
    /// seconds alone. 0 in what an older version has sealed.
    #[serde(default)]
    pub began_at: u64,
}

impl Secrets {
    /// The login's id: the SHA-256 of its `state`.
    pub fn login(&self) -> LoginId {
        LoginId::new(random::sha256_hex(self.state.as_bytes()))
    }

    /// `code_challenge` by S256 (RFC 7636 section 4.2).
    pub fn code_challenge(&self) -> String {
        let verifier = PkceCodeVerifier::new(self.code_verifier.clone());
        PkceCodeChallenge::from_code_verifier_sha256(&verifier)
            .as_str()
            .to_owned()
    }
}

/// The callback's parameters, checked at the edge. Sealed in the attempt's row.
#[derive(Clone, Serialize, Deserialize)]
pub struct Callback {
    /// The code; `None` with an error.
    pub code: Option<String>,
    /// The error code of RFC 6749 section 4.1.2.1, if it is one of the registered ones.
    pub error: Option<String>,
    /// Parameters that the description keeps for the component.
    pub kept: Vec<(String, String)>,
    /// When it came, Unix seconds.
    pub received_at: Timestamp,
}

/// A wish to log in, checked.
pub struct Wish {
    /// The provider.
    pub provider: ProviderName,
    /// Scopes, if not the configured ones.
    pub scopes: Option<Vec<String>>,
    /// Where the browser goes at the end.
    pub return_to: String,
    /// Hints for the provider.
    pub hints: Vec<(String, String)>,
    /// The configured client that asks.
    pub client: Option<String>,
    /// That client's name of the user.
    pub user: Option<String>,
    /// Keyed hash of the browser's address.
    pub address: Option<String>,
    /// Hash of the binding cookie.
    pub binding: Option<String>,
    /// The workflow, where another Temporal client started it.
    pub workflow_id: Option<String>,
}

/// An attempt that stands in the store.
pub struct Made {
    /// Its id.
    pub login: LoginId,
    /// What only it knows.
    pub secrets: Secrets,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// An attempt that could not be made.
pub enum NotMade {
    /// Too many are in flight.
    Bound(Admission),
    /// Another reason.
    Stop(Stop),
}

impl<E: Into<Stop>> From<E> for NotMade {
    fn from(error: E) -> Self {
        Self::Stop(error.into())
    }
}

impl Steps {
    /// Makes an attempt, pinned to `revision`.
    pub async fn make_attempt(&self, wish: Wish, revision: &Revision) -> Result<Made, NotMade> {
        let secrets = Secrets {
            state: random::token(),
            nonce: random::token(),
            code_verifier: random::token(),
            redirect_uri: self.redirect_uri(&wish.provider),
            scopes: wish.scopes.unwrap_or_else(|| revision.scopes.clone()),
            hints: wish.hints,
            began_at: clock::in_ms(traces::began().unwrap_or_else(clock::precise)),
        };
        let login = secrets.login();
        let now = clock::now();
        let expires_at = now + self.config.login.expires_in.as_secs();
        let belongs = secrets_of(&login, &wish.provider, &revision.id);
        let attempt = NewAttempt {
            workflow_id: wish.workflow_id.unwrap_or_else(|| login.workflow_id()),
            provider: wish.provider,
            revision: revision.id.clone(),
            client: wish.client,
            user: wish.user,
            return_to: wish.return_to,
            binding: wish.binding,
            address: wish.address,
            created_at: now,
            expires_at,
            secrets: self.seal(&belongs, &secrets)?,
            id: login.clone(),
        };
        let bound = in_flight(&self.config.login);
        match self
            .store
            .insert_attempt(&attempt, bound)
            .await
            .map_err(Stop::from)?
        {
            Admission::Admitted => {
                traces::join(&Trace::of_login(&login));
                Ok(Made {
                    login,
                    secrets,
                    expires_at,
                })
            }
            full => Err(NotMade::Bound(full)),
        }
    }

    /// `public_url` + `/callback/<provider>`.
    pub fn redirect_uri(&self, provider: &ProviderName) -> String {
        let base = self.config.server.public_url.as_str().trim_end_matches('/');
        format!("{base}/callback/{provider}")
    }

    /// The attempt of a login that a step is to work on. `None`: the login has succeeded. An
    /// earlier run went on to its end and died before the history told, so there is nothing to do.
    pub(super) async fn attempt_in_hand(
        &self,
        login: &LoginId,
    ) -> Result<Option<AttemptRecord>, Stop> {
        let gone = || {
            Stop::refused(
                Reason::Reconfigured,
                "the login's attempt is gone from the store",
            )
        };
        let record = self.store.attempt(login).await?.ok_or_else(gone)?;
        match &record.outcome {
            None => Ok(Some(record)),
            Some(Outcome::SignedIn { .. }) => Ok(None),
            Some(outcome) => Err(ended_before(outcome)),
        }
    }

    /// What only this login knows.
    pub fn open_secrets(&self, record: &AttemptRecord) -> Result<Secrets, Stop> {
        let attempt = &record.attempt;
        let belongs = secrets_of(&attempt.id, &attempt.provider, &attempt.revision);
        self.open(&belongs, &attempt.secrets)
    }

    /// Tells the login's trace that it has ended.
    pub fn trace_end(&self, record: &AttemptRecord, outcome: &Outcome) {
        if !traces::are_on() {
            return;
        }
        let attempt = &record.attempt;
        let belongs = secrets_of(&attempt.id, &attempt.provider, &attempt.revision);
        // To the second, where it does not open.
        let began_at = self
            .keys
            .open_json::<Secrets>(&belongs, &attempt.secrets)
            .map_or(0, |secrets| secrets.began_at)
            .max(attempt.created_at.saturating_mul(1000));
        traces::login_ended(&attempt.id, &attempt.provider, began_at, outcome);
    }

    /// The callback's parameters.
    pub(super) fn open_callback(&self, record: &AttemptRecord) -> Result<Callback, Stop> {
        let sealed = record.callback.as_ref().ok_or_else(|| {
            Stop::refused(
                Reason::Reconfigured,
                "the login's callback is gone from the store",
            )
        })?;
        self.open(&callback_of(&record.attempt.id), sealed)
    }
}

/// Why a step cannot go on: the login has ended without success, by an earlier run or from outside.
pub(super) fn ended_before(outcome: &Outcome) -> Stop {
    match outcome {
        Outcome::Refused(refusal) => Stop::Refused(refusal.clone()),
        _ => Stop::refused(Reason::AccessDenied, "the login was called off meanwhile"),
    }
}

/// Where a login's secrets belong: to this login on this revision. Somebody who writes another
/// revision into the row, to have another component get the login's code, finds them shut.
pub fn secrets_of(login: &LoginId, provider: &ProviderName, revision: &RevisionId) -> Context {
    // Ids and provider names have no colon.
    Context::new("attempt.secrets", format!("{login}:{provider}:{revision}"))
}

/// Where a login's callback belongs.
pub fn callback_of(login: &LoginId) -> Context {
    Context::new("attempt.callback", login.as_str())
}

/// Where a login's tokens belong.
pub fn tokens_of(login: &LoginId) -> Context {
    Context::new("attempt.tokens", login.as_str())
}

/// Where a login's finding belongs.
pub fn profile_of(login: &LoginId) -> Context {
    Context::new("attempt.profile", login.as_str())
}

/// When the steps of a login have to be done.
pub fn deadline(callback: &Callback) -> Instant {
    let waited = clock::now().saturating_sub(callback.received_at);
    let left = PATIENCE.saturating_sub(Duration::from_secs(waited));
    Instant::now() + left.max(SECOND_CHANCE)
}

fn in_flight(login: &config::Login) -> InFlight {
    InFlight {
        total: login.max_in_flight,
        per_address: login.max_in_flight_per_address,
    }
}
