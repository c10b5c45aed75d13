//! What the keys of a file become.
//!
//! Of each key in the file, HKDF ([RFC 5869](https://www.rfc-editor.org/rfc/rfc5869)) derives one
//! key a use, so that a payload from Temporal can never be passed off as a value of the store.

use super::Use;
use crate::clock::Timestamp;
use crate::seal::KeyId;
use crate::seal::keyfile::{KeyFile, Secret};
use aws_lc_rs::aead::{AES_256_GCM_SIV, LessSafeKey, UnboundKey};
use aws_lc_rs::{hkdf, hmac};
use zeroize::Zeroizing;

/// The keys of one state of the file.
pub(super) struct Ring {
    pub(super) keys: Vec<Key>,
    pub(super) active: KeyId,
    pub(super) hash: hmac::Key,
}

/// One key, with what is derived of it.
pub(super) struct Key {
    pub(super) id: KeyId,
    pub(super) created_at: Timestamp,
    store: LessSafeKey,
    payloads: LessSafeKey,
}

impl Ring {
    pub(super) fn new(file: &KeyFile) -> Self {
        let keys = file.keys.iter().map(|record| Key {
            id: record.id,
            created_at: record.created_at,
            store: aead_key(&record.secret, b"store"),
            payloads: aead_key(&record.secret, b"temporal payloads"),
        });
        let hash = derive(&file.hash_key, b"keyed hashes");
        Self {
            keys: keys.collect(),
            active: file.active,
            hash: hmac::Key::new(hmac::HMAC_SHA256, &*hash),
        }
    }

    pub(super) fn key(&self, id: KeyId) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == id)
    }

    pub(super) fn active(&self) -> &Key {
        self.key(self.active)
            .expect("a key file without its active key is refused when it is read")
    }
}

impl Key {
    pub(super) fn of(&self, wanted: Use) -> &LessSafeKey {
        match wanted {
            Use::Store => &self.store,
            Use::Payloads => &self.payloads,
        }
    }
}

fn aead_key(secret: &Secret, info: &[u8]) -> LessSafeKey {
    let bytes = derive(secret, info);
    let key = UnboundKey::new(&AES_256_GCM_SIV, &*bytes).expect("the key has the cipher's length");
    LessSafeKey::new(key)
}

/// Derives the key for one use.
fn derive(secret: &Secret, info: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut derived = Zeroizing::new([0; 32]);
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"celadon key ring 1")
        .extract(secret.as_bytes())
        .expand(&[info], hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut *derived))
        .expect("32 bytes are what HKDF with SHA-256 gives");
    derived
}
