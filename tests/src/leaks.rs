//! Finding secrets where they must not be: in histories, databases, logs, pages.
//!
//! A secret is looked for as it is, percent-encoded, in hex, and inside base64 (both alphabets, at
//! each of the three alignments it can have there). JSON is searched twice: as text, and again
//! inside every string of it that is base64 itself, which is how Temporal stores payloads.

use aho_corasick::AhoCorasick;
use anyhow::Result;
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Secrets to look for, by what they are.
#[derive(Clone, Debug, Default)]
pub struct Needles {
    secrets: BTreeMap<String, BTreeSet<String>>,
}

impl Needles {
    /// One more secret, such as a `code`. Too short a text would be found by chance.
    pub fn add(&mut self, what: &str, secret: &str) {
        assert!(
            secret.len() >= 5,
            "{what} is too short to search for: {secret}"
        );
        self.secrets
            .entry(what.to_owned())
            .or_default()
            .insert(secret.to_owned());
    }

    /// Leaves out what is named so.
    #[must_use]
    pub fn without(mut self, what: &str) -> Self {
        self.secrets.remove(what);
        self
    }

    /// Panics unless there is a needle of each kind: a search for nothing finds nothing.
    #[must_use]
    pub fn expecting(self, kinds: &[&str]) -> Self {
        for kind in kinds {
            assert!(
                self.secrets.contains_key(*kind),
                "the login showed no {kind}"
            );
        }
        self
    }

    /// What is found in `haystack`: the kind and the form of each.
    pub fn found_in(&self, haystack: &[u8]) -> Result<BTreeSet<String>> {
        let mut patterns = Vec::new();
        let mut names = Vec::new();
        for (what, secret) in self
            .secrets
            .iter()
            .flat_map(|(w, s)| s.iter().map(move |s| (w, s)))
        {
            for (form, pattern) in forms(secret) {
                patterns.push(pattern);
                names.push(format!("{what} {form}"));
            }
        }
        let search = AhoCorasick::new(&patterns)?;
        let hits = search.find_overlapping_iter(haystack);
        Ok(hits
            .map(|hit| names[hit.pattern().as_usize()].clone())
            .collect())
    }

    /// As [`Self::found_in`], also inside every base64 string of a JSON text.
    pub fn found_in_json(&self, text: &str) -> Result<BTreeSet<String>> {
        let mut found = self.found_in(text.as_bytes())?;
        let mut inside = Vec::new();
        decode_strings(&serde_json::from_str(text)?, &mut inside);
        found.extend(self.found_in(&inside)?);
        Ok(found)
    }
}

/// Appends what the strings of `json` decode to. Data inside data is decoded as well.
fn decode_strings(json: &Value, into: &mut Vec<u8>) {
    match json {
        Value::String(text) => {
            let decoded = BASE64
                .decode(text.as_bytes())
                .or_else(|_| BASE64URL_NOPAD.decode(text.as_bytes()));
            let Ok(decoded) = decoded else { return };
            if let Ok(inner) = serde_json::from_slice::<Value>(&decoded)
                && !inner.is_number()
            {
                decode_strings(&inner, into);
            }
            into.extend_from_slice(&decoded);
            into.push(0);
        }
        Value::Array(values) => values.iter().for_each(|value| decode_strings(value, into)),
        Value::Object(fields) => fields
            .values()
            .for_each(|value| decode_strings(value, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn forms(secret: &str) -> Vec<(&'static str, Vec<u8>)> {
    let mut forms = vec![
        ("plain", secret.as_bytes().to_vec()),
        ("in hex", HEXLOWER.encode(secret.as_bytes()).into_bytes()),
    ];
    let percent: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    if percent != secret {
        forms.push(("percent-encoded", percent.into_bytes()));
    }
    for alignment in 0..3 {
        forms.push(("in base64", inside_base64(&BASE64, secret, alignment)));
        forms.push((
            "in base64url",
            inside_base64(&BASE64URL_NOPAD, secret, alignment),
        ));
    }
    forms
}

/// The characters that `secret` alone decides in the base64 of a longer text in which `alignment`
/// bytes (modulo 3) come before it.
fn inside_base64(encoding: &data_encoding::Encoding, secret: &str, alignment: usize) -> Vec<u8> {
    let padded = [&b"\0\0\0"[..alignment], secret.as_bytes()].concat();
    let encoded = encoding.encode(&padded).into_bytes();
    let first = (alignment * 8).div_ceil(6);
    let last = padded.len() * 8 / 6;
    encoded[first..last].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needles() -> Needles {
        let mut needles = Needles::default();
        needles.add("code", "a secret+code/1");
        needles
    }

    #[test]
    fn a_secret_is_found_in_every_form_and_alignment() -> Result<()> {
        for before in ["", "x", "xy", "xyz"] {
            let text = format!("{before}a secret+code/1 and more");
            for haystack in [
                text.clone(),
                BASE64.encode(text.as_bytes()),
                BASE64URL_NOPAD.encode(text.as_bytes()),
                HEXLOWER.encode(text.as_bytes()),
                format!("?code={}", "a+secret%2Bcode%2F1"),
            ] {
                assert!(
                    !needles().found_in(haystack.as_bytes())?.is_empty(),
                    "{haystack}"
                );
            }
        }
        Ok(())
    }

    #[test]
    fn a_secret_is_found_inside_base64_inside_json_inside_base64() -> Result<()> {
        let inner = serde_json::json!({"deep": [BASE64.encode(b"--a secret+code/1")]});
        let outer = serde_json::json!({"payloads": [{"data": BASE64.encode(inner.to_string().as_bytes())}]});
        assert!(!needles().found_in_json(&outer.to_string())?.is_empty());
        Ok(())
    }

    #[test]
    fn what_is_not_there_is_not_found() -> Result<()> {
        let text = serde_json::json!({"data": BASE64.encode(b"a secret code 2")}).to_string();
        assert!(needles().found_in_json(&text)?.is_empty());
        Ok(())
    }
}
