//! Sessions of browsers.

use super::StoreError;
use crate::clock::Timestamp;
use async_trait::async_trait;
use celadon_workflows::types::{IdentityId, ProviderName, UserId};

/// A browser's session. Its cookie is random; the store has the hash alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// Hash of the cookie's value.
    pub hash: String,
    /// Whose.
    pub user: UserId,
    /// By which identity.
    pub identity: IdentityId,
    /// The provider it signed in with.
    pub provider: ProviderName,
    /// When.
    pub created_at: Timestamp,
    /// When it was last used.
    pub seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

/// Sessions.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Begins one.
    async fn insert_session(&self, session: &SessionRecord) -> Result<(), StoreError>;
    /// Reads one, expired or not.
    async fn session(&self, hash: &str) -> Result<Option<SessionRecord>, StoreError>;
    /// Notes its use.
    async fn touch_session(&self, hash: &str, now: Timestamp) -> Result<(), StoreError>;
    /// Ends it. True if there was one.
    async fn delete_session(&self, hash: &str) -> Result<bool, StoreError>;
}
