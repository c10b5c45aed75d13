//! Metadata when it is needed: fetched lazily, kept in memory and in the store, one copy for the
//! fleet.
//!
//! A copy is fresh for an hour. After that the request that needs it fetches it anew; where that
//! fails, the old copy serves until it is a day old. A failure is never kept. What changes on known
//! origins is taken over with an audit event; an endpoint on a new origin is not.

#[cfg(test)]
mod tests;

use super::flight::Flight;
use super::metadata::{MetadataError, ProviderMetadata, is_under};
use super::{Clock, DOCUMENT, FETCH};
use crate::clock::{self, Timestamp};
use crate::egress::{Egress, EgressError, Outgoing, UrlError, strict_url};
use crate::seal::KeyRing;
use crate::store::{Audit, AuditEvent, Metadata, MetadataRecord, Store, StoreError};
use celadon_workflows::types::ProviderName;
use http::HeaderValue;
use http::header::ACCEPT;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use subtle::ConstantTimeEq;
use url::Url;

/// How long a copy serves without question, in seconds.
const FRESH: u64 = 3600;
/// How long a copy serves where no newer one can be had, in seconds.
const USABLE: u64 = 24 * 3600;
/// How long an old copy serves before the next try, in seconds: a provider that is slow to fail
/// would otherwise slow every login that the copy could serve.
const RETRY: u64 = 60;
/// How far ahead of this machine's clock another instance's may be, in seconds.
const SKEW: u64 = 300;

/// What discovery needs of a store.
pub trait MetadataStore: Metadata + Audit {}
impl<T: Metadata + Audit + ?Sized> MetadataStore for T {}

