//! Components, revisions and metadata in SQLite.

use super::Sqlite;
use super::cells::{Cells, number};
use crate::clock::Timestamp;
use crate::store::{Components, Metadata, MetadataRecord, RevisionRecord, StoreError};
use async_trait::async_trait;
use celadon_workflows::types::{ProviderName, RevisionId};
use sqlx::query;
use sqlx::sqlite::SqliteRow;

#[async_trait]
impl Components for Sqlite {
    async fn put_component(
        &self,
        digest: &str,
        bytes: &[u8],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        query(
            "INSERT INTO components (digest, bytes, created_at) VALUES ($1, $2, $3) \
             ON CONFLICT DO NOTHING",
        )
        .bind(digest)
        .bind(bytes)
        .bind(number(now))
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    async fn component(&self, digest: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let row = query("SELECT bytes FROM components WHERE digest = $1")
            .bind(digest)
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref()
            .map(|row| Cells::of("components", row).bytes("bytes"))
            .transpose()
    }

    async fn put_revision(&self, revision: &RevisionRecord) -> Result<(), StoreError> {
        query(
            "INSERT INTO revisions (id, provider, component, configuration, created_at) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        )
        .bind(revision.id.as_str())
        .bind(revision.provider.as_str())
        .bind(&revision.component)
        .bind(&revision.configuration)
        .bind(number(revision.created_at))
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    async fn revision(&self, id: &RevisionId) -> Result<Option<RevisionRecord>, StoreError> {
        let row = query(
            "SELECT id, provider, component, configuration, created_at FROM revisions \
             WHERE id = $1",
        )
        .bind(id.as_str())
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(revision_record).transpose()
    }
}

#[async_trait]
impl Metadata for Sqlite {
    async fn metadata(
        &self,
        provider: &ProviderName,
        url: &str,
    ) -> Result<Option<MetadataRecord>, StoreError> {
        let row = query(
            "SELECT document, fetched_at, mac FROM metadata WHERE provider = $1 AND url = $2",
        )
        .bind(provider.as_str())
        .bind(url)
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(metadata_record).transpose()
    }

    async fn put_metadata(
        &self,
        provider: &ProviderName,
        url: &str,
        record: &MetadataRecord,
    ) -> Result<(), StoreError> {
        query(
            "INSERT INTO metadata (provider, url, document, fetched_at, mac) \
             VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (provider, url) DO UPDATE SET document = excluded.document, \
             fetched_at = excluded.fetched_at, mac = excluded.mac WHERE excluded.fetched_at >= metadata.fetched_at",
        )
        .bind(provider.as_str())
        .bind(url)
        .bind(&record.document)
        .bind(number(record.fetched_at))
        .bind(&record.mac)
        .execute(&self.writer)
        .await?;
        Ok(())
    }
}

fn revision_record(row: &SqliteRow) -> Result<RevisionRecord, StoreError> {
    let cells = Cells::of("revisions", row);
    Ok(RevisionRecord {
        id: RevisionId::new(cells.text("id")?),
        provider: ProviderName::new(cells.text("provider")?),
        component: cells.text("component")?,
        configuration: cells.text("configuration")?,
        created_at: cells.number("created_at")?,
    })
}

fn metadata_record(row: &SqliteRow) -> Result<MetadataRecord, StoreError> {
    let cells = Cells::of("metadata", row);
    Ok(MetadataRecord {
        document: cells.text("document")?,
        fetched_at: cells.number("fetched_at")?,
        mac: cells.text("mac")?,
    })
}
