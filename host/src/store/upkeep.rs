//! What passes quickly, and how the store is kept clean.

use super::StoreError;
use crate::clock::Timestamp;
use crate::seal::Sealed;
use async_trait::async_trait;

/// A form_post's fields on their way to the same callback by GET.
#[async_trait]
pub trait Handoffs: Send + Sync {
    /// Keeps sealed fields under the hash of a one-time handle.
    async fn put_handoff(
        &self,
        hash: &str,
        fields: &Sealed,
        expires_at: Timestamp,
    ) -> Result<(), StoreError>;
    /// Takes them out: at most once, and not after they expired.
    async fn take_handoff(&self, hash: &str, now: Timestamp) -> Result<Option<Sealed>, StoreError>;
}

/// Keeping the store clean and knowing that it is there.
#[async_trait]
pub trait Upkeep: Send + Sync {
    /// Deletes what is over: attempts an hour after their expiry, with their journal; handoffs
    /// and sessions past their end; journals that belong to no attempt, those of refreshes, when
    /// they are a day old. At most `limit` rows of each. Answers how many went, the journals of
    /// attempts not counted: when it is less than `limit`, all is clean.
    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError>;
    /// Whether it answers and can be written.
    async fn ping(&self) -> Result<(), StoreError>;
}
