//! ID tokens that hold, and tables of those that must not.

mod forged;
mod hostile;

use super::*;
use crate::oidc::signer::Signer;
use serde_json::json;

pub(super) const NOW: Timestamp = 1_800_000_000;
const ACCESS: &str = "an-access-token";

/// One issuer, its client, and what is expected of a token between them.
pub(super) struct Scene {
    pub(super) signer: Signer,
    pub(super) keys: Jwks,
    pub(super) rules: IssuerRules,
}

impl Scene {
    pub(super) fn new(signer: Signer) -> Self {
        let keys = json!({"keys": [signer.jwk_with(json!({"kid": "k1"}))]});
        Self {
            keys: Jwks::parse(keys.to_string().as_bytes()).expect("a key set"),
            signer,
            rules: IssuerRules {
                identifier: "https://issuer.example".into(),
                ..IssuerRules::default()
            },
        }
    }

    pub(super) fn expectations(&self) -> Expectations<'_> {
        Expectations {
            issuer: &self.rules,
            client_id: "celadon",
            nonce: Some("n-0S6"),
            nonce_optional: false,
            access_token: Some(ACCESS),
            code: None,
            max_age: None,
            now: NOW,
            algorithms: &[Algorithm::Rs256, Algorithm::Es256],
            client_secret: None,
        }
    }

    pub(super) fn verify(
        &self,
        header: &Value,
        claims: &Value,
    ) -> Result<VerifiedIdToken, IdTokenError> {
        verify(
            &self.signer.token(header, claims),
            &self.expectations(),
            &self.keys,
        )
    }
}

pub(super) fn header() -> Value {
    json!({"alg": "ES256", "kid": "k1", "typ": "JWT"})
}

pub(super) fn claims() -> Value {
    json!({
        "iss": "https://issuer.example", "sub": "user-1", "aud": "celadon", "nonce": "n-0S6",
        "iat": NOW - 5, "exp": NOW + 300, "email": "a@b.c",
    })
}

/// `claims()` with some replaced; `null` takes one out.
pub(super) fn claims_with(changes: Value) -> Value {
    changed(claims(), changes)
}

