//! The data folder, and that one server alone uses it.
//!
//! The log file is the lock. The server writes to the very file description that we locked, so
//! the lock holds until both are gone: after we were killed, a new start waits for the old server
//! to leave the database.

use super::EmbeddedError;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// A server that lost its parent is gone after 3 seconds at the latest.
const PATIENCE: Duration = Duration::from_secs(5);
/// A log longer than this starts afresh.
const LOG_LIMIT: u64 = 8 << 20;

/// A data folder that is ours.
pub(super) struct Folder {
    path: PathBuf,
    log: File,
}

impl Folder {
    /// Makes it, and locks it.
    pub(super) async fn open(path: &Path) -> Result<Self, EmbeddedError> {
        create_private(path).map_err(failed(path))?;
        let name = path.join("temporal.log");
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&name)
            .map_err(failed(&name))?;
        lock(&log, path, &name).await?;
        if log.metadata().is_ok_and(|file| file.len() > LOG_LIMIT) {
            log.set_len(0).map_err(failed(&name))?;
        }
        Ok(Self {
            path: path.to_owned(),
            log,
        })
    }

    /// The database file.
    pub(super) fn database(&self) -> PathBuf {
        self.path.join("temporal.db")
    }

    /// The log file.
    pub(super) fn log(&self) -> PathBuf {
        self.path.join("temporal.log")
    }

    /// The log, and with it the lock, for the server to inherit.
    pub(super) fn output(&self) -> Result<Stdio, EmbeddedError> {
        self.log
            .try_clone()
            .map(Stdio::from)
            .map_err(failed(&self.log()))
    }
}

/// Makes a folder that others on the machine cannot read. One that exists stays as it is.
fn create_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

async fn lock(log: &File, folder: &Path, name: &Path) -> Result<(), EmbeddedError> {
    let end = Instant::now() + PATIENCE;
    loop {
        match log.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(source)) => return Err(failed(name)(source)),
            Err(TryLockError::WouldBlock) if Instant::now() >= end => {
                return Err(EmbeddedError::InUse(folder.to_owned()));
            }
            Err(TryLockError::WouldBlock) => sleep(Duration::from_millis(50)).await,
        }
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> EmbeddedError + use<> {
    let path = path.to_owned();
    move |source| EmbeddedError::Folder { path, source }
}
