//! Sealed values that somebody else has made: cookies, rows, payloads.

use celadon::seal::{Context, KeyId, KeyRing, Sealed};
use std::sync::LazyLock;

static KEYS: LazyLock<KeyRing> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    KeyRing::open_or_create(&folder.path().join("keys")).expect("keys")
});

/// Nothing opens that these keys have not sealed, and nothing that was changed.
pub fn sealed(input: &[u8]) {
    let context = Context::new("fuzz", "row");
    let stranger = Sealed::from_bytes(input.to_vec());
    assert!(KEYS.open(&context, &stranger).is_err(), "opened");
    if let Ok(text) = std::str::from_utf8(input) {
        // It may be an id or not.
        let _ = KeyId::parse(text);
    }

    let (at, change) = match input {
        [at, change, ..] if *change != 0 => (usize::from(*at), *change),
        _ => return,
    };
    let mut bytes = KEYS.seal(&context, input).as_bytes().to_vec();
    let last = bytes.len() - 1;
    bytes[at.min(last)] ^= change;
    assert!(
        KEYS.open(&context, &Sealed::from_bytes(bytes)).is_err(),
        "opened though changed"
    );
}