pub(super) fn changed(mut whole: Value, changes: Value) -> Value {
    let members = whole.as_object_mut().expect("an object");
    for (name, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    whole
}

#[test]
fn a_token_that_holds_is_taken() {
    let scene = Scene::new(Signer::p256());
    let token = scene
        .verify(&header(), &claims())
        .expect("a token that holds");
    assert_eq!(
        (token.issuer(), token.subject()),
        ("https://issuer.example", "user-1")
    );
    assert_eq!(token.to_value()["email"], "a@b.c");
    assert!(!format!("{token:?}").contains("user-1"));
}

#[test]
fn every_algorithm_verifies_by_its_own_key_alone() {
    let rsa = Signer::rsa();
    let scenes = [
        (
            Scene::new(rsa),
            &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"][..],
        ),
        (Scene::new(Signer::p256()), &["ES256"]),
        (Scene::new(Signer::p384()), &["ES384"]),
        (Scene::new(Signer::p521()), &["ES512"]),
        (Scene::new(Signer::ed25519()), &["EdDSA", "Ed25519"]),
    ];
    let all: Vec<Algorithm> = scenes
        .iter()
        .flat_map(|(_, names)| *names)
        .filter_map(|name| Algorithm::from_name(name))
        .collect();
    for (scene, names) in &scenes {
        for algorithm in &all {
            let head = json!({"alg": algorithm.name(), "kid": "k1"});
            let full = aws_lc_rs::digest::digest(algorithm.hash(), ACCESS.as_bytes());
            let half = &full.as_ref()[..full.as_ref().len() / 2];
            let at_hash = data_encoding::BASE64URL_NOPAD.encode(half);
            let token = scene
                .signer
                .token(&head, &claims_with(json!({ "at_hash": at_hash })));
            let expectations = Expectations {
                algorithms: &all,
                ..scene.expectations()
            };
            let outcome = verify(&token, &expectations, &scene.keys);
            if names.contains(&algorithm.name()) {
                assert!(outcome.is_ok(), "{}: {outcome:?}", algorithm.name());
            } else {
                assert_eq!(
                    outcome.err(),
                    Some(IdTokenError::NoKey),
                    "{}",
                    algorithm.name()
                );
            }
        }
    }
}

#[test]
fn lenient_where_real_issuers_are() {
    let scene = Scene::new(Signer::p256());
    for changes in [
        json!({"aud": ["celadon"]}),
        json!({"aud": ["celadon", "api"], "azp": "celadon"}),
        json!({"azp": "celadon"}),
        json!({"exp": NOW - 59}),
        json!({"iat": NOW + 60, "nbf": NOW + 60}),
        json!({"iat": NOW - 86_400}),
        json!({"exp": (NOW + 300) as f64 + 0.5, "iat": NOW as f64}),
        json!({"auth_time": "yesterday", "email": 7, "acr": [1]}),
        json!({"c_hash": "of a code that nobody checks here"}),
        json!({"sub": "x".repeat(255)}),
        json!({"big": 12345678901234567890_u64}),
    ] {
        let outcome = scene.verify(&header(), &claims_with(changes.clone()));
        assert!(outcome.is_ok(), "{changes}: {outcome:?}");
    }
    for changes in [
        json!({"typ": null}),
        json!({"typ": "jwt"}),
        json!({"kid": null}),
        json!({"jku": "https://evil.example/keys", "x5u": "https://evil.example", "x5c": ["AA"],
            "jwk": {"kty": "oct", "k": "AA"}, "x5t": "x", "cty": "json"}),
    ] {
        let outcome = scene.verify(&changed(header(), changes.clone()), &claims());
        assert!(outcome.is_ok(), "{changes}: {outcome:?}");
    }
}

#[test]
fn a_missing_nonce_needs_the_relaxation_and_a_wrong_one_never_passes() {
    let scene = Scene::new(Signer::p256());
    let relaxed = Expectations {
        nonce_optional: true,
        ..scene.expectations()
    };
    let unasked = Expectations {
        nonce: None,
        ..scene.expectations()
    };
    let token = |nonce| {
        scene
            .signer
            .token(&header(), &claims_with(json!({ "nonce": nonce })))
    };
    let (missing, wrong) = (token(json!(null)), token(json!("n-0S7")));
    assert!(verify(&missing, &scene.expectations(), &scene.keys).is_err());
    assert!(verify(&missing, &relaxed, &scene.keys).is_ok());
    assert!(verify(&wrong, &relaxed, &scene.keys).is_err());
    assert!(verify(&missing, &unasked, &scene.keys).is_ok());
    assert!(verify(&wrong, &unasked, &scene.keys).is_ok());
}

#[test]
fn max_age_and_code_are_checked_where_asked() {
    let scene = Scene::new(Signer::p256());
    let aged = Expectations {
        max_age: Some(100),
        ..scene.expectations()
    };
    for (auth_time, holds) in [
        (json!(NOW - 100), true),
        (json!(NOW - 160), true),
        (json!(NOW - 161), false),
        (json!(NOW + 61), false),
        (json!("now"), false),
        (json!(-1), false),
        (json!(null), false),
    ] {
        let token = scene
            .signer
            .token(&header(), &claims_with(json!({ "auth_time": auth_time })));
        assert_eq!(
            verify(&token, &aged, &scene.keys).is_ok(),
            holds,
            "{auth_time}"
        );
    }
    let coded = Expectations {
        code: Some("the-code"),
        ..scene.expectations()
    };
    let wrong = scene
        .signer
        .token(&header(), &claims_with(json!({"c_hash": "AAAA"})));
    let fault = Fault::Mismatch;
    assert_eq!(
        verify(&wrong, &coded, &scene.keys).err(),
        Some(IdTokenError::Claim {
            name: "c_hash",
            fault
        })
    );
}

#[test]
fn a_template_issuer_is_recorded_filled_in() {
    let mut scene = Scene::new(Signer::p256());
    scene.rules.identifier = "https://login.example/{tid}/v2.0".into();
    let tenant = json!({"iss": "https://login.example/t-1/v2.0", "tid": "t-1"});
    let token = scene
        .verify(&header(), &claims_with(tenant))
        .expect("a token that holds");
    assert_eq!(token.issuer(), "https://login.example/t-1/v2.0");
}
