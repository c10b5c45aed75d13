use super::*;
use crate::seal::{Context, KeyRing};
use std::sync::Barrier;
use tempfile::TempDir;

fn folder_and_path() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("celadon.keys");
    (folder, path)
}

fn names(folder: &TempDir) -> Vec<String> {
    fs::read_dir(folder.path())
        .expect("the folder is there")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect()
}

#[test]
fn a_ring_is_made_once_and_opened_again() {
    let (folder, path) = folder_and_path();
    let made = KeyRing::open_or_create(&path).expect("made");
    let context = Context::new("tokens", "1");
    let sealed = made.seal(&context, b"token");
    let opened = KeyRing::open_or_create(&path).expect("opened");
    assert_eq!(
        opened.open(&context, &sealed).as_deref(),
        Ok(&b"token".to_vec())
    );
    assert_eq!(names(&folder), ["celadon.keys"]);
}

#[test]
fn all_that_start_at_once_agree_on_one_ring() {
    let (folder, path) = folder_and_path();
    let start = Barrier::new(16);
    let hashes: Vec<String> = std::thread::scope(|scope| {
        let run = || {
            start.wait();
            let ring = KeyRing::open_or_create(&path).expect("made or opened");
            ring.keyed_hash("test", b"same")
        };
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(run)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect()
    });
    assert!(hashes.iter().all(|hash| *hash == hashes[0]));
    assert_eq!(names(&folder), ["celadon.keys"]);
}

#[test]
fn a_missing_folder_is_named() {
    let (_folder, path) = folder_and_path();
    let error = KeyRing::open_or_create(&path.join("deeper")).expect_err("no folder");
    assert!(matches!(error, KeyError::NoFolder { .. }), "{error}");
}

#[test]
fn a_malformed_file_is_refused_and_kept() {
    let (_folder, path) = folder_and_path();
    KeyRing::open_or_create(&path).expect("made");
    let text = fs::read_to_string(&path)
        .expect("text")
        .replace("secret", "secrets");
    fs::write(&path, &text).expect("written");
    let error = KeyRing::open_or_create(&path).expect_err("malformed");
    assert!(matches!(error, KeyError::Malformed { .. }), "{error}");
    assert_eq!(fs::read_to_string(&path).expect("text"), text);
}

