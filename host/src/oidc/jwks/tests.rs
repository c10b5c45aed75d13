//! Keys that rotate, vanish and cannot be had.

use super::*;
use crate::oidc::algorithm::Algorithm;
use crate::oidc::issuer::IssuerRules;
use crate::oidc::issuer_server::{IssuerServer, Page, loopback};
use crate::oidc::signer::Signer;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

const NOW: Timestamp = 1_800_000_000;

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

/// The futures may move between threads.
#[test]
fn is_movable() {
    fn movable<F: Future + Send>(_: impl Fn(Scene) -> F) {}
    movable(|scene| async move { scene.verify(&Signer::p256(), Value::Null).await });
}
