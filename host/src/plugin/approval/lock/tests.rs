use super::*;
use crate::plugin::approval::tests::{description, name};
use proptest::prelude::*;

fn lock(names: &[&str]) -> Lock {
    let mut lock = Lock::default();
    for one in names {
        let component = ComponentDigest::of(one.as_bytes());
        let described = description(&format!("https://{one}.example"));
        lock.insert(name(one), Approved::new(component, &described));
    }
    lock
}

#[test]
fn a_lock_is_read_as_it_was_written() {
    let lock = lock(&["b", "a"]);
    let text = lock.render();
    assert_eq!(Lock::parse(&text).unwrap(), lock);
    assert_eq!(Lock::parse(&text).unwrap().render(), text);
    assert!(text.find("\"a\": {").unwrap() < text.find("\"b\": {").unwrap());
    // One fact a line: another fact changes that line, and the digest.
    let mut other = lock.clone();
    let changed = description("https://a.example").changed(|it| it.id_token = false);
    let component = ComponentDigest::of(b"a");
    other.insert(name("a"), Approved::new(component, &changed));
    let other = other.render();
    let differing = text
        .lines()
        .zip(other.lines())
        .filter(|(one, two)| one != two);
    let differing: Vec<_> = differing.map(|(line, _)| line.trim()).collect();
    assert_eq!(differing.len(), 2, "{differing:?}");
    assert!(
        differing[0].starts_with("\"id_token\": true"),
        "{differing:?}"
    );
    assert!(
        differing[1].starts_with("\"description_digest\": "),
        "{differing:?}"
    );
}

#[test]
fn nothing_in_a_lock_can_hide() {
    let hostile = "\u{202e}\u{1b}[2J\u{7f}\u{1f600}";
    let described = description("https://a.example").changed(|it| {
        let endpoint = it.endpoints.get_mut("user").unwrap();
        endpoint.body = Some(serde_json::json!({ hostile: hostile }));
    });
    let mut lock = Lock::default();
    let component = ComponentDigest::of(b"a");
    lock.insert(name("a"), Approved::new(component, &described));
    let text = lock.render();
    assert!(
        text.bytes()
            .all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte))
    );
    assert!(
        Lock::parse(&text)
            .unwrap()
            .get(&name("a"))
            .unwrap()
            .is(&described)
    );
}

#[test]
fn what_is_no_lock_is_refused_with_its_line() {
    let text = lock(&["a", "b"]).render();
    let swap = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    };
    let b = text
        .lines()
        .position(|line| line.contains("\"b\""))
        .unwrap()
        + 1;
    let cases = [
        (String::new(), 1, "EOF"),
        ("{}".to_owned(), 1, "missing field"),
        (
            swap("\"version\": 1", "\"version\": 2"),
            0,
            "version 2 of the format",
        ),
        (
            swap("\"version\": 1", "\"version\": 1, \"more\": 1"),
            0,
            "unknown field `more`",
        ),
        (
            swap("\"component\"", "\"komponent\""),
            0,
            "unknown field `komponent`",
        ),
        (swap("\"a\": {", "\"A b\": {"), 0, "no name of a provider"),
        (swap("\"b\": {", "\"a\": {"), b, "a name twice"),
        (
            swap("https://a.example/user", "https://evil.example/user"),
            0,
            "the approval of `a`",
        ),
        (
            swap("  \"providers\"", "<<<<<<< ours\n  \"providers\""),
            2,
            "key must be a string",
        ),
        (text.get(..text.len() / 2).unwrap().to_owned(), 0, "EOF"),
        (format!("{text}{text}"), 0, "trailing"),
    ];
    for (wrong, line, word) in cases {
        let error = Lock::parse(&wrong).expect_err(word);
        assert!(error.to_string().contains(word), "{word}: {error}");
        assert!(error.line() > 0, "{word}: {error}");
        assert!(line == 0 || error.line() >= line, "{word}: {error}");
    }
}

#[test]
fn depth_and_size_are_bounded() {
    let deep = format!("{{\"version\":1,\"providers\":{}", "[".repeat(100_000));
    assert!(Lock::parse(&deep).is_err());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("celadon.lock");
    std::fs::write(&path, vec![b' '; (16 << 20) + 1]).unwrap();
    let large = read(&path).unwrap_err();
    assert!(matches!(large, LockError::TooLarge { .. }), "{large}");
    assert!(large.to_string().contains("put back"), "{large}");
    std::fs::write(&path, b"{\n\n]").unwrap();
    let error = read(&path).unwrap_err().to_string();
    assert!(error.contains("celadon.lock:3: "), "{error}");
    assert!(error.contains("celadon provider approve"), "{error}");
}

/// Sixteen kilobytes that are half a megabyte once they stand one fact a line.
fn deep_body() -> serde_json::Value {
    let nest = |value| (0..29).fold(value, |value, _| serde_json::json!([value]));
    nest(serde_json::json!(vec![serde_json::json!([]); 5_000]))
}

#[test]
fn a_lock_that_could_not_be_read_again_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("celadon.lock");
    let insert = |names: &[String], described: &Description| {
        change(
            &path,
            || (),
            |lock| {
                for one in names {
                    let component = ComponentDigest::of(one.as_bytes());
                    lock.insert(name(one), Approved::new(component, described));
                }
                Ok::<_, LockError>(())
            },
        )
    };
    let long = description("https://a.example").changed(|it| {
        it.endpoints.get_mut("user").unwrap().body = Some(deep_body());
    });
    let names: Vec<String> = (0..60).map(|n| format!("p{n}")).collect();
    insert(&names[..2], &long).unwrap();
    let refused = insert(&names[2..], &long).unwrap_err();
    assert!(matches!(refused, LockError::Full { .. }), "{refused}");
    assert_eq!(read(&path).unwrap().providers().count(), 2);
    insert(&names[2..3], &description("https://b.example")).unwrap();
    assert_eq!(read(&path).unwrap().providers().count(), 3);
}

