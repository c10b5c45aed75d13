//! What a component gets to see of a text in which a credential stands.

use celadon::plugin::references::Vault;
use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};

/// The shortest credential that is looked for in every encoding.
const SHORTEST: usize = 16;

/// A credential is not left in any encoding, wherever it stands. The input is the credential, a zero
/// byte, and what stands around it.
pub fn scrub(input: &[u8]) {
    let mut parts = input.splitn(3, |byte| *byte == 0);
    let mut part = || String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let (credential, before, after) = (part(), part(), part());
    let plain = credential.len() >= SHORTEST && credential.len() < 4096;
    if !plain || !credential.bytes().all(|byte| byte.is_ascii_graphic()) {
        return;
    }
    let vault = Vault::new([("code", credential.as_str())], []);
    for form in forms(&credential) {
        let mut text = format!("{before}{form}{after}");
        vault.scrub_text(&mut text);
        assert!(!text.contains(&form), "{form:?} is left in {text:?}");
    }
}

fn forms(credential: &str) -> Vec<String> {
    let bytes = credential.as_bytes();
    let percent: String = bytes.iter().map(|byte| format!("%{byte:02X}")).collect();
    vec![
        credential.to_owned(),
        credential.chars().rev().collect(),
        percent.to_ascii_lowercase(),
        percent,
        HEXLOWER.encode(bytes),
        HEXUPPER.encode(bytes),
        BASE64.encode(bytes),
        BASE64_NOPAD.encode(bytes),
        BASE64URL.encode(bytes),
        BASE64URL_NOPAD.encode(bytes),
    ]
}
