//! Letting an attempt in: what is in flight is counted, not searched for.
//!
//! In all: one row a second of expiry, kept by every insertion and every end. From one address: an
//! index that holds attempts without outcome alone.

use super::cells::number;
use crate::clock::Timestamp;
use crate::store::{Admission, InFlight, NewAttempt, StoreError};
use sqlx::sqlite::SqliteConnection;
use sqlx::{query, query_scalar};

/// Whether too many logins are in flight already.
pub(super) async fn refusal(
    connection: &mut SqliteConnection,
    attempt: &NewAttempt,
    bound: InFlight,
) -> Result<Option<Admission>, StoreError> {
    if let Some(address) = &attempt.address {
        // Counts no further than the bound.
        let held: i64 = query_scalar(
            "SELECT COUNT(*) FROM (SELECT 1 FROM attempts \
             WHERE address = $1 AND outcome IS NULL AND expires_at > $2 LIMIT $3) AS held",
        )
        .bind(address)
        .bind(number(attempt.created_at))
        .bind(i64::from(bound.per_address))
        .fetch_one(&mut *connection)
        .await?;
        if held >= i64::from(bound.per_address) {
            return Ok(Some(Admission::AddressFull));
        }
    }
    let total = in_flight(connection, attempt.created_at).await?;
    Ok((total >= i64::from(bound.total)).then_some(Admission::Full))
}

/// How many logins are in flight.
pub(super) async fn in_flight(
    connection: &mut SqliteConnection,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let total: i64 = query_scalar(
        "SELECT CAST(COALESCE(SUM(attempts), 0) AS BIGINT) FROM in_flight WHERE expires_at > $1",
    )
    .bind(number(now))
    .fetch_one(connection)
    .await?;
    Ok(total)
}

/// Inserts an attempt and counts it.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    new: &NewAttempt,
) -> Result<(), StoreError> {
    let inserted = query(
        "INSERT INTO attempts (id, workflow_id, provider, revision, client, client_user, \
         return_to, binding, address, created_at, expires_at, secrets) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING",
    )
    .bind(new.id.as_str())
    .bind(&new.workflow_id)
    .bind(new.provider.as_str())
    .bind(new.revision.as_str())
    .bind(&new.client)
    .bind(&new.user)
    .bind(&new.return_to)
    .bind(&new.binding)
    .bind(&new.address)
    .bind(number(new.created_at))
    .bind(number(new.expires_at))
    .bind(new.secrets.as_bytes())
    .execute(&mut *connection)
    .await?;
    if inserted.rows_affected() == 0 {
        return Err(StoreError::Exists);
    }
    query(
        "INSERT INTO in_flight (expires_at, attempts) VALUES ($1, 1) \
         ON CONFLICT (expires_at) DO UPDATE SET attempts = in_flight.attempts + 1",
    )
    .bind(number(new.expires_at))
    .execute(connection)
    .await?;
    Ok(())
}
