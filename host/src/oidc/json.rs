//! JSON from strangers: one reading of it, or none.
//!
//! Two parsers that disagree about a document are a way around a check: so no name twice in an
//! object ([RFC 8259 section 4] leaves that open), nothing but UTF-8, no number that is rounded
//! without notice, and bounds on size, depth and count.
//!
//! [RFC 8259 section 4]: https://www.rfc-editor.org/rfc/rfc8259#section-4

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};
use std::fmt;

/// The largest integer that every language reads exactly: 2^53 − 1.
const EXACT: i64 = (1 << 53) - 1;

/// What a document may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes.
    pub bytes: usize,
    /// How deep objects and arrays are nested; a bare value has depth 0.
    pub depth: usize,
    /// How many values there are in all. Bounds the memory: a small object costs some hundred
    /// bytes.
    pub values: usize,
    /// What becomes of an integer outside ±(2^53 − 1).
    pub integers: Integers,
}

/// What becomes of an integer that not every language reads exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integers {
    /// A string of its digits.
    Digits,
    /// A number as serde_json reads it: exact up to 64 bits, a float beyond.
    Numbers,
}

impl Default for Limits {
    /// 256 KiB, 32 deep, 20,000 values, large integers as digits.
    fn default() -> Self {
        Self {
            bytes: 256 << 10,
            depth: 32,
            values: 20_000,
            integers: Integers::Digits,
        }
    }
}

/// Why a document is refused. Never holds any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Too many bytes.
    #[error("the JSON is too large")]
    TooLarge,
    /// Not UTF-8.
    #[error("the JSON is not UTF-8")]
    Encoding,
    /// Not JSON, or a number beyond what a float can hold.
    #[error("the JSON cannot be read")]
    Syntax,
    /// Nested too deep.
    #[error("the JSON is nested too deep")]
    TooDeep,
    /// Too many values.
    #[error("the JSON has too many values")]
    TooMany,
    /// One name twice in an object.
    #[error("the JSON has a name twice in one object")]
    Duplicate,
}

/// Reads one JSON text.
///
/// # Errors
/// See [`JsonError`].
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Value, JsonError> {
    if bytes.len() > limits.bytes {
        return Err(JsonError::TooLarge);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| JsonError::Encoding)?;
    let raw: &RawValue = serde_json::from_str(text).map_err(|_| JsonError::Syntax)?;
    let mut reader = Reader {
        limits,
        left: limits.values,
    };
    reader.read(raw, 0)
}

/// Reads one JSON object.
///
/// # Errors
/// See [`JsonError`]; what is no object is [`JsonError::Syntax`].
pub fn parse_object(bytes: &[u8], limits: &Limits) -> Result<Map<String, Value>, JsonError> {
    match parse(bytes, limits)? {
        Value::Object(object) => Ok(object),
        _ => Err(JsonError::Syntax),
    }
}

/// Reads level by level: each value is first taken as its text, so that nothing is rounded and
/// nothing is lost before it is looked at. A text is scanned once a level, which the depth bounds.
struct Reader<'a> {
    limits: &'a Limits,
    left: usize,
}

impl Reader<'_> {
    fn read(&mut self, raw: &RawValue, depth: usize) -> Result<Value, JsonError> {
        self.left = self.left.checked_sub(1).ok_or(JsonError::TooMany)?;
        let text = raw.get();
        match text.as_bytes().first() {
            Some(b'{') => self.object(text, depth + 1),
            Some(b'[') => self.array(text, depth + 1),
            Some(b'-' | b'0'..=b'9') => self.number(text),
            _ => serde_json::from_str(text).map_err(|_| JsonError::Syntax),
        }
    }

    fn object(&mut self, text: &str, depth: usize) -> Result<Value, JsonError> {
        self.enter(depth)?;
        let Members(members) = serde_json::from_str(text).map_err(|_| JsonError::Syntax)?;
        let mut object = Map::new();
        for (name, raw) in members {
            let value = self.read(raw, depth)?;
            if object.insert(name, value).is_some() {
                return Err(JsonError::Duplicate);
            }
        }
        Ok(Value::Object(object))
    }

    fn array(&mut self, text: &str, depth: usize) -> Result<Value, JsonError> {
        self.enter(depth)?;
        let elements: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| JsonError::Syntax)?;
        elements
            .into_iter()
            .map(|raw| self.read(raw, depth))
            .collect()
    }

    fn enter(&self, depth: usize) -> Result<(), JsonError> {
        (depth <= self.limits.depth)
            .then_some(())
            .ok_or(JsonError::TooDeep)
    }

    fn number(&self, text: &str) -> Result<Value, JsonError> {
        let number: Number = serde_json::from_str(text).map_err(|_| JsonError::Syntax)?;
        let integer = !text.contains(['.', 'e', 'E']);
        let exact = text
            .parse::<i64>()
            .is_ok_and(|value| (-EXACT..=EXACT).contains(&value));
        if integer && !exact && self.limits.integers == Integers::Digits {
            return Ok(Value::String(text.to_owned()));
        }
        Ok(Value::Number(number))
    }
}

/// An object's members as they stand, duplicates and all.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests;
