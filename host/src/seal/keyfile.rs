//! The key ring's file: its form, not where it rests.
//!
//! TOML: `active`, the id of the key that seals; `hash_key`, for keyed hashes, which no rotation
//! touches; and `[[key]]` tables with `id`, `created_at` (Unix seconds) and `secret`. Secrets are
//! 32 bytes in base64url without padding. No error and no Debug shows a part of one.

use super::KeyId;
use crate::clock::Timestamp;
use crate::random;
use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use std::fmt;
use zeroize::Zeroizing;

const HEADING: &str = "\
# Celadon's key ring: whoever has this file can read everything that Celadon has sealed.
# Keep a copy apart from the store. Without it every stored token is lost.
";

/// What is wrong with a key file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It cannot be read as a key ring at all.
    // The parser's own message quotes the line, which may hold a secret.
    #[error("line {line} cannot be read: unknown or missing key, wrong type, or no TOML")]
    Form {
        /// Counted from 1.
        line: usize,
    },
    /// There is no key.
    #[error("it holds no key")]
    NoKey,
    /// An id is not 16 lower-case hex digits.
    #[error("key {place} has an id that is not 16 lower-case hex digits")]
    KeyId {
        /// Which key, counted from 1.
        place: usize,
    },
    /// A secret is not 32 bytes in base64url without padding.
    #[error("the secret of key {id} is not 32 bytes in base64url without padding")]
    Secret {
        /// Of which key.
        id: KeyId,
    },
    /// The key of the hashes is not 32 bytes in base64url without padding.
    #[error("`hash_key` is not 32 bytes in base64url without padding")]
    HashKey,
    /// Two keys have one id.
    #[error("two keys have the id {id}")]
    Repeated {
        /// The id.
        id: KeyId,
    },
    /// The active key is not there.
    #[error("`active` does not name a key of the file")]
    Active,
}

/// 32 secret bytes, wiped when they are dropped.
pub(super) struct Secret(Zeroizing<[u8; 32]>);

impl Secret {
    fn fresh() -> Self {
        Self(Zeroizing::new(random::bytes()))
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?);
        let mut secret = Zeroizing::new([0; 32]);
        if bytes.len() != secret.len() {
            return None;
        }
        secret.copy_from_slice(&bytes);
        Some(Self(secret))
    }

    fn encode(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64URL_NOPAD.encode(&*self.0))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &*self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A key as the file holds it.
#[derive(Debug)]
pub(super) struct KeyRecord {
    pub(super) id: KeyId,
    pub(super) created_at: Timestamp,
    pub(super) secret: Secret,
}

impl KeyRecord {
    fn fresh(now: Timestamp) -> Self {
        Self {
            id: KeyId(random::bytes()),
            created_at: now,
            secret: Secret::fresh(),
        }
    }
}

/// A key file that holds together: at least one key, no id twice, the active one among them.
#[derive(Debug)]
pub(super) struct KeyFile {
    pub(super) active: KeyId,
    pub(super) hash_key: Secret,
    pub(super) keys: Vec<KeyRecord>,
}

impl KeyFile {
    /// A new ring of one key.
    pub(super) fn fresh(now: Timestamp) -> Self {
        let key = KeyRecord::fresh(now);
        Self {
            active: key.id,
            hash_key: Secret::fresh(),
            keys: vec![key],
        }
    }

    /// Adds a new key; the active one stays.
    pub(super) fn add(&mut self, now: Timestamp) -> KeyId {
        let key = KeyRecord::fresh(now);
        let id = key.id;
        self.keys.push(key);
        id
    }

    /// Makes a key the active one. False if it is not there.
    pub(super) fn activate(&mut self, id: KeyId) -> bool {
        let known = self.keys.iter().any(|key| key.id == id);
        if known {
            self.active = id;
        }
        known
    }

    /// Reads the file's text.
    pub(super) fn parse(text: &str) -> Result<Self, Flaw> {
        let form: Form = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start.min(text.len()));
            let before = text.as_bytes()[..start].iter();
            Flaw::Form {
                line: 1 + before.filter(|&&byte| byte == b'\n').count(),
            }
        })?;
        let mut keys: Vec<KeyRecord> = Vec::with_capacity(form.key.len());
        for (index, table) in form.key.into_iter().enumerate() {
            let id = KeyId::parse(&table.id).ok_or(Flaw::KeyId { place: index + 1 })?;
            let encoded = Zeroizing::new(table.secret);
            let secret = Secret::parse(&encoded).ok_or(Flaw::Secret { id })?;
            if keys.iter().any(|key| key.id == id) {
                return Err(Flaw::Repeated { id });
            }
            keys.push(KeyRecord {
                id,
                created_at: table.created_at,
                secret,
            });
        }
        if keys.is_empty() {
            return Err(Flaw::NoKey);
        }
        let hash_key = Zeroizing::new(form.hash_key);
        let mut file = Self {
            active: keys[0].id,
            hash_key: Secret::parse(&hash_key).ok_or(Flaw::HashKey)?,
            keys,
        };
        let active = KeyId::parse(&form.active).ok_or(Flaw::Active)?;
        if file.activate(active) {
            Ok(file)
        } else {
            Err(Flaw::Active)
        }
    }

    /// The file's text.
    pub(super) fn render(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::from(HEADING));
        let mut line = |parts: &[&str]| {
            parts.iter().for_each(|part| text.push_str(part));
            text.push('\n');
        };
        line(&["active = \"", &self.active.to_string(), "\""]);
        line(&["hash_key = \"", &self.hash_key.encode(), "\""]);
        for key in &self.keys {
            line(&["\n[[key]]"]);
            line(&["id = \"", &key.id.to_string(), "\""]);
            line(&["created_at = ", &key.created_at.to_string()]);
            line(&["secret = \"", &key.secret.encode(), "\""]);
        }
        text
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    active: String,
    hash_key: String,
    #[serde(default)]
    key: Vec<Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    id: String,
    created_at: Timestamp,
    secret: String,
}

#[cfg(test)]
mod tests;
