//! A private JWK, from its text to a key pair that is known to hold together.

use super::{ClientKey, KeyFlaw, Signer};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair,
};
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// Bytes of an RSA modulus.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;
const LONGEST_KID: usize = 255;

/// The members that count. A member that stands there twice is refused.
#[derive(Deserialize)]
struct Form {
    kty: String,
    crv: Option<String>,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    keys: Option<serde::de::IgnoredAny>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    #[serde(default, deserialize_with = "wiped")]
    d: Option<Zeroizing<String>>,
    #[serde(default, deserialize_with = "wiped")]
    p: Option<Zeroizing<String>>,
    #[serde(default, deserialize_with = "wiped")]
    q: Option<Zeroizing<String>>,
    #[serde(default, deserialize_with = "wiped")]
    dp: Option<Zeroizing<String>>,
    #[serde(default, deserialize_with = "wiped")]
    dq: Option<Zeroizing<String>>,
    #[serde(default, deserialize_with = "wiped")]
    qi: Option<Zeroizing<String>>,
}

/// A set of keys instead of one.
#[derive(Deserialize)]
struct Set {
    #[serde(rename = "keys")]
    _keys: Vec<serde::de::IgnoredAny>,
}

fn wiped<'de, D: Deserializer<'de>>(member: D) -> Result<Option<Zeroizing<String>>, D::Error> {
    Ok(Option::<String>::deserialize(member)?.map(Zeroizing::new))
}

pub(super) fn parse(text: &str) -> Result<ClientKey, KeyFlaw> {
    if text.trim_start().starts_with("-----BEGIN") {
        return Err(KeyFlaw::Pem);
    }
    let form: Form = match serde_json::from_str(text) {
        Ok(form) => form,
        Err(_) if serde_json::from_str::<Set>(text).is_ok() => return Err(KeyFlaw::KeySet),
        Err(_) => return Err(KeyFlaw::Form),
    };
    if form.keys.is_some() {
        return Err(KeyFlaw::KeySet);
    }
    form.check_usage()?;
    let signer = match (form.kty.as_str(), form.crv.as_deref()) {
        ("EC", Some("P-256")) => form.ec()?,
        ("RSA", None) => form.rsa()?,
        ("OKP", Some("Ed25519")) => form.ed25519()?,
        _ => return Err(KeyFlaw::Unsupported),
    };
    Ok(ClientKey {
        kid: form.kid,
        signer,
    })
}

impl Form {
    fn check_usage(&self) -> Result<(), KeyFlaw> {
        let signs = |operations: &Vec<String>| operations.iter().any(|name| name == "sign");
        if self.usage.as_deref().is_some_and(|usage| usage != "sig")
            || self.key_ops.as_ref().is_some_and(|it| !signs(it))
        {
            return Err(KeyFlaw::Usage);
        }
        let printable = |kid: &String| {
            (1..=LONGEST_KID).contains(&kid.len())
                && kid.bytes().all(|byte| (0x20..0x7f).contains(&byte))
        };
        if self.kid.as_ref().is_some_and(|kid| !printable(kid)) {
            return Err(KeyFlaw::KeyId);
        }
        Ok(())
    }

    fn ec(&self) -> Result<Signer, KeyFlaw> {
        let d = private(self.d.as_ref())?;
        let mut point = vec![4];
        point.extend(fixed("x", self.x.as_deref(), 32)?.iter());
        point.extend(fixed("y", self.y.as_deref(), 32)?.iter());
        let d = fixed("d", Some(d), 32)?;
        if !matches!(self.alg.as_deref(), None | Some("ES256")) {
            return Err(KeyFlaw::Algorithm);
        }
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        EcdsaKeyPair::from_private_key_and_public_key(algorithm, &d, &point)
            .map(Signer::Es256)
            .map_err(|_| KeyFlaw::Mismatch)
    }

    fn ed25519(&self) -> Result<Signer, KeyFlaw> {
        let seed = fixed("d", Some(private(self.d.as_ref())?), 32)?;
        let public = fixed("x", self.x.as_deref(), 32)?;
        // RFC 9864 gave EdDSA with this curve a name of its own, which few servers know yet.
        let name = match self.alg.as_deref() {
            None | Some("EdDSA") => "EdDSA",
            Some("Ed25519") => "Ed25519",
            Some(_) => return Err(KeyFlaw::Algorithm),
        };
        Ed25519KeyPair::from_seed_and_public_key(&seed, &public)
            .map(|pair| Signer::EdDsa(pair, name))
            .map_err(|_| KeyFlaw::Mismatch)
    }

