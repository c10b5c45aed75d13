//! Sealing: AEAD under a key ring, for everything that rests in the store and for every payload
//! that Temporal keeps.
//!
//! A sealed value names the key that sealed it, so that values under an old key still open after
//! a rotation. What a value belongs to (its [`Context`]) is authenticated with it: a blob that is
//! moved to another row does not open.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A sealed value: version, key id, nonce, ciphertext and tag.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sealed(Vec<u8>);

impl Sealed {
    /// Takes bytes as they came from the store.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is nothing: a wiped column.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

/// What a sealed value belongs to: authenticated, not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    purpose: &'static str,
    row: String,
}

impl Context {
    /// A context for a purpose (`attempt.secrets`) and a row.
    pub fn new(purpose: &'static str, row: impl Into<String>) -> Self {
        Self {
            purpose,
            row: row.into(),
        }
    }

    /// The profile of an identity, by its natural key.
    pub fn profile_of(namespace: &str, issuer: &str, subject: &str) -> Self {
        // Lengths make the join injective.
        let row = format!(
            "{}:{namespace}{}:{issuer}{}:{subject}",
            namespace.len(),
            issuer.len(),
            subject.len()
        );
        Self::new("identity.profile", row)
    }
}

/// The keys. Cheap to share.
pub struct KeyRing {}
