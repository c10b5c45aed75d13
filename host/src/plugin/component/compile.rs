//! Machine code from components, and its memory on disk.
//!
//! Compiled code is trusted by the processor: whoever writes it runs as this process. So the cache
//! accepts only what this installation wrote: each entry carries an HMAC under a key that rests
//! with the store's other keys, over the entry's name and code. A damaged, foreign or stale entry
//! is a miss, never an error.

use super::ComponentDigest;
use crate::plugin::engine::Engine;
use crate::random;
use aws_lc_rs::{digest, hmac};
use data_encoding::HEXLOWER;
use std::fs::{self, DirBuilder, OpenOptions};
use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use wasmtime::component::Component;

/// Bytes of the HMAC at the beginning of an entry.
const TAG_BYTES: usize = 32;
/// The longest entry that is read, in bytes: code is a few times as long as its component.
const MAX_ENTRY_BYTES: u64 = 256 << 20;

/// Why a component was not compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The compiler refuses it, or it needs more than the sandbox has.
    #[error("the component cannot be compiled")]
    Refused(#[source] wasmtime::Error),
}

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

/// Makes a component ready to be instantiated: from the cache, else by the compiler.
pub fn compile(
    engine: &Engine,
    cache: Option<&CodeCache>,
    digest: &ComponentDigest,
    bytes: &[u8],
) -> Result<Component, CompileError> {
    let Some(cache) = cache else {
        return Component::from_binary(engine.wasmtime(), bytes).map_err(CompileError::Refused);
    };
    let name = entry_name(engine, digest);
    if let Some(component) = cache.read(&name).and_then(|code| revive(engine, &code)) {
        return Ok(component);
    }
    let code = engine
        .wasmtime()
        .precompile_component(bytes)
        .map_err(CompileError::Refused)?;
    if let Err(error) = cache.write(&name, &code) {
        // Only the next start is slower.
        tracing::warn!(component = %digest, error = %error, "compiled code was not kept");
    }
    match revive(engine, &code) {
        Some(component) => Ok(component),
        None => Component::from_binary(engine.wasmtime(), bytes).map_err(CompileError::Refused),
    }
}

#[allow(
    unsafe_code,
    reason = "wasmtime marks it unsafe because it runs the code it is given"
)]
fn revive(engine: &Engine, code: &[u8]) -> Option<Component> {
    // SAFETY: the code was made by `precompile_component` of this process, or stood in the cache
    // under an HMAC that only this installation can make.
    unsafe { Component::deserialize(engine.wasmtime(), code) }.ok()
}

/// Names all that the code depends on: component, compiler and its settings, processor, program.
fn entry_name(engine: &Engine, digest: &ComponentDigest) -> String {
    let mut name = Sha256Hasher(digest::Context::new(&digest::SHA256));
    engine
        .wasmtime()
        .precompile_compatibility_hash()
        .hash(&mut name);
    digest.hash(&mut name);
    std::env::consts::ARCH.hash(&mut name);
    env!("CARGO_PKG_VERSION").hash(&mut name);
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

    pub(super) fn read(&self, name: &str) -> Option<Vec<u8>> {
        let path = self.path(name);
        if fs::metadata(&path).ok()?.len() > MAX_ENTRY_BYTES {
            return None;
        }
        let mut entry = fs::read(&path).ok()?;
        let (tag, code) = entry.split_at_checked(TAG_BYTES)?;
        hmac::verify(&self.key, &signed(name, code), tag).ok()?;
        entry.drain(..TAG_BYTES);
        Some(entry)
    }

    fn write(&self, name: &str, code: &[u8]) -> io::Result<()> {
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
