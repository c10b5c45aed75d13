//! Tokens that lie, one row a lie.

use super::*;
use data_encoding::{BASE64URL, BASE64URL_NOPAD};
use proptest::prelude::*;

fn claim(name: &'static str, fault: Fault) -> IdTokenError {
    IdTokenError::Claim { name, fault }
}

fn parameter(name: &'static str, fault: Fault) -> IdTokenError {
    IdTokenError::Header { name, fault }
}

#[test]
fn no_lying_claim_passes() {
    use Fault::{Characters, Future, Mismatch, Missing, Past, Type};
    let scene = Scene::new(Signer::p256());
    let rows = [
        (json!({"iss": null}), claim("iss", Missing)),
        (json!({"iss": 1}), claim("iss", Type)),
        (
            json!({"iss": ["https://issuer.example"]}),
            claim("iss", Type),
        ),
        (
            json!({"iss": "https://issuer.example/"}),
            claim("iss", Mismatch),
        ),
        (
            json!({"iss": "http://issuer.example"}),
            claim("iss", Mismatch),
        ),
        (
            json!({"iss": "https://ISSUER.example"}),
            claim("iss", Mismatch),
        ),
        (
            json!({"iss": "https://issuer.example "}),
            claim("iss", Mismatch),
        ),
        (
            json!({"iss": "https://issuer.example.evil.example"}),
            claim("iss", Mismatch),
        ),
        (
            json!({"iss": "https://evil.example"}),
            claim("iss", Mismatch),
        ),
        (json!({"iss": ""}), claim("iss", Mismatch)),
        (json!({"aud": null}), claim("aud", Missing)),
        (json!({"aud": "other"}), claim("aud", Mismatch)),
        (json!({"aud": "Celadon"}), claim("aud", Mismatch)),
        (json!({"aud": "celadon other"}), claim("aud", Mismatch)),
        (json!({"aud": ""}), claim("aud", Mismatch)),
        (json!({"aud": []}), claim("aud", Mismatch)),
        (json!({"aud": ["other"]}), claim("aud", Mismatch)),
        (
            json!({"aud": ["celadon", 1], "azp": "celadon"}),
            claim("aud", Type),
        ),
        (json!({"aud": {"celadon": true}}), claim("aud", Type)),
        (json!({"aud": 1}), claim("aud", Type)),
        (json!({"aud": true}), claim("aud", Type)),
        (
            json!({"aud": vec!["celadon"; 65], "azp": "celadon"}),
            claim("aud", Type),
        ),
        (json!({"aud": ["celadon", "other"]}), claim("azp", Missing)),
        (
            json!({"aud": ["celadon", "other"], "azp": "other"}),
            claim("azp", Mismatch),
        ),
        (json!({"azp": "other"}), claim("azp", Mismatch)),
        (json!({"azp": ""}), claim("azp", Mismatch)),
        (json!({"azp": ["celadon"]}), claim("azp", Type)),
        (json!({"exp": null}), claim("exp", Missing)),
        (json!({"exp": NOW - 60}), claim("exp", Past)),
        (json!({"exp": 0}), claim("exp", Past)),
        (json!({"exp": -1}), claim("exp", Type)),
        (json!({"exp": (NOW + 300).to_string()}), claim("exp", Type)),
        (json!({"exp": true}), claim("exp", Type)),
        (json!({"exp": 1e300}), claim("exp", Type)),
        (json!({"exp": u64::MAX}), claim("exp", Type)),
        (json!({"iat": null}), claim("iat", Missing)),
        (json!({"iat": NOW + 61}), claim("iat", Future)),
        (json!({"iat": NOW - 86_401}), claim("iat", Past)),
        (json!({"iat": "now"}), claim("iat", Type)),
        (json!({"iat": [NOW]}), claim("iat", Type)),
        (json!({"nbf": NOW + 61}), claim("nbf", Future)),
        (json!({"nbf": "soon"}), claim("nbf", Type)),
        (json!({"nbf": 1e300}), claim("nbf", Type)),
        (json!({"nonce": null}), claim("nonce", Missing)),
        (json!({"nonce": ""}), claim("nonce", Mismatch)),
        (json!({"nonce": "N-0S6"}), claim("nonce", Mismatch)),
        (json!({"nonce": "n-0S6 "}), claim("nonce", Mismatch)),
        (json!({"nonce": ["n-0S6"]}), claim("nonce", Type)),
        (json!({"nonce": 0}), claim("nonce", Type)),
        (
            json!({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}),
            claim("at_hash", Mismatch),
        ),
        (json!({"at_hash": ""}), claim("at_hash", Mismatch)),
        (json!({"at_hash": 1}), claim("at_hash", Type)),
        (json!({"sub": null}), claim("sub", Missing)),
        (json!({"sub": ""}), claim("sub", Characters)),
        (json!({"sub": 7}), claim("sub", Type)),
        (json!({"sub": ["user-1"]}), claim("sub", Type)),
        (json!({"sub": "user-1\n"}), claim("sub", Characters)),
        (json!({"sub": " user-1"}), claim("sub", Characters)),
        (json!({"sub": "us\u{435}r-1"}), claim("sub", Characters)),
        (json!({"sub": "user\u{0}"}), claim("sub", Characters)),
        (json!({"sub": "x".repeat(256)}), claim("sub", Characters)),
    ];
    for (changes, expected) in rows {
        let outcome = scene.verify(&header(), &claims_with(changes.clone()));
        assert_eq!(outcome.err(), Some(expected), "{changes}");
    }
}

