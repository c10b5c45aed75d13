//! The journal in SQLite.

use super::Sqlite;
use super::cells::{Cells, number};
use crate::clock::Timestamp;
use crate::seal::Sealed;
use crate::store::{FirstWrite, Journal, JournalEntry, StoreError};
use async_trait::async_trait;
use sqlx::query;
use sqlx::sqlite::SqliteRow;

/// More than any series may have: a transcript ends far earlier.
const MAX_ENTRIES: i64 = 256;

#[async_trait]
impl Journal for Sqlite {
    async fn journal(&self, login: &str, series: &str) -> Result<Vec<JournalEntry>, StoreError> {
        let rows = query(
            "SELECT sequence, request, created_at, answer FROM journal \
             WHERE login = $1 AND series = $2 ORDER BY sequence LIMIT $3",
        )
        .bind(login)
        .bind(series)
        .bind(MAX_ENTRIES)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(entry).collect()
    }

    async fn journal_intent(
        &self,
        login: &str,
        series: &str,
        sequence: u32,
        request: &str,
        now: Timestamp,
    ) -> Result<FirstWrite, StoreError> {
        let written = query(
            "INSERT INTO journal (login, series, sequence, request, created_at) \
             SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS \
             (SELECT 1 FROM attempts WHERE id = $1 AND outcome IS NOT NULL) \
             ON CONFLICT DO NOTHING",
        )
        .bind(login)
        .bind(series)
        .bind(i64::from(sequence))
        .bind(request)
        .bind(number(now))
        .execute(&self.writer)
        .await?;
        Ok(match written.rows_affected() {
            1 => FirstWrite::Written,
            _ => FirstWrite::Refused,
        })
    }

    async fn journal_withdraw(
        &self,
        login: &str,
        series: &str,
        sequence: u32,
    ) -> Result<(), StoreError> {
        // What was answered was sent, and stays.
        query(
            "DELETE FROM journal \
             WHERE login = $1 AND series = $2 AND sequence = $3 AND answer IS NULL",
        )
        .bind(login)
        .bind(series)
        .bind(i64::from(sequence))
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    async fn journal_answer(
        &self,
        login: &str,
        series: &str,
        sequence: u32,
        answer: &Sealed,
    ) -> Result<(), StoreError> {
        // The first answer stays: later steps may have been built on it.
        query(
            "UPDATE journal SET answer = $4 \
             WHERE login = $1 AND series = $2 AND sequence = $3 AND answer IS NULL",
        )
        .bind(login)
        .bind(series)
        .bind(i64::from(sequence))
        .bind(answer.as_bytes())
        .execute(&self.writer)
        .await?;
        Ok(())
    }
}

fn entry(row: &SqliteRow) -> Result<JournalEntry, StoreError> {
    let cells = Cells::of("journal", row);
    let sequence = cells.number("sequence")?;
    Ok(JournalEntry {
        sequence: u32::try_from(sequence).map_err(|_| cells.corrupt("sequence"))?,
        request: cells.text("request")?,
        written_at: cells.number("created_at")?,
        answer: cells.sealed_or_none("answer")?,
    })
}
