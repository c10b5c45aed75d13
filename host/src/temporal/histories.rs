//! Replays the golden histories in tests/histories: the workflows of today must take logins that
//! began with those of yesterday to the same end.
//!
//! A replay that fails means that a login in flight would break when this version takes over. Then
//! keep the old way beside the new one (a patch marker, or a workflow type of another name) until
//! the longest login has ended; only a history that no running version writes may be recorded anew
//! (`cargo xtask histories`).

use super::worker::converter;
use crate::seal::{KeyRing, PayloadSeal};
use celadon_workflows::grant::Grant;
use celadon_workflows::login::Authentication;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use temporalio_client::WorkflowHistory;
use temporalio_common::protos::temporal::api::history::v1::History;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use temporalio_sdk::workflow_replayer::{WorkflowReplayer, WorkflowReplayerOptions};

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/histories"))
}

/// The keys that the histories are sealed under. A checkout does not keep a file's mode.
fn keys() -> KeyRing {
    let folder_of_our_own = tempfile::tempdir().expect("a folder");
    let path = folder_of_our_own.path().join("celadon.keys");
    fs::copy(folder().join("celadon.keys"), &path).expect("the histories' keys");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("closed to others");
    KeyRing::open_or_create(&path).expect("a key ring")
}

fn replayer() -> WorkflowReplayer {
    let options = WorkflowReplayerOptions::new()
        .data_converter(converter(PayloadSeal::new(keys())))
        .register_workflow::<Authentication>()
        .expect("registered")
        .register_workflow::<Grant>()
        .expect("registered")
        .build();
    WorkflowReplayer::new(options).expect("a replayer")
}

#[tokio::test]
async fn every_recorded_login_ends_as_it_did() {
    let replayer = replayer();
    let mut names = Vec::new();
    for entry in fs::read_dir(folder()).expect("histories") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let json = fs::read(&path).expect("a history");
        let history = WorkflowHistory::from_json(&json).expect("a history");
        let replayed = replayer.replay_workflow(history).await;
        assert!(replayed.is_ok(), "{}: {replayed:?}", path.display());
        names.extend(
            path.file_stem()
                .map(|name| name.to_string_lossy().into_owned()),
        );
    }
    names.sort_unstable();
    let expected = [
        "cancelled",
        "expired",
        "refused-at-callback",
        "refused-at-exchange",
        "signed-in",
        "signed-in-searchable",
        "started-by-another-client",
    ];
    assert_eq!(names, expected);
}

/// The history in which the login's first step had another name.
#[tokio::test]
async fn a_login_of_another_order_of_steps_does_not_replay() {
    let json = fs::read(folder().join("signed-in.json")).expect("a history");
    let history = WorkflowHistory::from_json(&json).expect("a history");
    let mut events = history.into_events().await.expect("events");
    let mut changed = 0;
    for event in &mut events {
        let Some(Attributes::MarkerRecordedEventAttributes(marker)) = &mut event.attributes else {
            continue;
        };
        let payloads = marker
            .details
            .values_mut()
            .flat_map(|all| &mut all.payloads);
        for payload in payloads {
            let text = String::from_utf8_lossy(&payload.data);
            if text.contains("\"exchange\"") {
                payload.data = text.replace("\"exchange\"", "\"ask-first\"").into_bytes();
                changed += 1;
            }
        }
    }
    assert_eq!(changed, 1, "one marker names the step");
    let replayed = replayer().replay_workflow(History { events }.into()).await;
    assert!(replayed.is_err(), "it replays all the same");
}
