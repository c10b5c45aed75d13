//! Login attempts in SQLite.
//!
//! An outcome, once written, stays; a binding, a callback and a result code likewise. A write that
//! changed nothing can therefore be explained by a read after it, without a transaction.

use super::cells::{Cells, number};
use super::{Sqlite, admission};
use crate::clock::Timestamp;
use crate::seal::Sealed;
use crate::store::{
    Admission, AttemptRecord, Attempts, FirstWrite, InFlight, NewAttempt, Redeemed, StoreError,
};
use async_trait::async_trait;
use celadon_workflows::types::{LoginId, Outcome, ProviderName, RevisionId};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{query, query_scalar};

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT id, workflow_id, provider, revision, client, client_user, return_to, binding, \
             address, created_at, expires_at, secrets, callback_digest, callback, tokens, profile, \
             outcome, result_redeemed, delivered FROM attempts WHERE ",
            $condition
        )
    };
}

#[async_trait]
impl Attempts for Sqlite {
    async fn insert_attempt(
        &self,
        attempt: &NewAttempt,
        bound: InFlight,
    ) -> Result<Admission, StoreError> {
        let mut transaction = self.begin().await?;
        let refused = admission::refusal(&mut transaction, attempt, bound).await?;
        if let Some(refused) = refused {
            return Ok(refused);
        }
        admission::insert(&mut transaction, attempt).await?;
        transaction.commit().await?;
        Ok(Admission::Admitted)
    }

    async fn in_flight(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut reader = self.readers.acquire().await?;
        let total = admission::in_flight(&mut reader, now).await?;
        Ok(u64::try_from(total).unwrap_or(0))
    }

    async fn attempt(&self, id: &LoginId) -> Result<Option<AttemptRecord>, StoreError> {
        let row = query(select!("id = $1"))
            .bind(id.as_str())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(record).transpose()
    }

    async fn attempt_of_workflow(
        &self,
        workflow_id: &str,
    ) -> Result<Option<AttemptRecord>, StoreError> {
        let row = query(select!("workflow_id = $1"))
            .bind(workflow_id)
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(record).transpose()
    }

    async fn bind_attempt(
        &self,
        id: &LoginId,
        binding: &str,
        now: Timestamp,
    ) -> Result<FirstWrite, StoreError> {
        let written = query(
            "UPDATE attempts SET binding = $2 \
             WHERE id = $1 AND binding IS NULL AND outcome IS NULL AND expires_at > $3",
        )
        .bind(id.as_str())
        .bind(binding)
        .bind(number(now))
        .execute(&self.writer)
        .await?;
        if written.rows_affected() == 1 {
            return Ok(FirstWrite::Written);
        }
        let same: Option<i64> = query_scalar(
            "SELECT 1 FROM attempts \
             WHERE id = $1 AND binding = $2 AND outcome IS NULL AND expires_at > $3",
        )
        .bind(id.as_str())
        .bind(binding)
        .bind(number(now))
        .fetch_optional(&self.readers)
        .await?;
        Ok(same_or_refused(same))
    }

    async fn put_callback(
        &self,
        id: &LoginId,
        digest: &str,
        parameters: &Sealed,
        now: Timestamp,
    ) -> Result<FirstWrite, StoreError> {
        let written = query(
            "UPDATE attempts SET callback_digest = $2, callback = $3 \
             WHERE id = $1 AND callback_digest IS NULL AND outcome IS NULL AND expires_at > $4",
        )
        .bind(id.as_str())
        .bind(digest)
        .bind(parameters.as_bytes())
        .bind(number(now))
        .execute(&self.writer)
        .await?;
        if written.rows_affected() == 1 {
            return Ok(FirstWrite::Written);
        }
        let same: Option<i64> =
            query_scalar("SELECT 1 FROM attempts WHERE id = $1 AND callback_digest = $2")
                .bind(id.as_str())
                .bind(digest)
                .fetch_optional(&self.readers)
                .await?;
        Ok(same_or_refused(same))
    }

