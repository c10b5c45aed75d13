//! Key sets.

use super::id_token::{bom, deep, latin, utf16};
use super::table::{INVALID_RESPONSE, Row, UNAVAILABLE, honest, play, row};
use anyhow::Result;
use celadon_tests::liar::Place::{Discovery, Header, Jwks};
use celadon_tests::liar::{Key, Lies};
use serde_json::{Value, json};

const JWK: &str = "RFC 7517";
const CORE: &str = "OIDC Core 10.1";

#[tokio::test]
async fn hostile_jwks() -> Result<()> {
    let mut rows = vec![honest("honest")];
    rows.extend(one_key());
    rows.extend(several_keys());
    rows.extend(documents());
    rows.extend(statuses());
    play(rows).await
}

/// The honest key with one member changed.
fn key(name: &str, rule: &'static str, member: &'static str, value: Value) -> Row {
    row(
        name,
        rule,
        Lies::none().edit(Jwks, move |jwks, _| jwks["keys"][0][member] = value.clone()),
    )
}

fn one_key() -> Vec<Row> {
    let forged = |name: &str, bytes: usize| {
        let lies = Lies::none().signed_by(Key::ExponentOne(bytes));
        row(
            name,
            "RFC 7518 3.3, RFC 8725 3.5",
            lies.edit(Jwks, move |jwks, scene| {
                let mut key = scene.keys.jwk(&Key::ExponentOne(bytes));
                key["kid"] = "k1".into();
                jwks["keys"] = json!([key]);
            }),
        )
    };
    let mut rows = vec![
        key("use-enc", "RFC 7517 4.2", "use", json!("enc")),
        key("use-list", "RFC 7517 4.2", "use", json!(["sig"])),
        key("ops-encrypt", "RFC 7517 4.3", "key_ops", json!(["encrypt"])),
        key("ops-text", "RFC 7517 4.3", "key_ops", json!("verify")),
        key("ops-verify", "RFC 7517 4.3", "key_ops", json!(["verify"])).signed_in(),
        key("alg-other", "RFC 7517 4.4", "alg", json!("RS512")),
        key("alg-other-family", "RFC 7517 4.4", "alg", json!("ES256")),
        key("alg-none", "RFC 8725 3.2", "alg", json!("none")),
        key("alg-mac", "RFC 8725 2.1", "alg", json!("HS256")),
        key("kty-oct", "RFC 8725 2.1", "kty", json!("oct")),
        key("kty-ec", JWK, "kty", json!("EC")),
        key("kty-missing", "RFC 7517 4.1", "kty", json!(null)),
        key("kid-other", CORE, "kid", json!("k2")),
        key("kid-number", "RFC 7517 4.5", "kid", json!(1)),
        key("private-too", "RFC 7517 9.2", "d", json!("AQAB")),
        key("n-empty", "RFC 7518 6.3.1", "n", json!("")),
        key("n-one", "RFC 7518 6.3.1", "n", json!("AQ")),
        key("n-not-base64", "RFC 7518 6.3.1", "n", json!("%%%")),
        key("n-huge", "RFC 8725 3.5", "n", json!("_".repeat(100_000))),
        key("e-zero", "RFC 7518 6.3.1", "e", json!("AA")),
        key("e-one", "RFC 7518 6.3.1", "e", json!("AQ")),
        key("e-even", "RFC 7518 6.3.1", "e", json!("Ag")),
        key("e-huge", "RFC 7518 6.3.1", "e", json!("_".repeat(340))),
        forged("forged-by-exponent-one", 256),
        forged("forged-by-a-short-key", 128),
    ];
    rows.push(row(
        "es256-off-the-curve",
        "RFC 7518 6.2.1, RFC 8725 3.4",
        Lies::none()
            .set(Header, "alg", json!("ES256"))
            .set(
                Discovery,
                "id_token_signing_alg_values_supported",
                json!(["ES256"]),
            )
            .signed_by(Key::Ec)
            .edit(Jwks, |jwks, scene| {
                let mut key = scene.keys.jwk(&Key::Ec);
                key["kid"] = "k1".into();
                key["y"] = key["x"].clone();
                jwks["keys"] = json!([key]);
            }),
    ));
    rows
}

