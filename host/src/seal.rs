//! Sealing: AEAD under a key ring, for everything that rests in the store and for every payload
//! that Temporal keeps.
//!
//! A sealed value names the key that sealed it, so that values under an old key still open after
//! a rotation. What a value belongs to (its [`Context`]) is authenticated with it: a blob that is
//! moved to another row does not open.
//!
//! [`KeyRing`] seals, opens and hashes; its file is read and written by `disk` in the form that
//! `keyfile` gives it; [`PayloadSeal`] is the codec for Temporal. What is sealed, and where it
//! rests, is for others to say.
//!
//! A sealed value is `version (1) | key id (8) | nonce (12) | ciphertext | tag (16)`, all in
//! bytes. The cipher is AES-256-GCM-SIV ([RFC 8452](https://www.rfc-editor.org/rfc/rfc8452)) under
//! a key that HKDF derives for one use. Nonces are random. A repeated nonce, should one ever
//! happen, tells no more than that the same text was sealed twice for the same row. Even so no
//! more than 2^32 values should be sealed under one key; [`KeyRing::rotate`] begins a new one.

mod codec;
mod disk;
mod keyfile;
mod keyring;

pub use codec::{PayloadError, PayloadSeal};
pub use disk::KeyError;
pub use keyfile::Flaw;
pub use keyring::{KeyInfo, KeyRing};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The version that this program writes, and the only one it reads.
const VERSION: u8 = 1;
const KEY_ID_LEN: usize = 8;
const NONCE_LEN: usize = 12;
const TAG_LEN: usize = 16;
const HEADER_LEN: usize = 1 + KEY_ID_LEN;

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

    /// The key that the value says it is sealed under.
    ///
    /// # Errors
    /// The bytes are no sealed value of this version.
    pub fn key_id(&self) -> Result<KeyId, SealError> {
        self.parts().map(|parts| parts.key)
    }

    fn parts(&self) -> Result<Parts<'_>, SealError> {
        let (&version, rest) = self.0.split_first().ok_or(SealError::Empty)?;
        if version != VERSION {
            return Err(SealError::WrongVersion { version });
        }
        let (key, rest) = rest.split_first_chunk().ok_or(SealError::Damaged)?;
        let (nonce, body) = rest.split_first_chunk().ok_or(SealError::Damaged)?;
        if body.len() < TAG_LEN {
            return Err(SealError::Damaged);
        }
        Ok(Parts {
            key: KeyId(*key),
            nonce: *nonce,
            body,
        })
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

/// What a sealed value is made of. Nothing in it has been verified yet.
struct Parts<'a> {
    key: KeyId,
    nonce: [u8; NONCE_LEN],
    body: &'a [u8],
}

/// The name of a key: 16 lower-case hex digits. No secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; KEY_ID_LEN]);

impl KeyId {
    /// The key that a sealed value names, from its first bytes. `None`: the value is not of this version.
    pub fn of_header(bytes: &[u8]) -> Option<Self> {
        let (&version, rest) = bytes.split_first()?;
        let (&key, _) = rest.split_first_chunk()?;
        (version == VERSION).then_some(Self(key))
    }

    /// Reads an id as it stands in the key file. `None`: it is not 16 lower-case hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = HEXLOWER.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// Why a sealed value does not open. No variant holds a part of what was sealed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// There is nothing: the value was wiped.
    #[error("there is no sealed value: it was wiped")]
    Empty,
    /// The value is of a form that this program does not know.
    #[error("a sealed value has version {version}, and this program reads version {VERSION}")]
    WrongVersion {
        /// Its first byte.
        version: u8,
    },
    /// The key is not in the ring: it was taken out, or another ring sealed the value.
    #[error("sealed under key {id} which is not in the key ring")]
    UnknownKey {
        /// The key.
        id: KeyId,
    },
    /// The bytes are not what was sealed, or were sealed for something else.
    #[error("a sealed value is damaged or belongs to something else")]
    Damaged,
    /// What was sealed is not the JSON that was asked for, or a value cannot be written as JSON.
    // The JSON error itself may quote the value and is therefore dropped.
    #[error("a sealed value does not have the expected shape ({0:?})")]
    Shape(serde_json::error::Category),
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

    /// The additional authenticated data of a value sealed under `key` for this context.
    ///
    /// Version and key id have a fixed length, the purpose is preceded by its own, and the row is
    /// all that remains: no two contexts give the same bytes.
    fn additional_data(&self, key: KeyId) -> Vec<u8> {
        let purpose_len = (self.purpose.len() as u64).to_be_bytes();
        let mut data = Vec::with_capacity(
            HEADER_LEN + purpose_len.len() + self.purpose.len() + self.row.len(),
        );
        data.push(VERSION);
        data.extend_from_slice(&key.0);
        data.extend_from_slice(&purpose_len);
        data.extend_from_slice(self.purpose.as_bytes());
        data.extend_from_slice(self.row.as_bytes());
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PURPOSES: [&str; 4] = ["", "a", "ab", "attempt.secrets"];

    proptest! {
        #[test]
        fn whatever_bytes_come_parsing_never_panics(
            bytes in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            let sealed = Sealed::from_bytes(bytes.clone());
            match sealed.parts() {
                Ok(parts) => {
                    prop_assert_eq!(bytes[0], VERSION);
                    prop_assert_eq!(
                        HEADER_LEN + parts.nonce.len() + parts.body.len(),
                        bytes.len()
                    );
                }
                Err(SealError::Empty) => prop_assert!(bytes.is_empty()),
                Err(SealError::WrongVersion { version }) => {
                    prop_assert_eq!(version, bytes[0]);
                    prop_assert_ne!(version, VERSION);
                }
                Err(error) => {
                    prop_assert_eq!(error, SealError::Damaged);
                    prop_assert!(bytes.len() < HEADER_LEN + NONCE_LEN + TAG_LEN);
                }
            }
        }

        #[test]
        fn contexts_that_differ_authenticate_different_bytes(
            (one, other) in (0..4usize, 0..4usize),
            row in "[ab.:0-9]{0,6}",
            other_row in "[ab.:0-9]{0,6}",
        ) {
            let left = Context::new(PURPOSES[one], row);
            let right = Context::new(PURPOSES[other], other_row);
            let key = KeyId([7; KEY_ID_LEN]);
            prop_assert_eq!(
                left == right,
                left.additional_data(key) == right.additional_data(key)
            );
        }

        #[test]
        fn natural_keys_that_differ_have_different_contexts(
            one in ("[a1:]{0,4}", "[a1:]{0,4}", "[a1:]{0,4}"),
            other in ("[a1:]{0,4}", "[a1:]{0,4}", "[a1:]{0,4}"),
        ) {
            let left = Context::profile_of(&one.0, &one.1, &one.2);
            let right = Context::profile_of(&other.0, &other.1, &other.2);
            prop_assert_eq!(one == other, left == right);
        }

        #[test]
        fn a_key_id_is_read_as_it_is_written(bytes in any::<[u8; KEY_ID_LEN]>()) {
            let id = KeyId(bytes);
            prop_assert_eq!(KeyId::parse(&id.to_string()), Some(id));
        }
    }

    #[test]
    fn only_sixteen_lower_case_digits_are_a_key_id() {
        for text in [
            "",
            "0",
            "00112233445566",
            "001122334455667788",
            "00112233445566AA",
            "00112233445566zz",
        ] {
            assert_eq!(KeyId::parse(text), None, "{text}");
        }
    }
}
