//! Trouble with the database file of a running program: locked by somebody, full, gone.

use crate::{Celadon, Sandbox};
use anyhow::{Context, Result, ensure};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, SqliteConnection};
use std::path::PathBuf;
use std::process::Command;

/// SQLite keeps three files while it runs.
const FILES: [&str; 3] = ["celadon.db", "celadon.db-wal", "celadon.db-shm"];

/// The database of a sandbox.
pub struct Database {
    folder: PathBuf,
}

impl Database {
    /// The one that all instances of this sandbox share.
    pub fn of(sandbox: &Sandbox) -> Self {
        Self {
            folder: sandbox.path().to_path_buf(),
        }
    }

    /// Runs a statement, as somebody who can write to the file. Answers how many rows it changed.
    pub async fn change(&self, statement: &'static str) -> Result<u64> {
        let options = SqliteConnectOptions::new().filename(self.folder.join(FILES[0]));
        let mut connection = options.connect().await?;
        let changed = sqlx::query(statement).execute(&mut connection).await?;
        Ok(changed.rows_affected())
    }

    /// Keeps everybody else from writing, until the connection is dropped.
    pub async fn lock(&self) -> Result<SqliteConnection> {
        let options = SqliteConnectOptions::new().filename(self.folder.join(FILES[0]));
        let mut connection = options.connect().await?;
        sqlx::query("BEGIN EXCLUSIVE")
            .execute(&mut connection)
            .await?;
        Ok(connection)
    }

    /// Lets no file of this program grow beyond the database's log, as a full disk would.
    pub fn fill(&self, celadon: &Celadon) -> Result<()> {
        let log = std::fs::metadata(self.folder.join(FILES[1]))?;
        limit(celadon, &log.len().to_string())
    }

    /// Ends what [`Self::fill`] began.
    pub fn make_room(&self, celadon: &Celadon) -> Result<()> {
        limit(celadon, "unlimited")
    }

    /// Takes the files away.
    pub fn hide(&self) -> Result<()> {
        self.rename("", ".hidden")
    }

    /// Puts them back.
    pub fn bring_back(&self) -> Result<()> {
        self.rename(".hidden", "")
    }

    fn rename(&self, from: &str, to: &str) -> Result<()> {
        for file in FILES {
            let path = |end: &str| self.folder.join(format!("{file}{end}"));
            std::fs::rename(path(from), path(to)).with_context(|| format!("moving {file}"))?;
        }
        Ok(())
    }
}

/// The soft limit alone: it may be raised again.
fn limit(celadon: &Celadon, bytes: &str) -> Result<()> {
    let status = Command::new("prlimit")
        .arg(format!("--pid={}", celadon.id()))
        .arg(format!("--fsize={bytes}:"))
        .status()
        .context("prlimit is missing")?;
    ensure!(status.success(), "the limit cannot be set");
    Ok(())
}
