//! Answering a login: the browser comes back from the provider.

use super::callback::Parameters;
use super::{CallbackRequest, LoginError, Logins, SignedIn, cannot_begin, ended, return_to, store};
use crate::clock;
use crate::fault;
use crate::metrics;
use crate::random;
use crate::steps::attempt::{Callback, callback_of};
use crate::store::{AttemptRecord, FirstWrite};
use crate::temporal::TemporalError;
use celadon_workflows::types::{CallbackDigest, LoginId, Outcome};
use std::time::{Duration, Instant};
use subtle::ConstantTimeEq;

/// How long a browser waits for the end of its login.
const PATIENCE: Duration = Duration::from_secs(19);
/// Seconds after its expiry in which a login that was answered in time may still be fetched by its
/// browser: longer than its steps may take.
const LATE: u64 = 180;

impl Logins {
    /// Answers a callback: waits until the login has ended, at most 20 s.
    pub async fn callback(&self, request: CallbackRequest) -> Result<SignedIn, LoginError> {
        let begun = Instant::now();
        let parameters = Parameters::new(&request)?;
        let login = parameters.login()?;
        let record = self
            .attempt(&login)
            .await?
            .ok_or(LoginError::UnknownState)?;
        if record.attempt.provider.as_str() != request.provider {
            return Err(LoginError::UnknownState);
        }
        check_binding(&record, &request)?;
        if let Some(outcome) = &record.outcome {
            return self.after_the_end(&record, &parameters, outcome).await;
        }
        let answered_before = record.callback_digest.is_some();
        if !answered_before && clock::now() >= record.attempt.expires_at {
            return Err(LoginError::Expired);
        }
        // Sealed together with what the workflow began with: where this does not open, that does
        // not either, and nobody should wait for it.
        self.steps.open_secrets(&record).map_err(cannot_begin)?;
        let callback = self.read(&record, &parameters).await?;
        let digest = self.keep(&login, &callback).await?;
        fault::point("callback.sealed").await;
        let left = PATIENCE.saturating_sub(begun.elapsed());
        match self.hand_over(&record, digest, left).await? {
            // Who signed in is taken from the store, where `persist` wrote it: whoever can write
            // to Temporal's task queue must not be able to say.
            Outcome::SignedIn { .. } => match self.attempt(&login).await? {
                Some(now) => self.finish(&now).await,
                None => Err(LoginError::Expired),
            },
            other => Err(ended(&login, &other)),
        }
    }

    /// The same callback again, after the login has ended: the browser reloads the page that said
    /// "still under way", or the answer was lost with the process that was to give it. What was
    /// delivered once is not delivered again.
    async fn after_the_end(
        &self,
        record: &AttemptRecord,
        parameters: &Parameters<'_>,
        outcome: &Outcome,
    ) -> Result<SignedIn, LoginError> {
        let login = &record.attempt.id;
        let late = clock::now() >= record.attempt.expires_at.saturating_add(LATE);
        let repeated = late || record.delivered;
        if repeated || !matches!(outcome, Outcome::SignedIn { .. }) {
            return Err(ended(login, outcome));
        }
        let callback = self.read(record, parameters).await?;
        if record.callback_digest.as_ref() != Some(&self.digest(login, &callback)) {
            return Err(LoginError::AlreadyAnswered);
        }
        self.finish(record).await
    }

    /// What the steps need of the callback, checked against the pinned description.
    async fn read(
        &self,
        record: &AttemptRecord,
        parameters: &Parameters<'_>,
    ) -> Result<Callback, LoginError> {
        let steps = &self.steps;
        let revision = steps
            .revision_of(&record.attempt.revision)
            .await
            .map_err(cannot_begin)?;
        let provider = steps
            .provider(&record.attempt.provider)
            .ok_or(LoginError::UnknownProvider)?;
        // Known since the link was written. Where it cannot be had now, the exchange will say so.
        let deadline = Instant::now() + Duration::from_secs(2);
        let metadata = steps
            .metadata(provider, &revision, deadline)
            .await
            .ok()
            .flatten();
        let callback = parameters.callback(&revision.description, clock::now())?;
        let right = parameters.check_issuer(&revision.description, metadata.as_deref());
        Ok(match right {
            Ok(()) => callback,
            // It ends the login, as the provider's own error would, and no code goes anywhere.
            Err(error) => Callback {
                code: None,
                error: Some(error.to_owned()),
                kept: Vec::new(),
                received_at: callback.received_at,
            },
        })
    }

    /// The callback's digest: the same for the same parameters, and it says nothing to who does
    /// not have our keys.
    fn digest(&self, login: &LoginId, callback: &Callback) -> String {
        let text = digest_text(login, callback);
        self.steps.keys.keyed_hash("callback", text.as_bytes())
    }

