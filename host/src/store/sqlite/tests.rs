use super::*;
use crate::store::conformance::{Fresh, suite};
use crate::store::{Attempts, Metadata, SharedStore, open};
use celadon_workflows::types::{LoginId, ProviderName};
use sqlx::{query, query_scalar};
use std::path::PathBuf;
use tempfile::TempDir;

fn folder_and_url() -> (TempDir, PathBuf, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("celadon.db");
    let url = format!("sqlite://{}", path.display());
    (folder, path, url)
}

async fn opened(url: &str) -> SharedStore {
    open(url).await.expect("the store opens")
}

async fn fresh() -> Fresh {
    let (folder, _, url) = folder_and_url();
    Fresh {
        one: opened(&url).await,
        other: opened(&url).await,
        _keep: Box::new(folder),
    }
}

mod suite {
    super::suite!(super::super::fresh);
}

async fn inside() -> (TempDir, Sqlite) {
    let (folder, path, _) = folder_and_url();
    let store = Sqlite::open(&path.to_string_lossy()).await;
    (folder, store.expect("the store opens"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_may_make_the_same_store_at_once() {
    let (_folder, _, url) = folder_and_url();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move { opened(&url).await.ping().await })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic").expect("it answers");
    }
}

#[tokio::test]
async fn urls_of_no_use_are_told_apart() {
    let failure = async |url: &str| open(url).await.err().expect("refused");
    let (folder, _, _) = folder_and_url();
    for url in ["postgres://h/d", "postgresql://h/d"] {
        assert!(matches!(failure(url).await, StoreError::PostgresNotYet));
    }
    for url in ["", "celadon.db", "mysql://h/d", "sqlite:celadon.db"] {
        assert!(
            matches!(failure(url).await, StoreError::UnknownScheme),
            "{url}"
        );
    }
    for url in [
        "sqlite://",
        "sqlite://:memory:",
        "sqlite://celadon.db?mode=rwc",
    ] {
        assert!(matches!(failure(url).await, StoreError::NotAPath), "{url}");
    }
    let missing = format!("sqlite://{}/none/celadon.db", folder.path().display());
    assert!(matches!(
        failure(&missing).await,
        StoreError::NoFolder { .. }
    ));
    let folders = format!("sqlite://{}", folder.path().display());
    assert!(matches!(failure(&folders).await, StoreError::File { .. }));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_kept() {
    let (_folder, path, url) = folder_and_url();
    let text = "this is a letter to somebody, and no database at all ".repeat(40);
    std::fs::write(&path, &text).expect("written");
    assert!(matches!(
        open(&url).await.err(),
        Some(StoreError::Database(_))
    ));
    assert_eq!(std::fs::read_to_string(&path).expect("read"), text);
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, _, url) = folder_and_url();
    let store = opened(&url).await;
    store
        .put_component("d", b"bytes", 1)
        .await
        .expect("written");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder.path()).expect("the folder is there") {
        let entry = entry.expect("an entry");
        let mode = entry.metadata().expect("there").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
        seen += 1;
    }
    assert_eq!(seen, 3, "database, log and the log's index");
}

#[tokio::test]
async fn commits_are_durable_and_readers_cannot_write() {
    let (_folder, store) = inside().await;
    let mut writer = store.writer.acquire().await.expect("a connection");
    let pragmas: (String, i64, i64) = (
        query_scalar("PRAGMA journal_mode")
            .fetch_one(&mut *writer)
            .await
            .expect("read"),
        query_scalar("PRAGMA synchronous")
            .fetch_one(&mut *writer)
            .await
            .expect("read"),
        query_scalar("PRAGMA foreign_keys")
            .fetch_one(&mut *writer)
            .await
            .expect("read"),
    );
    assert_eq!(pragmas, ("wal".to_owned(), 2, 1));
    let written = query("DELETE FROM users").execute(&store.readers).await;
    assert!(written.is_err());
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let (_folder, _, url) = folder_and_url();
    opened(&url)
        .await
        .put_component("d", b"bytes", 1)
        .await
        .expect("written");
    let read = opened(&url).await.component("d").await;
    assert_eq!(read.expect("read"), Some(b"bytes".to_vec()));
}

/// What admission asks must stay cheap however many logins are parked.
#[tokio::test]
async fn admission_reads_by_index() {
    let (_folder, store) = inside().await;
    for (statement, index) in [
        (
            "EXPLAIN QUERY PLAN SELECT 1 FROM attempts \
             WHERE address = $1 AND outcome IS NULL AND expires_at > $2 LIMIT $3",
            "attempts_in_flight_by_address",
        ),
        (
            "EXPLAIN QUERY PLAN SELECT SUM(attempts) FROM in_flight WHERE expires_at > $1",
            "sqlite_autoindex_in_flight_1",
        ),
    ] {
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(statement)
            .fetch_all(&store.readers)
            .await
            .expect("a plan");
        assert!(
            plan.iter().any(|(.., step)| step.contains(index)),
            "{plan:?}"
        );
    }
}

#[tokio::test]
async fn rows_from_another_hand_are_errors() {
    let (_folder, store) = inside().await;
    for statement in [
        "INSERT INTO metadata VALUES ('p', 'negative', 'd', -1, 'm')",
        "INSERT INTO metadata VALUES ('p', 'text', 'd', 'soon', 'm')",
        "INSERT INTO attempts (id, workflow_id, provider, revision, return_to, created_at, \
         expires_at, secrets, outcome) VALUES ('a', 'w', 'p', 'r', '/', 1, 2, x'', '{')",
    ] {
        query(statement)
            .execute(&store.writer)
            .await
            .expect("written");
    }
    for url in ["negative", "text"] {
        let read = store.metadata(&ProviderName::new("p"), url).await;
        assert!(matches!(
            read,
            Err(StoreError::Corrupt {
                table: "metadata",
                what: "fetched_at"
            })
        ));
    }
    let read = store.attempt(&LoginId::new("a")).await;
    assert!(matches!(
        read,
        Err(StoreError::Corrupt {
            table: "attempts",
            what: "outcome"
        })
    ));
}

#[tokio::test]
async fn a_transaction_that_sqlite_ended_by_itself_does_not_stop_later_ones() {
    let (_folder, store) = inside().await;
    let mut transaction = store.begin().await.expect("begun");
    // As a commit does that finds no room on the disk.
    query("ROLLBACK")
        .execute(&mut *transaction)
        .await
        .expect("rolled back behind the driver's back");
    assert!(transaction.commit().await.is_err());
    let again = store.begin().await.expect("begun again");
    again.commit().await.expect("committed");
}
