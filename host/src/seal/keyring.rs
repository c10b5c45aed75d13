//! The keys at work: sealing, opening, hashing. Where keys come from is the business of `disk` and
//! `keyfile`; what is derived of them, that of `ring`.
//!
//! A ring follows its file: whoever shares it looks from time to time whether the file has changed
//! ([`KeyRing::reload`]), and a value under an unknown key is a reason to look at once. A file that
//! cannot be used changes nothing: the keys that are known stay.

mod ring;

use self::ring::{Key, Ring};
use super::disk::Stamp;
use super::keyfile::KeyFile;
use super::{
    Context, HEADER_LEN, KeyError, KeyId, NONCE_LEN, SealError, Sealed, TAG_LEN, VERSION, disk,
};
use crate::clock::{self, Timestamp};
use crate::random;
use aws_lc_rs::aead::{Aad, Nonce};
use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use zeroize::Zeroizing;

/// What a derived key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Values that rest in the store.
    Store,
    /// Payloads that Temporal keeps.
    Payloads,
}

/// The keys. Cheap to clone; all clones change together when the file does.
#[derive(Clone)]
pub struct KeyRing {
    shared: Arc<Shared>,
}

struct Shared {
    path: Option<PathBuf>,
    known: RwLock<Known>,
}

/// The keys as they were read, and from which state of the file.
struct Known {
    ring: Arc<Ring>,
    seen: Option<Stamp>,
}

/// What may be known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// Its name.
    pub id: KeyId,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether new values are sealed under it.
    pub active: bool,
}

impl KeyRing {
    /// Reads the key ring at `path`; where there is no file, makes one with one key, readable by
    /// its owner alone. Processes that start at once agree on one file.
    ///
    /// # Errors
    /// See [`KeyError`]: no folder, a file that others can read, a malformed one.
    pub fn open_or_create(path: &Path) -> Result<Self, KeyError> {
        disk::open_or_create(path, || KeyFile::fresh(clock::now()))?;
        Self::read(path)
    }