#[test]
fn a_folder_and_a_file_that_is_too_large_are_refused() {
    let (folder, path) = folder_and_path();
    let error = KeyRing::open_or_create(folder.path()).expect_err("a folder");
    assert!(matches!(error, KeyError::NotAFile { .. }), "{error}");
    KeyRing::open_or_create(&path).expect("made");
    fs::write(&path, vec![b'#'; 70_000]).expect("written");
    let error = KeyRing::open_or_create(&path).expect_err("too large");
    assert!(matches!(error, KeyError::TooLarge { .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn the_file_is_its_owners_alone_and_must_stay_so() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path) = folder_and_path();
    KeyRing::open_or_create(&path).expect("made");
    let mode = || fs::metadata(&path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    KeyRing::rotate(&path).expect("rotated");
    assert_eq!(mode(), 0o600);
    for exposed in [0o604, 0o602, 0o620, 0o644, 0o660] {
        fs::set_permissions(&path, fs::Permissions::from_mode(exposed)).expect("changed");
        let error = KeyRing::open_or_create(&path).expect_err("exposed");
        assert!(
            matches!(error, KeyError::Exposed { mode, .. } if mode == exposed),
            "{error}"
        );
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).expect("changed");
    KeyRing::open_or_create(&path).expect("stricter is good");
}

#[test]
fn a_rotation_keeps_the_old_key_and_leaves_nothing_behind() {
    let (folder, path) = folder_and_path();
    let before = KeyRing::open_or_create(&path).expect("made");
    let first = before.list()[0].id;
    let added = KeyRing::add_key(&path).expect("added");
    let active = |ring: &KeyRing| {
        ring.list()
            .into_iter()
            .find(|key| key.active)
            .map(|key| key.id)
    };
    let ring = KeyRing::open_or_create(&path).expect("opened");
    assert_eq!(active(&ring), Some(first));
    KeyRing::activate(&path, added).expect("activated");
    let ring = KeyRing::open_or_create(&path).expect("opened");
    assert_eq!(active(&ring), Some(added));
    let third = KeyRing::rotate(&path).expect("rotated");
    let ring = KeyRing::open_or_create(&path).expect("opened");
    assert_eq!(active(&ring), Some(third));
    assert_eq!(ring.list().len(), 3);
    assert_eq!(names(&folder), ["celadon.keys"]);
}

#[test]
fn a_ring_follows_its_file() {
    let (_folder, path) = folder_and_path();
    let context = crate::seal::Context::new("purpose", "row");
    let here = KeyRing::open_or_create(&path).expect("made");
    let shared = here.clone();
    assert!(!here.reload().expect("read"), "nothing has changed");
    let first = here.list()[0].id;
    let second = KeyRing::rotate(&path).expect("rotated");
    assert_eq!(here.seal(&context, b"x").key_id(), Ok(first), "not yet");
    // Another instance was faster. Its key is found without being told of.
    let there = KeyRing::read(&path).expect("opened");
    let sealed = there.seal(&context, b"verifier");
    assert_eq!(sealed.key_id(), Ok(second));
    let opened = here.open(&context, &sealed).expect("opened");
    assert_eq!(opened.as_slice(), b"verifier");
    assert_eq!(shared.seal(&context, b"x").key_id(), Ok(second));
    assert!(!here.reload().expect("read"), "it was read already");
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_used_changes_nothing_and_is_reported_once() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path) = folder_and_path();
    let context = crate::seal::Context::new("purpose", "row");
    let ring = KeyRing::open_or_create(&path).expect("made");
    let good = fs::read_to_string(&path).expect("text");
    let sealed = ring.seal(&context, b"verifier");
    fs::write(&path, "no ring").expect("written");
    assert!(matches!(ring.reload(), Err(KeyError::Malformed { .. })));
    assert!(!ring.reload().expect("reported already"));
    assert!(ring.open(&context, &sealed).is_ok());
    fs::remove_file(&path).expect("removed");
    assert!(matches!(ring.reload(), Err(KeyError::Io { .. })));
    assert!(!ring.reload().expect("reported already"));
    assert!(ring.open(&context, &sealed).is_ok());
    fs::write(&path, good).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("changed");
    assert!(ring.reload().expect("read"));
    assert!(ring.open(&context, &sealed).is_ok());
}

#[test]
fn a_key_that_is_taken_out_is_gone() {
    let (_folder, path) = folder_and_path();
    let context = crate::seal::Context::new("purpose", "row");
    let ring = KeyRing::open_or_create(&path).expect("made");
    let sealed = ring.seal(&context, b"verifier");
    let id = sealed.key_id().expect("sealed");
    KeyRing::rotate(&path).expect("rotated");
    let file = fs::read_to_string(&path).expect("text");
    let parts: Vec<&str> = file.split("[[key]]").collect();
    fs::write(&path, format!("{}[[key]]{}", parts[0], parts[2])).expect("written");
    assert!(ring.reload().expect("read"));
    let gone = ring.open(&context, &sealed).expect_err("the key is gone");
    assert_eq!(gone, crate::seal::SealError::UnknownKey { id });
}

#[test]
fn changes_at_once_lose_no_key() {
    let (folder, path) = folder_and_path();
    KeyRing::open_or_create(&path).expect("made");
    let added = std::thread::scope(|scope| {
        let run = || match KeyRing::rotate(&path) {
            Ok(id) => Some(id),
            Err(KeyError::Busy { .. }) => None,
            Err(error) => panic!("{error}"),
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(run)).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| thread.join().expect("no panic");
        threads.into_iter().filter_map(join).collect::<Vec<_>>()
    });
    assert!(!added.is_empty());
    let ring = KeyRing::open_or_create(&path).expect("opened");
    assert_eq!(ring.list().len(), 1 + added.len());
    assert!(
        added
            .iter()
            .all(|id| ring.list().iter().any(|key| key.id == *id))
    );
    assert_eq!(names(&folder), ["celadon.keys"]);
}

#[test]
fn a_change_that_fails_changes_nothing() {
    let (folder, path) = folder_and_path();
    KeyRing::open_or_create(&path).expect("made");
    let text = fs::read_to_string(&path).expect("text");
    let unknown = KeyId::parse("00112233445566aa").expect("an id");
    let error = KeyRing::activate(&path, unknown).expect_err("unknown");
    assert!(
        matches!(error, KeyError::NoSuchKey { id } if id == unknown),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&path).expect("text"), text);
    assert_eq!(names(&folder), ["celadon.keys"]);
}

#[test]
fn a_draft_left_by_somebody_else_stops_a_change_and_stays() {
    let (folder, path) = folder_and_path();
    KeyRing::open_or_create(&path).expect("made");
    fs::write(folder.path().join("celadon.keys.new"), "half").expect("written");
    let error = KeyRing::rotate(&path).expect_err("busy");
    assert!(matches!(error, KeyError::Busy { .. }), "{error}");
    assert_eq!(names(&folder).len(), 2);
}
