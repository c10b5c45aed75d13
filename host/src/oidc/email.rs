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
#[allow(
    clippy::option_option,
    reason = "whether it matches, and by which index"
)]
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
#[allow(
    clippy::option_option,
    reason = "whether it is a pattern, and where it is split"
)]
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
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn email(address: &str, verified: bool) -> Option<Email> {
        Some(Email {
            address: address.to_owned(),
            verified,
        })
    }

    #[test]
    fn reads_a_claim_and_its_proof() {
        for (proof, verified) in [
            (json!(true), true),
            (json!(1), true),
            (json!("true"), true),
            (json!("1"), true),
            (json!(false), false),
            (json!(0), false),
            (json!(2), false),
            (json!(1.0), false),
            (json!("True"), false),
            (json!("yes"), false),
            (json!(" true"), false),
            (json!([true]), false),
            (json!({"a": true}), false),
            (json!(null), false),
        ] {
            let source = json!({"email": "a@b.c", "email_verified": proof});
            let found = read_email(&source, "/email", "/email", Some("/email_verified"));
            assert_eq!(found, email("a@b.c", verified), "{proof}");
        }
        let source = json!({"email": "a@b.c"});
        assert_eq!(
            read_email(&source, "/email", "/email", None),
            email("a@b.c", false)
        );
        assert_eq!(
            read_email(&source, "/email", "/email", Some("/none")),
            email("a@b.c", false)
        );
        assert_eq!(
            read_email(&source, "/email", "/email", Some("/email")),
            email("a@b.c", true)
        );
    }

    #[test]
    fn a_star_is_one_index_and_the_same_one() {
        let source = json!({"emails": [
            {"email": "a@b.c", "verified": false},
            {"email": "d@e.f", "verified": true},
        ], "odd": {"0": {"email": "g@h.i", "verified": true}}});
        let read = |place| {
            read_email(
                &source,
                place,
                "/emails/*/email",
                Some("/emails/*/verified"),
            )
        };
        assert_eq!(read("/emails/0/email"), email("a@b.c", false));
        assert_eq!(read("/emails/1/email"), email("d@e.f", true));
        for place in [
            "/emails/2/email",
            "/emails/01/email",
            "/emails/*/email",
            "/emails/-/email",
            "/emails//email",
            "/emails/1/verified",
            "/emails/1/email/",
            "/emails/1",
            "/emails/1/x/email",
            "emails/1/email",
            "/emails/+1/email",
            "/odd/0/email",
            "",
        ] {
            assert_eq!(read(place), None, "{place}");
        }
        let odd = read_email(
            &source,
            "/odd/0/email",
            "/odd/*/email",
            Some("/odd/*/verified"),
        );
        assert_eq!(odd, None, "a name is no index");
        let whole = read_email(&json!(["a@b.c"]), "/0", "/*", Some("/*"));
        assert_eq!(whole, email("a@b.c", true));
    }

    #[test]
    fn a_pattern_has_one_star() {
        let source = json!([[{"email": "a@b.c"}]]);
        assert_eq!(read_email(&source, "/0/0/email", "/*/*/email", None), None);
        // A star in `verified` without one in the address has no index to take.
        let source = json!({"email": "a@b.c", "v": [true]});
        assert_eq!(
            read_email(&source, "/email", "/email", Some("/v/*")),
            email("a@b.c", false)
        );
        // A star inside a segment is a character like any other.
        let source = json!({"e*": "a@b.c", "*e": "d@e.f"});
        assert_eq!(
            read_email(&source, "/e*", "/e*", None),
            email("a@b.c", false)
        );
        assert_eq!(
            read_email(&source, "/*e", "/*e", None),
            email("d@e.f", false)
        );
    }

    #[test]
    fn refuses_what_is_no_address() {
        let long = format!("{}@b.c", "a".repeat(251));
        for text in [
            "",
            "@",
            "a@",
            "@b",
            "a",
            "a@b@c",
            "a b@c.d",
            "a@b.c\n",
            "a@b\u{0}.c",
            "<a@b.c>",
            "\"a\"@b.c",
            "a@b.c,d",
            "a\u{202e}@b.c",
            "a\u{200b}@b.c",
            "a@[127.0.0.1]",
            "a\\@b.c",
            &long,
        ] {
            let source = json!({ "email": text });
            assert_eq!(
                read_email(&source, "/email", "/email", None),
                None,
                "{text:?}"
            );
        }
        for value in [
            json!(1),
            json!(null),
            json!(["a@b.c"]),
            json!({"a": "a@b.c"}),
        ] {
            let source = json!({ "email": value });
            assert_eq!(read_email(&source, "/email", "/email", None), None);
        }
        for text in ["o'neil+tag@sub.example.com", "jürgen@bücher.example", "a@b"] {
            let source = json!({ "email": text });
            assert!(
                read_email(&source, "/email", "/email", None).is_some(),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn reads_only_where_the_pattern_points(place in "/?[a-b0-2*/~]{0,8}", pattern in "/?[a-b0-2*/~]{0,8}") {
            let source = json!({"a": [{"b": "x@y.z"}, "x@y.z"], "b": "x@y.z", "0": ["x@y.z"]});
            if read_email(&source, &place, &pattern, None).is_some() {
                let (place, pattern): (Vec<_>, Vec<_>) = (place.split('/').collect(), pattern.split('/').collect());
                prop_assert_eq!(place.len(), pattern.len());
                for (segment, wanted) in place.iter().zip(&pattern) {
                    let index = *wanted == "*" && segment.parse::<usize>().is_ok();
                    prop_assert!(segment == wanted || index);
                }
            }
        }
    }
}
