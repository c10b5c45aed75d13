//! The audit trail in SQLite.

use super::Sqlite;
use super::cells::{Cells, number};
use crate::store::{Audit, AuditEvent, StoreError};
use async_trait::async_trait;
use celadon_workflows::types::{LoginId, ProviderName};
use sqlx::query;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

const MAX_EVENTS: u32 = 1000;

#[async_trait]
impl Audit for Sqlite {
    async fn audit(&self, event: &AuditEvent) -> Result<(), StoreError> {
        let mut connection = self.writer.acquire().await?;
        append(&mut connection, event).await
    }

    async fn audit_events(&self, limit: u32) -> Result<Vec<AuditEvent>, StoreError> {
        let rows = query(
            "SELECT at, what, who, provider, login, why FROM audit \
             ORDER BY sequence DESC LIMIT $1",
        )
        .bind(i64::from(limit.min(MAX_EVENTS)))
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(event).collect()
    }
}

/// Appends an event, by itself or as a part of a transaction.
pub(super) async fn append(
    connection: &mut SqliteConnection,
    event: &AuditEvent,
) -> Result<(), StoreError> {
    query(
        "INSERT INTO audit (at, what, who, provider, login, why) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(number(event.at))
    .bind(&event.what)
    .bind(&event.who)
    .bind(event.provider.as_ref().map(ProviderName::as_str))
    .bind(event.login.as_ref().map(LoginId::as_str))
    .bind(&event.why)
    .execute(connection)
    .await?;
    Ok(())
}

fn event(row: &SqliteRow) -> Result<AuditEvent, StoreError> {
    let cells = Cells::of("audit", row);
    Ok(AuditEvent {
        at: cells.number("at")?,
        what: cells.text("what")?,
        who: cells.text("who")?,
        provider: cells.text_or_none("provider")?.map(ProviderName::new),
        login: cells.text_or_none("login")?.map(LoginId::new),
        why: cells.text("why")?,
    })
}