    async fn put_tokens(&self, id: &LoginId, tokens: &Sealed) -> Result<(), StoreError> {
        query("UPDATE attempts SET tokens = $2 WHERE id = $1 AND outcome IS NULL")
            .bind(id.as_str())
            .bind(tokens.as_bytes())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    async fn put_profile(&self, id: &LoginId, profile: &Sealed) -> Result<(), StoreError> {
        query("UPDATE attempts SET profile = $2 WHERE id = $1 AND outcome IS NULL")
            .bind(id.as_str())
            .bind(profile.as_bytes())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    async fn conclude_attempt(
        &self,
        id: &LoginId,
        outcome: &Outcome,
    ) -> Result<Option<Outcome>, StoreError> {
        let mut transaction = self.begin().await?;
        let standing = standing_outcome(&mut transaction, id).await?;
        if !matches!(standing, Some(None)) {
            return Ok(standing.flatten());
        }
        end(&mut transaction, id, outcome).await?;
        transaction.commit().await?;
        Ok(Some(outcome.clone()))
    }

    async fn put_result_code(&self, id: &LoginId, hash: &str) -> Result<FirstWrite, StoreError> {
        let written =
            query("UPDATE attempts SET result_code = $2 WHERE id = $1 AND result_code IS NULL")
                .bind(id.as_str())
                .bind(hash)
                .execute(&self.writer)
                .await?;
        if written.rows_affected() == 1 {
            return Ok(FirstWrite::Written);
        }
        let same: Option<i64> =
            query_scalar("SELECT 1 FROM attempts WHERE id = $1 AND result_code = $2")
                .bind(id.as_str())
                .bind(hash)
                .fetch_optional(&self.readers)
                .await?;
        Ok(same_or_refused(same))
    }

    async fn mark_delivered(&self, id: &LoginId) -> Result<(), StoreError> {
        query("UPDATE attempts SET delivered = 1 WHERE id = $1")
            .bind(id.as_str())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    async fn redeem_result_code(
        &self,
        id: &LoginId,
        client: &str,
        hash: &str,
    ) -> Result<Redeemed, StoreError> {
        self.redeem(id, client, hash).await
    }
}

fn same_or_refused(same: Option<i64>) -> FirstWrite {
    same.map_or(FirstWrite::Refused, |_| FirstWrite::Same)
}

/// The outcome of an attempt. `None`: there is no such attempt; `Some(None)`: it has none yet.
pub(super) async fn standing_outcome(
    connection: &mut SqliteConnection,
    id: &LoginId,
) -> Result<Option<Option<Outcome>>, StoreError> {
    let row = query("SELECT outcome FROM attempts WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(connection)
        .await?;
    row.as_ref()
        .map(|row| outcome(&Cells::of("attempts", row)))
        .transpose()
}

/// Writes the outcome of an attempt that has none yet, wipes what the attempt held, and takes it
/// out of the logins in flight.
pub(super) async fn end(
    connection: &mut SqliteConnection,
    id: &LoginId,
    outcome: &Outcome,
) -> Result<(), StoreError> {
    let outcome = serde_json::to_string(outcome).expect("an outcome is made of text alone");
    query(
        "UPDATE in_flight SET attempts = attempts - 1 \
         WHERE expires_at = (SELECT expires_at FROM attempts WHERE id = $1 AND outcome IS NULL)",
    )
    .bind(id.as_str())
    .execute(&mut *connection)
    .await?;
    query(
        "UPDATE attempts SET outcome = $2, secrets = $3, callback = NULL, tokens = NULL, \
         profile = NULL WHERE id = $1 AND outcome IS NULL",
    )
    .bind(id.as_str())
    .bind(outcome)
    .bind(Sealed::default().as_bytes())
    .execute(&mut *connection)
    .await?;
    query("DELETE FROM journal WHERE login = $1")
        .bind(id.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

fn outcome(cells: &Cells<'_>) -> Result<Option<Outcome>, StoreError> {
    let text = cells.text_or_none("outcome")?;
    text.map(|text| serde_json::from_str(&text).map_err(|_| cells.corrupt("outcome")))
        .transpose()
}

fn record(row: &SqliteRow) -> Result<AttemptRecord, StoreError> {
    let cells = Cells::of("attempts", row);
    Ok(AttemptRecord {
        attempt: NewAttempt {
            id: LoginId::new(cells.text("id")?),
            workflow_id: cells.text("workflow_id")?,
            provider: ProviderName::new(cells.text("provider")?),
            revision: RevisionId::new(cells.text("revision")?),
            client: cells.text_or_none("client")?,
            user: cells.text_or_none("client_user")?,
            return_to: cells.text("return_to")?,
            binding: cells.text_or_none("binding")?,
            address: cells.text_or_none("address")?,
            created_at: cells.number("created_at")?,
            expires_at: cells.number("expires_at")?,
            secrets: cells.sealed("secrets")?,
        },
        callback_digest: cells.text_or_none("callback_digest")?,
        callback: cells.sealed_or_none("callback")?,
        tokens: cells.sealed_or_none("tokens")?,
        profile: cells.sealed_or_none("profile")?,
        outcome: outcome(&cells)?,
        result_redeemed: cells.flag("result_redeemed")?,
        delivered: cells.flag("delivered")?,
    })
}