#[test]
fn what_is_no_regular_file_is_an_error_and_nobody_waits_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("celadon.lock");
    let change = || change(&path, || (), |_| Ok::<_, LockError>(()));
    std::os::unix::fs::symlink(folder.path().join("none"), &path).unwrap();
    for error in [read(&path).unwrap_err(), change().unwrap_err()] {
        assert!(matches!(error, LockError::Dangling { .. }), "{error}");
    }
    std::fs::remove_file(&path).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    for error in [read(&path).unwrap_err(), change().unwrap_err()] {
        assert!(matches!(error, LockError::NoFile { .. }), "{error}");
    }
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
    assert!(matches!(read(&path), Err(LockError::NoFile { .. })));
    assert!(matches!(read(folder.path()), Err(LockError::NoFile { .. })));
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, b"{\n\xff}").unwrap();
    let error = read(&path).unwrap_err().to_string();
    assert!(
        error.contains("celadon.lock:2: this is not UTF-8: put back"),
        "{error}"
    );
}

#[test]
fn who_could_read_the_lock_still_can() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("celadon.lock");
    std::fs::write(&path, Lock::default().render()).unwrap();
    // Root alone may give files away.
    let is_given = chown(&path, Some(4711), Some(4712)).is_ok();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let before = std::fs::metadata(&path).unwrap();
    std::os::unix::fs::symlink("elsewhere", folder.path().join("celadon.lock.new")).unwrap();
    change(
        &path,
        || (),
        |lock| {
            let approved =
                Approved::new(ComponentDigest::of(b"a"), &description("https://a.example"));
            lock.insert(name("a"), approved);
            Ok::<_, LockError>(())
        },
    )
    .unwrap();
    let after = std::fs::metadata(&path).unwrap();
    assert_ne!(after.ino(), before.ino(), "it was replaced");
    assert_eq!(after.mode(), before.mode());
    assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
    assert!(!is_given || after.uid() == 4711);
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 1, "nothing is written through a link");
}

#[test]
fn changes_at_the_same_time_are_all_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("celadon.lock");
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let path = &path;
            scope.spawn(move || {
                for n in 0..8 {
                    let one = format!("p{thread}-{n}");
                    let approved = lock(&[&one]).get(&name(&one)).unwrap().clone();
                    change(
                        path,
                        || (),
                        |lock| {
                            lock.insert(name(&one), approved);
                            Ok::<_, LockError>(())
                        },
                    )
                    .unwrap();
                }
            });
        }
    });
    assert_eq!(read(&path).unwrap().providers().count(), 64);
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 1, "nothing else is left behind");
}

#[test]
fn who_waits_says_so_once_and_then_sees_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("celadon.lock");
    let entry = |one: &str| lock(&[one]).get(&name(one)).unwrap().clone();
    let (told, waits) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let first = |lock: &mut Lock| {
            scope.spawn(|| {
                let waits = move || told.send(()).unwrap();
                change(&path, waits, |lock| {
                    assert!(lock.get(&name("a")).is_some());
                    lock.insert(name("b"), entry("b"));
                    Ok::<_, LockError>(())
                })
                .unwrap();
            });
            waits.recv().unwrap();
            lock.insert(name("a"), entry("a"));
            Ok::<_, LockError>(())
        };
        change(&path, || panic!("nobody is there"), first).unwrap();
    });
    assert_eq!(waits.iter().count(), 0, "it is said once");
    assert_eq!(read(&path).unwrap().providers().count(), 2);
}

#[test]
fn a_link_stays_a_link_and_a_refusal_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("file"), folder.path().join("link"));
    std::fs::write(&file, Lock::default().render()).unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let entry = lock(&["a"]).get(&name("a")).unwrap().clone();
    change(
        &link,
        || (),
        |lock| {
            lock.insert(name("a"), entry);
            Ok::<_, LockError>(())
        },
    )
    .unwrap();
    assert!(link.symlink_metadata().unwrap().is_symlink());
    let before = std::fs::read(&file).unwrap();
    let refused = change(
        &link,
        || (),
        |lock| {
            lock.remove(&name("a"));
            Err::<(), _>(LockError::TooLarge {
                path: "x".into(),
                limit: 0,
            })
        },
    );
    assert!(refused.is_err());
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

proptest! {
    #[test]
    fn a_parser_of_anything(text in "[{}\\[\\]\",:a-z0-9 \n]{0,64}") {
        let _ = Lock::parse(&text);
    }

    /// Whatever becomes of a lock, it says what it said or is refused.
    #[test]
    fn damage_is_noticed(at in 0_usize..4096, byte: u8) {
        let lock = lock(&["a", "b"]);
        let mut bytes = lock.render().into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        let parsed = String::from_utf8(bytes).ok().and_then(|text| Lock::parse(&text).ok());
        if let Some(parsed) = parsed {
            for provider in parsed.providers() {
                let entry = parsed.get(provider).unwrap();
                let whole = lock.providers().filter_map(|name| lock.get(name));
                prop_assert!(whole.map(Approved::digest).any(|digest| digest == entry.digest()));
            }
        }
    }
}
