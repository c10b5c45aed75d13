//! Finding known credentials again, in whatever encoding a provider or a component returns them.
//!
//! One automaton a call series. A credential of eight bytes or more is replaced anywhere in a
//! text; a shorter one only where it is the whole text, since it would hit innocent words.

use aho_corasick::{AhoCorasick, MatchKind};
use data_encoding::{BASE64, BASE64URL, HEXLOWER, HEXUPPER};
use std::sync::OnceLock;

/// The shortest credential, or encoded piece of one, that is looked for inside a text.
const SHORTEST: usize = 8;

/// Known credentials and what stands in their place.
#[derive(Default)]
pub(super) struct Scrubber {
    needles: Vec<String>,
    names: Vec<String>,
    short: Vec<(String, String)>,
    automaton: OnceLock<Option<AhoCorasick>>,
}

impl Scrubber {
    /// Learns a credential; `name` is put where it is found.
    pub(super) fn learn(&mut self, value: &str, name: &str) {
        if value.is_empty() {
            return;
        }
        if value.len() < SHORTEST {
            self.short.push((value.to_owned(), name.to_owned()));
            return;
        }
        for form in forms(value) {
            if form.len() >= SHORTEST {
                self.needles.push(form);
                self.names.push(name.to_owned());
            }
        }
        self.automaton = OnceLock::new();
    }

    /// The text without credentials; `None` where there was none in it.
    pub(super) fn scrub(&self, text: &str) -> Option<String> {
        if let Some((_, name)) = self.short.iter().find(|(value, _)| value == text) {
            return Some(name.clone());
        }
        let automaton = self.automaton.get_or_init(|| {
            AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .build(&self.needles)
                .ok()
        });
        let Some(automaton) = automaton else {
            // No automaton over the credentials could be built: show nothing.
            return Some("hidden".to_owned());
        };
        automaton
            .is_match(text)
            .then(|| automaton.replace_all(text, &self.names))
    }
}

/// A credential in raw, reversed, percent, base64 (both alphabets, three alignments) and hex form.
fn forms(value: &str) -> Vec<String> {
    let bytes = value.as_bytes();
    let mut forms = vec![
        value.to_owned(),
        value.chars().rev().collect(),
        percent(value, "%20"),
        percent(value, "+"),
        lower_percent(&percent(value, "%20")),
        HEXLOWER.encode(bytes),
        HEXUPPER.encode(bytes),
    ];
    for alignment in 0..3 {
        forms.push(aligned(bytes, alignment, &BASE64));
        forms.push(aligned(bytes, alignment, &BASE64URL));
    }
    forms.sort();
    forms.dedup();
    forms
}

fn percent(value: &str, space: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            b' ' => encoded.push_str(space),
            _ => {
                encoded.push('%');
                encoded.push_str(&HEXUPPER.encode(&[byte]));
            }
        }
    }
    encoded
}

/// The same with lower-case hex digits.
fn lower_percent(encoded: &str) -> String {
    let mut digits = 0;
    encoded
        .chars()
        .map(|c| {
            if c == '%' {
                digits = 2;
                c
            } else if digits > 0 {
                digits -= 1;
                c.to_ascii_lowercase()
            } else {
                c
            }
        })
        .collect()
}

/// The characters of a base64 text that depend on `bytes` alone, where `before` bytes stand in
/// front of it: those at the ends mix with their neighbours.
fn aligned(bytes: &[u8], before: usize, alphabet: &data_encoding::Encoding) -> String {
    let mut padded = vec![0; before];
    padded.extend_from_slice(bytes);
    let encoded = alphabet.encode(&padded);
    let first = (before * 8).div_ceil(6);
    let last = padded.len() * 8 / 6;
    encoded.get(first..last).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scrubber(value: &str) -> Scrubber {
        let mut scrubber = Scrubber::default();
        scrubber.learn(value, "code");
        scrubber
    }

    #[test]
    fn a_short_credential_goes_only_as_a_whole() {
        let scrubber = scrubber("1234");
        assert_eq!(scrubber.scrub("1234").as_deref(), Some("code"));
        assert_eq!(scrubber.scrub("a1234"), None);
    }

    proptest! {
        #[test]
        fn a_credential_is_found_in_every_form(
            value in "[ -~]{8,60}", before in "[ -~]{0,7}", after in "[ -~]{0,7}"
        ) {
            let scrubber = scrubber(&value);
            let plain = format!("{before}{value}{after}");
            let reversed: String = plain.chars().rev().collect();
            for text in [
                plain.clone(),
                reversed,
                HEXLOWER.encode(plain.as_bytes()),
                HEXUPPER.encode(plain.as_bytes()),
                percent(&plain, "%20"),
                percent(&plain, "+"),
                lower_percent(&percent(&plain, "%20")),
            ] {
                prop_assert!(scrubber.scrub(&text).is_some(), "{text}");
            }
        }

        #[test]
        fn base64_of_a_long_credential_is_found_at_any_offset(
            value in "[!-~]{12,60}", before in "[ -~]{0,7}", after in "[ -~]{0,7}"
        ) {
            let plain = format!("{before}{value}{after}");
            for alphabet in [&BASE64, &BASE64URL] {
                let text = alphabet.encode(plain.as_bytes());
                prop_assert!(scrubber(&value).scrub(&text).is_some(), "{text}");
            }
        }
    }
}
