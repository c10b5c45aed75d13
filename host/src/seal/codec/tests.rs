use super::*;
use proptest::prelude::*;
use std::sync::LazyLock;
use tempfile::TempDir;

static CODEC: LazyLock<(TempDir, PayloadSeal)> = LazyLock::new(codec);

fn codec() -> (TempDir, PayloadSeal) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let keys = KeyRing::open_or_create(&folder.path().join("keys")).expect("a key ring");
    (folder, PayloadSeal::new(keys))
}

fn json(text: &str) -> Payload {
    Payload {
        metadata: HashMap::from([(ENCODING.to_owned(), b"json/plain".to_vec())]),
        data: text.as_bytes().to_vec(),
        ..Payload::default()
    }
}

fn holds(payload: &Payload, text: &str) -> bool {
    payload
        .encode_to_vec()
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

fn encode(payloads: Vec<Payload>) -> Vec<Payload> {
    let encoded = CODEC.1.encode(&SerializationContextData::None, payloads);
    encoded
        .now_or_never()
        .expect("no waiting")
        .expect("sealing cannot fail")
}

fn decode(payloads: Vec<Payload>) -> Result<Vec<Payload>, PayloadConversionError> {
    let decoded = CODEC.1.decode(&SerializationContextData::None, payloads);
    decoded.now_or_never().expect("no waiting")
}

#[test]
fn payloads_come_back_whole_and_in_order() {
    let mut marked = json("\"first-secret\"");
    marked
        .metadata
        .insert("type".to_owned(), b"marked-type".to_vec());
    let payloads = vec![marked, json("2"), Payload::default()];
    let sealed = encode(payloads.clone());
    assert_eq!(sealed.len(), 3);
    for payload in &sealed {
        assert_eq!(payload.metadata[ENCODING], ENCRYPTED);
        assert_eq!(payload.metadata[KEY_ID].len(), 16);
        assert_eq!(payload.metadata.len(), 2);
    }
    for text in ["first-secret", "marked-type", "json/plain"] {
        assert!(holds(&payloads[0], text));
        assert!(!holds(&sealed[0], text), "{text} is in plain sight");
    }
    assert_eq!(decode(sealed).expect("sealed just now"), payloads);
}

#[test]
fn plain_payloads_pass_through_among_sealed_ones() {
    let plain = json("{\"provider\":\"google\"}");
    let mixed = [vec![plain.clone()], encode(vec![json("1")])].concat();
    assert_eq!(decode(mixed).expect("both are good"), [plain, json("1")]);
}

#[test]
fn a_payload_under_a_strange_key_is_an_error_that_names_the_key_alone() {
    let (_folder, stranger) = codec();
    let sealed = stranger.seal(&json("\"secret\""));
    let id = String::from_utf8(sealed.metadata[KEY_ID].clone()).expect("hex");
    let error = decode(vec![sealed]).expect_err("a strange key");
    assert_eq!(
        error.to_string(),
        format!("Encoding error: a payload from Temporal, sealed under key {id}, cannot be opened")
    );
}

#[test]
fn the_key_id_in_the_metadata_decides_nothing_and_is_not_repeated() {
    let mut sealed = CODEC.1.seal(&json("1"));
    sealed
        .metadata
        .insert(KEY_ID.to_owned(), b"forged".to_vec());
    assert_eq!(CODEC.1.open(sealed.clone()), Ok(json("1")));
    let last = sealed.data.len() - 1;
    sealed.data[last] ^= 1;
    let error = CODEC.1.open(sealed).expect_err("damaged");
    assert!(!format!("{error} {error:?}").contains("forged"));
}

#[test]
fn a_value_of_the_store_is_no_payload() {
    let sealed = CODEC.1.keys.seal(&context(), &json("1").encode_to_vec());
    let mut payload = CODEC.1.seal(&json("1"));
    payload.data = sealed.as_bytes().to_vec();
    assert!(matches!(
        CODEC.1.open(payload),
        Err(PayloadError::Unopened { .. })
    ));
}

#[test]
fn what_was_sealed_and_is_no_payload_is_refused() {
    let sealed = CODEC
        .1
        .keys
        .seal_for(Use::Payloads, &context(), b"\xff\xff");
    let mut payload = CODEC.1.seal(&json("1"));
    payload.data = sealed.as_bytes().to_vec();
    assert_eq!(CODEC.1.open(payload), Err(PayloadError::NotAPayload));
}

proptest! {
    #[test]
    fn any_payload_comes_back(
        data in proptest::collection::vec(any::<u8>(), 0..200),
        metadata in proptest::collection::hash_map(".{0,12}", proptest::collection::vec(any::<u8>(), 0..20), 0..4),
    ) {
        let payload = Payload { metadata, data, ..Payload::default() };
        prop_assert_eq!(CODEC.1.open(CODEC.1.seal(&payload)), Ok(payload));
    }

    #[test]
    fn bytes_that_claim_to_be_sealed_are_refused(
        data in proptest::collection::vec(any::<u8>(), 0..120),
    ) {
        let mut payload = CODEC.1.seal(&json("1"));
        payload.data = data;
        prop_assert!(CODEC.1.open(payload).is_err());
    }
}
