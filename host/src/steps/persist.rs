//! Step 3: identity, grant and audit event in one transaction; and the other ends of a login.

use super::Steps;
use super::attempt;
use super::identify::Finding;
use super::tokens::{TokenSet, grant_context};
use crate::clock;
use crate::fault;
use crate::metrics;
use crate::plugin::transcript::Stop;
use crate::seal::Context;
use crate::store::{AttemptRecord, AuditEvent, NewGrant, PersistOutcome, StoreError};
use celadon_workflows::types::{Conclusion, LoginId, Outcome, Persisted, Reason, Refusal};

impl Steps {
    /// Writes the login's result down.
    pub(super) async fn persist_login(&self, login: &LoginId) -> Result<Persisted, Stop> {
        let gone = || {
            Stop::refused(
                Reason::Reconfigured,
                "the login's attempt is gone from the store",
            )
        };
        let record = self.store.attempt(login).await?.ok_or_else(gone)?;
        if let Some(outcome) = record.outcome {
            return persisted_before(outcome);
        }
        let grant = self.new_grant(&record).await?;
        match self.store.persist_grant(&grant).await? {
            PersistOutcome::Persisted(persisted) => {
                fault::point("identity.persisted").await;
                self.ended_well(&record, &persisted);
                Ok(persisted)
            }
            PersistOutcome::Ended(outcome) => persisted_before(outcome),
        }
    }

    async fn new_grant(&self, record: &AttemptRecord) -> Result<NewGrant, Stop> {
        let attempt = &record.attempt;
        let missing = || {
            Stop::refused(
                Reason::Reconfigured,
                "the login's tokens are gone from the store",
            )
        };
        let sealed = record.tokens.as_ref().ok_or_else(missing)?;
        let mut tokens = TokenSet::open(&self.keys, &attempt::tokens_of(&attempt.id), sealed)?;
        let sealed = record.profile.as_ref().ok_or_else(missing)?;
        let finding: Finding = self.open(&attempt::profile_of(&attempt.id), sealed)?;
        let provider = attempt.provider.as_str();
        let client = attempt.client.as_deref();
        let tokens_of = grant_context(provider, &finding.issuer, &finding.subject, client);
        if tokens.refresh_token.is_none() {
            // Many providers give a refresh token at the first consent only: keep the one we have.
            let known = self
                .store
                .grant_of(&attempt.provider, &finding.issuer, &finding.subject, client)
                .await?;
            if let Some(known) = known.filter(|known| known.needs_reauth.is_none()) {
                tokens.refresh_token = TokenSet::open(&self.keys, &tokens_of, &known.tokens)
                    .ok()
                    .and_then(|known| known.refresh_token);
            }
        }
        let profile_of = Context::profile_of(provider, &finding.issuer, &finding.subject);
        Ok(NewGrant {
            login: attempt.id.clone(),
            provider: attempt.provider.clone(),
            profile: self.seal(&profile_of, &finding.profile)?,
            email: finding.email,
            email_verified: finding.email_verified,
            client: attempt.client.clone(),
            tokens: tokens.seal_for_grant(&self.keys, &tokens_of)?,
            renewable: tokens.refresh_token.is_some(),
            scope: tokens.scope.clone(),
            token_type: tokens.token_type.clone(),
            expires_at: tokens.expires_at,
            now: clock::now(),
            issuer: finding.issuer,
            subject: finding.subject,
        })
    }

    /// Records an end without success and wipes what the attempt held.
    pub(super) async fn conclude_login(&self, conclusion: Conclusion) -> Result<(), Stop> {
        let Conclusion { login, outcome } = conclusion;
        let Some(record) = self.store.attempt(&login).await? else {
            return Ok(());
        };
        if record.outcome.is_none() {
            self.store.conclude_attempt(&login, &outcome).await?;
            self.note_end(&record, &outcome).await?;
        }
        Ok(())
    }

    /// Writes the audit event of an end without success.
    pub async fn note_end(
        &self,
        record: &AttemptRecord,
        outcome: &Outcome,
    ) -> Result<(), StoreError> {
        metrics::login_ended(&record.attempt.provider, outcome);
        self.trace_end(record, outcome);
        self.store.audit(&event(record, outcome)).await
    }

    fn ended_well(&self, record: &AttemptRecord, persisted: &Persisted) {
        let outcome = Outcome::SignedIn {
            authorization: persisted.authorization.clone(),
            identity: persisted.identity.clone(),
            user: persisted.user.clone(),
        };
        metrics::login_ended(&record.attempt.provider, &outcome);
        self.trace_end(record, &outcome);
        tracing::info!(
            login = %record.attempt.id,
            provider = %record.attempt.provider,
            outcome = "login.signed_in",
            "a login ended"
        );
    }
}

fn event(record: &AttemptRecord, outcome: &Outcome) -> AuditEvent {
    let (what, why) = match outcome {
        Outcome::SignedIn { .. } => ("login.signed_in", String::new()),
        Outcome::Refused(Refusal { reason, detail }) => {
            ("login.refused", format!("{}: {detail}", reason.as_str()))
        }
        Outcome::Expired => ("login.expired", "nobody came back in time".to_owned()),
        Outcome::Cancelled => ("login.cancelled", "it was called off".to_owned()),
    };
    let client = record.attempt.client.as_ref();
    tracing::info!(
        login = %record.attempt.id,
        provider = %record.attempt.provider,
        outcome = what,
        detail = why,
        "a login ended"
    );
    AuditEvent {
        at: clock::now(),
        what: what.to_owned(),
        who: client.map_or_else(|| "browser".to_owned(), |client| format!("client:{client}")),
        provider: Some(record.attempt.provider.clone()),
        login: Some(record.attempt.id.clone()),
        why,
    }
}

/// What an earlier run of this step, or a cancellation that was faster, has left.
fn persisted_before(outcome: Outcome) -> Result<Persisted, Stop> {
    match outcome {
        Outcome::SignedIn {
            authorization,
            identity,
            user,
        } => Ok(Persisted {
            authorization,
            identity,
            user,
        }),
        other => Err(attempt::ended_before(&other)),
    }
}
