//! Key sets that are strange.

use super::*;
use crate::oidc::signer::Signer;
use proptest::prelude::*;
use serde_json::json;

const MESSAGE: &[u8] = b"a message";

fn set(keys: &[Value]) -> Result<Jwks, KeySetError> {
    Jwks::parse(json!({ "keys": keys }).to_string().as_bytes())
}

/// Whether a set with this one key verifies what the signer signs.
fn verifies(signer: &Signer, jwk: &Value, alg: &str) -> bool {
    let algorithm = Algorithm::from_name(alg).expect("an algorithm");
    let signature = signer.sign(alg, MESSAGE);
    set(std::slice::from_ref(jwk))
        .expect("a key set")
        .candidates(algorithm, None)
        .any(|key| key.verifies(algorithm, MESSAGE, &signature))
}

#[test]
fn keys_that_can_verify_are_used() {
    let (rsa, p256) = (Signer::rsa(), Signer::p256());
    for more in [
        json!({}),
        json!({"use": "sig"}),
        json!({"key_ops": ["verify"]}),
        json!({"alg": "RS256", "kid": "x", "x5c": ["nonsense"], "x5t": 7, "unknown": {}}),
    ] {
        assert!(
            verifies(&rsa, &rsa.jwk_with(more.clone()), "RS256"),
            "{more}"
        );
    }
    let padded = format!("AAAA{}", rsa.jwk()["n"].as_str().expect("a modulus"));
    assert!(verifies(
        &rsa,
        &rsa.jwk_with(json!({ "n": padded })),
        "RS256"
    ));
    assert!(verifies(&p256, &p256.jwk(), "ES256"));
    let ed25519 = Signer::ed25519();
    for (alg, name) in [("EdDSA", "Ed25519"), ("Ed25519", "EdDSA")] {
        assert!(verifies(
            &ed25519,
            &ed25519.jwk_with(json!({ "alg": alg })),
            name
        ));
    }
}

#[test]
fn keys_that_cannot_are_skipped_and_take_no_other_with_them() {
    let (rsa, p256, ed25519) = (Signer::rsa(), Signer::p256(), Signer::ed25519());
    let rows = [
        (&rsa, "RS256", json!({"use": "enc"})),
        (&rsa, "RS256", json!({"use": 1})),
        (&rsa, "RS256", json!({"key_ops": ["encrypt"]})),
        (&rsa, "RS256", json!({"key_ops": "verify"})),
        (&rsa, "RS256", json!({"alg": "RS512"})),
        (&rsa, "RS256", json!({"alg": "PS256"})),
        (&rsa, "RS256", json!({"alg": "ES256"})),
        (&rsa, "RS256", json!({"alg": "HS256"})),
        (&rsa, "RS256", json!({"alg": "none"})),
        (&rsa, "RS256", json!({"alg": 1})),
        (&rsa, "RS256", json!({"kid": 1})),
        (&rsa, "RS256", json!({"kty": "rsa"})),
        (&rsa, "RS256", json!({"kty": "oct", "k": "AAAA"})),
        (&rsa, "RS256", json!({"kty": "EC"})),
        (&rsa, "RS256", json!({"d": "AAAA"})),
        (&rsa, "RS256", json!({"n": ""})),
        (&rsa, "RS256", json!({"n": "AAAA"})),
        (&rsa, "RS256", json!({"n": "!"})),
        (&rsa, "RS256", json!({"n": 1})),
        (&rsa, "RS256", json!({"n": "_".repeat(170)})),
        (&rsa, "RS256", json!({"n": "_".repeat(20_000)})),
        (&rsa, "RS256", json!({"e": ""})),
        (&rsa, "RS256", json!({"e": "AQ"})),
        (&rsa, "RS256", json!({"e": "AAAB"})),
        (&rsa, "RS256", json!({"e": "AQAA"})),
        (&rsa, "RS256", json!({"e": "_____________w"})),
        (&p256, "ES256", json!({"crv": "P-384"})),
        (&p256, "ES256", json!({"crv": "secp256k1"})),
        (&p256, "ES256", json!({"x": "AAAA"})),
        (&p256, "ES256", json!({"x": "A".repeat(43)})),
        (&p256, "ES256", json!({"y": null})),
        (&p256, "ES256", json!({"d": "AAAA"})),
        (&ed25519, "EdDSA", json!({"crv": "X25519"})),
        (&ed25519, "EdDSA", json!({"x": "AAAA"})),
    ];
    let good = Signer::p384();
    for (signer, alg, more) in rows {
        assert!(
            !verifies(signer, &signer.jwk_with(more.clone()), alg),
            "{more}"
        );
        let both = set(&[
            signer.jwk_with(more.clone()),
            json!("no key"),
            json!(null),
            good.jwk(),
        ]);
        let es384 = both.expect("a key set");
        let signature = good.sign("ES384", MESSAGE);
        let found = es384
            .candidates(Algorithm::Es384, None)
            .any(|key| key.verifies(Algorithm::Es384, MESSAGE, &signature));
        assert!(found, "{more}");
    }
}

#[test]
fn a_set_is_bounded_and_strict() {
    let key = Signer::ed25519().jwk();
    assert!(set(&vec![key.clone(); 64]).is_ok());
    assert_eq!(set(&vec![key; 65]).err(), Some(KeySetError::TooMany));
    for document in ["{}", r#"{"keys":{}}"#, r#"{"keys":null}"#] {
        assert_eq!(
            Jwks::parse(document.as_bytes()).err(),
            Some(KeySetError::Shape)
        );
    }
    for document in ["", "[]", "<html>", r#"{"keys":[],"keys":[]}"#] {
        assert!(matches!(
            Jwks::parse(document.as_bytes()),
            Err(KeySetError::Json(_))
        ));
    }
}

#[test]
fn one_kid_may_name_two_keys() {
    let (old, new, other) = (Signer::p256(), Signer::p256(), Signer::rsa());
    let kid = json!({"kid": "k"});
    let keys = set(&[
        other.jwk_with(kid.clone()),
        old.jwk_with(kid.clone()),
        new.jwk_with(kid),
    ])
    .expect("a key set");
    for signer in [&old, &new] {
        let signature = signer.sign("ES256", MESSAGE);
        let mut candidates = keys.candidates(Algorithm::Es256, Some("k"));
        assert!(candidates.any(|key| key.verifies(Algorithm::Es256, MESSAGE, &signature)));
    }
    assert_eq!(keys.candidates(Algorithm::Es256, Some("K")).count(), 0);
    assert!(keys.knows(None) && keys.knows(Some("k")) && !keys.knows(Some("")));
}

proptest! {
    #[test]
    fn never_panics(members in prop::collection::btree_map(
        "kty|crv|n|e|x|y|use|alg|kid", "RSA|EC|OKP|P-256|P-521|Ed25519|sig|ES256|[A-Za-z0-9_-]{0,90}", 0..9,
    )) {
        let document = json!({ "keys": [members] }).to_string();
        let keys = Jwks::parse(document.as_bytes()).expect("a set");
        for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
            prop_assert!(!keys.candidates(algorithm, None).any(|key| key.verifies(algorithm, MESSAGE, &[0; 64])));
        }
    }
}
