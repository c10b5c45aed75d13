//! The store in one SQLite file.
//!
//! Owns the file, its connections and the schema's upkeep; each subject has a file of its own
//! below. Writers in SQLite take turns anyway, so there is one connection that writes, and whoever
//! wants to write waits for it in order instead of polling a lock; readers have their own and,
//! thanks to the write-ahead log, never wait for the writer. A transaction that reads before it
//! writes begins with `BEGIN IMMEDIATE`: another process cannot write in between.
//!
//! `synchronous` is FULL: every commit is on the disk when it is answered. With NORMAL a power cut
//! may take back the latest commits, among them a journal's intent (the code would be sent a
//! second time), a redeemed result or a logout.

mod accounts;
mod admission;
mod attempts;
mod audit;
mod cells;
mod components;
mod journal;
mod persist;
mod redeem;
mod sealed_rows;
mod sessions;
mod upkeep;

use super::StoreError;
use futures::FutureExt as _;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection as _, Sqlite as Driver, Transaction};
use std::fs::OpenOptions;
use std::path::Path;
use std::time::Duration;

static MIGRATOR: Migrator = sqlx::migrate!("src/store/migrations");

/// Reads are short; more connections than this would wait for processors, not for the disk.
const READERS: u32 = 4;
/// How long to wait for another process's write, and for a connection. A browser waits at most
/// 20 s in all.
const PATIENCE: Duration = Duration::from_secs(5);
/// A log that once grew is cut back to this many bytes.
const LOG_BYTES: &str = "67108864";

/// A store in a file.
pub(super) struct Sqlite {
    readers: SqlitePool,
    writer: SqlitePool,
}

impl Sqlite {
    /// Opens the file at `path`, makes it where it is missing, and brings the schema up to date.
    pub(super) async fn open(path: &str) -> Result<Self, StoreError> {
        if path.is_empty() || path.contains('?') || path.contains(":memory:") {
            return Err(StoreError::NotAPath);
        }
        let path = Path::new(path);
        create_if_missing(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(PATIENCE)
            .foreign_keys(true)
            // Functions and tables named in the schema cannot do harm, should somebody else have
            // written the file.
            .pragma("trusted_schema", "OFF");
        let writer = writer(&options).await?;
        migrate(&writer).await?;
        let readers = pool(READERS).connect_lazy_with(options.pragma("query_only", "ON"));
        Ok(Self { readers, writer })
    }

    /// Begins a transaction that reads before it writes.
    async fn begin(&self) -> Result<Transaction<'static, Driver>, StoreError> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        // A file does not go away as a server does: connections are kept, and trusted.
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        // SQLite ends a transaction by itself where the disk is full or broken; the driver goes on
        // counting it, and would refuse every later one on this connection.
        .before_acquire(|connection, _| {
            let sound = !connection.is_in_transaction();
            async move { Ok(sound) }.boxed()
        })
}

async fn writer(options: &SqliteConnectOptions) -> Result<SqlitePool, StoreError> {
    let options = options
        .clone()
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // Where fsync leaves data in the drive's cache (macOS), ask for more; elsewhere a no-op.
        .pragma("fullfsync", "ON")
        // What is wiped is overwritten too, where that costs no further writes.
        .pragma("secure_delete", "FAST")
        .pragma("journal_size_limit", LOG_BYTES);
    let pause = Duration::from_millis(50);
    let mut tries = PATIENCE.as_millis() / pause.as_millis();
    loop {
        match pool(1).connect_with(options.clone()).await {
            // Turning the log on needs the file alone, and SQLite does not wait for that: another
            // process is opening the same new file.
            Err(error) if tries > 0 && is_busy(&error) => tries -= 1,
            other => return Ok(other?),
        }
        tokio::time::sleep(pause).await;
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    const SQLITE_BUSY: u32 = 5;
    let code = error.as_database_error().and_then(|error| error.code());
    // The low byte of an extended code is the primary one.
    code.and_then(|code| code.parse::<u32>().ok())
        .is_some_and(|code| code & 0xff == SQLITE_BUSY)
}

/// Migrates inside one transaction, so that processes that start at once take turns.
async fn migrate(writer: &SqlitePool) -> Result<(), StoreError> {
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    // What `run` calls. `run` itself is generic in a way that makes the future no longer Send.
    MIGRATOR
        .run_direct(None, &mut *transaction, false)
        .await
        .map_err(StoreError::Migrate)?;
    Ok(transaction.commit().await?)
}

/// Makes the file before SQLite does, so that nobody else may read it; SQLite gives the log beside
/// it the same rights.
fn create_if_missing(path: &Path) -> Result<(), StoreError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(StoreError::NoFolder { path: path.into() });
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map(drop)
        .map_err(|source| StoreError::File {
            path: path.into(),
            source,
        })
}

#[cfg(test)]
mod tests;
