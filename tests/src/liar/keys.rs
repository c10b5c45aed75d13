//! A liar's keys and what it signs with them.

use anyhow::{Result, anyhow};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::{Value, json};

/// The keys. Only `Rsa` is published, as `k1`, unless a lie publishes others.
pub struct Keys {
    rsa: RsaKeyPair,
    other: RsaKeyPair,
    ec: EcdsaKeyPair,
    ed25519: Ed25519KeyPair,
}

/// What signs an ID token.
#[derive(Clone, Debug)]
pub enum Key {
    /// The published one.
    Rsa,
    /// Another RSA key.
    Other,
    /// On P-256.
    Ec,
    /// Ed25519.
    Ed25519,
    /// HMAC-SHA-256 under this.
    Secret(String),
    /// HMAC-SHA-256 under the published key as PEM.
    PublicPem,
    /// HMAC-SHA-256 under the published key as DER.
    PublicDer,
    /// HMAC-SHA-256 under the published key's modulus, as in its JWK.
    PublicModulus,
    /// Nothing: an empty signature.
    Nobody,
    /// What everybody can make for an RSA key of so many bytes whose exponent is 1: the padded
    /// digest itself.
    ExponentOne(usize),
}

impl Keys {
    pub(super) fn new() -> Result<Self> {
        let rsa = || RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| anyhow!("no RSA key"));
        let p256 = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
        Ok(Self {
            rsa: rsa()?,
            other: rsa()?,
            ec: EcdsaKeyPair::generate(p256).map_err(|_| anyhow!("no P-256 key"))?,
            ed25519: Ed25519KeyPair::generate().map_err(|_| anyhow!("no Ed25519 key"))?,
        })
    }

    /// A public key as a JWK: `kty` and its numbers.
    pub fn jwk(&self, key: &Key) -> Value {
        let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        match key {
            Key::Other => rsa_jwk(&self.other),
            Key::Ec => {
                let point = &self.ec.public_key().as_ref()[1..];
                json!({"kty": "EC", "crv": "P-256", "x": text(&point[..32]), "y": text(&point[32..])})
            }
            Key::Ed25519 => {
                let x = text(self.ed25519.public_key().as_ref());
                json!({"kty": "OKP", "crv": "Ed25519", "x": x})
            }
            Key::Secret(secret) => json!({"kty": "oct", "k": text(secret.as_bytes())}),
            Key::ExponentOne(bytes) => {
                json!({"kty": "RSA", "n": text(&vec![0xff; *bytes]), "e": "AQ"})
            }
            _ => rsa_jwk(&self.rsa),
        }
    }

    /// The signature over `message`.
    pub fn sign(&self, key: &Key, alg: &str, message: &[u8]) -> Result<Vec<u8>> {
        let random = SystemRandom::new();
        let mac = |secret: &[u8]| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
            hmac::sign(&key, message).as_ref().to_vec()
        };
        let modulus = || {
            let public = self.rsa.public_key();
            BASE64URL_NOPAD.encode(public.modulus().big_endian_without_leading_zero())
        };
        Ok(match key {
            Key::Rsa => rsa_sign(&self.rsa, alg, message)?,
            Key::Other => rsa_sign(&self.other, alg, message)?,
            Key::Ec => {
                let made = self.ec.sign(&random, message);
                made.map_err(|_| anyhow!("no signature"))?.as_ref().to_vec()
            }
            Key::Ed25519 => self.ed25519.sign(message).as_ref().to_vec(),
            Key::Secret(secret) => mac(secret.as_bytes()),
            Key::PublicPem => mac(pem(&self.public_der()?).as_bytes()),
            Key::PublicDer => mac(&self.public_der()?),
            Key::PublicModulus => mac(modulus().as_bytes()),
            Key::Nobody => Vec::new(),
            Key::ExponentOne(bytes) => padded(*bytes, message),
        })
    }

    fn public_der(&self) -> Result<Vec<u8>> {
        let der: PublicKeyX509Der<'_> = self
            .rsa
            .public_key()
            .as_der()
            .map_err(|_| anyhow!("no DER"))?;
        Ok(der.as_ref().to_vec())
    }
}

fn rsa_jwk(pair: &RsaKeyPair) -> Value {
    let public = pair.public_key();
    let n = public.modulus().big_endian_without_leading_zero();
    let e = public.exponent().big_endian_without_leading_zero();
    json!({"kty": "RSA", "n": BASE64URL_NOPAD.encode(n), "e": BASE64URL_NOPAD.encode(e)})
}

fn rsa_sign(pair: &RsaKeyPair, alg: &str, message: &[u8]) -> Result<Vec<u8>> {
    let padding: &dyn signature::RsaEncoding = match alg {
        "RS384" => &signature::RSA_PKCS1_SHA384,
        "RS512" => &signature::RSA_PKCS1_SHA512,
        "PS256" => &signature::RSA_PSS_SHA256,
        _ => &signature::RSA_PKCS1_SHA256,
    };
    let mut made = vec![0; pair.public_modulus_len()];
    pair.sign(padding, &SystemRandom::new(), message, &mut made)
        .map_err(|_| anyhow!("no signature"))?;
    Ok(made)
}

fn pem(der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let mut pem = "-----BEGIN PUBLIC KEY-----\n".to_owned();
    for line in text.as_bytes().chunks(64) {
        pem += &String::from_utf8_lossy(line);
        pem.push('\n');
    }
    pem + "-----END PUBLIC KEY-----\n"
}

/// EMSA-PKCS1-v1_5 (RFC 8017 section 9.2) with SHA-256.
fn padded(bytes: usize, message: &[u8]) -> Vec<u8> {
    const SHA256: [u8; 19] = [
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
        0x05, 0x00, 0x04, 0x20,
    ];
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, message);
    let tail = [&SHA256[..], digest.as_ref()].concat();
    let filler = vec![0xff; bytes - tail.len() - 3];
    [&[0, 1][..], &filler, &[0], &tail].concat()
}
