//! What a configured client may ask of the logins that it started.

use super::{LoginError, LoginResult, LoginStatus, Logins, ended, store};
use crate::clock;
use crate::random;
use crate::store::{AttemptRecord, Redeemed};
use celadon_workflows::types::{LoginId, Outcome, Stage};
use std::time::Duration;

impl Logins {
    /// Where a client's login stands. With `wait`: answers when it has ended, or after that long.
    /// Only the client that started it may ask.
    pub async fn status(
        &self,
        client: &str,
        login: &LoginId,
        wait: Option<Duration>,
    ) -> Result<LoginStatus, LoginError> {
        let record = self.own(client, login).await?;
        let status = status(&record);
        let Some(wait) = wait.filter(|_| status.outcome.is_none()) else {
            return Ok(status);
        };
        // Temporal tells at once when it ends. Where it cannot be asked, the client asks again.
        let waited = self
            .temporal
            .await_login(&record.attempt.workflow_id, wait)
            .await;
        if let Err(error) = waited {
            tracing::debug!(error = %error, "a login's end could not be waited for");
        }
        Ok(self::status(&self.own(client, login).await?))
    }

    /// Cancels a client's login.
    pub async fn cancel(&self, client: &str, login: &LoginId) -> Result<(), LoginError> {
        let record = self.own(client, login).await?;
        match &record.outcome {
            Some(Outcome::Cancelled) => return Ok(()),
            Some(outcome) => return Err(ended(login, outcome)),
            None => {}
        }
        // The store first: from here on no callback counts, wherever the workflow is.
        let stands = self
            .steps
            .store
            .conclude_attempt(login, &Outcome::Cancelled)
            .await
            .map_err(store)?;
        if let Some(outcome) = stands.filter(|outcome| *outcome != Outcome::Cancelled) {
            return Err(ended(login, &outcome));
        }
        self.steps
            .note_end(&record, &Outcome::Cancelled)
            .await
            .map_err(store)?;
        if let Err(error) = self
            .temporal
            .cancel_login(&record.attempt.workflow_id)
            .await
        {
            // Its timer ends it.
            tracing::warn!(error = %error, login = %login, "a cancelled login's workflow was not told");
        }
        Ok(())
    }

    /// Redeems the one-time code of a client's login.
    pub async fn result(
        &self,
        client: &str,
        login: &LoginId,
        code: &str,
    ) -> Result<LoginResult, LoginError> {
        let record = self.own(client, login).await?;
        let Some(Outcome::SignedIn {
            authorization,
            identity,
            ..
        }) = record.outcome
        else {
            return Err(LoginError::ResultCode);
        };
        let hash = random::sha256_hex(code.as_bytes());
        let redeemed = self
            .steps
            .store
            .redeem_result_code(login, client, &hash)
            .await
            .map_err(store)?;
        let user = match redeemed {
            Redeemed::Redeemed(user) => user,
            Redeemed::Refused => return Err(LoginError::ResultCode),
            Redeemed::OwnedByAnother => return Err(LoginError::OwnedByAnother),
        };
        let identity = self.steps.store.identity(&identity).await.map_err(store)?;
        Ok(LoginResult {
            login: login.clone(),
            authorization: authorization.to_string(),
            identity: identity.ok_or(LoginError::UnknownLogin)?,
            user,
        })
    }

    /// A login of this client. Another's is as unknown as none.
    async fn own(&self, client: &str, login: &LoginId) -> Result<AttemptRecord, LoginError> {
        let record = self.attempt(login).await?;
        record
            .filter(|record| record.attempt.client.as_deref() == Some(client))
            .ok_or(LoginError::UnknownLogin)
    }
}

fn status(record: &AttemptRecord) -> LoginStatus {
    let attempt = &record.attempt;
    let late = record.callback_digest.is_none() && clock::now() > attempt.expires_at;
    let outcome = record.outcome.clone().or(late.then_some(Outcome::Expired));
    let stage = match (
        &outcome,
        &record.callback_digest,
        &record.tokens,
        &record.profile,
    ) {
        (Some(_), ..) => Stage::Ended,
        (None, None, ..) => Stage::WaitingForUser,
        (None, Some(_), None, _) => Stage::Exchanging,
        (None, Some(_), Some(_), None) => Stage::Identifying,
        (None, Some(_), Some(_), Some(_)) => Stage::Persisting,
    };
    LoginStatus {
        login: attempt.id.clone(),
        provider: attempt.provider.clone(),
        stage,
        outcome,
        expires_at: attempt.expires_at,
    }
}
