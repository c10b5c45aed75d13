//! JSON as the contract has it: no duplicate names, bounded depth and length; and the two forms in
//! which the host writes it: canonical, and safe for a guest whose numbers are doubles.

use crate::plain::Foreign;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// The longest text, in bytes.
pub const MAX_BYTES: usize = 256 << 10;
/// The deepest nesting of arrays and objects.
pub const MAX_DEPTH: usize = 32;
/// The biggest integer that every language keeps: 2^53 - 1.
const MAX_SAFE: u64 = (1 << 53) - 1;

/// Why a text is no JSON of the contract.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// Longer than [`MAX_BYTES`].
    #[error("longer than {MAX_BYTES} bytes")]
    TooLong,
    /// No JSON, a name twice in one object, or too deep.
    #[error("not acceptable as JSON")]
    Syntax(#[source] Foreign<serde_json::Error>),
}

/// Reads one JSON text.
pub fn parse(text: &str) -> Result<Value, JsonError> {
    if text.len() > MAX_BYTES {
        return Err(JsonError::TooLong);
    }
    parse_strictly(text, MAX_DEPTH).map_err(|error| JsonError::Syntax(error.into()))
}

/// Reads one JSON text of any length. The error knows its line.
pub fn parse_strictly(text: &str, depth: usize) -> Result<Value, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Strict { depth }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// The one text of a value: names sorted by their bytes, no white space.
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_unstable_by_key(|(name, _)| *name);
            out.push('{');
            for (index, (name, member)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                write(member, out);
            }
            out.push('}');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

/// The same JSON with escapes for everything that might not be seen for what it is: outside ASCII
/// there is nothing but the inside of strings.
pub fn ascii(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    let mut units = [0; 2];
    for char in json.chars() {
        if char == '\n' || (' '..='~').contains(&char) {
            safe.push(char);
        } else {
            for unit in char.encode_utf16(&mut units) {
                safe += &format!("\\u{unit:04x}");
            }
        }
    }
    safe
}

/// The value with every integer outside ±(2^53 - 1) as the string of its digits, so that no
/// guest's language rounds it.
pub fn for_guest(value: Value) -> Value {
    match value {
        Value::Number(number) if is_unsafe(&number) => Value::String(number.to_string()),
        Value::Array(items) => items.into_iter().map(for_guest).collect(),
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, member)| (name, for_guest(member)))
                .collect(),
        ),
        other => other,
    }
}

fn is_unsafe(number: &Number) -> bool {
    match (number.as_u64(), number.as_i64()) {
        (Some(natural), _) => natural > MAX_SAFE,
        (None, Some(negative)) => negative.unsigned_abs() > MAX_SAFE,
        (None, None) => false,
    }
}

/// A value of which no object repeats a name, at most `depth` deep.
#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self { depth }),
            None => Err(E::custom("nested too deeply")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let member = members.next_value_seed(inner)?;
            if object.insert(name, member).is_some() {
                return Err(de::Error::custom("a name twice in one object"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn refuses_what_parsers_disagree_on() {
        for text in [
            r#"{"a":1,"a":2}"#,
            r#"{"a":{"b":1,"\u0062":2}}"#,
            "1e999",
            "[1,]",
            "{} {}",
            "",
            "NaN",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn bounds_depth_and_length() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(&nested(MAX_DEPTH)).is_ok());
        assert!(parse(&nested(MAX_DEPTH + 1)).is_err());
        assert!(parse(&nested(100_000)).is_err());
        let long = format!("\"{}\"", "a".repeat(MAX_BYTES));
        assert!(matches!(parse(&long), Err(JsonError::TooLong)));
    }

    #[test]
    fn big_integers_become_digits_for_a_guest() {
        let value =
            parse(r#"{"a":[9007199254740991,9007199254740992,-9007199254740992]}"#).unwrap();
        assert_eq!(
            for_guest(value),
            json!({ "a": [9_007_199_254_740_991_u64, "9007199254740992", "-9007199254740992"] })
        );
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(".{0,4}", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn canonical_text_reads_back(value in any_json()) {
            let text = canonical(&value);
            let back = parse(&text).unwrap();
            prop_assert_eq!(&back, &value);
            prop_assert_eq!(canonical(&back), text);
        }

        #[test]
        fn never_panics(text in ".{0,64}") {
            let _ = parse(&text);
        }
    }
}
