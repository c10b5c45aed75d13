//! A store that forgets.

use super::*;
use async_trait::async_trait;

/// What discovery needs of a store, in memory.
#[derive(Default)]
pub(super) struct MemoryStore {
    pub(super) copies: Mutex<HashMap<(ProviderName, String), MetadataRecord>>,
    pub(super) events: Mutex<Vec<AuditEvent>>,
}

impl MemoryStore {
    /// Changes every copy, as somebody who can write to the store.
    pub(super) fn change(&self, change: impl Fn(&mut MetadataRecord)) {
        let mut copies = self.copies.lock().expect("no test panicked here");
        copies.values_mut().for_each(change);
    }
}

#[async_trait]
impl Metadata for MemoryStore {
    async fn metadata(
        &self,
        provider: &ProviderName,
        url: &str,
    ) -> Result<Option<MetadataRecord>, StoreError> {
        let copies = self.copies.lock().expect("no test panicked here");
        Ok(copies.get(&(provider.clone(), url.to_owned())).cloned())
    }

    async fn put_metadata(
        &self,
        provider: &ProviderName,
        url: &str,
        record: &MetadataRecord,
    ) -> Result<(), StoreError> {
        let mut copies = self.copies.lock().expect("no test panicked here");
        copies.insert((provider.clone(), url.to_owned()), record.clone());
        Ok(())
    }
}

#[async_trait]
impl Audit for MemoryStore {
    async fn audit(&self, event: &AuditEvent) -> Result<(), StoreError> {
        self.events
            .lock()
            .expect("no test panicked here")
            .push(event.clone());
        Ok(())
    }

    async fn audit_events(&self, _: u32) -> Result<Vec<AuditEvent>, StoreError> {
        Ok(self.events.lock().expect("no test panicked here").clone())
    }
}
