//! A test's folder: configuration, database, keys and logs.

use anyhow::Result;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A test's folder, removed with the test.
pub struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    /// A new, empty folder.
    pub fn new() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("celadon-test-").tempdir()?;
        Ok(Self { folder })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}
