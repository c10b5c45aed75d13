//! The signing key of a run, and what is signed with it.

use crate::random;
use aws_lc_rs::digest;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use serde_json::{Value, json};

/// An ES256 key.
pub(super) struct Keys {
    kid: String,
    private: EncodingKey,
    public: Value,
}

impl Keys {
    pub(super) fn generate() -> Result<Self, Unspecified> {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new())?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref())
            .map_err(|_: aws_lc_rs::error::KeyRejected| Unspecified)?;
        // An uncompressed point (SEC 1 section 2.3.3): 4, then x and y of 32 bytes each.
        let point = pair.public_key().as_ref();
        let (x, y) = point
            .get(1..)
            .and_then(|point| point.split_at_checked(32))
            .ok_or(Unspecified)?;
        let kid = random::id();
        Ok(Self {
            public: json!({
                "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid,
                "x": BASE64URL_NOPAD.encode(x), "y": BASE64URL_NOPAD.encode(y),
            }),
            private: EncodingKey::from_ec_der(document.as_ref()),
            kid,
        })
    }

    /// The JWK set ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517#section-5)).
    pub(super) fn jwks(&self) -> Value {
        json!({ "keys": [self.public] })
    }

    /// A JWT in compact form.
    pub(super) fn sign(&self, claims: &impl Serialize) -> jsonwebtoken::errors::Result<String> {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.private)
    }
}

/// `at_hash` of an access token, for ES256
/// ([OpenID Connect Core section 3.1.3.6](https://openid.net/specs/openid-connect-core-1_0.html#CodeIDToken)).
pub(super) fn at_hash(access_token: &str) -> String {
    let hash = digest::digest(&digest::SHA256, access_token.as_bytes());
    BASE64URL_NOPAD.encode(&hash.as_ref()[..16])
}

/// The S256 `code_challenge` of a verifier ([RFC 7636 section 4.2]).
///
/// [RFC 7636 section 4.2]: https://www.rfc-editor.org/rfc/rfc7636#section-4.2
pub(super) fn code_challenge(code_verifier: &str) -> String {
    let hash = digest::digest(&digest::SHA256, code_verifier.as_bytes());
    BASE64URL_NOPAD.encode(hash.as_ref())
}
