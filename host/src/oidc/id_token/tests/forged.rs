//! Signatures by the wrong key.

use super::*;

#[test]
fn no_foreign_signature_passes() {
    let scene = Scene::new(Signer::p256());
    let stranger = Signer::p256();
    let forged = stranger.token(&header(), &claims());
    assert_eq!(
        verify(&forged, &scene.expectations(), &scene.keys).err(),
        Some(IdTokenError::Signature)
    );
    // The header's own key does not count.
    let own_key = changed(header(), json!({ "jwk": stranger.jwk() }));
    assert_eq!(
        verify(
            &stranger.token(&own_key, &claims()),
            &scene.expectations(),
            &scene.keys
        )
        .err(),
        Some(IdTokenError::Signature)
    );
    // Claims of one token under the signature of another.
    let (one, other) = (
        scene.signer.token(&header(), &claims()),
        scene
            .signer
            .token(&header(), &claims_with(json!({"sub": "admin"}))),
    );
    let (body, _) = other.rsplit_once('.').expect("a token");
    let (_, signature) = one.rsplit_once('.').expect("a token");
    assert_eq!(
        verify(
            &format!("{body}.{signature}"),
            &scene.expectations(),
            &scene.keys
        )
        .err(),
        Some(IdTokenError::Signature)
    );
}

/// The classic confusion: the public key's bytes as a secret, under a header that says HS256.
#[test]
fn a_public_key_is_no_secret() {
    let scene = Scene::new(Signer::rsa());
    let public = scene.signer.jwk()["n"]
        .as_str()
        .expect("a modulus")
        .as_bytes()
        .to_vec();
    let token = Signer::Secret(public).token(&json!({"alg": "HS256", "kid": "k1"}), &claims());
    let granted = Expectations {
        algorithms: &[Algorithm::Rs256, Algorithm::Hs256],
        client_secret: Some(b"0123456789abcdef0123456789abcdef"),
        ..scene.expectations()
    };
    assert_eq!(
        verify(&token, &scene.expectations(), &scene.keys).err(),
        Some(IdTokenError::Algorithm)
    );
    assert_eq!(
        verify(&token, &granted, &scene.keys).err(),
        Some(IdTokenError::Signature)
    );
}

#[test]
fn hs256_needs_the_grant_and_a_long_secret() {
    let secret = b"0123456789abcdef0123456789abcdef";
    let scene = Scene::new(Signer::Secret(secret.to_vec()));
    let token = scene.signer.token(&json!({"alg": "HS256"}), &claims());
    let granted = Expectations {
        algorithms: &[Algorithm::Rs256, Algorithm::Hs256],
        client_secret: Some(secret),
        ..scene.expectations()
    };
    assert!(verify(&token, &granted, &Jwks::default()).is_ok());
    for (expectations, expected) in [
        (
            Expectations {
                algorithms: &[Algorithm::Rs256],
                ..granted
            },
            IdTokenError::Algorithm,
        ),
        (
            Expectations {
                client_secret: None,
                ..granted
            },
            IdTokenError::NoKey,
        ),
        (
            Expectations {
                client_secret: Some(&secret[..31]),
                ..granted
            },
            IdTokenError::NoKey,
        ),
        (
            Expectations {
                client_secret: Some(&[b'x'; 32]),
                ..granted
            },
            IdTokenError::Signature,
        ),
    ] {
        assert_eq!(
            verify(&token, &expectations, &scene.keys).err(),
            Some(expected)
        );
    }
}
