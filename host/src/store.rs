//! What lasts, and what a login has in hand between its steps.
//!
//! Small traits, one a subject; a backend implements them all and is a [`Store`]. Whatever is
//! secret comes here already sealed ([`crate::seal::Sealed`]) or hashed, so no backend can leak it. Times are
//! Unix seconds. One conformance suite (`store/conformance.rs`) runs on every backend.

mod accounts;
mod attempts;
mod audit;
mod components;
mod journal;
mod sealed_rows;
mod sessions;
mod sqlite;
mod upkeep;

#[cfg(test)]
mod conformance;

pub use accounts::{
    Accounts, AuthorizationRecord, GrantVersion, IdentityRecord, NewGrant, PersistOutcome,
    RenewedTokens,
};
pub use attempts::{
    Admission, AttemptRecord, Attempts, FirstWrite, InFlight, NewAttempt, Redeemed,
};
pub use audit::{Audit, AuditEvent};
pub use components::{Components, Metadata, MetadataRecord, RevisionRecord};
pub use journal::{Journal, JournalEntry};
pub use sealed_rows::{SealedCount, SealedRows};
pub use sessions::{SessionRecord, Sessions};
pub use upkeep::{Handoffs, Upkeep};

use std::path::PathBuf;
use std::sync::Arc;

/// A whole backend.
pub trait Store:
    Attempts
    + Journal
    + Accounts
    + Sessions
    + Audit
    + Components
    + Metadata
    + Handoffs
    + Upkeep
    + SealedRows
{
}
impl<T> Store for T where
    T: Attempts
        + Journal
        + Accounts
        + Sessions
        + Audit
        + Components
        + Metadata
        + Handoffs
        + Upkeep
        + SealedRows
{
}

/// A shared backend.
pub type SharedStore = Arc<dyn Store>;

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be reached. May be tried again.
    #[error("the store cannot be used now")]
    Database(#[source] sqlx::Error),
    /// The URL names no backend that there is.
    #[error("the store's URL must begin with sqlite://")]
    UnknownScheme,
    /// PostgreSQL is to come.
    #[error("PostgreSQL is not supported yet; use a sqlite:// URL")]
    PostgresNotYet,
    /// The URL has no path, or more than a path.
    #[error("the store's URL must be sqlite:// and the path of a file, without parameters")]
    NotAPath,
    /// The database's folder is not there.
    #[error("the folder of the store's file {} does not exist", path.display())]
    NoFolder {
        /// The database's file.
        path: PathBuf,
    },
    /// The file could not be made.
    #[error("the store's file {} cannot be opened for writing", path.display())]
    File {
        /// The database's file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// What is to be inserted is there already.
    #[error("the store holds this already")]
    Exists,
    /// The schema could not be brought up to date.
    #[error("the store's schema cannot be migrated")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// A row holds what this program never writes.
    #[error("the store's {table} hold a row that cannot be read: {what}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        what: &'static str,
    },
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// Opens the store that `url` names, makes it where it is missing, and brings its schema up to
/// date. `sqlite://` is followed by the file's path as it stands, absolute or relative to the
/// working folder.
///
/// # Errors
/// The URL is of no use, the file's folder is missing, or the database cannot be opened, migrated
/// or written.
pub async fn open(url: &str) -> Result<SharedStore, StoreError> {
    if let Some(path) = url.strip_prefix("sqlite://") {
        return Ok(Arc::new(sqlite::Sqlite::open(path).await?));
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Err(StoreError::PostgresNotYet);
    }
    Err(StoreError::UnknownScheme)
}
