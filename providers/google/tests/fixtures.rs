//! The component against its fixtures, and against options that are wrong.

use celadon_provider::harness::{Mismatch, check};
use celadon_provider::{Value, json};
use celadon_provider_google::Google;

fn replay(fixture: &str) {
    if let Err(mismatch) = check::<Google>(fixture) {
        panic!("{mismatch}");
    }
}

#[test]
fn personal_account() {
    replay(include_str!("../fixtures/personal.json"));
}

#[test]
fn workspace() {
    replay(include_str!("../fixtures/workspace.json"));
}

#[test]
fn any_workspace_is_a_workspace_still() {
    let identify = |claims: Value, expect: Value| {
        replay(
            &json!({"options": {"hosted_domain": "*"}, "calls": [{
                "call": "identify", "evidence": {"id_token": claims}, "expect": expect,
            }]})
            .to_string(),
        );
    };
    identify(
        json!({"sub": "1", "hd": "any.example"}),
        json!({"attributes": {"hosted_domain": "any.example"}}),
    );
    for claims in [json!({"sub": "1"}), json!({"sub": "1", "hd": ""})] {
        identify(claims, json!({"failure": {"kind": "access-denied"}}));
    }
}

#[test]
fn options_that_are_wrong_are_named() {
    let wrong_domains = [
        "",
        "example",
        ".com",
        "a..b",
        "exa mple.com",
        "-a.example",
        "*.a.example",
    ];
    for domain in wrong_domains {
        let found = described(&json!({"hosted_domain": domain}));
        assert_eq!(
            found["option_errors"][0]["at"], "/hosted_domain",
            "{domain}"
        );
    }
    let found = described(&json!({"hosted_domains": "example.com"}));
    assert_eq!(found["option_errors"][0]["at"], "/hosted_domains");
    let found = described(&json!({"hosted_domain": "", "emulator": ""}));
    assert_eq!(found["option_errors"].as_array().map(Vec::len), Some(2));
}

#[test]
fn nothing_but_this_machine_stands_in_for_google() {
    for origin in [
        "",
        "https://127.0.0.1:9000",
        "http://127.0.0.1",
        "http://127.0.0.1:",
        "http://127.0.0.1:0",
        "http://127.0.0.1:099",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:9000/",
        "http://127.0.0.1:9000@evil.example",
        "http://127.0.0.1:9000.evil.example",
        "http://localhost.evil.example:9000",
        "http://user@127.0.0.1:9000",
        "http://127.0.0.2:9000",
        "http://10.0.0.1:9000",
        "http://accounts.google.com:80",
        "HTTP://127.0.0.1:9000",
    ] {
        let found = described(&json!({"emulator": origin}));
        assert_eq!(found["option_errors"][0]["at"], "/emulator", "{origin}");
    }
}

#[test]
fn an_emulator_takes_the_place_of_every_address() {
    for origin in [
        "http://127.0.0.1:9000",
        "http://[::1]:9000",
        "http://localhost:9",
    ] {
        let found = described(&json!({"emulator": origin}));
        assert_eq!(found["issuer"]["identifier"], origin);
        assert!(!found.to_string().contains("google"), "{found}");
    }
}

#[test]
fn every_address_is_googles() {
    let found = described(&json!({}));
    let endpoints = found["endpoints"].as_object().expect("an object");
    assert_eq!(endpoints.len(), 4);
    for (name, endpoint) in endpoints {
        let url = endpoint["url"].as_str().expect("a URL");
        let googles = url.starts_with("https://accounts.google.com/")
            || url.starts_with("https://oauth2.googleapis.com/")
            || url.starts_with("https://openidconnect.googleapis.com/");
        assert!(googles, "{name}: {url}");
    }
}

/// What `describe` answers, found by expecting what it never answers.
fn described(options: &Value) -> Value {
    let fixture = json!({"options": options, "calls": [{"call": "describe", "expect": "nothing"}]});
    match check::<Google>(&fixture.to_string()) {
        Err(Mismatch::Result { found, .. }) => found,
        other => panic!("{other:?}"),
    }
}
