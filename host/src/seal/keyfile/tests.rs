use super::*;
use proptest::prelude::*;

fn rendered(change: impl FnOnce(String) -> String) -> Result<KeyFile, Flaw> {
    let file = KeyFile::fresh(1_700_000_000);
    KeyFile::parse(&change(file.render().to_string()))
}

#[test]
fn a_file_is_read_as_it_is_written() {
    let mut file = KeyFile::fresh(1_700_000_000);
    let second = file.add(1_700_000_001);
    assert!(file.activate(second));
    let read = KeyFile::parse(&file.render()).expect("what was written is read");
    assert_eq!(read.active, second);
    assert_eq!(read.hash_key.as_bytes(), file.hash_key.as_bytes());
    assert_eq!(read.keys.len(), 2);
    for (left, right) in read.keys.iter().zip(&file.keys) {
        assert_eq!(left.id, right.id);
        assert_eq!(left.created_at, right.created_at);
        assert_eq!(left.secret.as_bytes(), right.secret.as_bytes());
    }
}

#[test]
fn flaws_are_told_apart() {
    let flaw = |change: fn(String) -> String| rendered(change).expect_err("flawed");
    assert_eq!(flaw(|_| String::from("active = 3")), Flaw::Form { line: 1 });
    assert_eq!(
        flaw(|text| text + "surprise = 1\n"),
        Flaw::Form { line: 10 }
    );
    assert_eq!(
        flaw(|text| text
            .split("\n[[key]]")
            .next()
            .unwrap_or_default()
            .to_owned()),
        Flaw::NoKey
    );
    assert_eq!(
        flaw(|text| text.replace("hash_key = \"", "hash_key = \"A")),
        Flaw::HashKey
    );
    assert_eq!(
        flaw(|text| text.replace("active = \"", "active = \"0")),
        Flaw::Active
    );
    assert_eq!(
        flaw(|text| text.replace("\nid = \"", "\nid = \"0")),
        Flaw::KeyId { place: 1 }
    );
    assert!(matches!(
        flaw(|text| text.replace("secret = \"", "secret = \"=")),
        Flaw::Secret { .. }
    ));
    assert!(matches!(
        flaw(|text| {
            let key = text.split_once("\n[[key]]").map(|(_, key)| key.to_owned());
            format!("{text}\n[[key]]{}", key.unwrap_or_default())
        }),
        Flaw::Repeated { .. }
    ));
}

#[test]
fn neither_errors_nor_debug_show_a_secret() {
    let file = KeyFile::fresh(1);
    let secret = file.keys[0].secret.encode();
    let text = file.render();
    assert!(text.contains(secret.as_str()));
    for broken in [
        text.replace("secret = ", "secret "),
        text.replace("secret = ", "secrets = "),
        text.replace("created_at = 1", "created_at = true"),
        text.replace("secret = \"", "secret = \"A"),
    ] {
        let flaw = KeyFile::parse(&broken).expect_err("flawed");
        assert!(
            !format!("{flaw} {flaw:?}").contains(&secret[4..12]),
            "{flaw}"
        );
    }
    assert!(!format!("{file:?}").contains(&secret[4..12]));
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,200}") {
        prop_assert!(KeyFile::parse(&text).is_err());
    }
}
