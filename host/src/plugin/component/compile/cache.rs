//! The memory of machine code on disk.
//!
//! Compiled code is trusted by the processor: whoever writes it runs as this process. So the cache
//! accepts only what this installation wrote: each entry carries an HMAC under a key that rests
//! with the store's other keys, over the entry's name and code. A damaged, foreign or stale entry
//! is a miss, never an error.

use super::super::ComponentDigest;
use super::super::inspect::RULES;
use super::MAX_CODE_BYTES;
use crate::plugin::engine::Engine;
use crate::random;
use aws_lc_rs::{digest, hmac};
use data_encoding::HEXLOWER;
use std::fs::{self, DirBuilder, OpenOptions};
use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Bytes of the HMAC at the beginning of an entry.
const TAG_BYTES: usize = 32;

/// Why there is no cache.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The folder cannot be made or looked at.
    #[error("the folder {} of compiled components cannot be used", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Others may write there.
    #[error("the folder {} of compiled components must belong to this user alone (mode 0700)", path.display())]
    NotPrivate {
        /// The folder.
        path: PathBuf,
    },
}

/// Names all that the code depends on: component, compiler and its settings, processor, program, and
/// the rules by which the component was inspected.
pub(super) fn entry_name(engine: &Engine, digest: &ComponentDigest) -> String {
    let mut name = Sha256Hasher(digest::Context::new(&digest::SHA256));
    engine
        .wasmtime()
        .precompile_compatibility_hash()
        .hash(&mut name);
    digest.hash(&mut name);
    std::env::consts::ARCH.hash(&mut name);
    env!("CARGO_PKG_VERSION").hash(&mut name);
    RULES.hash(&mut name);
    HEXLOWER.encode(name.0.finish().as_ref())
}

/// Wasmtime gives its settings as something to hash; this takes them whole.
struct Sha256Hasher(digest::Context);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.clone().finish();
        digest
            .as_ref()
            .iter()
            .take(8)
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

/// A private folder of compiled code.
pub struct CodeCache {
    folder: PathBuf,
    key: hmac::Key,
}

impl CodeCache {
    /// Opens the folder, or makes it. `key` is secret, random and kept with the store's keys.
    pub fn open(folder: impl Into<PathBuf>, key: &[u8; 32]) -> Result<Self, CacheError> {
        let folder = folder.into();
        let failed = |source| CacheError::Folder {
            path: folder.clone(),
            source,
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(failed)?;
        let metadata = fs::symlink_metadata(&folder).map_err(failed)?;
        let private = metadata.is_dir() && metadata.permissions().mode() & 0o077 == 0;
        if !private || metadata.uid() != own_uid(&folder).map_err(failed)? {
            return Err(CacheError::NotPrivate { path: folder });
        }
        Ok(Self {
            folder,
            key: hmac::Key::new(hmac::HMAC_SHA256, key),
        })
    }

    pub(in super::super) fn read(&self, name: &str) -> Option<Vec<u8>> {
        let path = self.path(name);
        let most = MAX_CODE_BYTES.saturating_add(TAG_BYTES as u64);
        if fs::metadata(&path).ok()?.len() > most {
            return None;
        }
        let mut entry = fs::read(&path).ok()?;
        let (tag, code) = entry.split_at_checked(TAG_BYTES)?;
        hmac::verify(&self.key, &signed(name, code), tag).ok()?;
        entry.drain(..TAG_BYTES);
        Some(entry)
    }

    pub(super) fn write(&self, name: &str, code: &[u8]) -> io::Result<()> {
        let unfinished = self.folder.join(format!(".{}", random::id()));
        let written = self
            .write_new(&unfinished, name, code)
            .and_then(|()| fs::rename(&unfinished, self.path(name)));
        if written.is_err() {
            // It may not even exist; the first error is the one that tells.
            let _ = fs::remove_file(&unfinished);
        }
        written
    }

    fn write_new(&self, path: &Path, name: &str, code: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(hmac::sign(&self.key, &signed(name, code)).as_ref())?;
        file.write_all(code)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.cwasm"))
    }
}

/// What the HMAC covers. The digest has a fixed length, so the join is injective.
fn signed(name: &str, code: &[u8]) -> Vec<u8> {
    let mut signed = digest::digest(&digest::SHA256, code).as_ref().to_vec();
    signed.extend_from_slice(name.as_bytes());
    signed
}

/// The user that new files in this folder belong to: asked of the system by making one.
fn own_uid(folder: &Path) -> io::Result<u32> {
    let probe = folder.join(format!(".{}", random::id()));
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&probe)?;
    let uid = file.metadata()?.uid();
    fs::remove_file(&probe)?;
    Ok(uid)
}
