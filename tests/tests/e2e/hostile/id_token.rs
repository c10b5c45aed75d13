//! ID tokens: claims, headers and signatures.

use super::table::{Row, honest, play, row};
use anyhow::Result;
use celadon_tests::liar::Place::{Claims, Discovery, Header, IdToken, Jwks};
use celadon_tests::liar::{Key, Lies};
use serde_json::json;

const CORE: &str = "OIDC Core 3.1.3.7";
const JWS: &str = "RFC 7515";
const BCP: &str = "RFC 8725";

#[tokio::test]
async fn hostile_id_token_claims() -> Result<()> {
    let mut rows = vec![honest("honest")];
    rows.extend(parties());
    rows.extend(times());
    rows.extend(bindings());
    rows.extend(subjects());
    play(rows).await
}

#[tokio::test]
async fn hostile_id_token_signatures() -> Result<()> {
    let mut rows = vec![honest("honest")];
    rows.extend(headers());
    rows.extend(signatures());
    rows.extend(shapes());
    play(rows).await
}

fn claim(name: &str, rule: &'static str, member: &'static str, value: serde_json::Value) -> Row {
    row(name, rule, Lies::none().set(Claims, member, value))
}

fn parties() -> Vec<Row> {
    let mut rows = vec![
        row("iss-missing", CORE, Lies::none().without(Claims, "iss")),
        row("aud-missing", CORE, Lies::none().without(Claims, "aud")),
        claim("aud-one-in-a-list", CORE, "aud", json!(["celadon"])).signed_in(),
        row(
            "aud-two-azp-ours",
            CORE,
            Lies::none()
                .set(Claims, "aud", json!(["another", "celadon"]))
                .set(Claims, "azp", json!("celadon")),
        )
        .signed_in(),
    ];
    for (index, iss) in [
        json!("https://accounts.example.com"),
        json!("{issuer}/"),
        json!("{base}"),
        json!("{issuer}#"),
        json!("{issuer}?x"),
        json!(" {issuer}"),
        json!("{issuer}\u{0}"),
        json!("{base}/honest"),
        json!("{base}/./iss-8"),
        json!("http://localhost:{port}/iss-9"),
        json!("HTTP://127.0.0.1:{port}/iss-10"),
        json!(["{issuer}"]),
        json!(7),
        json!(null),
        json!(""),
    ]
    .into_iter()
    .enumerate()
    {
        rows.push(claim(&format!("iss-{index}"), CORE, "iss", iss));
    }
    for (index, aud) in [
        json!("another"),
        json!("Celadon"),
        json!("celadon "),
        json!("celadon\u{0}"),
        json!("c\u{435}ladon"),
        json!(""),
        json!([]),
        json!(["another"]),
        json!(["celadon", "another"]),
        json!([["celadon"]]),
        json!(["celadon", 7]),
        json!({"celadon": "celadon"}),
        json!(7),
        json!(null),
        json!(vec!["celadon"; 65]),
    ]
    .into_iter()
    .enumerate()
    {
        rows.push(claim(&format!("aud-{index}"), CORE, "aud", aud));
    }
    for (index, azp) in [json!("another"), json!(""), json!(["celadon"]), json!(null)]
        .into_iter()
        .enumerate()
    {
        rows.push(claim(&format!("azp-{index}"), CORE, "azp", azp));
    }
    rows
}

fn times() -> Vec<Row> {
    let at =
        |name: &str, member, seconds| row(name, CORE, Lies::none().at(Claims, member, seconds));
    let mut rows = vec![
        at("exp-past", "exp", -120),
        at("exp-a-day-ago", "exp", -86_400),
        at("iat-future", "iat", 600),
        at("iat-two-days-old", "iat", -2 * 86_400),
        at("nbf-future", "nbf", 600),
        at("nbf-past", "nbf", -60).signed_in(),
        row("exp-missing", CORE, Lies::none().without(Claims, "exp")),
        row("iat-missing", CORE, Lies::none().without(Claims, "iat")),
        claim("nbf-text", "RFC 7519 4.1.5", "nbf", json!("now")),
        claim("exp-float", "RFC 7519 2", "exp", json!(4_000_000_000.5)).signed_in(),
        claim("exp-text", "RFC 7519 4.1.4", "exp", json!("4000000000")),
        row(
            "exp-beyond-floats",
            "RFC 8259 6",
            Lies::none()
                .set(Claims, "exp", json!("HERE"))
                .replace(Claims, "\"HERE\"", "1e400"),
        ),
        row(
            "exp-40-digits",
            "RFC 7519 2",
            Lies::none().set(Claims, "exp", json!("HERE")).replace(
                Claims,
                "\"HERE\"",
                "4000000000000000000000000000000000000000",
            ),
        ),
        claim("exp-u64-max", "RFC 7519 2", "exp", json!(u64::MAX)),
    ];
    for (index, time) in [
        json!(-1),
        json!(null),
        json!(true),
        json!([4_000_000_000_u64]),
        json!(1e300),
    ]
    .into_iter()
    .enumerate()
    {
        rows.push(claim(
            &format!("exp-{index}"),
            "RFC 7519 2",
            "exp",
            time.clone(),
        ));
        rows.push(claim(&format!("iat-{index}"), "RFC 7519 2", "iat", time));
    }
    rows
}

