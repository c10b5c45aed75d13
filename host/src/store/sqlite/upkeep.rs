//! Handoffs and upkeep in SQLite.

use super::Sqlite;
use super::cells::{Cells, number};
use crate::clock::Timestamp;
use crate::seal::Sealed;
use crate::store::{Handoffs, StoreError, Upkeep};
use async_trait::async_trait;
use sqlx::query;

/// An attempt stays readable for this many seconds after its expiry.
const ATTEMPTS_STAY: u64 = 60 * 60;
/// A refresh's journal stays for this many seconds.
const JOURNALS_STAY: u64 = 24 * 60 * 60;

#[async_trait]
impl Handoffs for Sqlite {
    async fn put_handoff(
        &self,
        hash: &str,
        fields: &Sealed,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        query("INSERT INTO handoffs (hash, fields, expires_at) VALUES ($1, $2, $3)")
            .bind(hash)
            .bind(fields.as_bytes())
            .bind(number(expires_at))
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    async fn take_handoff(&self, hash: &str, now: Timestamp) -> Result<Option<Sealed>, StoreError> {
        // All rows are fetched, though there is one at most: only then has the statement ended
        // and is the deletion on the disk.
        let rows = query("DELETE FROM handoffs WHERE hash = $1 RETURNING fields, expires_at")
            .bind(hash)
            .fetch_all(&self.writer)
            .await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let cells = Cells::of("handoffs", row);
        let fresh = cells.number("expires_at")? > now;
        let fields = cells.sealed("fields")?;
        Ok(fresh.then_some(fields))
    }
}

#[async_trait]
impl Upkeep for Sqlite {
    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let mut swept = self.sweep_attempts(now, limit).await?;
        for (statement, until) in [
            (
                "DELETE FROM handoffs WHERE hash IN (SELECT hash FROM handoffs \
                 WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
                now,
            ),
            (
                "DELETE FROM sessions WHERE hash IN (SELECT hash FROM sessions \
                 WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
                now,
            ),
            (
                "DELETE FROM journal WHERE (login, series, sequence) IN \
                 (SELECT login, series, sequence FROM journal WHERE created_at <= $1 \
                 AND NOT EXISTS (SELECT 1 FROM attempts WHERE attempts.id = journal.login) \
                 ORDER BY created_at LIMIT $2)",
                now.saturating_sub(JOURNALS_STAY),
            ),
        ] {
            let deleted = query(statement)
                .bind(number(until))
                .bind(i64::from(limit))
                .execute(&self.writer)
                .await?;
            swept += deleted.rows_affected();
        }
        Ok(swept)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        // Taking the write lock fails where the file has become read-only.
        self.begin().await?.rollback().await?;
        query("SELECT 1").execute(&self.readers).await?;
        Ok(())
    }
}

impl Sqlite {
    async fn sweep_attempts(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let until = number(now.saturating_sub(ATTEMPTS_STAY));
        let mut transaction = self.begin().await?;
        query(
            "DELETE FROM journal WHERE login IN (SELECT id FROM attempts \
             WHERE expires_at <= $1 ORDER BY expires_at, id LIMIT $2)",
        )
        .bind(until)
        .bind(i64::from(limit))
        .execute(&mut *transaction)
        .await?;
        let deleted = query(
            "DELETE FROM attempts WHERE id IN (SELECT id FROM attempts \
             WHERE expires_at <= $1 ORDER BY expires_at, id LIMIT $2)",
        )
        .bind(until)
        .bind(i64::from(limit))
        .execute(&mut *transaction)
        .await?;
        // Seconds that have passed count nothing any more.
        query(
            "DELETE FROM in_flight WHERE expires_at IN (SELECT expires_at FROM in_flight \
             WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
        )
        .bind(until)
        .bind(i64::from(limit))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(deleted.rows_affected())
    }
}
