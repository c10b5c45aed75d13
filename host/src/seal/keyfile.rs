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
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rendered(change: impl FnOnce(String) -> String) -> Result<KeyFile, Flaw> {
        let file = KeyFile::fresh(1_700_000_000);
        KeyFile::parse(&change(file.render().to_string()))
    }

    #[test]
    fn a_file_is_read_as_it_is_written() {
        let mut file = KeyFile::fresh(1_700_000_000);
        let second = file.add(1_700_000_001);
        assert!(file.activate(second));
        let read = KeyFile::parse(&file.render()).expect("what was written is read");
        assert_eq!(read.active, second);
        assert_eq!(read.hash_key.as_bytes(), file.hash_key.as_bytes());
        assert_eq!(read.keys.len(), 2);
        for (left, right) in read.keys.iter().zip(&file.keys) {
            assert_eq!(left.id, right.id);
            assert_eq!(left.created_at, right.created_at);
            assert_eq!(left.secret.as_bytes(), right.secret.as_bytes());
        }
    }

    #[test]
    fn flaws_are_told_apart() {
        let flaw = |change: fn(String) -> String| rendered(change).expect_err("flawed");
        assert_eq!(flaw(|_| String::from("active = 3")), Flaw::Form { line: 1 });
        assert_eq!(
            flaw(|text| text + "surprise = 1\n"),
            Flaw::Form { line: 10 }
        );
        assert_eq!(
            flaw(|text| text
                .split("\n[[key]]")
                .next()
                .unwrap_or_default()
                .to_owned()),
            Flaw::NoKey
        );
        assert_eq!(
            flaw(|text| text.replace("hash_key = \"", "hash_key = \"A")),
            Flaw::HashKey
        );
        assert_eq!(
            flaw(|text| text.replace("active = \"", "active = \"0")),
            Flaw::Active
        );
        assert_eq!(
            flaw(|text| text.replace("\nid = \"", "\nid = \"0")),
            Flaw::KeyId { place: 1 }
        );
        assert!(matches!(
            flaw(|text| text.replace("secret = \"", "secret = \"=")),
            Flaw::Secret { .. }
        ));
        assert!(matches!(
            flaw(|text| {
                let key = text.split_once("\n[[key]]").map(|(_, key)| key.to_owned());
                format!("{text}\n[[key]]{}", key.unwrap_or_default())
            }),
            Flaw::Repeated { .. }
        ));
    }

    #[test]
    fn neither_errors_nor_debug_show_a_secret() {
        let file = KeyFile::fresh(1);
        let secret = file.keys[0].secret.encode();
        let text = file.render();
        assert!(text.contains(secret.as_str()));
        for broken in [
            text.replace("secret = ", "secret "),
            text.replace("secret = ", "secrets = "),
            text.replace("created_at = 1", "created_at = true"),
            text.replace("secret = \"", "secret = \"A"),
        ] {
            let flaw = KeyFile::parse(&broken).expect_err("flawed");
            assert!(
                !format!("{flaw} {flaw:?}").contains(&secret[4..12]),
                "{flaw}"
            );
        }
        assert!(!format!("{file:?}").contains(&secret[4..12]));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,200}") {
            prop_assert!(KeyFile::parse(&text).is_err());
        }
    }
}
