//! The client's key, and what the host signs with it: assertions for `private_key_jwt` and
//! `client_secret_jwt` ([OIDC Core section 9], [RFC 7523 section 2.2]) and client secrets that are
//! JWTs, as Apple wants them.
//!
//! For `client_secret_jwt` the key is the client secret itself. Any other
//! comes from a file as a private JWK ([RFC 7517], [RFC 7518 section 6], [RFC 8037]). It is
//! read when it is needed and never kept, so that a new one is found without a restart. A JWK whose
//! private and public parts do not belong together is refused: the provider would refuse every
//! signature and nobody could tell why. Which way a client authenticates, and to whom an
//! assertion speaks, is decided in [`crate::steps`].
//!
//! [OIDC Core section 9]: https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication
//! [RFC 7523 section 2.2]: https://www.rfc-editor.org/rfc/rfc7523#section-2.2
//! [RFC 7517]: https://www.rfc-editor.org/rfc/rfc7517
//! [RFC 7518 section 6]: https://www.rfc-editor.org/rfc/rfc7518#section-6
//! [RFC 8037]: https://www.rfc-editor.org/rfc/rfc8037

mod jwk;

use crate::config::{Secret, SecretError};
use crate::random;
use crate::{clock, clock::Timestamp};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, RsaEncoding, RsaKeyPair};
use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;
use std::fmt;
use std::path::Path;
use zeroize::Zeroizing;

/// Seconds that an assertion lives: enough for a slow request and clocks that differ by a minute,
/// too little to be worth stealing. Servers refuse more than a few minutes.
const ASSERTION_LIFETIME: u64 = 120;

/// The fewest bytes of a client secret that signs.
const SHORTEST_SECRET: usize = 32;

/// Why the client's key cannot be used. No variant holds a part of it.
#[derive(Debug, thiserror::Error)]
pub enum ClientKeyError {
    /// The file.
    #[error(transparent)]
    File(#[from] SecretError),
    /// What stands in it.
    #[error("the file is no usable private key: {0}")]
    Flaw(#[from] KeyFlaw),
}

/// What is wrong with a private JWK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFlaw {
    /// PEM.
    #[error("it is PEM: convert it to a JWK, one JSON object with `kty` and `d`")]
    Pem,
    /// A key set.
    #[error("it is a key set: write the one key's object, without `keys`")]
    KeySet,
    /// Not a JWK.
    // The parser's own message quotes the text, which may hold a secret.
    #[error("it is not a JWK: write one JSON object with `kty` and `d`")]
    Form,
    /// The public half alone.
    #[error("it has no `d`: this is the public half, which is for the provider")]
    Public,
    /// A type of key that Celadon does not sign with.
    #[error(
        "its type is not one of EC with curve P-256, RSA, and OKP with curve Ed25519 (`kty`, `crv`)"
    )]
    Unsupported,
    /// A member is missing, is not base64url without padding, or has a wrong length.
    #[error("its member `{name}` is missing or malformed")]
    Member {
        /// Which.
        name: &'static str,
    },
    /// RSA of less than 2048 bits, or more than 8192.
    #[error("its RSA modulus does not have 2048 to 8192 bits")]
    Size,
    /// `use` or `key_ops`.
    #[error("it is not for signing (`use`, `key_ops`)")]
    Usage,
    /// `alg`.
    #[error("its `alg` does not fit: ES256 for EC, RS256 or PS256 for RSA, EdDSA for Ed25519")]
    Algorithm,
    /// `kid`.
    #[error("its `kid` is not 1 to 255 printable ASCII characters")]
    KeyId,
    /// A client secret that is shorter than HMAC-SHA-256's output ([RFC 7518 section 3.2]).
    ///
    /// [RFC 7518 section 3.2]: https://www.rfc-editor.org/rfc/rfc7518#section-3.2
    #[error(
        "the client secret has less than {SHORTEST_SECRET} bytes, which client_secret_jwt does not allow"
    )]
    ShortSecret,
    /// Private and public parts do not belong together.
    #[error("its private and public parts do not belong together")]
    Mismatch,
}

/// A key that signs for the client.
pub struct ClientKey {
    kid: Option<String>,
    signer: Signer,
}