#[test]
fn no_lying_header_passes() {
    let scene = Scene::new(Signer::p256());
    let rows = [
        (json!({"alg": null}), IdTokenError::Algorithm),
        (json!({"alg": "none"}), IdTokenError::Algorithm),
        (json!({"alg": "NONE"}), IdTokenError::Algorithm),
        (json!({"alg": "HS256"}), IdTokenError::Algorithm),
        (json!({"alg": "ES384"}), IdTokenError::Algorithm),
        (json!({"alg": "es256"}), IdTokenError::Algorithm),
        (json!({"alg": "RS256"}), IdTokenError::NoKey),
        (json!({"alg": ["ES256"]}), parameter("alg", Fault::Type)),
        (json!({"kid": "k2"}), IdTokenError::NoKey),
        (json!({"kid": ""}), IdTokenError::NoKey),
        (json!({"kid": 1}), parameter("kid", Fault::Type)),
        (json!({"kid": "../../k1"}), IdTokenError::NoKey),
        (json!({"typ": "at+jwt"}), parameter("typ", Fault::Mismatch)),
        (
            json!({"typ": "application/at+jwt"}),
            parameter("typ", Fault::Mismatch),
        ),
        (
            json!({"typ": "logout+jwt"}),
            parameter("typ", Fault::Mismatch),
        ),
        (
            json!({"typ": "dpop+jwt"}),
            parameter("typ", Fault::Mismatch),
        ),
        (json!({"typ": ""}), parameter("typ", Fault::Mismatch)),
        (json!({"typ": 1}), parameter("typ", Fault::Type)),
        (json!({"crit": ["exp"]}), parameter("crit", Fault::Present)),
        (json!({"crit": []}), parameter("crit", Fault::Present)),
        (json!({"b64": false}), parameter("b64", Fault::Present)),
        (json!({"b64": true}), parameter("b64", Fault::Present)),
        (json!({"zip": "DEF"}), parameter("zip", Fault::Present)),
        (json!({"enc": "A256GCM"}), parameter("enc", Fault::Present)),
    ];
    for (changes, expected) in rows {
        let outcome = scene.verify(&changed(header(), changes.clone()), &claims());
        assert_eq!(outcome.err(), Some(expected), "{changes}");
    }
}

