use super::*;
use crate::oidc::json;
use aws_lc_rs::encoding::AsBigEndian;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, KeyPair,
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::LazyLock;

fn text(bytes: impl AsRef<[u8]>) -> String {
    BASE64URL_NOPAD.encode(bytes.as_ref())
}

fn p256() -> (Value, Vec<u8>) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let public = pair.public_key().as_ref().to_vec();
    let d: aws_lc_rs::encoding::EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().unwrap();
    let jwk = json!({
        "kty": "EC", "crv": "P-256", "kid": "k-1", "d": text(d.as_ref()),
        "x": text(&public[1..33]), "y": text(&public[33..]),
    });
    (jwk, public)
}

fn ed25519() -> (Value, Vec<u8>) {
    let pair = Ed25519KeyPair::generate().unwrap();
    let public = pair.public_key().as_ref().to_vec();
    let seed = pair.seed().unwrap();
    let d: aws_lc_rs::encoding::Curve25519SeedBin<'_> = seed.as_be_bytes().unwrap();
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": text(&public), "d": text(d.as_ref())});
    (jwk, public)
}

/// Reads one DER element: its contents, and what follows it.
fn element(der: &[u8]) -> (&[u8], &[u8]) {
    let (length, rest) = match der[1] {
        short @ 0..0x80 => (usize::from(short), &der[2..]),
        long => {
            let (bytes, rest) = der[2..].split_at(usize::from(long & 0x7f));
            let length = bytes
                .iter()
                .fold(0, |sum, &byte| sum << 8 | usize::from(byte));
            (length, rest)
        }
    };
    rest.split_at(length)
}

static RSA: LazyLock<(Value, Vec<u8>)> = LazyLock::new(|| {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let (info, _) = element(pkcs8.as_ref());
    let (_, rest) = element(info);
    let (_, rest) = element(rest);
    let (key, _) = element(element(rest).0);
    let mut rest = element(key).1;
    let mut jwk = json!({"kty": "RSA", "alg": "RS256"});
    for name in ["n", "e", "d", "p", "q", "dp", "dq", "qi"] {
        let (number, next) = element(rest);
        let zeros = number.iter().take_while(|&&byte| byte == 0).count();
        jwk[name] = text(&number[zeros..]).into();
        rest = next;
    }
    (jwk, pair.public_key().as_ref().to_vec())
});

fn with(jwk: &Value, name: &str, value: impl Into<Value>) -> Value {
    let mut jwk = jwk.clone();
    jwk[name] = value.into();
    jwk
}

fn without(jwk: &Value, name: &str) -> Value {
    let mut jwk = jwk.clone();
    jwk.as_object_mut().unwrap().remove(name);
    jwk
}

fn flaw(jwk: &Value) -> KeyFlaw {
    ClientKey::parse(&jwk.to_string()).unwrap_err()
}

/// Verifies a token by the public key: its header and claims.
fn opened(
    token: &str,
    algorithm: &'static dyn VerificationAlgorithm,
    public: &[u8],
) -> (Value, Value) {
    let (message, signature) = token.rsplit_once('.').unwrap();
    let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
    UnparsedPublicKey::new(algorithm, public)
        .verify(message.as_bytes(), &signature)
        .unwrap();
    let part = |part: &str| {
        let bytes = BASE64URL_NOPAD.decode(part.as_bytes()).unwrap();
        json::parse_object(&bytes, &json::Limits::default())
            .unwrap()
            .into()
    };
    let (header, claims) = message.split_once('.').unwrap();
    (part(header), part(claims))
}