enum Signer {
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
    Ps256(RsaKeyPair),
    EdDsa(Ed25519KeyPair, &'static str),
    Hs256(Box<hmac::Key>),
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    jti: String,
    iat: Timestamp,
    exp: Timestamp,
}

impl ClientKey {
    /// Reads the key from its file, as it is now.
    ///
    /// # Errors
    /// The file cannot be read or is no private JWK that Celadon signs with.
    pub fn read(path: &Path) -> Result<Self, ClientKeyError> {
        let text = Secret::File(path.to_owned()).read()?;
        Ok(Self::parse(&text)?)
    }

    /// Reads a private JWK.
    ///
    /// # Errors
    /// See [`KeyFlaw`].
    pub fn parse(text: &str) -> Result<Self, KeyFlaw> {
        jwk::parse(text)
    }

    /// The client secret as a key, for `client_secret_jwt`.
    ///
    /// # Errors
    /// [`KeyFlaw::ShortSecret`].
    pub fn of_secret(secret: &str) -> Result<Self, KeyFlaw> {
        if secret.len() < SHORTEST_SECRET {
            return Err(KeyFlaw::ShortSecret);
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        Ok(Self {
            kid: None,
            signer: Signer::Hs256(Box::new(key)),
        })
    }

    /// `alg` of its signatures.
    pub fn algorithm(&self) -> &'static str {
        match &self.signer {
            Signer::Es256(_) => "ES256",
            Signer::Rs256(_) => "RS256",
            Signer::Ps256(_) => "PS256",
            Signer::EdDsa(_, name) => name,
            Signer::Hs256(_) => "HS256",
        }
    }

    /// `kid`, where the JWK has one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// A `client_assertion`: says once that its bearer is this client, to `audience` alone.
    pub fn assertion(&self, client_id: &str, audience: &str) -> Zeroizing<String> {
        self.token(client_id, client_id, audience, ASSERTION_LIFETIME)
    }

    /// A client secret that is a JWT: `iss` and `aud` are the provider's to say, `sub` is the
    /// client. `lifetime` is in seconds.
    pub fn signed_secret(
        &self,
        issuer: &str,
        client_id: &str,
        audience: &str,
        lifetime: u32,
    ) -> Zeroizing<String> {
        self.token(issuer, client_id, audience, lifetime.into())
    }

    fn token(&self, iss: &str, sub: &str, aud: &str, lifetime: u64) -> Zeroizing<String> {
        let now = clock::now();
        let header = Header {
            alg: self.algorithm(),
            typ: "JWT",
            kid: self.kid(),
        };
        let claims = Claims {
            iss,
            sub,
            aud,
            jti: random::id(),
            iat: now,
            exp: now + lifetime,
        };
        let mut token = Zeroizing::new(format!("{}.{}", part(&header), part(&claims)));
        let signature = BASE64URL_NOPAD.encode(&self.sign(token.as_bytes()));
        token.push('.');
        token.push_str(&signature);
        token
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        // What could fail is the system's randomness, without which nothing may go on.
        let random = SystemRandom::new();
        let rsa = |pair: &RsaKeyPair, padding: &'static dyn RsaEncoding| {
            let mut bytes = vec![0; pair.public_modulus_len()];
            pair.sign(padding, &random, message, &mut bytes)
                .expect("a checked key signs");
            bytes
        };
        match &self.signer {
            Signer::Es256(pair) => {
                let signature = pair.sign(&random, message).expect("a checked key signs");
                signature.as_ref().to_vec()
            }
            Signer::Rs256(pair) => rsa(pair, &signature::RSA_PKCS1_SHA256),
            Signer::Ps256(pair) => rsa(pair, &signature::RSA_PSS_SHA256),
            Signer::EdDsa(pair, _) => pair.sign(message).as_ref().to_vec(),
            Signer::Hs256(key) => hmac::sign(key, message).as_ref().to_vec(),
        }
    }
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientKey")
            .field("alg", &self.algorithm())
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// One part of a JWT.
fn part(value: &impl Serialize) -> String {
    let json = serde_json::to_vec(value).expect("texts and numbers are JSON");
    BASE64URL_NOPAD.encode(&json)
}

#[cfg(test)]
mod tests;
