//! RFC 6901 pointers, of which one segment may be `*`: any index of an array.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use std::fmt;

/// The longest pointer, in bytes.
pub const MAX_BYTES: usize = 256;
/// The most segments.
pub const MAX_SEGMENTS: usize = 16;

/// Why a text is no pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointerError {
    /// Empty, so the whole document, or without its first slash.
    #[error("a pointer begins with `/`")]
    NoSlash,
    /// Too long or too deep.
    #[error("a pointer has at most {MAX_BYTES} bytes and {MAX_SEGMENTS} segments")]
    TooLong,
    /// A `~` that is neither `~0` nor `~1`.
    #[error("`~` is written `~0` and `/` in a name is written `~1`")]
    Escape,
    /// A control character.
    #[error("a pointer holds no control characters")]
    Control,
    /// More than one `*`.
    #[error("at most one segment may be `*`")]
    TwoStars,
}

/// A place in a JSON document: never the whole of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pointer {
    /// Unescaped.
    segments: Vec<String>,
}

/// How a definite pointer fits one with `*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// They are the same.
    Exact,
    /// The star stands for this index.
    Index(usize),
}

const STAR: &str = "*";

impl Pointer {
    /// Reads a pointer.
    pub fn parse(text: &str) -> Result<Self, PointerError> {
        if text.len() > MAX_BYTES {
            return Err(PointerError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(PointerError::Control);
        }
        let rest = text.strip_prefix('/').ok_or(PointerError::NoSlash)?;
        let segments: Vec<String> = rest.split('/').map(unescape).collect::<Result<_, _>>()?;
        if segments.len() > MAX_SEGMENTS {
            return Err(PointerError::TooLong);
        }
        if segments.iter().filter(|segment| *segment == STAR).count() > 1 {
            return Err(PointerError::TwoStars);
        }
        Ok(Self { segments })
    }

    /// Whether one segment is `*`.
    pub fn has_star(&self) -> bool {
        self.star().is_some()
    }

    /// The segments, unescaped.
    pub fn segments(&self) -> &[String] {
        &self.segments
    }

    /// The last name.
    pub fn last(&self) -> &str {
        self.segments.last().map_or("", String::as_str)
    }

    /// What stands before the star.
    pub fn before_star(&self) -> Option<&[String]> {
        self.segments.get(..self.star()?)
    }

    /// Whether `definite`, as a component names a place, is one of the places this one means.
    pub fn matches(&self, definite: &Self) -> Option<Match> {
        let Some(star) = self.star() else {
            return (self == definite).then_some(Match::Exact);
        };
        let index = definite
            .segments
            .get(star)
            .and_then(|segment| array_index(segment))?;
        (self.at_index(index) == *definite).then_some(Match::Index(index))
    }

    /// The definite pointer for what the star stood for in another one of the same array.
    pub fn at(&self, matched: Match) -> Self {
        match matched {
            Match::Exact => self.clone(),
            Match::Index(index) => self.at_index(index),
        }
    }

    fn at_index(&self, index: usize) -> Self {
        let mut definite = self.clone();
        if let Some(segment) = self.star().and_then(|star| definite.segments.get_mut(star)) {
            *segment = index.to_string();
        }
        definite
    }

    /// What stands there. A pointer with `*` finds nothing: ask [`Pointer::at`] first.
    pub fn read<'v>(&self, document: &'v Value) -> Option<&'v Value> {
        self.segments
            .iter()
            .try_fold(document, |value, segment| match value {
                Value::Object(members) if segment != STAR => members.get(segment),
                Value::Array(items) => items.get(array_index(segment)?),
                _ => None,
            })
    }

    fn star(&self) -> Option<usize> {
        self.segments.iter().position(|segment| segment == STAR)
    }
}

/// RFC 6901 section 4: digits without a leading zero.
fn array_index(segment: &str) -> Option<usize> {
    let canonical = segment == "0" || !segment.starts_with('0');
    let digits = !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
    (canonical && digits).then(|| segment.parse().ok())?
}

fn unescape(segment: &str) -> Result<String, PointerError> {
    let mut plain = String::with_capacity(segment.len());
    let mut chars = segment.chars();
    while let Some(char) = chars.next() {
        plain.push(match char {
            '~' => match chars.next() {
                Some('0') => '~',
                Some('1') => '/',
                _ => return Err(PointerError::Escape),
            },
            other => other,
        });
    }
    Ok(plain)
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.segments
            .iter()
            .try_for_each(|segment| write!(f, "/{}", segment.replace('~', "~0").replace('/', "~1")))
    }
}

impl Serialize for Pointer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pointer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn pointer(text: &str) -> Pointer {
        Pointer::parse(text).unwrap()
    }

    #[test]
    fn reads_names_that_hold_slashes() {
        let claims = json!({ "https://slack.com/user_id": "U1", "a~b": { "": 2 } });
        let read = |text: &str| pointer(text).read(&claims).cloned();
        assert_eq!(read("/https:~1~1slack.com~1user_id"), Some(json!("U1")));
        assert_eq!(read("/a~0b/"), Some(json!(2)));
        assert_eq!(read("/a~0b/x"), None);
    }

    #[test]
    fn refuses_what_is_no_pointer() {
        for (text, error) in [
            ("", PointerError::NoSlash),
            ("id", PointerError::NoSlash),
            ("/a~2", PointerError::Escape),
            ("/a~", PointerError::Escape),
            ("/*/a/*", PointerError::TwoStars),
            ("/a\n", PointerError::Control),
        ] {
            assert_eq!(Pointer::parse(text), Err(error), "{text:?}");
        }
        assert_eq!(Pointer::parse(&"/a".repeat(17)), Err(PointerError::TooLong));
    }

    #[test]
    fn a_star_is_an_index_and_nothing_else() {
        let address = pointer("/*/email");
        let verified = pointer("/*/verified");
        let matched = address.matches(&pointer("/3/email")).unwrap();
        assert_eq!(verified.at(matched), pointer("/3/verified"));
        for other in [
            "/x/email",
            "/03/email",
            "/-/email",
            "/3/name",
            "/*/email",
            "/3/email/a",
            "/+3/email",
        ] {
            assert_eq!(address.matches(&pointer(other)), None, "{other}");
        }
        assert_eq!(pointer("/*").read(&json!({ "*": 1 })), None);
        assert_eq!(pointer("/01").read(&json!([1, 2])), None);
    }

    proptest! {
        #[test]
        fn displays_as_it_was_written(text in "(/[a-z~/*]{0,5}){1,4}") {
            if let Ok(pointer) = Pointer::parse(&text) {
                prop_assert_eq!(pointer.to_string(), text);
            }
        }

        #[test]
        fn never_panics(text in ".{0,40}") {
            let _ = Pointer::parse(&text).map(|pointer| pointer.read(&json!([[{ "a": 1 }]])).cloned());
        }
    }
}
