//! Public keys as an issuer publishes them ([RFC 7517], [RFC 7518 section 6], [RFC 8037]), and the
//! signatures they verify.
//!
//! A key that cannot verify an ID token is skipped, whatever is wrong with it; one strange key does
//! not take the others with it. Certificates (`x5c`, `x5u`) are not looked at.
//!
//! [RFC 7517]: https://www.rfc-editor.org/rfc/rfc7517
//! [RFC 7518 section 6]: https://www.rfc-editor.org/rfc/rfc7518#section-6
//! [RFC 8037]: https://www.rfc-editor.org/rfc/rfc8037

use super::algorithm::Algorithm;
use super::json::{self, JsonError, Limits};
use aws_lc_rs::signature::{
    self, EcdsaVerificationAlgorithm, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value};

/// Keys that a set may have.
const MAX_KEYS: usize = 64;

/// Why a key set is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// It is no acceptable JSON object.
    #[error("the key set cannot be read")]
    Json(#[from] JsonError),
    /// It has no array `keys`.
    #[error("the key set has no keys member")]
    Shape,
    /// More than 64 keys.
    #[error("the key set has too many keys")]
    TooMany,
}

/// The keys of a set that can verify ID tokens.
#[derive(Clone, Debug, Default)]
pub struct Jwks {
    keys: Vec<Jwk>,
}

impl Jwks {
    /// Reads a key set.
    ///
    /// # Errors
    /// See [`KeySetError`]. A single key that cannot be used is no error.
    pub fn parse(document: &[u8]) -> Result<Self, KeySetError> {
        let set = json::parse_object(document, &Limits::default())?;
        let keys = set
            .get("keys")
            .and_then(Value::as_array)
            .ok_or(KeySetError::Shape)?;
        if keys.len() > MAX_KEYS {
            return Err(KeySetError::TooMany);
        }
        let keys = keys
            .iter()
            .filter_map(|key| Jwk::parse(key.as_object()?))
            .collect();
        Ok(Self { keys })
    }

    /// Whether a token under this `kid` could be verified. Without one, any key might do.
    pub fn knows(&self, kid: Option<&str>) -> bool {
        self.keys
            .iter()
            .any(|key| kid.is_none() || key.kid.as_deref() == kid)
    }

    /// The keys that may have made a signature. Two keys may share a `kid`, and a token without one
    /// may be under any.
    pub fn candidates(
        &self,
        algorithm: Algorithm,
        kid: Option<&str>,
    ) -> impl Iterator<Item = &Jwk> {
        self.keys
            .iter()
            .filter(move |key| (kid.is_none() || key.kid.as_deref() == kid) && key.fits(algorithm))
    }
}

/// One public key.
#[derive(Clone, Debug)]
pub struct Jwk {
    kid: Option<String>,
    alg: Option<Algorithm>,
    material: Material,
}

#[derive(Clone, Debug)]
enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    Ec { curve: Curve, point: Vec<u8> },
    Ed25519(Vec<u8>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Curve {
    P256,
    P384,
    P521,
}

impl Jwk {
    fn parse(key: &Map<String, Value>) -> Option<Self> {
        // A set that holds private parts has told everybody.
        if key.contains_key("d") || key.contains_key("k") {
            return None;
        }
        let text = |name: &str| key.get(name).map(|value| value.as_str().ok_or(()));
        if text("use").is_some_and(|usage| usage != Ok("sig")) {
            return None;
        }
        if let Some(operations) = key.get("key_ops") {
            operations
                .as_array()?
                .iter()
                .find(|name| *name == "verify")?;
        }
        let alg = match text("alg") {
            Some(name) => Some(Algorithm::from_name(name.ok()?)?),
            None => None,
        };
        let kid = match text("kid") {
            Some(kid) => Some(kid.ok()?.to_owned()),
            None => None,
        };
        let material = Material::parse(key)?;
        let parsed = Self { kid, alg, material };
        // `alg` of another family than the key is a lie or a trap.
        alg.is_none_or(|alg| parsed.fits(alg)).then_some(parsed)
    }

    fn fits(&self, algorithm: Algorithm) -> bool {
        use Algorithm as A;
        if self.alg.is_some_and(|alg| !alg.same_as(algorithm)) {
            return false;
        }
        match (&self.material, algorithm) {
            (
                Material::Rsa { .. },
                A::Rs256 | A::Rs384 | A::Rs512 | A::Ps256 | A::Ps384 | A::Ps512,
            )
            | (Material::Ed25519(_), A::EdDsa | A::Ed25519) => true,
            (Material::Ec { curve, .. }, A::Es256) => *curve == Curve::P256,
            (Material::Ec { curve, .. }, A::Es384) => *curve == Curve::P384,
            (Material::Ec { curve, .. }, A::Es512) => *curve == Curve::P521,
            _ => false,
        }
    }

    /// Whether this key made `signature` over `message` by `algorithm`.
    pub fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        if !self.fits(algorithm) {
            return false;
        }
        match &self.material {
            Material::Rsa { n, e } => rsa(algorithm).is_some_and(|parameters| {
                RsaPublicKeyComponents { n, e }
                    .verify(parameters, message, signature)
                    .is_ok()
            }),
            Material::Ec { curve, point } => UnparsedPublicKey::new(curve.verification(), point)
                .verify(message, signature)
                .is_ok(),
            Material::Ed25519(x) => UnparsedPublicKey::new(&signature::ED25519, x)
                .verify(message, signature)
                .is_ok(),
        }
    }
}

impl Material {
    fn parse(key: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        let bytes = |name: &str| BASE64URL_NOPAD.decode(text(name)?.as_bytes()).ok();
        match text("kty")? {
            "RSA" => {
                let (n, e) = (unsigned(bytes("n")?), unsigned(bytes("e")?));
                let bits = n.len() * 8 - n.first()?.leading_zeros() as usize;
                let exponent_ok = e.len() <= 4 && e.last()? & 1 == 1 && e != [1];
                ((2048..=8192).contains(&bits) && exponent_ok).then_some(Self::Rsa { n, e })
            }
            "EC" => {
                let curve = Curve::named(text("crv")?)?;
                let (x, y) = (bytes("x")?, bytes("y")?);
                if x.len() != curve.size() || y.len() != curve.size() {
                    return None;
                }
                let point = [&[4][..], &x, &y].concat();
                Some(Self::Ec { curve, point })
            }
            "OKP" if text("crv") == Some("Ed25519") => {
                bytes("x").filter(|x| x.len() == 32).map(Self::Ed25519)
            }
            _ => None,
        }
    }
}

impl Curve {
    fn named(name: &str) -> Option<Self> {
        match name {
            "P-256" => Some(Self::P256),
            "P-384" => Some(Self::P384),
            "P-521" => Some(Self::P521),
            _ => None,
        }
    }

    fn size(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    fn verification(self) -> &'static EcdsaVerificationAlgorithm {
        match self {
            Self::P256 => &signature::ECDSA_P256_SHA256_FIXED,
            Self::P384 => &signature::ECDSA_P384_SHA384_FIXED,
            Self::P521 => &signature::ECDSA_P521_SHA512_FIXED,
        }
    }
}

fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        Algorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

/// A big-endian number without leading zeros, which some issuers write against the RFC.
fn unsigned(bytes: Vec<u8>) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.into_iter().skip(zeros).collect()
}

#[cfg(test)]
mod tests;