/// Why there is no metadata. Shared by all who waited for it.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    /// The metadata's own URL is not acceptable.
    #[error("the metadata's URL is not acceptable")]
    Url(#[source] UrlError),
    /// It could not be fetched.
    #[error("the metadata could not be fetched: {0}")]
    Fetch(#[source] EgressError),
    /// The answer was not 200.
    #[error("the metadata was answered with status {0}")]
    Status(u16),
    /// It does not hold.
    #[error("{0}")]
    Metadata(#[source] MetadataError),
    /// An endpoint moved to an origin that was never seen.
    #[error(
        "the metadata's {name} moved to a new origin; to allow it: \
         [providers.{provider}.grant] origins = [\"{origin}\"]"
    )]
    Moved {
        /// The member.
        name: &'static str,
        /// Whose.
        provider: ProviderName,
        /// Where to.
        origin: String,
    },
    /// The store failed.
    #[error("the metadata could not be read from or written to the store")]
    Store(#[source] StoreError),
}

/// A copy in hand.
#[derive(Clone)]
struct Held {
    metadata: Arc<ProviderMetadata>,
    fetched_at: Timestamp,
    retry_at: Timestamp,
}

impl Held {
    fn age(&self, now: Timestamp) -> u64 {
        if self.fetched_at > now.saturating_add(SKEW) {
            return u64::MAX;
        }
        now.saturating_sub(self.fetched_at)
    }

    fn serves(&self, now: Timestamp) -> bool {
        let age = self.age(now);
        age < FRESH || (age < USABLE && now < self.retry_at)
    }
}

type Slot = Arc<Flight<Held, DiscoveryError>>;
/// Provider, URL and expected issuer.
type Key = (ProviderName, String, String);

/// All providers' metadata.
pub struct Discovery<S: ?Sized = dyn Store> {
    clock: Clock,
    slots: Mutex<HashMap<Key, Slot>>,
    store: Arc<S>,
    keys: KeyRing,
}

impl<S: MetadataStore + ?Sized> Discovery<S> {
    /// Nothing fetched yet. `keys` prove that what the store has was written by one of us.
    pub fn new(store: Arc<S>, keys: KeyRing) -> Self {
        Self::with_clock(store, keys, Arc::new(clock::now))
    }

    /// As [`Self::new`], by another clock.
    pub fn with_clock(store: Arc<S>, keys: KeyRing, clock: Clock) -> Self {
        Self {
            clock,
            slots: Mutex::default(),
            store,
            keys,
        }
    }

    /// The metadata at `url`, whose `issuer` is `expected_issuer`. Concurrent calls share one fetch,
    /// and no provider waits for another.
    ///
    /// # Errors
    /// There is no fresh copy, none could be had, and none that is less than a day old.
    pub async fn metadata(
        &self,
        provider: &ProviderName,
        url: &str,
        expected_issuer: &str,
        egress: &Egress,
    ) -> Result<Arc<ProviderMetadata>, Arc<DiscoveryError>> {
        let key = (provider.clone(), url.to_owned(), expected_issuer.to_owned());
        let slot = self.slot(&key);
        let now = (self.clock)();
        let held = slot
            .get(
                |held| held.serves(now),
                |held| self.load(&key, egress, held, now),
            )
            .await?;
        Ok(held.metadata)
    }

    fn slot(&self, key: &Key) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(key.clone()).or_default())
    }

    async fn load(
        &self,
        key: &Key,
        egress: &Egress,
        held: Option<Held>,
        now: Timestamp,
    ) -> Result<Held, DiscoveryError> {
        let url = strict_url(&key.1).map_err(DiscoveryError::Url)?;
        let stored = self.stored(key, &url, egress).await?;
        // Another instance may have fetched it meanwhile.
        let old = [held, stored]
            .into_iter()
            .flatten()
            .min_by_key(|copy| copy.age(now));
        if let Some(copy) = old.as_ref().filter(|copy| copy.serves(now)) {
            return Ok(copy.clone());
        }
        match (self.renew(key, &url, egress, old.as_ref(), now).await, old) {
            (Ok(renewed), _) => Ok(renewed),
            (Err(error), Some(old)) if old.age(now) < USABLE => {
                tracing::warn!(provider = %key.0, %error, "metadata not renewed; the old copy serves");
                Ok(Held {
                    retry_at: now.saturating_add(RETRY),
                    ..old
                })
            }
            (Err(error), _) => Err(error),
        }
    }

    /// The store's copy, if it still holds under today's policy and description.
    async fn stored(
        &self,
        (provider, url_text, issuer): &Key,
        url: &Url,
        egress: &Egress,
    ) -> Result<Option<Held>, DiscoveryError> {
        let record = self
            .store
            .metadata(provider, url_text)
            .await
            .map_err(DiscoveryError::Store)?;
        Ok(record.and_then(|record| {
            let mac = self.mac(provider, url_text, &record.document, record.fetched_at);
            if !bool::from(mac.as_bytes().ct_eq(record.mac.as_bytes())) {
                tracing::warn!(provider = %provider, "the store's metadata was changed by a stranger: it is fetched anew");
                return None;
            }
            let document = record.document.as_bytes();
            let metadata = ProviderMetadata::parse(document, url, issuer, egress.policy()).ok()?;
            Some(Held {
                metadata: Arc::new(metadata),
                fetched_at: record.fetched_at,
                retry_at: 0,
            })
        }))
    }

    async fn renew(
        &self,
        (provider, url_text, issuer): &Key,
        url: &Url,
        egress: &Egress,
        old: Option<&Held>,
        now: Timestamp,
    ) -> Result<Held, DiscoveryError> {
        let document = fetch(url, egress).await?;
        let metadata = ProviderMetadata::parse(&document, url, issuer, egress.policy())
            .map_err(DiscoveryError::Metadata)?;
        if let Some(old) = old {
            check_origins(&metadata, &old.metadata, url, egress)?;
            self.report(provider, &metadata.changes(&old.metadata), now)
                .await?;
        }
        // The parser took it, so it is UTF-8.
        let document = String::from_utf8_lossy(&document).into_owned();
        let record = MetadataRecord {
            mac: self.mac(provider, url_text, &document, now),
            document,
            fetched_at: now,
        };
        self.store
            .put_metadata(provider, url_text, &record)
            .await
            .map_err(DiscoveryError::Store)?;
        Ok(Held {
            metadata: Arc::new(metadata),
            fetched_at: now,
            retry_at: 0,
        })
    }

    /// Who can write to the store must not be able to say where codes and secrets are sent.
    fn mac(&self, provider: &ProviderName, url: &str, document: &str, at: Timestamp) -> String {
        let provider = provider.as_str();
        let said = format!(
            "{}:{provider}{}:{url}{at}:{document}",
            provider.len(),
            url.len()
        );
        self.keys.keyed_hash("metadata", said.as_bytes())
    }

    async fn report(
        &self,
        provider: &ProviderName,
        changes: &[&str],
        now: Timestamp,
    ) -> Result<(), DiscoveryError> {
        if changes.is_empty() {
            return Ok(());
        }
        let event = AuditEvent {
            at: now,
            what: "metadata.changed".to_owned(),
            who: "host".to_owned(),
            provider: Some(provider.clone()),
            login: None,
            why: format!("the provider changed {}", changes.join(", ")),
        };
        self.store
            .audit(&event)
            .await
            .map_err(DiscoveryError::Store)
    }
}

async fn fetch(url: &Url, egress: &Egress) -> Result<Vec<u8>, DiscoveryError> {
    let mut outgoing = Outgoing::get("discovery", url.clone(), Instant::now() + FETCH);
    outgoing.max_body = DOCUMENT;
    outgoing
        .headers
        .insert(ACCEPT, HeaderValue::from_static("application/json"));
    let answer = egress.send(outgoing).await.map_err(DiscoveryError::Fetch)?;
    match answer.status {
        200 => Ok(answer.body),
        status => Err(DiscoveryError::Status(status)),
    }
}

/// Refuses an endpoint on an origin where the old copy had none, unless the operator named it.
fn check_origins(
    new: &ProviderMetadata,
    old: &ProviderMetadata,
    url: &Url,
    egress: &Egress,
) -> Result<(), DiscoveryError> {
    let mut known: Vec<_> = old
        .endpoints()
        .into_iter()
        .filter_map(|(_, endpoint)| endpoint.map(Url::origin))
        .collect();
    known.push(url.origin());
    known.extend(Url::parse(&old.issuer).map(|issuer| issuer.origin()));
    for (name, endpoint) in new.endpoints() {
        let Some(endpoint) = endpoint else { continue };
        if !known.contains(&endpoint.origin()) && !is_under(endpoint, &egress.policy().origins) {
            return Err(DiscoveryError::Moved {
                name,
                provider: egress.policy().provider.clone(),
                origin: endpoint.origin().ascii_serialization(),
            });
        }
    }
    Ok(())
}
