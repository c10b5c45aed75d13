//! These run the real server: they need the `temporal` CLI and fail without it.

use super::*;
use std::env;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

/// Names the data folder to the process that [`a_parent_for_another_test`] becomes.
const PARENT: &str = "CELADON_TEST_EMBEDDED_PARENT";

fn settings(data: &Path) -> Settings {
    assert!(
        matches!(executable::find(data), Ok(Some(_))),
        "the temporal CLI is missing: run the tests by `cargo xtask test`, which installs it"
    );
    Settings {
        codec_endpoint: None,
        data: data.to_owned(),
        namespace: "tests".to_owned(),
    }
}

fn answers(address: &str) -> bool {
    TcpStream::connect(address).is_ok()
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < end, "in vain waited until {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn it_starts_refuses_a_second_and_stops() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Embedded::start(settings(data.path()))
        .await
        .expect("started");
    assert!(answers(server.address()));
    assert!(answers(server.ui_url().trim_start_matches("http://")));
    assert!(
        data.path().join("temporal.db-wal").exists(),
        "the database has a write-ahead log"
    );

    let second = Embedded::start(settings(data.path()))
        .await
        .expect_err("the folder is in use");
    assert!(matches!(second, EmbeddedError::InUse(_)), "{second}");
    assert!(answers(server.address()), "the first one is left alone");

    let address = server.address().to_owned();
    server.stop().await;
    assert!(!answers(&address));
    let again = Embedded::start(settings(data.path()))
        .await
        .expect("the folder is free again");
    again.stop().await;
}

#[tokio::test]
async fn a_server_that_dies_is_started_again_at_the_same_address() {
    let data = tempfile::tempdir().expect("a folder");
    let folder = Folder::open(data.path()).await.expect("opened");
    let program = executable::find(data.path())
        .expect("searched")
        .expect("found");
    let launch = Launch::new(program, "tests".to_owned(), folder).expect("made");
    let address = launch.address();
    let mut running = launch.run().await.expect("started");
    // Ended behind the watch's back, which is a death as far as it can see.
    running.cut_lifeline();
    running.ended().await;
    assert!(!answers(&address));

    let stopping = CancellationToken::new();
    let watching = tokio::spawn(watch(running, launch, stopping.clone()));
    until("it is there again", || answers(&address)).await;
    stopping.cancel();
    watching.await.expect("it ended");
    until("it is gone", || !answers(&address)).await;
}

/// Becomes, in a process of its own, the parent that [`no_orphan_outlives_a_killed_parent`] kills.
#[tokio::test]
#[ignore = "runs until it is killed"]
#[expect(
    clippy::disallowed_methods,
    reason = "a test finds its tools by the environment"
)]
async fn a_parent_for_another_test() {
    let data = env::var_os(PARENT).expect("started by another test");
    let server = Embedded::start(settings(Path::new(&data)))
        .await
        .expect("started");
    println!("\naddress={}", server.address());
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn no_orphan_outlives_a_killed_parent() {
    let data = tempfile::tempdir().expect("a folder");
    settings(data.path());
    let mut parent = Command::new(env::current_exe().expect("this program"))
        .args([
            "--exact",
            "temporal::embedded::tests::a_parent_for_another_test",
            "--include-ignored",
            "--nocapture",
        ])
        .env(PARENT, data.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("spawned");
    let output = BufReader::new(parent.stdout.take().expect("piped"));
    let address = output
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("address=").map(str::to_owned))
        .expect("the parent tells the address");
    assert!(answers(&address));

    // SIGKILL: the parent cannot do anything any more.
    parent.kill().expect("killed");
    parent.wait().expect("reaped");
    until("the server is gone", || !answers(&address)).await;
    Folder::open(data.path())
        .await
        .expect("nobody holds the folder");
}

#[tokio::test]
async fn a_server_that_ends_at_once_is_an_error_that_names_the_log() {
    let data = tempfile::tempdir().expect("a folder");
    let folder = Folder::open(data.path()).await.expect("opened");
    let launch = Launch::new("/bin/false".into(), "tests".to_owned(), folder).expect("made");
    let error = launch.run().await.err().expect("it failed");
    assert!(matches!(error, EmbeddedError::Died { .. }), "{error}");
    assert!(error.to_string().contains("temporal.log"), "{error}");
}

#[tokio::test]
async fn a_server_that_ignores_sigterm_is_killed() {
    use std::os::unix::fs::PermissionsExt;
    let data = tempfile::tempdir().expect("a folder");
    let (stubborn, pid) = (data.path().join("stubborn"), data.path().join("pid"));
    let script = format!(
        "#!/bin/sh\ntrap '' TERM\necho $$ > {}\nwhile :; do sleep 1; done\n",
        pid.display()
    );
    std::fs::write(&stubborn, script).expect("written");
    std::fs::set_permissions(&stubborn, std::fs::Permissions::from_mode(0o755)).expect("set");
    let folder = Folder::open(data.path()).await.expect("opened");
    let running = Launch::new(stubborn, "tests".to_owned(), folder)
        .and_then(|launch| launch.spawn())
        .expect("spawned");
    until("it runs", || {
        std::fs::read_to_string(&pid).is_ok_and(|pid| pid.ends_with('\n'))
    })
    .await;
    let pid = std::fs::read_to_string(&pid).expect("read");
    running.stop().await;
    let alive = Command::new("kill")
        .args(["-0", pid.trim()])
        .stderr(Stdio::null())
        .status();
    assert!(!alive.expect("asked").success(), "it is gone");
}

#[test]
fn restarts_are_bounded_and_pauses_grow() {
    let mut deaths = Vec::new();
    let now = Instant::now();
    let pauses: Vec<_> = (0..RESTARTS)
        .map_while(|_| next_pause(&mut deaths, now))
        .collect();
    assert_eq!(pauses.len(), RESTARTS);
    assert!(pauses.is_sorted_by(|before, after| before < after));
    assert_eq!(next_pause(&mut deaths, now), None);
    assert!(
        next_pause(&mut deaths, now + WINDOW).is_some(),
        "old deaths are forgiven"
    );
}
