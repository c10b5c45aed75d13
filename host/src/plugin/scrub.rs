//! Finding known credentials again, in whatever encoding a provider or a component returns them.
//!
//! One automaton a call series. A credential of eight bytes or more is replaced anywhere in a
//! text; a shorter one only where it is the whole text, since it would hit innocent words.
//!
//! A provider decides how many credentials there are and how long. Long ones are looked for one by
//! one, in texts that could hold them, since an automaton costs many bytes for each of theirs; and
//! where the others are too many, no text is shown at all.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use data_encoding::{BASE64, BASE64URL, HEXLOWER, HEXUPPER};
use std::sync::OnceLock;

/// The shortest credential, or encoded piece of one, that is looked for inside a text.
const SHORTEST: usize = 8;
/// The longest form that the automaton knows, in bytes.
const LONGEST: usize = 512;
/// Bytes of all forms that the automaton knows: a grant has few tokens, and 15 forms of each.
const MOST_BYTES: usize = 256 << 10;

/// Known credentials and what stands in their place.
#[derive(Default)]
pub(super) struct Scrubber {
    needles: Vec<String>,
    names: Vec<String>,
    bytes: usize,
    long: Vec<(String, String)>,
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
            if form.len() > LONGEST {
                self.long.push((form, name.to_owned()));
            } else if form.len() >= SHORTEST && self.bytes <= MOST_BYTES {
                self.bytes += form.len();
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
        let mut found = None;
        for (form, name) in &self.long {
            let seen = found.as_deref().unwrap_or(text);
            if form.len() <= seen.len() && seen.contains(form.as_str()) {
                found = Some(seen.replace(form.as_str(), name));
            }
        }
        let Some(automaton) = self.automaton.get_or_init(|| self.build()) else {
            // No automaton over the credentials could be built: show nothing.
            return Some("hidden".to_owned());
        };
        let seen = found.as_deref().unwrap_or(text);
        if automaton.is_match(seen) {
            found = Some(automaton.replace_all(seen, &self.names));
        }
        found
    }

    fn build(&self) -> Option<AhoCorasick> {
        if self.bytes > MOST_BYTES {
            return None;
        }
        AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            // A DFA, the default for few patterns, takes about 50 times the memory.
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&self.needles)
            .ok()
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
        all_percent(&HEXUPPER.encode(bytes)),
        all_percent(&HEXLOWER.encode(bytes)),
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

/// Every byte as `%` and its two hex digits, as nobody needs to write it and anybody may.
fn all_percent(digits: &str) -> String {
    let pairs = digits.as_bytes().chunks(2);
    let pairs = pairs.map(|pair| String::from_utf8_lossy(pair));
    pairs.fold(String::new(), |text, pair| text + "%" + &pair)
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

    #[test]
    fn a_long_credential_is_found_and_costs_little() {
        let value = "a long credential ".repeat(5_000);
        let scrubber = scrubber(&value);
        assert!(scrubber.needles.is_empty(), "they would make an automaton");
        let text = format!("before {value} after");
        assert_eq!(scrubber.scrub(&text).as_deref(), Some("before code after"));
        assert!(scrubber.scrub(&HEXLOWER.encode(text.as_bytes())).is_some());
        assert_eq!(scrubber.scrub("a long credential "), None);
    }

    #[test]
    fn where_credentials_are_too_many_nothing_is_shown() {
        let mut scrubber = Scrubber::default();
        for index in 0..20_000 {
            scrubber.learn(&format!("credential-{index}"), "code");
        }
        assert!(scrubber.needles.len() < 20_000);
        assert_eq!(scrubber.scrub("innocent").as_deref(), Some("hidden"));
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
                all_percent(&HEXLOWER.encode(plain.as_bytes())),
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
