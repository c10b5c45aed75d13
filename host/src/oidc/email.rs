//! E-mail addresses, read by the host at approved places, and who says that they are verified.

use serde_json::Value;
use std::fmt;

/// The longest address, in bytes (RFC 5321 section 4.5.3.1, erratum 1690).
const MAX_EMAIL: usize = 254;

/// An address and whether the provider says that it verified it. Its Debug hides the address.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    /// The address as it stands.
    pub address: String,
    /// Whether the evidence says that it was verified.
    pub verified: bool,
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Email")
            .field("verified", &self.verified)
            .finish_non_exhaustive()
    }
}

/// Reads the address at `place`, a JSON pointer that a component chose and that must match
/// `address_pattern`: the same segments, where one of the pattern may be `*`, any index of an array.
///
/// `verified` is a pattern as well; its `*` is the index of the place. True, 1, "true" or "1" there
/// means verified. Where it is the address's own pattern, presence is proof; without it, nothing
/// is.
///
/// `None`: the place does not match, or no acceptable address stands there.
pub fn read_email(
    source: &Value,
    place: &str,
    address_pattern: &str,
    verified: Option<&str>,
) -> Option<Email> {
    let index = matched_index(source, place, address_pattern)?;
    let address = source
        .pointer(place)?
        .as_str()
        .filter(|text| is_email(text))?;
    let verified = verified.is_some_and(|pattern| {
        pattern == address_pattern
            || pointer_of(pattern, index)
                .and_then(|pointer| source.pointer(&pointer).map(says_yes))
                .unwrap_or(false)
    });
    Some(Email {
        address: address.to_owned(),
        verified,
    })
}

/// `Some(None)`: the place is the pattern. `Some(Some(index))`: its `*` is an array's index.
fn matched_index<'a>(source: &Value, place: &'a str, pattern: &str) -> Option<Option<&'a str>> {
    let Some((before, after)) = wildcard(pattern)? else {
        return (place == pattern).then_some(None);
    };
    let rest = place.strip_prefix(before)?.strip_prefix('/')?;
    let (index, tail) = rest
        .find('/')
        .map_or((rest, ""), |slash| rest.split_at(slash));
    let is_index = !index.is_empty()
        && index.bytes().all(|byte| byte.is_ascii_digit())
        && (index == "0" || !index.starts_with('0'));
    // "0" is also a good name in an object; `*` does not mean those.
    (tail == after && is_index && source.pointer(before)?.is_array()).then_some(Some(index))
}

/// A pattern around its one `*` segment; `Some(None)`: it has none. `None`: it has several.
fn wildcard(pattern: &str) -> Option<Option<(&str, &str)>> {
    let mut stars = pattern
        .match_indices("/*")
        .map(|(at, _)| (&pattern[..at], &pattern[at + 2..]))
        .filter(|(_, after)| after.is_empty() || after.starts_with('/'));
    match (stars.next(), stars.next()) {
        (found, None) => Some(found),
        _ => None,
    }
}

/// The pointer that a pattern makes with an index. One that has no `*` stays as it is.
fn pointer_of(pattern: &str, index: Option<&str>) -> Option<String> {
    match wildcard(pattern)? {
        None => Some(pattern.to_owned()),
        Some((before, after)) => Some(format!("{before}/{}{after}", index?)),
    }
}

fn says_yes(value: &Value) -> bool {
    match value {
        Value::Bool(yes) => *yes,
        Value::Number(number) => number.as_u64() == Some(1),
        Value::String(text) => text == "true" || text == "1",
        _ => false,
    }
}

/// Whether a text is an address that can be kept and shown: one `@` with something on both sides,
/// nothing that is quoted, invisible or turns the direction of writing.
fn is_email(text: &str) -> bool {
    let unfit = |character: char| {
        character.is_control()
            || character.is_whitespace()
            || matches!(
                character,
                '"' | '(' | ')' | ',' | ':' | ';' | '<' | '>' | '[' | ']' | '\\'
            )
            || matches!(character,
                '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffc}'
                | '\u{e0000}'..='\u{e007f}')
    };
    text.len() <= MAX_EMAIL
        && text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@')
        })
        && !text.contains(unfit)
}

#[cfg(test)]
mod tests;
