//! Components, revisions and provider metadata: one copy for the fleet.

use super::StoreError;
use crate::clock::Timestamp;
use async_trait::async_trait;
use celadon_workflows::types::{ProviderName, RevisionId};

/// A revision as it is kept: enough to load it again by any instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionRecord {
    /// Its digest.
    pub id: RevisionId,
    /// The provider.
    pub provider: ProviderName,
    /// Hex SHA-256 of the component.
    pub component: String,
    /// Canonical JSON: client_id, options, scopes, description.
    pub configuration: String,
    /// When it was first loaded.
    pub created_at: Timestamp,
}

/// Component blobs and revisions.
#[async_trait]
pub trait Components: Send + Sync {
    /// Keeps a component under its digest. What is there stays.
    async fn put_component(
        &self,
        digest: &str,
        bytes: &[u8],
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// Reads a component.
    async fn component(&self, digest: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// Keeps a revision. What is there stays.
    async fn put_revision(&self, revision: &RevisionRecord) -> Result<(), StoreError>;
    /// Reads a revision.
    async fn revision(&self, id: &RevisionId) -> Result<Option<RevisionRecord>, StoreError>;
}

/// A provider's metadata, one copy for the fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataRecord {
    /// The document as it was fetched.
    pub document: String,
    /// When.
    pub fetched_at: Timestamp,
    /// Proves that a process with the keys wrote it.
    pub mac: String,
}

/// Provider metadata.
#[async_trait]
pub trait Metadata: Send + Sync {
    /// Reads the copy of the document at `url` for a provider.
    async fn metadata(
        &self,
        provider: &ProviderName,
        url: &str,
    ) -> Result<Option<MetadataRecord>, StoreError>;
    /// Writes it, unless a later copy is there.
    async fn put_metadata(
        &self,
        provider: &ProviderName,
        url: &str,
        record: &MetadataRecord,
    ) -> Result<(), StoreError>;
}