    fn rsa(&self) -> Result<Signer, KeyFlaw> {
        let d = number("d", Some(private(self.d.as_ref())?))?;
        let n = number("n", self.n.as_deref())?;
        if !MODULUS.contains(&n.len()) {
            return Err(KeyFlaw::Size);
        }
        let wiped = |member: &'_ Option<Zeroizing<String>>, name| {
            number(name, member.as_ref().map(|text| text.as_str()))
        };
        let numbers = [
            n,
            number("e", self.e.as_deref())?,
            d,
            wiped(&self.p, "p")?,
            wiped(&self.q, "q")?,
            wiped(&self.dp, "dp")?,
            wiped(&self.dq, "dq")?,
            wiped(&self.qi, "qi")?,
        ];
        let pair =
            RsaKeyPair::from_der(&rsa_private_key(&numbers)).map_err(|_| KeyFlaw::Mismatch)?;
        match self.alg.as_deref() {
            None | Some("RS256") => Ok(Signer::Rs256(pair)),
            Some("PS256") => Ok(Signer::Ps256(pair)),
            Some(_) => Err(KeyFlaw::Algorithm),
        }
    }
}

fn private(d: Option<&Zeroizing<String>>) -> Result<&str, KeyFlaw> {
    d.map(|text| text.as_str()).ok_or(KeyFlaw::Public)
}

fn bytes(name: &'static str, text: Option<&str>) -> Result<Zeroizing<Vec<u8>>, KeyFlaw> {
    text.and_then(|text| BASE64URL_NOPAD.decode(text.as_bytes()).ok())
        .map(Zeroizing::new)
        .ok_or(KeyFlaw::Member { name })
}

fn fixed(
    name: &'static str,
    text: Option<&str>,
    length: usize,
) -> Result<Zeroizing<Vec<u8>>, KeyFlaw> {
    let bytes = bytes(name, text)?;
    if bytes.len() == length {
        Ok(bytes)
    } else {
        Err(KeyFlaw::Member { name })
    }
}

/// A positive number, big-endian, without the leading zeros that some tools write.
fn number(name: &'static str, text: Option<&str>) -> Result<Zeroizing<Vec<u8>>, KeyFlaw> {
    let bytes = bytes(name, text)?;
    let first = bytes.iter().position(|&byte| byte != 0);
    let first = first.ok_or(KeyFlaw::Member { name })?;
    Ok(Zeroizing::new(bytes[first..].to_vec()))
}

/// `RSAPrivateKey` of two primes ([RFC 8017 appendix A.1.2]), in DER.
///
/// [RFC 8017 appendix A.1.2]: https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.2
fn rsa_private_key(numbers: &[Zeroizing<Vec<u8>>; 8]) -> Zeroizing<Vec<u8>> {
    const INTEGER: u8 = 0x02;
    const SEQUENCE: u8 = 0x30;
    let longest: usize = numbers.iter().map(|number| number.len() + 5).sum();
    // Allocated at once, so that growing leaves no copy behind.
    let mut inside = Zeroizing::new(Vec::with_capacity(longest + 3));
    inside.extend([INTEGER, 1, 0]);
    for number in numbers {
        // A first bit that is set would make it negative.
        let padded = number.first().is_some_and(|byte| byte & 0x80 != 0);
        inside.push(INTEGER);
        push_length(&mut inside, number.len() + usize::from(padded));
        inside.extend(padded.then_some(0));
        inside.extend_from_slice(number);
    }
    let mut document = Zeroizing::new(Vec::with_capacity(inside.len() + 5));
    document.push(SEQUENCE);
    push_length(&mut document, inside.len());
    document.extend_from_slice(&inside);
    document
}

fn push_length(out: &mut Vec<u8>, length: usize) {
    if length < 0x80 {
        out.extend(length.to_be_bytes().last());
        return;
    }
    let bytes = length.to_be_bytes();
    let first = bytes.iter().position(|&byte| byte != 0).unwrap_or(0);
    let bytes = &bytes[first..];
    out.extend(bytes.len().to_be_bytes().last().map(|count| 0x80 | count));
    out.extend_from_slice(bytes);
}
