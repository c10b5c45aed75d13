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
    assert!(matches!(read(&path), Err(LockError::TooLarge { .. })));
    std::fs::write(&path, b"{\n\n]").unwrap();
    let error = read(&path).unwrap_err().to_string();
    assert!(error.contains("celadon.lock:3: "), "{error}");
    assert!(error.contains("celadon provider approve"), "{error}");
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
                    change(path, |lock| {
                        lock.insert(name(&one), approved);
                        Ok::<_, LockError>(())
                    })
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
fn a_link_stays_a_link_and_a_refusal_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("file"), folder.path().join("link"));
    std::fs::write(&file, Lock::default().render()).unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let entry = lock(&["a"]).get(&name("a")).unwrap().clone();
    change(&link, |lock| {
        lock.insert(name("a"), entry);
        Ok::<_, LockError>(())
    })
    .unwrap();
    assert!(link.symlink_metadata().unwrap().is_symlink());
    let before = std::fs::read(&file).unwrap();
    let refused = change(&link, |lock| {
        lock.remove(&name("a"));
        Err::<(), _>(LockError::TooLarge {
            path: "x".into(),
            limit: 0,
        })
    });
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