#[test]
fn every_kind_of_key_signs_what_its_public_half_verifies() {
    let (ec, ec_public) = p256();
    let (ed, ed_public) = ed25519();
    let (rsa, rsa_public) = &*RSA;
    let cases: [(Value, &str, &'static dyn VerificationAlgorithm, &[u8]); 6] = [
        (ec.clone(), "ES256", &ECDSA_P256_SHA256_FIXED, &ec_public),
        (
            with(&ec, "alg", "ES256"),
            "ES256",
            &ECDSA_P256_SHA256_FIXED,
            &ec_public,
        ),
        (
            rsa.clone(),
            "RS256",
            &RSA_PKCS1_2048_8192_SHA256,
            rsa_public,
        ),
        (
            with(rsa, "alg", "PS256"),
            "PS256",
            &RSA_PSS_2048_8192_SHA256,
            rsa_public,
        ),
        (ed.clone(), "EdDSA", &ED25519, &ed_public),
        (with(&ed, "alg", "Ed25519"), "Ed25519", &ED25519, &ed_public),
    ];
    for (jwk, alg, algorithm, public) in cases {
        let key = ClientKey::parse(&jwk.to_string()).unwrap();
        let before = clock::now();
        let token = key.assertion("client", "https://op.example");
        let (header, claims) = opened(&token, algorithm, public);
        assert_eq!(header["alg"], alg);
        assert_eq!(header.get("kid"), jwk.get("kid"));
        assert_eq!(claims["iss"], "client");
        assert_eq!(claims["sub"], "client");
        assert_eq!(claims["aud"], "https://op.example");
        let (iat, exp) = (
            claims["iat"].as_u64().unwrap(),
            claims["exp"].as_u64().unwrap(),
        );
        assert!((before..=clock::now()).contains(&iat), "{claims}");
        assert_eq!(exp - iat, ASSERTION_LIFETIME);
    }
}

#[test]
fn no_two_assertions_have_one_jti() {
    let key = ClientKey::parse(&ed25519().0.to_string()).unwrap();
    let jti = || {
        let token = key.assertion("client", "https://op.example");
        let claims = token.split('.').nth(1).unwrap();
        let claims = BASE64URL_NOPAD.decode(claims.as_bytes()).unwrap();
        serde_json::from_slice::<Value>(&claims).unwrap()["jti"].clone()
    };
    let (one, other) = (jti(), jti());
    assert_ne!(one, other);
    assert!(one.as_str().unwrap().len() >= 32, "{one}");
}

#[test]
fn a_signed_secret_says_what_the_description_says() {
    let (jwk, public) = p256();
    let key = ClientKey::parse(&jwk.to_string()).unwrap();
    let secret = key.signed_secret("TEAM", "com.example", "https://op.example", 90);
    let (header, claims) = opened(&secret, &ECDSA_P256_SHA256_FIXED, &public);
    assert_eq!(header["kid"], "k-1");
    assert_eq!(
        (&claims["iss"], &claims["sub"], &claims["aud"]),
        (
            &json!("TEAM"),
            &json!("com.example"),
            &json!("https://op.example")
        )
    );
    assert_eq!(
        claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(),
        90
    );
}

#[test]
fn what_cannot_sign_is_named() {
    let (ec, _) = p256();
    let (ed, _) = ed25519();
    let rsa = &RSA.0;
    let short = with(rsa, "n", text([0xff; 128]));
    let cases = [
        (without(&ec, "d"), KeyFlaw::Public),
        (without(rsa, "d"), KeyFlaw::Public),
        (without(&ed, "d"), KeyFlaw::Public),
        (without(&ec, "kty"), KeyFlaw::Form),
        (with(&ec, "kty", "oct"), KeyFlaw::Unsupported),
        (with(&ec, "crv", "P-384"), KeyFlaw::Unsupported),
        (with(&ec, "crv", "secp256k1"), KeyFlaw::Unsupported),
        (with(&ed, "crv", "X25519"), KeyFlaw::Unsupported),
        (without(&ec, "x"), KeyFlaw::Member { name: "x" }),
        (with(&ec, "y", "AA"), KeyFlaw::Member { name: "y" }),
        (with(&ec, "d", "not base64"), KeyFlaw::Member { name: "d" }),
        (without(rsa, "qi"), KeyFlaw::Member { name: "qi" }),
        (with(rsa, "p", ""), KeyFlaw::Member { name: "p" }),
        (short, KeyFlaw::Size),
        (with(&ec, "use", "enc"), KeyFlaw::Usage),
        (with(&ec, "key_ops", json!(["verify"])), KeyFlaw::Usage),
        (with(&ec, "alg", "RS256"), KeyFlaw::Algorithm),
        (with(rsa, "alg", "none"), KeyFlaw::Algorithm),
        (with(&ed, "alg", "HS256"), KeyFlaw::Algorithm),
        (with(&ec, "kid", ""), KeyFlaw::KeyId),
        (with(&ec, "kid", "a\nb"), KeyFlaw::KeyId),
        (json!({"keys": [ec]}), KeyFlaw::KeySet),
        (with(&ec, "keys", json!([])), KeyFlaw::KeySet),
        (json!([ec]), KeyFlaw::Form),
        (json!("ES256"), KeyFlaw::Form),
    ];
    for (jwk, expected) in cases {
        assert_eq!(flaw(&jwk), expected, "{expected}");
    }
    let pem = "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----";
    assert_eq!(ClientKey::parse(pem).unwrap_err(), KeyFlaw::Pem);
    let twice = ec
        .to_string()
        .replacen("\"kty\"", "\"d\":\"AA\",\"kty\"", 1);
    assert_eq!(ClientKey::parse(&twice).unwrap_err(), KeyFlaw::Form);
}

#[test]
fn halves_of_different_keys_are_refused() {
    let ((ec, _), (other, _)) = (p256(), p256());
    assert_eq!(flaw(&with(&ec, "d", other["d"].clone())), KeyFlaw::Mismatch);
    let ((ed, _), (other, _)) = (ed25519(), ed25519());
    assert_eq!(flaw(&with(&ed, "d", other["d"].clone())), KeyFlaw::Mismatch);
    let rsa = &RSA.0;
    assert_eq!(flaw(&with(rsa, "p", rsa["q"].clone())), KeyFlaw::Mismatch);
    assert_eq!(flaw(&with(rsa, "d", rsa["dp"].clone())), KeyFlaw::Mismatch);
}

#[test]
fn neither_debug_nor_an_error_shows_the_key() {
    let (jwk, _) = p256();
    let d = jwk["d"].as_str().unwrap();
    let key = ClientKey::parse(&jwk.to_string()).unwrap();
    assert!(!format!("{key:?}").contains(d));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.jwk");
    std::fs::write(&file, with(&jwk, "kty", "odd").to_string()).unwrap();
    let error = ClientKey::read(&file).unwrap_err();
    assert!(!format!("{error:?} {error}").contains(d));
    std::fs::write(&file, " ".repeat(70 << 10)).unwrap();
    assert!(matches!(
        ClientKey::read(&file),
        Err(ClientKeyError::File(_))
    ));
}

proptest! {
    #[test]
    fn any_text_is_a_key_or_a_flaw(text in ".{0,200}") {
        prop_assert!(ClientKey::parse(&text).is_err());
    }

    #[test]
    fn any_member_of_any_kind_is_a_key_or_a_flaw(
        name in "kty|crv|kid|alg|use|key_ops|x|y|d|n|e|p|q",
        value in "[A-Za-z0-9_-]{0,60}",
    ) {
        let _ = ClientKey::parse(&with(&p256().0, &name, value.clone()).to_string());
        let _ = ClientKey::parse(&with(&RSA.0, &name, value).to_string());
    }
}
