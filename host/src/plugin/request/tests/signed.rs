//! What the client's key signs: made anew for each request, where the table allows it.

use super::*;
use crate::oidc::client_key::ClientKey;
use crate::plugin::description::SignedSecret;
use aws_lc_rs::encoding::{AsBigEndian, Curve25519SeedBin};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use data_encoding::BASE64URL_NOPAD;

fn key() -> ClientKey {
    let pair = Ed25519KeyPair::generate().expect("a key");
    let seed = pair.seed().expect("a seed");
    let seed: Curve25519SeedBin<'_> = seed.as_be_bytes().expect("bytes");
    let jwk = json!({
        "kty": "OKP", "crv": "Ed25519", "d": BASE64URL_NOPAD.encode(seed.as_ref()),
        "x": BASE64URL_NOPAD.encode(pair.public_key().as_ref()),
    });
    ClientKey::parse(&jwk.to_string()).expect("a key")
}

fn with(client: ClientCredentials) -> Case {
    Case {
        client,
        ..Case::default()
    }
}

fn private_key_jwt() -> Case {
    with(ClientCredentials::PrivateKeyJwt {
        key: key(),
        audience: "https://op.example".to_owned(),
    })
}

fn claims(token: &str) -> serde_json::Value {
    let claims = token.split('.').nth(1).expect("three parts");
    let bytes = BASE64URL_NOPAD
        .decode(claims.as_bytes())
        .expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

#[test]
fn an_assertion_is_made_for_each_request() {
    let case = private_key_jwt();
    let asked = request(vec![secret("code", "code")], Credential::Client);
    let (one, other) = (case.sent(&token(), &asked), case.sent(&token(), &asked));
    let (form, second) = (form(&one), form(&other));
    assert_eq!(
        form["client_assertion_type"],
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    );
    assert_eq!(form["client_id"], "client id");
    assert!(!form.contains_key("client_secret") && one.headers.get("authorization").is_none());
    let said = claims(&form["client_assertion"]);
    assert_eq!(said["iss"], "client id");
    assert_eq!(said["sub"], "client id");
    assert_eq!(said["aud"], "https://op.example");
    assert_ne!(said["jti"], claims(&second["client_assertion"])["jti"]);
    let signed = one.signed.expect("kept, to be hidden");
    assert_eq!(signed.as_str(), form["client_assertion"]);
}

#[test]
fn a_secret_that_signs_is_not_sent() {
    let shared = "a-client-secret-of-32-bytes-or-more";
    let case = with(ClientCredentials::SecretJwt {
        secret: shared.to_owned().into(),
        key: ClientKey::of_secret(shared).expect("long enough"),
        audience: "https://op.example".to_owned(),
    });
    let asked = request(vec![secret("code", "code")], Credential::Client);
    let sent = case.sent(&token(), &asked);
    let form = form(&sent);
    assert!(!form.contains_key("client_secret") && sent.headers.get("authorization").is_none());
    let assertion = &form["client_assertion"];
    assert_eq!(claims(assertion)["aud"], "https://op.example");
    let (signed, tag) = assertion.rsplit_once('.').expect("three parts");
    let key = hmac::Key::new(hmac::HMAC_SHA256, shared.as_bytes());
    let tag = BASE64URL_NOPAD.decode(tag.as_bytes()).expect("base64url");
    hmac::verify(&key, signed.as_bytes(), &tag).expect("signed under the secret");
    assert!(ClientKey::of_secret(&shared[..31]).is_err());
}

#[test]
fn a_signed_secret_stands_in_the_secrets_place() {
    let case = with(ClientCredentials::SignedSecret {
        key: key(),
        terms: SignedSecret {
            issuer: "TEAM".to_owned(),
            audience: "https://op.example".to_owned(),
            lifetime: 60,
        },
    });
    let asked = request(vec![secret("code", "code")], Credential::Client);
    let sent = case.sent(&token(), &asked);
    let form = form(&sent);
    let said = claims(&form["client_secret"]);
    assert_eq!(
        (&said["iss"], &said["sub"]),
        (&json!("TEAM"), &json!("client id"))
    );
    assert!(!form.contains_key("client_assertion"));
    assert!(sent.signed.is_some());
}

#[test]
fn nothing_is_signed_where_the_client_may_not_be_asked_for() {
    let case = private_key_jwt();
    let asked = request(Vec::new(), Credential::Client);
    let resource = endpoint(Role::Resource, Method::Post);
    assert_eq!(case.error(&resource, &asked), RequestError::Misplaced);
    let by_get = endpoint(Role::Token, Method::Get);
    let mut asked = asked;
    asked.body = Body::None;
    assert_eq!(case.error(&by_get, &asked), RequestError::NotGranted);
}

#[test]
fn a_component_cannot_write_an_assertion_of_its_own() {
    let case = private_key_jwt();
    for name in ["client_assertion", "Client_Assertion_Type", "client_id"] {
        let asked = request(vec![text(name, "x")], Credential::Client);
        assert!(matches!(
            case.error(&token(), &asked),
            RequestError::Field(Forbidden::HostWritten)
        ));
    }
}
