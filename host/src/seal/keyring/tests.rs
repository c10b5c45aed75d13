use super::*;
use proptest::prelude::*;
use std::sync::LazyLock;

static RING: LazyLock<KeyRing> = LazyLock::new(|| KeyRing::new(&KeyFile::fresh(1)));

fn context() -> Context {
    Context::new("attempt.secrets", "a")
}

#[test]
fn what_is_sealed_opens_for_its_own_context_and_use_alone() {
    let sealed = RING.seal(&context(), b"verifier");
    assert_eq!(
        RING.open(&context(), &sealed).as_deref(),
        Ok(&b"verifier".to_vec())
    );
    for other in [
        Context::new("attempt.secrets", "b"),
        Context::new("attempt.secret", "sa"),
        Context::new("attempt.tokens", "a"),
    ] {
        assert_eq!(RING.open(&other, &sealed), Err(SealError::Damaged));
    }
    assert_eq!(
        RING.open_for(Use::Payloads, &context(), &sealed),
        Err(SealError::Damaged)
    );
}

#[test]
fn the_same_text_is_never_sealed_alike() {
    assert_ne!(RING.seal(&context(), b"x"), RING.seal(&context(), b"x"));
}

#[test]
fn failures_are_told_apart() {
    let sealed = RING.seal(&context(), b"verifier");
    let stranger = KeyRing::new(&KeyFile::fresh(1));
    let id = sealed.key_id().expect("it was sealed just now");
    let error = stranger
        .open(&context(), &sealed)
        .expect_err("another ring");
    assert_eq!(error, SealError::UnknownKey { id });
    assert_eq!(
        error.to_string(),
        format!("sealed under key {id} which is not in the key ring")
    );
    assert_eq!(
        RING.open(&context(), &Sealed::default()),
        Err(SealError::Empty)
    );
    let mut newer = sealed.as_bytes().to_vec();
    newer[0] = 2;
    assert_eq!(
        RING.open(&context(), &Sealed::from_bytes(newer)),
        Err(SealError::WrongVersion { version: 2 })
    );
}

#[test]
fn a_key_of_the_same_name_and_another_secret_does_not_open() {
    let mut file = KeyFile::fresh(1);
    let sealed = KeyRing::new(&file).seal(&context(), b"verifier");
    let other = KeyFile::fresh(1);
    file.keys[0].secret = other.keys.into_iter().next().expect("one key").secret;
    assert_eq!(
        KeyRing::new(&file).open(&context(), &sealed),
        Err(SealError::Damaged)
    );
}

#[test]
fn after_a_rotation_old_values_open_and_hashes_stay() {
    let mut file = KeyFile::fresh(1);
    let before = KeyRing::new(&file);
    let sealed = before.seal(&context(), b"verifier");
    let second = file.add(2);
    file.activate(second);
    let after = KeyRing::new(&file);
    assert!(after.open(&context(), &sealed).is_ok());
    assert_eq!(after.seal(&context(), b"x").key_id(), Ok(second));
    assert_eq!(
        before.keyed_hash("address", b"::1"),
        after.keyed_hash("address", b"::1")
    );
    let active: Vec<bool> = after.list().iter().map(|key| key.active).collect();
    assert_eq!(active, [false, true]);
}

#[test]
fn hashes_differ_by_purpose_data_and_ring() {
    let hash = RING.keyed_hash("address", b"127.0.0.1");
    assert_eq!(hash.len(), 64);
    assert_eq!(hash, RING.keyed_hash("address", b"127.0.0.1"));
    let stranger = KeyRing::new(&KeyFile::fresh(1));
    for other in [
        RING.keyed_hash("address", b"127.0.0.2"),
        RING.keyed_hash("addres", b"s127.0.0.1"),
        stranger.keyed_hash("address", b"127.0.0.1"),
    ] {
        assert_ne!(hash, other);
    }
}

#[test]
fn json_of_another_shape_is_an_error_that_does_not_quote_it() {
    let sealed = RING.seal_json(&context(), "hunter2").expect("text is JSON");
    assert_eq!(
        RING.open_json::<String>(&context(), &sealed).as_deref(),
        Ok("hunter2")
    );
    let error = RING
        .open_json::<u32>(&context(), &sealed)
        .expect_err("not a number");
    assert!(matches!(error, SealError::Shape(_)));
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[test]
fn debug_shows_ids_alone() {
    let mut file = KeyFile::fresh(1);
    file.add(2);
    let text = format!("{:?}", KeyRing::new(&file));
    assert!(text.contains(&file.keys[1].id.to_string()));
    for secret in file
        .keys
        .iter()
        .map(|key| &key.secret)
        .chain([&file.hash_key])
    {
        assert!(!text.contains(&format!("{:?}", secret.as_bytes())));
    }
}

proptest! {
    #[test]
    fn any_bytes_come_back(text in proptest::collection::vec(any::<u8>(), 0..300), row in ".{0,20}") {
        let context = Context::new("tokens", row);
        let sealed = RING.seal(&context, &text);
        let opened = RING.open(&context, &sealed).expect("it was sealed just now");
        prop_assert_eq!(&*opened, &text);
        // Eight equal bytes by chance: once in 2^60 runs.
        prop_assert!(text.len() < 8 || !sealed.as_bytes().windows(8).any(|part| part == &text[..8]));
    }

    #[test]
    fn one_changed_bit_anywhere_and_it_stays_shut(
        text in proptest::collection::vec(any::<u8>(), 0..40),
        place in any::<proptest::sample::Index>(),
        bit in 0..8u8,
    ) {
        let sealed = RING.seal(&context(), &text);
        let mut bytes = sealed.as_bytes().to_vec();
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        prop_assert!(RING.open(&context(), &Sealed::from_bytes(bytes)).is_err());
    }

    #[test]
    fn a_value_cut_short_or_drawn_out_stays_shut(
        text in proptest::collection::vec(any::<u8>(), 0..40),
        cut in any::<proptest::sample::Index>(),
        more in proptest::collection::vec(any::<u8>(), 1..10),
    ) {
        let sealed = RING.seal(&context(), &text).as_bytes().to_vec();
        let short = sealed[..cut.index(sealed.len())].to_vec();
        prop_assert!(RING.open(&context(), &Sealed::from_bytes(short)).is_err());
        let long = [sealed, more].concat();
        prop_assert!(RING.open(&context(), &Sealed::from_bytes(long)).is_err());
    }

    #[test]
    fn foreign_bytes_under_a_known_key_stay_shut(
        body in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        let known = RING.seal(&context(), b"").as_bytes()[..HEADER_LEN].to_vec();
        let forged = Sealed::from_bytes([known, body].concat());
        prop_assert_eq!(RING.open(&context(), &forged), Err(SealError::Damaged));
    }
}
