//! Counting sealed values in SQLite.

use super::Sqlite;
use super::cells::Cells;
use crate::seal::KeyId;
use crate::store::{SealedCount, SealedRows, StoreError};
use async_trait::async_trait;
use sqlx::query;

/// Every column that holds sealed values. The first nine bytes are the version and the key's id.
const COUNT: &str = "\
SELECT place, header, count(*) AS number FROM (
    SELECT 'attempts.callback' AS place, substr(callback, 1, 9) AS header FROM attempts
    UNION ALL SELECT 'attempts.profile', substr(profile, 1, 9) FROM attempts
    UNION ALL SELECT 'attempts.secrets', substr(secrets, 1, 9) FROM attempts
    UNION ALL SELECT 'attempts.tokens', substr(tokens, 1, 9) FROM attempts
    UNION ALL SELECT 'authorizations.tokens', substr(tokens, 1, 9) FROM authorizations
    UNION ALL SELECT 'handoffs.fields', substr(fields, 1, 9) FROM handoffs
    UNION ALL SELECT 'identities.profile', substr(profile, 1, 9) FROM identities
    UNION ALL SELECT 'journal.answer', substr(answer, 1, 9) FROM journal
) AS sealed
WHERE length(header) > 0
GROUP BY place, header
ORDER BY place, header";

#[async_trait]
impl SealedRows for Sqlite {
    async fn count_sealed(&self) -> Result<Vec<SealedCount>, StoreError> {
        let rows = query(COUNT).fetch_all(&self.readers).await?;
        rows.iter()
            .map(|row| {
                let cells = Cells::of("sealed values", row);
                Ok(SealedCount {
                    place: cells.text("place")?,
                    key: KeyId::of_header(&cells.bytes("header")?),
                    rows: cells.number("number")?,
                })
            })
            .collect()
    }
}
