//! Browser sessions: how one begins, is found again by its cookie, and ends.
//!
//! The cookie's value is 256 random bits and the store has its hash alone, so that a copy of the
//! database opens no session. How the cookie travels is for `http/cookies.rs`.

use crate::config;
use crate::random;
use crate::store::{SessionRecord, SharedStore, StoreError};
use crate::{clock, clock::Timestamp};
use celadon_workflows::types::{IdentityId, ProviderName, UserId};
use std::time::Duration;

/// A cookie's value: 256 bits in base64url. Anything of another length is no session of ours and
/// is not looked up.
const COOKIE_LENGTH: usize = 43;

/// A session's use is noted at most once in this many seconds, to spare the store.
const TOUCH_EVERY: u64 = 60;

/// How long sessions live.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// At the longest, from its beginning.
    pub absolute: Duration,
    /// Without being used.
    pub idle: Duration,
}

impl From<&config::Login> for Lifetimes {
    fn from(login: &config::Login) -> Self {
        Self {
            absolute: login.session_lifetime,
            idle: login.session_idle,
        }
    }
}

/// The sessions. Cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    store: SharedStore,
    lifetimes: Lifetimes,
}

impl Sessions {
    /// Sessions kept in `store`.
    pub fn new(store: SharedStore, lifetimes: Lifetimes) -> Self {
        Self { store, lifetimes }
    }

    /// Begins a session and answers its cookie's value, which nobody else ever learns.
    pub async fn begin(
        &self,
        user: &UserId,
        identity: &IdentityId,
        provider: &ProviderName,
    ) -> Result<String, StoreError> {
        let cookie = random::token();
        let now = clock::now();
        self.store
            .insert_session(&SessionRecord {
                hash: random::sha256_hex(cookie.as_bytes()),
                user: user.clone(),
                identity: identity.clone(),
                provider: provider.clone(),
                created_at: now,
                seen_at: now,
                expires_at: now.saturating_add(self.lifetimes.absolute.as_secs()),
            })
            .await?;
        Ok(cookie)
    }

    /// The session of a cookie, if it lives, and notes that it is used.
    pub async fn current(&self, cookie: &str) -> Result<Option<SessionRecord>, StoreError> {
        if cookie.len() != COOKIE_LENGTH {
            return Ok(None);
        }
        let hash = random::sha256_hex(cookie.as_bytes());
        let Some(session) = self.store.session(&hash).await? else {
            return Ok(None);
        };
        let now = clock::now();
        if !lives(&session, self.lifetimes.idle, now) {
            return Ok(None);
        }
        if now.saturating_sub(session.seen_at) >= touch_every(self.lifetimes.idle) {
            self.store.touch_session(&hash, now).await?;
        }
        Ok(Some(session))
    }

    /// Ends a cookie's session. True if there was one.
    pub async fn end(&self, cookie: &str) -> Result<bool, StoreError> {
        if cookie.len() != COOKIE_LENGTH {
            return Ok(false);
        }
        self.store
            .delete_session(&random::sha256_hex(cookie.as_bytes()))
            .await
    }
}

fn lives(session: &SessionRecord, idle: Duration, now: Timestamp) -> bool {
    now < session.expires_at && now < session.seen_at.saturating_add(idle.as_secs())
}

/// Where sessions may idle for a short time only, their use is noted more often: else one that is
/// used all the time would end.
fn touch_every(idle: Duration) -> u64 {
    TOUCH_EVERY.min(idle.as_secs() / 4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn session(seen_at: Timestamp, expires_at: Timestamp) -> SessionRecord {
        SessionRecord {
            hash: String::new(),
            user: UserId::new("u"),
            identity: IdentityId::new("i"),
            provider: ProviderName::new("p"),
            created_at: 0,
            seen_at,
            expires_at,
        }
    }

    #[test]
    fn a_session_ends_at_its_end_and_when_it_idles() {
        let idle = Duration::from_secs(100);
        assert!(lives(&session(1_000, 2_000), idle, 1_099));
        assert!(!lives(&session(1_000, 2_000), idle, 1_100));
        assert!(lives(&session(1_950, 2_000), idle, 1_999));
        assert!(!lives(&session(1_950, 2_000), idle, 2_000));
    }

    proptest! {
        #[test]
        fn a_session_in_use_is_noted_before_it_idles_out(idle in 0_u64..100_000) {
            prop_assert!(touch_every(Duration::from_secs(idle)) <= TOUCH_EVERY);
            prop_assert!(touch_every(Duration::from_secs(idle)) <= idle / 4);
        }
    }
}