fn several_keys() -> Vec<Row> {
    let with = |name: &str, before: bool, count: usize| {
        row(
            name,
            JWK,
            Lies::none().edit(Jwks, move |jwks, scene| {
                let mut other = scene.keys.jwk(&Key::Other);
                other["kid"] = "k1".into();
                let right = jwks["keys"][0].clone();
                let mut keys = vec![other; count];
                keys.insert(if before { 0 } else { count }, right);
                jwks["keys"] = keys.into();
            }),
        )
    };
    vec![
        with("same-kid-twice", false, 1).signed_in(),
        with("same-kid-often", true, 60).signed_in(),
        with("too-many-keys", true, 500),
        row(
            "strange-keys-beside",
            "RFC 7517 5",
            Lies::none().edit(Jwks, |jwks, _| {
                let right = jwks["keys"][0].clone();
                jwks["keys"] = json!([7, null, "key", [], {"kty": "XYZ"}, {"kty": 1}, right]);
            }),
        )
        .signed_in(),
        row(
            "the-mac-key-is-published",
            "RFC 8725 3.1",
            Lies::none()
                .set(Header, "alg", json!("HS256"))
                .set(
                    Discovery,
                    "id_token_signing_alg_values_supported",
                    json!(["HS256"]),
                )
                .signed_by(Key::Secret(
                    "a-published-secret-of-32-bytes-and-more".into(),
                ))
                .edit(Jwks, |jwks, scene| {
                    let secret = Key::Secret("a-published-secret-of-32-bytes-and-more".into());
                    let mut key = scene.keys.jwk(&secret);
                    key["kid"] = "k1".into();
                    jwks["keys"] = json!([key]);
                }),
        ),
        row(
            "only-anothers-key",
            CORE,
            Lies::none().edit(Jwks, |jwks, scene| {
                let mut key = scene.keys.jwk(&Key::Other);
                key["kid"] = "k1".into();
                jwks["keys"] = json!([key]);
            }),
        ),
    ]
}

fn documents() -> Vec<Row> {
    let lies = Lies::none;
    vec![
        row("empty", JWK, lies().body(Jwks, "")),
        row("no-keys", "RFC 7517 5.1", lies().body(Jwks, "{}")),
        row(
            "keys-empty",
            "RFC 7517 5.1",
            lies().body(Jwks, "{\"keys\":[]}"),
        ),
        row(
            "keys-text",
            "RFC 7517 5.1",
            lies().body(Jwks, "{\"keys\":\"k1\"}"),
        ),
        row(
            "keys-object",
            "RFC 7517 5.1",
            lies().body(Jwks, "{\"keys\":{}}"),
        ),
        row("a-list", "RFC 7517 5", lies().body(Jwks, "[]")),
        row("html", JWK, lies().body(Jwks, "<html>{words}</html>")),
        row(
            "cut-off",
            "RFC 8259 2",
            lies().bytes(Jwks, |text| text[..text.len() - 1].into()),
        ),
        row(
            "twice",
            "RFC 8259 2",
            lies().bytes(Jwks, |text| text.repeat(2)),
        ),
        row(
            "keys-twice",
            "RFC 8259 4",
            lies().replace(Jwks, "{\"keys\":", "{\"keys\":[],\"keys\":"),
        ),
        row(
            "n-twice",
            "RFC 8259 4",
            lies().replace(Jwks, "\"n\":", "\"n\":\"AQ\",\"n\":"),
        ),
        row("bom", "RFC 8259 8.1", lies().bytes(Jwks, bom)),
        row("utf-16", "RFC 8259 8.1", lies().bytes(Jwks, utf16)),
        row("latin", "RFC 8259 8.1", lies().bytes(Jwks, latin)),
        row(
            "deep",
            "RFC 8259 9",
            lies().edit(Jwks, |jwks, _| jwks["x"] = deep(120)),
        ),
        row(
            "deeper",
            "RFC 8259 9",
            lies().bytes(Jwks, |_| {
                [b"[".repeat(100_000), b"]".repeat(100_000)].concat()
            }),
        ),
        row(
            "as-html",
            JWK,
            lies().head(Jwks, "content-type", "text/html"),
        )
        .signed_in(),
    ]
}

fn statuses() -> Vec<Row> {
    let mut rows = Vec::new();
    for (status, end) in [
        (201, INVALID_RESPONSE),
        (204, INVALID_RESPONSE),
        (206, INVALID_RESPONSE),
        (400, INVALID_RESPONSE),
        (401, INVALID_RESPONSE),
        (404, INVALID_RESPONSE),
        (429, UNAVAILABLE),
        (500, UNAVAILABLE),
        (503, UNAVAILABLE),
    ] {
        let lies = Lies::none().status(Jwks, status);
        rows.push(row(format!("status-{status}"), "RFC 9110 15", lies).refused(end));
    }
    for status in [301, 302, 303, 307, 308] {
        let lies = Lies::none().status(Jwks, status).head(
            Jwks,
            "location",
            "http://169.254.169.254/latest/meta-data/",
        );
        rows.push(row(format!("redirect-{status}"), "RFC 9700 4.12", lies));
    }
    rows
}