fn bindings() -> Vec<Row> {
    let rule = "OIDC Core 3.1.3.7 (11), RFC 9700 4.5.3.2";
    let hash = "OIDC Core 3.1.3.8";
    let mut rows = vec![
        row("nonce-missing", rule, Lies::none().without(Claims, "nonce")),
        row(
            "nonce-in-a-list",
            rule,
            Lies::none().edit(Claims, |claims, scene| {
                claims["nonce"] = json!([scene.nonce])
            }),
        ),
        row(
            "nonce-with-more",
            rule,
            Lies::none().edit(Claims, |claims, scene| {
                claims["nonce"] = format!("{}x", scene.nonce).into();
            }),
        ),
        row(
            "nonce-in-capitals",
            rule,
            Lies::none().edit(Claims, |claims, scene| {
                claims["nonce"] = scene.nonce.to_ascii_uppercase().into();
            }),
        ),
        row(
            "at-hash-right",
            hash,
            Lies::none().edit(Claims, |claims, scene| {
                claims["at_hash"] = half_hash(&scene.access_token()).into();
            }),
        )
        .signed_in(),
        row(
            "c-hash-right",
            "OIDC Core 3.3.2.11",
            Lies::none().edit(Claims, |claims, scene| {
                claims["c_hash"] = half_hash(&scene.code()).into();
            }),
        )
        .signed_in(),
    ];
    for (index, wrong) in [
        json!("another"),
        json!(""),
        json!(null),
        json!(7),
        json!({}),
    ]
    .into_iter()
    .enumerate()
    {
        rows.push(claim(
            &format!("nonce-{index}"),
            rule,
            "nonce",
            wrong.clone(),
        ));
        rows.push(claim(
            &format!("at-hash-{index}"),
            hash,
            "at_hash",
            wrong.clone(),
        ));
        rows.push(claim(
            &format!("c-hash-{index}"),
            "OIDC Core 3.3.2.11",
            "c_hash",
            wrong,
        ));
    }
    rows
}

fn half_hash(text: &str) -> String {
    let full = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    data_encoding::BASE64URL_NOPAD.encode(&full.as_ref()[..16])
}

fn subjects() -> Vec<Row> {
    let rule = "OIDC Core 2";
    let mut rows = vec![
        row("sub-missing", rule, Lies::none().without(Claims, "sub")),
        row(
            "sub-twice",
            "RFC 8259 4",
            Lies::none().replace(Claims, "\"sub\":", "\"sub\":\"bob\",\"sub\":"),
        ),
        row(
            "sub-twice-by-escape",
            "RFC 8259 4",
            Lies::none().replace(Claims, "\"sub\":", "\"s\\u0075b\":\"bob\",\"sub\":"),
        ),
    ];
    for (index, sub) in [
        json!(null),
        json!(""),
        json!(true),
        json!(42),
        json!(1.5),
        json!(u64::MAX),
        json!(["alice"]),
        json!({"id": "alice"}),
        json!("x".repeat(256)),
        json!("x".repeat(20_000)),
        json!("\u{430}lice"),
        json!("alice\u{200b}"),
        json!("alice\u{0}"),
        json!("alice\n"),
        json!(" alice"),
        json!("alice "),
        json!("\u{ff41}lice"),
        json!("\u{202e}ecila"),
    ]
    .into_iter()
    .enumerate()
    {
        rows.push(claim(&format!("sub-{index}"), rule, "sub", sub));
    }
    rows
}