#[test]
fn no_broken_form_passes() {
    use crate::oidc::json::JsonError;
    let scene = Scene::new(Signer::p256());
    let good = scene.signer.token(&header(), &claims());
    let parts: Vec<&str> = good.split('.').collect();
    let (head, payload, signature) = (parts[0], parts[1], parts[2]);
    let read = |token: &str| verify(token, &scene.expectations(), &scene.keys).err();
    let none = BASE64URL_NOPAD.encode(br#"{"alg":"none"}"#);
    for (token, expected) in [
        (String::new(), IdTokenError::Malformed),
        ("..".into(), IdTokenError::Json(JsonError::Syntax)),
        (format!("{head}.{payload}"), IdTokenError::Malformed),
        (format!("{head}.{payload}."), IdTokenError::Signature),
        (
            format!("{head}.{payload}.{signature}."),
            IdTokenError::Malformed,
        ),
        (
            format!("{head}.{payload}.{signature}.x.y"),
            IdTokenError::Malformed,
        ),
        (
            format!("{head}.{payload}.{signature}=="),
            IdTokenError::Malformed,
        ),
        (
            format!("{head}.{payload}.{signature}\n"),
            IdTokenError::Malformed,
        ),
        (format!(" {good}"), IdTokenError::Malformed),
        (
            format!("{head}=.{payload}.{signature}"),
            IdTokenError::Malformed,
        ),
        (
            format!("{head}.{payload}.AAA{signature}"),
            IdTokenError::Malformed,
        ),
        (
            format!("{head}.{payload}.{}", "A".repeat(86)),
            IdTokenError::Signature,
        ),
        (format!("{head}.{payload}.AAAA"), IdTokenError::Signature),
        (format!("{none}.{payload}."), IdTokenError::Algorithm),
        (
            format!("{none}.{payload}.{signature}"),
            IdTokenError::Algorithm,
        ),
        (
            format!("{good}{}", "A".repeat(MAX_TOKEN)),
            IdTokenError::TooLarge,
        ),
        (BASE64URL.encode(good.as_bytes()), IdTokenError::Malformed),
    ] {
        assert_eq!(read(&token), Some(expected), "{token}");
    }
    let text = claims().to_string();
    for (header, claims, expected) in [
        (
            r#"{"alg":"ES256","alg":"none"}"#,
            text.as_str(),
            JsonError::Duplicate,
        ),
        (r#"["ES256"]"#, &text, JsonError::Syntax),
        ("\u{feff}{}", &text, JsonError::Syntax),
        (r#"{"alg":"ES256"}"#, "[]", JsonError::Syntax),
        (r#"{"alg":"ES256"}"#, "null", JsonError::Syntax),
        (r#"{"alg":"ES256"}"#, "", JsonError::Syntax),
        (
            r#"{"alg":"ES256"}"#,
            r#"{"sub":"a","sub":"b"}"#,
            JsonError::Duplicate,
        ),
        (
            r#"{"alg":"ES256"}"#,
            r#"{"sub":"a","s\u0075b":"b"}"#,
            JsonError::Duplicate,
        ),
    ] {
        let token = scene.signer.token_of(header, claims);
        assert_eq!(
            read(&token),
            Some(IdTokenError::Json(expected)),
            "{header} {claims}"
        );
    }
}

proptest! {
    #[test]
    fn nothing_made_up_passes(token in "[A-Za-z0-9_.=-]{0,200}") {
        let rules = IssuerRules::default();
        let expectations = Expectations {
            issuer: &rules, client_id: "", nonce: None, nonce_optional: true, access_token: None,
            code: None, max_age: None, now: NOW, algorithms: &[Algorithm::Rs256], client_secret: None,
        };
        prop_assert!(verify(&token, &expectations, &Jwks::default()).is_err());
    }

    /// No byte of a token can be changed.
    #[test]
    fn every_byte_counts(at in 0usize..400, byte in "[A-Za-z0-9_-]") {
        let scene = Scene::new(Signer::p256());
        let good = scene.signer.token(&header(), &claims());
        let at = at % good.len();
        let changed = format!("{}{byte}{}", &good[..at], &good[at + 1..]);
        prop_assume!(changed != good);
        prop_assert!(verify(&changed, &scene.expectations(), &scene.keys).is_err());
    }
}