    /// Seals the callback into the store, the first time.
    async fn keep(
        &self,
        login: &LoginId,
        callback: &Callback,
    ) -> Result<CallbackDigest, LoginError> {
        let steps = &self.steps;
        let digest = self.digest(login, callback);
        let sealed = steps
            .keys
            .seal_json(&callback_of(login), callback)
            .map_err(|error| LoginError::Unavailable("the key ring", Box::new(error)))?;
        let written = steps
            .store
            .put_callback(login, &digest, &sealed, clock::now())
            .await
            .map_err(store)?;
        match written {
            FirstWrite::Written | FirstWrite::Same => Ok(CallbackDigest { digest }),
            FirstWrite::Refused => Err(match self.attempt(login).await? {
                Some(AttemptRecord {
                    outcome: Some(outcome),
                    ..
                }) => ended(login, &outcome),
                _ => LoginError::AlreadyAnswered,
            }),
        }
    }

    /// The workflow's outcome for this callback.
    async fn hand_over(
        &self,
        record: &AttemptRecord,
        digest: CallbackDigest,
        patience: Duration,
    ) -> Result<Outcome, LoginError> {
        let login = &record.attempt.id;
        let until = Instant::now() + patience;
        // Temporal forgets an update that it has not written down when it is restarted: where it
        // knows nothing, it is told once more.
        for last in [false, true] {
            let left = until.saturating_duration_since(Instant::now());
            let answered = self
                .temporal
                .answer_login(&record.attempt.workflow_id, digest.clone(), left)
                .await;
            let gone = match answered {
                Ok(outcome) => return Ok(outcome),
                Err(TemporalError::TimedOut) => break,
                Err(TemporalError::NotFound) => true,
                Err(TemporalError::Refused) => false,
                Err(error) => return Err(super::temporal(error)),
            };
            // The workflow may have ended between our look at the store and the update.
            let now = self.attempt(login).await?.and_then(|record| record.outcome);
            match now {
                Some(outcome) => return Ok(outcome),
                None if last && gone => return Err(self.end_for_good(record).await?),
                None if last => return Err(LoginError::Expired),
                None => {}
            }
        }
        Err(LoginError::StillRunning(login.clone()))
    }

    /// Ends an attempt whose workflow was terminated, or is gone: nobody else would ever end it.
    async fn end_for_good(&self, record: &AttemptRecord) -> Result<LoginError, LoginError> {
        let attempts = &self.steps.store;
        let over = Outcome::Expired;
        attempts
            .conclude_attempt(&record.attempt.id, &over)
            .await
            .map_err(store)?;
        metrics::login_ended(&record.attempt.provider, &over);
        self.steps.trace_end(record, &over);
        Ok(LoginError::Expired)
    }

    /// A session for the browser, or a one-time code for the client that waits.
    async fn finish(&self, record: &AttemptRecord) -> Result<SignedIn, LoginError> {
        let attempt = &record.attempt;
        let (identity, user) = match &record.outcome {
            Some(Outcome::SignedIn { identity, user, .. }) => (identity, user),
            Some(other) => return Err(ended(&attempt.id, other)),
            None => return Err(LoginError::StillRunning(attempt.id.clone())),
        };
        if attempt.client.is_some() {
            return self.finish_for_client(record).await;
        }
        let session = self
            .sessions
            .begin(user, identity, &attempt.provider)
            .await
            .map_err(store)?;
        fault::point("session.made").await;
        self.mark_delivered(&attempt.id).await;
        Ok(SignedIn {
            login: attempt.id.clone(),
            session: Some(session),
            return_to: attempt.return_to.clone(),
        })
    }

    /// A mark that cannot be written costs nothing but that a repetition is answered again.
    async fn mark_delivered(&self, login: &LoginId) {
        if let Err(error) = self.steps.store.mark_delivered(login).await {
            tracing::warn!(error = %error, login = %login, "a login could not be marked as delivered");
        }
    }

    async fn finish_for_client(&self, record: &AttemptRecord) -> Result<SignedIn, LoginError> {
        let attempt = &record.attempt;
        let code = random::token();
        let hash = random::sha256_hex(code.as_bytes());
        let written = self
            .steps
            .store
            .put_result_code(&attempt.id, &hash)
            .await
            .map_err(store)?;
        if written != FirstWrite::Written {
            return Err(LoginError::AlreadyAnswered);
        }
        self.mark_delivered(&attempt.id).await;
        Ok(SignedIn {
            login: attempt.id.clone(),
            session: None,
            return_to: return_to::with_result(&attempt.return_to, attempt.id.as_str(), &code),
        })
    }
}

/// The browser that comes back is the one that began: it has the login's binding cookie.
fn check_binding(record: &AttemptRecord, request: &CallbackRequest) -> Result<(), LoginError> {
    let expected = record
        .attempt
        .binding
        .as_deref()
        .ok_or(LoginError::ForeignBrowser)?;
    let bound = request.bindings.iter().any(|(_, value)| {
        let hash = random::sha256_hex(value.as_bytes());
        bool::from(hash.as_bytes().ct_eq(expected.as_bytes()))
    });
    if bound {
        Ok(())
    } else {
        Err(LoginError::ForeignBrowser)
    }
}

/// The parameters without their time of arrival, injectively.
fn digest_text(login: &LoginId, callback: &Callback) -> String {
    serde_json::json!([login, callback.code, callback.error, callback.kept]).to_string()
}