fn headers() -> Vec<Row> {
    let set =
        |name: &str, rule, member, value| row(name, rule, Lies::none().set(Header, member, value));
    let mut rows = vec![
        row("alg-missing", JWS, Lies::none().without(Header, "alg")),
        set("alg-null", JWS, "alg", json!(null)),
        set("alg-list", JWS, "alg", json!(["RS256"])),
        set("alg-lower", BCP, "alg", json!("rs256")),
        set("crit-unknown", "RFC 7515 4.1.11", "crit", json!(["x"])),
        set("crit-empty", "RFC 7515 4.1.11", "crit", json!([])),
        set("crit-exp", "RFC 7515 4.1.11", "crit", json!(["exp"])),
        row(
            "b64-false",
            "RFC 7797 7",
            Lies::none()
                .set(Header, "b64", json!(false))
                .set(Header, "crit", json!(["b64"])),
        ),
        set("b64-without-crit", "RFC 7797 6", "b64", json!(false)),
        set("zip", "RFC 8725 3.6", "zip", json!("DEF")),
        set("typ-access-token", "RFC 8725 3.11", "typ", json!("at+jwt")),
        set("typ-logout", "RFC 8725 3.11", "typ", json!("logout+jwt")),
        set(
            "typ-media-type",
            "RFC 8725 3.11",
            "typ",
            json!("application/at+jwt"),
        ),
        set("typ-list", "RFC 7515 4.1.9", "typ", json!(["JWT"])),
        set("typ-lower", "RFC 7519 5.1", "typ", json!("jwt")).signed_in(),
        row(
            "typ-missing",
            "RFC 7519 5.1",
            Lies::none().without(Header, "typ"),
        )
        .signed_in(),
        set("kid-number", "RFC 7515 4.1.4", "kid", json!(1)),
        set("kid-unknown", CORE, "kid", json!("k9")),
        set("kid-path", "RFC 8725 3.10", "kid", json!("../../dev/null")),
        set("kid-sql", "RFC 8725 3.10", "kid", json!("k1' OR '1'='1")),
        row("kid-missing", CORE, Lies::none().without(Header, "kid")).signed_in(),
        row(
            "jku-of-the-liar",
            "RFC 8725 3.10",
            Lies::none()
                .set(Header, "jku", json!("{issuer}/trap"))
                .signed_by(Key::Other),
        ),
        row(
            "x5u-of-the-liar",
            "RFC 8725 3.10",
            Lies::none()
                .set(Header, "x5u", json!("{issuer}/trap"))
                .signed_by(Key::Other),
        ),
        row(
            "jwk-in-the-header",
            "RFC 8725 3.10",
            Lies::none()
                .edit(Header, |header, scene| {
                    header["jwk"] = scene.keys.jwk(&Key::Other)
                })
                .signed_by(Key::Other),
        ),
        row(
            "header-twice",
            "RFC 7515 4",
            Lies::none().replace(Header, "\"alg\":", "\"alg\":\"none\",\"alg\":"),
        ),
    ];
    for none in ["none", "None", "NONE", "nOnE", "none ", ""] {
        let name = format!("alg-none-{}", rows.len());
        let lies = Lies::none().set(Header, "alg", json!(none)).set(
            Discovery,
            "id_token_signing_alg_values_supported",
            json!(["none", "RS256"]),
        );
        rows.push(row(name, "RFC 8725 3.2", lies.signed_by(Key::Nobody)));
    }
    rows
}

fn signatures() -> Vec<Row> {
    const SUPPORTED: &str = "id_token_signing_alg_values_supported";
    let hs256 = |key| {
        Lies::none()
            .set(Header, "alg", json!("HS256"))
            .set(Discovery, SUPPORTED, json!(["HS256", "RS256"]))
            .signed_by(key)
    };
    let alg = |alg: &'static str, key| Lies::none().set(Header, "alg", json!(alg)).signed_by(key);
    vec![
        row("another-key", CORE, Lies::none().signed_by(Key::Other)),
        row("nobody-signed", CORE, Lies::none().signed_by(Key::Nobody)),
        row("hs256-pem", "RFC 8725 2.1", hs256(Key::PublicPem)),
        row("hs256-der", "RFC 8725 2.1", hs256(Key::PublicDer)),
        row("hs256-modulus", "RFC 8725 2.1", hs256(Key::PublicModulus)),
        row(
            "hs256-client-secret",
            "RFC 8725 3.1",
            hs256(Key::Secret("a-secret-for-any-provider".into())),
        ),
        row(
            "hs256-empty-secret",
            "RFC 8725 3.5",
            hs256(Key::Secret("".into())),
        ),
        row(
            "rs256-is-a-mac",
            "RFC 8725 3.1",
            Lies::none().signed_by(Key::PublicPem),
        ),
        row("rs512-not-listed", "RFC 8725 3.1", alg("RS512", Key::Rsa)),
        row("ps256-not-listed", "RFC 8725 3.1", alg("PS256", Key::Rsa)),
        row(
            "es256-for-an-rsa-key",
            "RFC 8725 3.1",
            alg("ES256", Key::Ec),
        ),
        row(
            "eddsa-for-an-rsa-key",
            "RFC 8725 3.1",
            alg("EdDSA", Key::Ed25519),
        ),
        row(
            "rs512-for-a-key-of-rs256",
            "RFC 7517 4.4",
            alg("RS512", Key::Rsa).set(Discovery, SUPPORTED, json!(["RS256", "RS512"])),
        ),
        row(
            "es256-listed",
            CORE,
            alg("ES256", Key::Ec)
                .set(Discovery, SUPPORTED, json!(["ES256", "RS256"]))
                .edit(Jwks, |jwks, scene| {
                    let mut key = scene.keys.jwk(&Key::Ec);
                    key["kid"] = "k1".into();
                    jwks["keys"] = json!([key]);
                }),
        )
        .signed_in(),
        row(
            "eddsa-listed",
            CORE,
            alg("EdDSA", Key::Ed25519)
                .set(Discovery, SUPPORTED, json!(["EdDSA", "RS256"]))
                .edit(Jwks, |jwks, scene| {
                    let mut key = scene.keys.jwk(&Key::Ed25519);
                    key["kid"] = "k1".into();
                    jwks["keys"] = json!([key]);
                }),
        )
        .signed_in(),
        row(
            "es256-of-zeros",
            "CVE-2022-21449",
            alg("ES256", Key::Ec)
                .set(Discovery, SUPPORTED, json!(["ES256", "RS256"]))
                .edit(Jwks, |jwks, scene| {
                    let mut key = scene.keys.jwk(&Key::Ec);
                    key["kid"] = "k1".into();
                    jwks["keys"] = json!([key]);
                })
                .bytes(IdToken, |token| {
                    let text = String::from_utf8_lossy(&token).into_owned();
                    let message = text.rsplit_once('.').map_or("", |(message, _)| message);
                    format!("{message}.{}", "A".repeat(86)).into_bytes()
                }),
        ),
    ]
}