    /// Reads the key ring at `path`.
    ///
    /// # Errors
    /// See [`KeyError`]: no file, one that others can read, a malformed one.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        // Looked at before it is read: a change in between is then found by the next look.
        let seen = disk::stamp(path);
        let file = disk::read_existing(path)?;
        Ok(Self::with(Some(path.to_owned()), seen, &file))
    }

    /// Reads the file again if it has changed since the last look, whose outcome a failure is
    /// too: it is reported once for each state of the file. Answers whether the keys are new.
    ///
    /// # Errors
    /// See [`KeyError`]. The keys stay as they were.
    pub fn reload(&self) -> Result<bool, KeyError> {
        let Some(path) = &self.shared.path else {
            return Ok(false);
        };
        let stamp = disk::stamp(path);
        if self.known().seen == stamp {
            return Ok(false);
        }
        let mut known = self
            .shared
            .known
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if known.seen == stamp {
            return Ok(false);
        }
        known.seen = stamp;
        let file = disk::read_existing(path)?;
        known.ring = Arc::new(Ring::new(&file));
        Ok(true)
    }

    /// Adds a key to the file without using it yet. In a fleet, spread the file to all instances
    /// before [`KeyRing::activate`]: nobody then meets a key that it does not know.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn add_key(path: &Path) -> Result<KeyId, KeyError> {
        disk::change(path, |file| Ok(file.add(clock::now())))
    }

    /// Makes a key of the file the one that new values are sealed under.
    ///
    /// # Errors
    /// [`KeyError::NoSuchKey`] and the others of [`KeyError`].
    pub fn activate(path: &Path, id: KeyId) -> Result<(), KeyError> {
        disk::change(path, |file| {
            file.activate(id)
                .then_some(())
                .ok_or(KeyError::NoSuchKey { id })
        })
    }

    /// Adds a key and makes it the active one, for a service that runs alone. Values under older
    /// keys still open, and hashes stay as they are.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn rotate(path: &Path) -> Result<KeyId, KeyError> {
        disk::change(path, |file| {
            let id = file.add(clock::now());
            file.activate(id);
            Ok(id)
        })
    }

    /// The keys in the ring, in the order of the file.
    pub fn list(&self) -> Vec<KeyInfo> {
        let ring = self.ring();
        let info = |key: &Key| KeyInfo {
            id: key.id,
            created_at: key.created_at,
            active: key.id == ring.active,
        };
        ring.keys.iter().map(info).collect()
    }

    /// Seals bytes for the store, under the active key.
    pub fn seal(&self, context: &Context, plaintext: &[u8]) -> Sealed {
        self.seal_for(Use::Store, context, plaintext)
    }

    /// Opens what [`KeyRing::seal`] sealed for the same context.
    ///
    /// # Errors
    /// See [`SealError`].
    pub fn open(
        &self,
        context: &Context,
        sealed: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.open_for(Use::Store, context, sealed)
    }

    /// Seals a value as JSON.
    ///
    /// # Errors
    /// [`SealError::Shape`]: the value cannot be written as JSON.
    pub fn seal_json<T: Serialize + ?Sized>(
        &self,
        context: &Context,
        value: &T,
    ) -> Result<Sealed, SealError> {
        let mut json = Zeroizing::new(Vec::new());
        serde_json::to_writer(&mut *json, value)
            .map_err(|error| SealError::Shape(error.classify()))?;
        Ok(self.seal(context, &json))
    }

    /// Opens a value that was sealed as JSON.
    ///
    /// # Errors
    /// See [`SealError`].
    pub fn open_json<T: DeserializeOwned>(
        &self,
        context: &Context,
        sealed: &Sealed,
    ) -> Result<T, SealError> {
        let json = self.open(context, sealed)?;
        serde_json::from_slice(&json).map_err(|error| SealError::Shape(error.classify()))
    }

    /// HMAC-SHA-256 in lower-case hex, under a key of its own that no rotation changes: for what
    /// is looked up or counted by its hash and could be guessed if the hash had no key, such as a
    /// network address. The same data has different hashes for different purposes.
    pub fn keyed_hash(&self, purpose: &str, data: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.ring().hash);
        context.update(&(purpose.len() as u64).to_be_bytes());
        context.update(purpose.as_bytes());
        context.update(data);
        HEXLOWER.encode(context.sign().as_ref())
    }

    /// A key for one purpose outside the store, made of the key behind [`Self::keyed_hash`]: as
    /// secret as the ring, and changed by no rotation.
    pub fn keyed_key(&self, purpose: &str) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.ring().hash);
        context.update(b"key for ");
        context.update(purpose.as_bytes());
        let mut key = [0; 32];
        key.copy_from_slice(context.sign().as_ref());
        key
    }

    pub(super) fn seal_for(&self, wanted: Use, context: &Context, plaintext: &[u8]) -> Sealed {
        let ring = self.ring();
        let key = ring.active();
        let nonce = random::bytes::<NONCE_LEN>();
        let mut sealed = Vec::with_capacity(HEADER_LEN + NONCE_LEN + plaintext.len() + TAG_LEN);
        sealed.push(VERSION);
        sealed.extend_from_slice(&key.id.0);
        sealed.extend_from_slice(&nonce);
        let body = sealed.len();
        sealed.extend_from_slice(plaintext);
        let tag = key
            .of(wanted)
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(context.additional_data(key.id)),
                &mut sealed[body..],
            )
            .expect("the cipher refuses only texts of 64 GiB and more");
        sealed.extend_from_slice(tag.as_ref());
        Sealed(sealed)
    }

    pub(super) fn open_for(
        &self,
        wanted: Use,
        context: &Context,
        sealed: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let parts = sealed.parts()?;
        let ring = self.ring_with(parts.key);
        let unknown = SealError::UnknownKey { id: parts.key };
        let key = ring.key(parts.key).ok_or(unknown)?;
        let mut text = Zeroizing::new(parts.body.to_vec());
        let length = key
            .of(wanted)
            .open_in_place(
                Nonce::assume_unique_for_key(parts.nonce),
                Aad::from(context.additional_data(key.id)),
                &mut text,
            )
            .map_err(|_| SealError::Damaged)?
            .len();
        text.truncate(length);
        Ok(text)
    }

    #[cfg(test)]
    fn new(file: &KeyFile) -> Self {
        Self::with(None, None, file)
    }

    fn with(path: Option<PathBuf>, seen: Option<Stamp>, file: &KeyFile) -> Self {
        let ring = Arc::new(Ring::new(file));
        let known = RwLock::new(Known { ring, seen });
        Self {
            shared: Arc::new(Shared { path, known }),
        }
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        // Nothing panics while it is held for writing.
        self.shared
            .known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.known().ring)
    }

    /// The ring, from a file that has changed just now if the key is not known yet: another
    /// instance may have begun to use it. Costs a look at the file, which is why
    /// payloads, on the thread that must not wait, may go this way as well.
    fn ring_with(&self, key: KeyId) -> Arc<Ring> {
        let ring = self.ring();
        if ring.key(key).is_some() {
            return ring;
        }
        match self.reload() {
            Ok(true) => {
                tracing::info!(%key, "the key ring was read again for a key that it did not have")
            }
            Ok(false) => {}
            Err(error) => {
                tracing::error!(error = %error, "the key file has changed and cannot be used; the keys stay as they were")
            }
        }
        self.ring()
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.list()).finish()
    }
}

#[cfg(test)]
mod tests;
