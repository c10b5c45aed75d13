//! An issuer's keys when they are needed: fetched over the network at first need, held in memory
//! for ten minutes at most, so that a withdrawn key stops counting by then.
//!
//! A token under an unknown key makes them be fetched anew, and so does a signature that does not
//! hold (an issuer may put a new key under an old `kid`); a bucket of five, refilled once a minute,
//! bounds that. A failure is never kept, and expired keys do not serve.

#[cfg(test)]
mod tests;

use super::flight::Flight;
use super::id_token::{self, Expectations, IdTokenError, TokenHeader, VerifiedIdToken};
use super::jwk::{Jwks, KeySetError};
use super::metadata::ProviderMetadata;
use super::{Clock, DOCUMENT, FETCH};
use crate::clock::{self, Timestamp};
use crate::egress::{Egress, EgressError, Outgoing};
use celadon_workflows::types::ProviderName;
use governor::{DefaultDirectRateLimiter, Quota};
use http::HeaderValue;
use http::header::ACCEPT;
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use url::Url;

/// How long keys are held, in seconds.
const FRESH: u64 = 600;
/// Fetches for the sake of a token that the held keys do not verify: at once …
const REFETCHES: NonZeroU32 = NonZeroU32::new(5).expect("five is not zero");
/// … and then one in this time.
const REFILL: Duration = Duration::from_secs(60);

/// Why there are no keys. Shared by all who waited for them.
#[derive(Debug, thiserror::Error)]
pub enum JwksError {
    /// The metadata names no `jwks_uri`.
    #[error("the metadata has no jwks_uri")]
    NoUri,
    /// They could not be fetched.
    #[error("the keys could not be fetched: {0}")]
    Fetch(#[source] EgressError),
    /// The answer was not 200.
    #[error("the keys were answered with status {0}")]
    Status(u16),
    /// The set cannot be used.
    #[error("{0}")]
    KeySet(#[source] KeySetError),
}

/// Why an ID token was not verified.
#[derive(Debug, thiserror::Error)]
pub enum VerificationError {
    /// There are no keys to verify it with. Later may be better.
    #[error("{0}")]
    Keys(#[source] Arc<JwksError>),
    /// It does not hold.
    #[error("{0}")]
    Token(#[from] IdTokenError),
}

#[derive(Clone)]
struct Held {
    keys: Arc<Jwks>,
    fetched_at: Timestamp,
}

impl Held {
    fn is_fresh(&self, now: Timestamp) -> bool {
        // A clock that went back makes keys old, not young.
        now.checked_sub(self.fetched_at)
            .is_some_and(|age| age < FRESH)
    }
}

/// One issuer's keys.
struct KeySet {
    flight: Flight<Held, JwksError>,
    refetches: DefaultDirectRateLimiter,
}

impl Default for KeySet {
    fn default() -> Self {
        let quota = Quota::with_period(REFILL)
            .unwrap_or(Quota::per_minute(NonZeroU32::MIN))
            .allow_burst(REFETCHES);
        Self {
            flight: Flight::default(),
            refetches: DefaultDirectRateLimiter::direct(quota),
        }
    }
}

/// All issuers' keys, each provider's by itself.
pub struct KeySets {
    clock: Clock,
    sets: Mutex<HashMap<(ProviderName, Url), Arc<KeySet>>>,
}

impl Default for KeySets {
    fn default() -> Self {
        Self::with_clock(Arc::new(clock::now))
    }
}

impl KeySets {
    /// Nothing fetched yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// As [`Self::new`], by another clock.
    pub fn with_clock(clock: Clock) -> Self {
        Self {
            clock,
            sets: Mutex::default(),
        }
    }

    /// Verifies an ID token with the keys at the metadata's `jwks_uri`, and nowhere else: `jku`,
    /// `jwk`, `x5u` and `x5c` of its header are not looked at. A token whose `alg` is not allowed is
    /// refused before anything is fetched.
    ///
    /// # Errors
    /// See [`VerificationError`].
    pub async fn verify(
        &self,
        provider: &ProviderName,
        metadata: &ProviderMetadata,
        token: &str,
        expectations: &Expectations<'_>,
        egress: &Egress,
    ) -> Result<VerifiedIdToken, VerificationError> {
        let header = TokenHeader::read(token, expectations.algorithms)?;
        if header.is_symmetric() {
            return Ok(id_token::verify(token, expectations, &Jwks::default())?);
        }
        let uri = metadata
            .jwks_uri
            .as_ref()
            .ok_or_else(|| VerificationError::Keys(Arc::new(JwksError::NoUri)))?;
        let set = self.set(provider, uri);
        let kid = header.kid();
        let keys = self
            .keys(&set, uri, egress, |keys| keys.knows(kid))
            .await
            .map_err(VerificationError::Keys)?;
        match id_token::verify(token, expectations, &keys) {
            Err(IdTokenError::Signature) => {
                let renewed = self
                    .keys(&set, uri, egress, |newer| !std::ptr::eq(newer, &*keys))
                    .await
                    .map_err(VerificationError::Keys)?;
                Ok(id_token::verify(token, expectations, &renewed)?)
            }
            outcome => Ok(outcome?),
        }
    }

    fn set(&self, provider: &ProviderName, uri: &Url) -> Arc<KeySet> {
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(sets.entry((provider.clone(), uri.clone())).or_default())
    }

    /// The held keys if they are fresh and `suffice`. Fresh ones that do not are fetched anew where
    /// the bucket allows, and are all there is where it does not.
    async fn keys(
        &self,
        set: &KeySet,
        uri: &Url,
        egress: &Egress,
        suffice: impl Fn(&Jwks) -> bool,
    ) -> Result<Arc<Jwks>, Arc<JwksError>> {
        let now = (self.clock)();
        let held = set
            .flight
            .get(
                |held| held.is_fresh(now) && suffice(&held.keys),
                async |held| match held.filter(|held| held.is_fresh(now)) {
                    Some(held) if set.refetches.check().is_err() => Ok(held),
                    _ => fetch(uri, egress, now).await,
                },
            )
            .await?;
        Ok(held.keys)
    }
}

async fn fetch(uri: &Url, egress: &Egress, now: Timestamp) -> Result<Held, JwksError> {
    let mut outgoing = Outgoing::get("jwks", uri.clone(), Instant::now() + FETCH);
    outgoing.max_body = DOCUMENT;
    outgoing.headers.insert(
        ACCEPT,
        HeaderValue::from_static("application/jwk-set+json, application/json"),
    );
    let answer = egress.send(outgoing).await.map_err(JwksError::Fetch)?;
    if answer.status != 200 {
        return Err(JwksError::Status(answer.status));
    }
    let keys = Jwks::parse(&answer.body).map_err(JwksError::KeySet)?;
    Ok(Held {
        keys: Arc::new(keys),
        fetched_at: now,
    })
}
