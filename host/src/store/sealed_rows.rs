//! How many values rest under which key: what a key is still needed for, and what its loss costs.

use super::StoreError;
use crate::seal::KeyId;
use async_trait::async_trait;

/// Values of one column that are sealed under one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedCount {
    /// `table.column`, such as `authorizations.tokens`.
    pub place: String,
    /// The key that they name. `None`: they are no sealed values of this program's.
    pub key: Option<KeyId>,
    /// How many.
    pub rows: u64,
}

/// Counting sealed values.
#[async_trait]
pub trait SealedRows: Send + Sync {
    /// Counts all sealed values by column and key, in the order of their places. Reads every row:
    /// for operators, not for requests.
    async fn count_sealed(&self) -> Result<Vec<SealedCount>, StoreError>;
}
