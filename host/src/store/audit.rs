//! The audit trail.

use super::StoreError;
use crate::clock::Timestamp;
use async_trait::async_trait;
use celadon_workflows::types::{LoginId, ProviderName};

/// Something that happened: who, what, why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// When.
    pub at: Timestamp,
    /// What: `login.signed_in`, `login.refused`, `token.refreshed`, `metadata.changed`, …
    pub what: String,
    /// Who: `user:<id>`, `client:<name>`, `host`.
    pub who: String,
    /// The provider it concerns.
    pub provider: Option<ProviderName>,
    /// The login it concerns.
    pub login: Option<LoginId>,
    /// Why or how, in Celadon's words, without secrets.
    pub why: String,
}

/// The audit trail.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Appends an event.
    async fn audit(&self, event: &AuditEvent) -> Result<(), StoreError>;
    /// The latest events, newest first, at most 1000.
    async fn audit_events(&self, limit: u32) -> Result<Vec<AuditEvent>, StoreError>;
}
