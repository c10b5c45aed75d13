//! The component against its fixtures, and against options that are wrong.

use celadon_provider::harness::{Mismatch, check};
use celadon_provider::{Value, json};
use celadon_provider_oidc::Oidc;

fn replay(fixture: &str) {
    if let Err(mismatch) = check::<Oidc>(fixture) {
        panic!("{mismatch}");
    }
}

#[test]
fn thin_id_token() {
    replay(include_str!("../fixtures/thin-id-token.json"));
}

#[test]
fn full_id_token() {
    replay(include_str!("../fixtures/full-id-token.json"));
}

#[test]
fn options_that_are_wrong_are_named() {
    let cases = [
        (json!({}), "/issuer"),
        (json!({"issuer": 7}), "/issuer"),
        (json!({"issuer": "id.example.com"}), "/issuer"),
        (json!({"issuer": "https://"}), "/issuer"),
        (json!({"issuer": "https://user@id.example.com"}), "/issuer"),
        (json!({"issuer": "https://id.example.com/?a=b"}), "/issuer"),
        (json!({"issuer": "https://id.example.com/{tid}"}), "/issuer"),
        (json!({"issuer": "https://id.example.com/ "}), "/issuer"),
        (
            json!({"issuer": "https://id.example.com/.well-known/openid-configuration"}),
            "/issuer",
        ),
        (json!({"issuer": "https://a.b", "isuer": "x"}), "/isuer"),
        (
            json!({"issuer": "https://a.b", "userinfo": "yes"}),
            "/userinfo",
        ),
        (json!({"issuer": "https://a.b", "renewal": "often"}), ""),
    ];
    for (options, at) in cases {
        let found = described(&options);
        assert_eq!(
            found["option_errors"][0]["at"],
            json!(at),
            "{options}: {found}"
        );
    }
}

#[test]
fn http_is_the_hosts_to_refuse() {
    let found = described(&json!({"issuer": "http://127.0.0.1:9/realms/a"}));
    let metadata = "http://127.0.0.1:9/realms/a/.well-known/openid-configuration";
    assert_eq!(found["issuer"]["metadata"], json!(metadata));
}

#[test]
fn without_userinfo_it_is_neither_asked_nor_trusted() {
    let options = json!({"issuer": "https://a.b", "userinfo": false});
    assert_eq!(
        described(&options)["emails"].as_array().map(Vec::len),
        Some(1)
    );
    replay(
        &json!({"options": options, "calls": [{
            "call": "identify",
            "evidence": {"id_token": {"sub": "1"}, "scopes": ["email", "profile"]},
            "expect": {"email": null, "name": null},
        }]})
        .to_string(),
    );
}

#[test]
fn a_fixture_that_differs_is_found() {
    let call = |call: Value| json!({"options": {"issuer": "https://a.b"}, "calls": [call]});
    let request = json!({"endpoint": "token", "credential": "client"});
    let other = call(json!({
        "call": "obtain", "grant": "code", "expect": {},
        "exchanges": [{"request": request, "answer": {}}],
    }));
    assert!(matches!(
        check::<Oidc>(&other.to_string()),
        Err(Mismatch::Request { .. })
    ));
    let unasked = call(json!({
        "call": "identify", "expect": {}, "exchanges": [{"request": request, "answer": {}}],
    }));
    assert!(matches!(
        check::<Oidc>(&unasked.to_string()),
        Err(Mismatch::Unasked { .. })
    ));
    let misspelt = call(json!({"call": "describe", "expect": {}, "exchange": []}));
    assert!(matches!(
        check::<Oidc>(&misspelt.to_string()),
        Err(Mismatch::Fixture(_))
    ));
}

/// What `describe` answers, found by expecting what it never answers.
fn described(options: &Value) -> Value {
    let fixture = json!({"options": options, "calls": [{"call": "describe", "expect": "nothing"}]});
    match check::<Oidc>(&fixture.to_string()) {
        Err(Mismatch::Result { found, .. }) => found,
        other => panic!("{other:?}"),
    }
}