fn shapes() -> Vec<Row> {
    let token = |name: &str, rule, change: fn(&str) -> String| {
        row(
            name,
            rule,
            Lies::none().bytes(IdToken, move |token| {
                change(&String::from_utf8_lossy(&token)).into_bytes()
            }),
        )
    };
    vec![
        token("empty", "RFC 7519 7.2", |_| String::new()),
        token("one-part", "RFC 7519 7.2", |_| {
            "eyJhbGciOiJSUzI1NiJ9".into()
        }),
        token("two-parts", "RFC 7519 7.2", |token| {
            token
                .rsplit_once('.')
                .map_or("", |(message, _)| message)
                .into()
        }),
        token("four-parts", "RFC 7519 7.2", |token| {
            format!("{token}.AAAA")
        }),
        token("five-parts", "RFC 7519 7.2", |token| {
            format!("{token}.AAAA.AAAA")
        }),
        token("padded", "RFC 7515 2", |token| format!("{token}==")),
        token("space-behind", "RFC 7515 2", |token| format!("{token} ")),
        token("line-within", "RFC 7515 2", |token| {
            token.replacen('.', ".\n", 1)
        }),
        token("standard-alphabet", "RFC 7515 2", |token| {
            token.replace('-', "+").replace('_', "/") + "+/"
        }),
        token("huge", "RFC 8725 3.12", |token| {
            format!("{token}{}", "A".repeat(100_000))
        }),
        token("json-serialisation", "RFC 7519 1", |token| {
            format!("{{\"payload\":\"{token}\",\"signatures\":[]}}")
        }),
        token("nested", "RFC 7519 5.2", |token| {
            let inner = data_encoding::BASE64URL_NOPAD.encode(token.as_bytes());
            format!("eyJhbGciOiJSUzI1NiIsImN0eSI6IkpXVCJ9.{inner}.AAAA")
        }),
        row(
            "claims-not-json",
            "RFC 7519 7.2",
            Lies::none().body(Claims, "claims"),
        ),
        row(
            "claims-a-list",
            "RFC 7519 7.2",
            Lies::none().body(Claims, "[]"),
        ),
        row(
            "claims-utf-16",
            "RFC 8259 8.1",
            Lies::none().bytes(Claims, utf16),
        ),
        row(
            "claims-bom",
            "RFC 8259 8.1",
            Lies::none().bytes(Claims, bom),
        ),
        row(
            "claims-latin",
            "RFC 8259 8.1",
            Lies::none().bytes(Claims, latin),
        ),
        row(
            "claims-deep",
            "RFC 8259 9",
            Lies::none().edit(Claims, |claims, _| claims["x"] = deep(100)),
        ),
    ]
}

/// UTF-16 with a byte order mark.
pub fn utf16(text: Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8_lossy(&text).into_owned();
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

/// UTF-8 with a byte order mark.
pub fn bom(text: Vec<u8>) -> Vec<u8> {
    [&[0xef, 0xbb, 0xbf], &text[..]].concat()
}

/// A byte that is no UTF-8, in a string.
pub fn latin(text: Vec<u8>) -> Vec<u8> {
    [&text[..text.len() - 1], b",\"x\":\"\xe9\"}"].concat()
}

/// Arrays within arrays.
pub fn deep(levels: usize) -> serde_json::Value {
    (0..levels).fold(json!(1), |inner, _| json!([inner]))
}
