//! Key sets that are strange, and keys that rotate.

use super::*;
use crate::oidc::algorithm::Algorithm;
use crate::oidc::issuer::IssuerRules;
use crate::oidc::issuer_server::{IssuerServer, Page, loopback};
use crate::oidc::signer::Signer;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

const NOW: Timestamp = 1_800_000_000;
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

/// An issuer with its keys at `/keys`, and Celadon before it.
struct Scene {
    server: IssuerServer,
    egress: Egress,
    sets: KeySets,
    clock: Arc<AtomicU64>,
    metadata: ProviderMetadata,
    rules: IssuerRules,
}

impl Scene {
    async fn new() -> Self {
        let server = IssuerServer::start().await;
        let egress = loopback("acme");
        let clock = Arc::new(AtomicU64::new(NOW));
        let hand = Arc::clone(&clock);
        let document = json!({"issuer": server.url(""), "jwks_uri": server.url("/keys")});
        let url = Url::parse(&server.url("/metadata")).expect("a URL");
        let metadata = ProviderMetadata::parse(
            document.to_string().as_bytes(),
            &url,
            &server.url(""),
            egress.policy(),
        );
        Self {
            rules: IssuerRules {
                identifier: server.url(""),
                ..IssuerRules::default()
            },
            metadata: metadata.expect("metadata"),
            sets: KeySets::with_clock(Arc::new(move || hand.load(Ordering::Relaxed))),
            server,
            egress,
            clock,
        }
    }

    fn publish(&self, keys: &[Value]) {
        self.server.put_json("/keys", &json!({ "keys": keys }));
    }

    async fn verify(
        &self,
        signer: &Signer,
        kid: Value,
    ) -> Result<VerifiedIdToken, VerificationError> {
        let header = if kid.is_null() {
            json!({"alg": "ES256"})
        } else {
            json!({"alg": "ES256", "kid": kid})
        };
        let claims = json!({"iss": self.rules.identifier, "sub": "u", "aud": "c", "iat": NOW, "exp": NOW + 9999});
        let expectations = Expectations {
            issuer: &self.rules,
            client_id: "c",
            nonce: None,
            nonce_optional: false,
            access_token: None,
            code: None,
            max_age: None,
            now: NOW,
            algorithms: &[Algorithm::Es256],
            client_secret: None,
        };
        let token = signer.token(&header, &claims);
        let provider = ProviderName::new("acme");
        self.sets
            .verify(
                &provider,
                &self.metadata,
                &token,
                &expectations,
                &self.egress,
            )
            .await
    }

    fn hits(&self) -> usize {
        self.server.hits("/keys")
    }
}

#[tokio::test]
async fn keys_are_fetched_once_and_again_after_ten_minutes() {
    let scene = Scene::new().await;
    let signer = Signer::p256();
    scene.publish(&[signer.jwk_with(json!({"kid": "a"}))]);
    let all = (0..20).map(|_| scene.verify(&signer, json!("a")));
    assert!(
        futures::future::join_all(all)
            .await
            .iter()
            .all(Result::is_ok)
    );
    assert_eq!(scene.hits(), 1);
    scene.clock.fetch_add(599, Ordering::Relaxed);
    assert!(scene.verify(&signer, json!("a")).await.is_ok());
    assert_eq!(scene.hits(), 1);
    // Withdrawn keys stop counting.
    scene.publish(&[]);
    scene.clock.fetch_add(1, Ordering::Relaxed);
    assert!(scene.verify(&signer, json!("a")).await.is_err());
    assert_eq!(scene.hits(), 2);
}

#[tokio::test]
async fn rotated_keys_are_found() {
    let scene = Scene::new().await;
    let (old, new, third) = (Signer::p256(), Signer::p256(), Signer::p256());
    scene.publish(&[old.jwk_with(json!({"kid": "a"}))]);
    assert!(scene.verify(&old, json!("a")).await.is_ok());
    scene.publish(&[new.jwk_with(json!({"kid": "b"}))]);
    assert!(scene.verify(&new, json!("b")).await.is_ok(), "a new kid");
    scene.publish(&[third.jwk_with(json!({"kid": "b"}))]);
    assert!(
        scene.verify(&third, json!("b")).await.is_ok(),
        "a new key under an old kid"
    );
    scene.publish(&[old.jwk()]);
    assert!(
        scene.verify(&old, Value::Null).await.is_ok(),
        "no kid at all"
    );
    assert_eq!(scene.hits(), 4);
}

#[tokio::test]
async fn unknown_keys_are_asked_for_five_times_and_then_once_a_minute() {
    let scene = Scene::new().await;
    let (signer, stranger) = (Signer::p256(), Signer::p256());
    scene.publish(&[signer.jwk_with(json!({"kid": "a"}))]);
    for attempt in 0..20 {
        let kid = json!(format!("unknown-{attempt}"));
        let outcome = scene.verify(&stranger, kid).await;
        assert!(matches!(
            outcome,
            Err(VerificationError::Token(IdTokenError::NoKey))
        ));
    }
    assert_eq!(scene.hits(), 1 + 5);
    for _ in 0..5 {
        let outcome = scene.verify(&stranger, json!("a")).await;
        assert!(matches!(
            outcome,
            Err(VerificationError::Token(IdTokenError::Signature))
        ));
    }
    assert_eq!(scene.hits(), 1 + 5, "one bucket for both");
    assert!(scene.verify(&signer, json!("a")).await.is_ok());

    let set = KeySet::default();
    for _ in 0..5 {
        assert!(set.refetches.check().is_ok());
    }
    let refused = set.refetches.check().expect_err("the bucket is empty");
    let wait = refused.wait_time_from(governor::clock::Clock::now(
        &governor::clock::DefaultClock::default(),
    ));
    assert!(
        (Duration::from_secs(50)..=REFILL).contains(&wait),
        "{wait:?}"
    );
}

#[tokio::test]
async fn a_failure_is_not_kept() {
    let scene = Scene::new().await;
    let signer = Signer::p256();
    for page in [
        Page::Answer(500, Vec::new()),
        Page::Answer(404, b"{\"keys\":[]}".to_vec()),
        Page::Answer(200, b"<html>".to_vec()),
        Page::Answer(200, vec![b' '; DOCUMENT + 1]),
        Page::Answer(302, Vec::new()),
    ] {
        scene.server.put("/keys", page);
        let outcome = scene.verify(&signer, json!("a")).await;
        assert!(
            matches!(outcome, Err(VerificationError::Keys(_))),
            "{outcome:?}"
        );
    }
    scene.publish(&[signer.jwk_with(json!({"kid": "a"}))]);
    assert!(scene.verify(&signer, json!("a")).await.is_ok());
    // Expired keys do not serve, however the fetch fails.
    scene.server.put("/keys", Page::Answer(503, Vec::new()));
    scene.clock.fetch_add(600, Ordering::Relaxed);
    assert!(scene.verify(&signer, json!("a")).await.is_err());
}

#[tokio::test]
async fn a_token_that_cannot_hold_fetches_nothing() {
    let mut scene = Scene::new().await;
    scene.publish(&[]);
    let expectations_fail = scene.verify(&Signer::ed25519(), json!(7)).await;
    assert!(matches!(
        expectations_fail,
        Err(VerificationError::Token(IdTokenError::Header { .. }))
    ));
    assert_eq!(scene.hits(), 0);
    scene.metadata.jwks_uri = None;
    let outcome = scene.verify(&Signer::p256(), json!("a")).await;
    assert!(
        matches!(outcome, Err(VerificationError::Keys(error)) if matches!(*error, JwksError::NoUri))
    );
}
