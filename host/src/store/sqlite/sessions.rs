//! Sessions in SQLite.

use super::Sqlite;
use super::cells::{Cells, number};
use crate::clock::Timestamp;
use crate::store::{SessionRecord, Sessions, StoreError};
use async_trait::async_trait;
use celadon_workflows::types::{IdentityId, ProviderName, UserId};
use sqlx::query;
use sqlx::sqlite::SqliteRow;

#[async_trait]
impl Sessions for Sqlite {
    async fn insert_session(&self, session: &SessionRecord) -> Result<(), StoreError> {
        query(
            "INSERT INTO sessions (hash, user_id, identity_id, provider, created_at, seen_at, \
             expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&session.hash)
        .bind(session.user.as_str())
        .bind(session.identity.as_str())
        .bind(session.provider.as_str())
        .bind(number(session.created_at))
        .bind(number(session.seen_at))
        .bind(number(session.expires_at))
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    async fn session(&self, hash: &str) -> Result<Option<SessionRecord>, StoreError> {
        let row = query(
            "SELECT hash, user_id, identity_id, provider, created_at, seen_at, expires_at \
             FROM sessions WHERE hash = $1",
        )
        .bind(hash)
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(record).transpose()
    }

    async fn touch_session(&self, hash: &str, now: Timestamp) -> Result<(), StoreError> {
        query("UPDATE sessions SET seen_at = $2 WHERE hash = $1 AND seen_at < $2")
            .bind(hash)
            .bind(number(now))
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    async fn delete_session(&self, hash: &str) -> Result<bool, StoreError> {
        let deleted = query("DELETE FROM sessions WHERE hash = $1")
            .bind(hash)
            .execute(&self.writer)
            .await?;
        Ok(deleted.rows_affected() == 1)
    }
}

fn record(row: &SqliteRow) -> Result<SessionRecord, StoreError> {
    let cells = Cells::of("sessions", row);
    Ok(SessionRecord {
        hash: cells.text("hash")?,
        user: UserId::new(cells.text("user_id")?),
        identity: IdentityId::new(cells.text("identity_id")?),
        provider: ProviderName::new(cells.text("provider")?),
        created_at: cells.number("created_at")?,
        seen_at: cells.number("seen_at")?,
        expires_at: cells.number("expires_at")?,
    })
}
