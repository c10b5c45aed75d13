//! Text of strangers, made safe to read: on a terminal, in a log, in a file that people compare.
//!
//! Whoever writes a component chooses names, addresses and sentences. None of them may move a
//! cursor, begin a line, turn the direction of writing or look like nothing at all. What is done
//! with the text, others know.

use crate::random;
use std::error::Error;
use std::fmt;

/// The longest [`line`] of an error that a library wrote.
const LONGEST_MESSAGE: usize = 500;
/// The longest [`word`] that is shown whole.
const LONGEST_WORD: usize = 400;

/// One line for people: printable characters of any script, everything else escaped, cut where it
/// is longer than `longest` characters.
pub fn line(text: &str, longest: usize) -> String {
    let mut safe = String::new();
    for (index, char) in text.chars().enumerate() {
        if index >= longest {
            safe.push('…');
            break;
        }
        if is_readable(char) {
            safe.push(char);
        } else {
            safe.extend(char.escape_unicode());
        }
    }
    safe
}

/// As [`line()`], for text that Celadon has laid out in lines of its own.
pub fn lines(text: &str, longest: usize) -> String {
    let safe: Vec<String> = text.split('\n').map(|part| line(part, longest)).collect();
    safe.join("\n")
}

/// Whether a character is seen as what it is. `escape_debug` knows what Unicode calls printable:
/// control characters, directions, blanks but for the space, and marks without a letter are not.
fn is_readable(char: char) -> bool {
    matches!(char, '"' | '\'' | '\\') || char.escape_debug().len() == 1
}

/// One fact in a sentence: ASCII alone, so that nothing looks like something else, and in quotes
/// where it could be taken for a part of the sentence. Two facts never have the same word: a long
/// one is cut and told by its digest.
pub fn word(text: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_graphic() && !b"\"\\,;`".contains(&byte);
    let is_bare = !text.is_empty() && text.bytes().all(bare);
    if text.len() > LONGEST_WORD {
        let head: String = text.chars().take(LONGEST_WORD / 2).collect();
        let digest = random::sha256_hex(text.as_bytes());
        return format!("{}… ({} bytes, sha256 {digest})", quoted(&head), text.len());
    }
    if is_bare {
        text.to_owned()
    } else {
        quoted(text)
    }
}

fn quoted(text: &str) -> String {
    let mut safe = String::from("\"");
    for char in text.chars() {
        match char {
            '"' | '\\' => safe.extend(['\\', char]),
            ' '..='~' => safe.push(char),
            other => safe.extend(other.escape_unicode()),
        }
    }
    safe + "\""
}

/// An error of a library, which may quote what it has read: told in one safe line.
#[derive(Debug)]
pub struct Foreign<E>(E);

impl<E> From<E> for Foreign<E> {
    fn from(error: E) -> Self {
        Self(error)
    }
}

impl<E: fmt::Display> fmt::Display for Foreign<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&line(&self.0.to_string(), LONGEST_MESSAGE))
    }
}

impl<E: fmt::Debug + fmt::Display> Error for Foreign<E> {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOSTILE: &str = "\u{1b}[2J\r\n\u{202e}\u{200b}\u{7f}\u{9b}31m\u{2028}\u{2066}\u{feff}";

    #[test]
    fn what_moves_or_hides_is_escaped() {
        for safe in [line(HOSTILE, 100), word(HOSTILE), lines(HOSTILE, 100)] {
            assert!(
                safe.replace('\n', "").bytes().all(|b| b.is_ascii_graphic()),
                "{safe}"
            );
        }
        assert_eq!(line("Zürich – \"it's\"", 100), "Zürich – \"it's\"");
        assert_eq!(line("abc", 2), "ab…");
        assert_eq!(lines("a\nb", 9), "a\nb");
        assert_eq!(
            Foreign(std::io::Error::other("a\u{1b}b")).to_string(),
            "a\\u{1b}b"
        );
    }

    #[test]
    fn a_fact_cannot_pretend_to_be_a_sentence() {
        assert_eq!(word("https://a.example/x?y=z"), "https://a.example/x?y=z");
        assert_eq!(word(""), "\"\"");
        assert_eq!(word("a, never verified"), "\"a, never verified\"");
        assert_eq!(word("аpple"), "\"\\u{430}pple\"");
        let long = "a".repeat(500);
        assert!(word(&long).contains("500 bytes, sha256 "));
        assert_ne!(word(&long), word(&(long.clone() + "b")));
    }

    proptest! {
        #[test]
        fn words_are_safe_and_tell_facts_apart(one in any::<String>(), other in any::<String>()) {
            prop_assert!(word(&one).chars().all(|char| char == '…' || (' '..='~').contains(&char)));
            prop_assert_eq!(word(&one) == word(&other), one == other);
        }

        #[test]
        fn lines_are_one_line(text in any::<String>()) {
            prop_assert!(line(&text, 1000).chars().all(|char| !char.is_control()));
        }
    }
}
