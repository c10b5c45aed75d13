//! The `celadon:manifest` section: what a component says of itself without being run, and the schema
//! that the operator's options are checked against.
//!
//! It is the component's word: shown to operators, never a ground for a decision on security.

use crate::plain::{self, Foreign};
use crate::plugin::description::Mistake;
use crate::plugin::json::{self, JsonError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

/// What is wrong with a manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// There is more than one.
    #[error("there are two of them")]
    Twice,
    /// Not UTF-8.
    #[error("it is not UTF-8")]
    Encoding(#[source] std::str::Utf8Error),
    /// No JSON of the contract.
    #[error(
        "it is not JSON without duplicate names, of at most {} bytes",
        json::MAX_BYTES
    )]
    Json(#[source] JsonError),
    /// Not an object, or a member of another type.
    #[error("it does not have the form of a manifest")]
    Shape(#[source] Foreign<serde_json::Error>),
}

/// What a component says about itself.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Manifest {
    /// Its name: `github`.
    pub name: Option<String>,
    /// Its own version.
    pub version: Option<String>,
    /// The contract it was built for: `0.1`.
    pub contract: Option<String>,
    /// The SDK it was built with.
    pub sdk: Option<String>,
    /// A sentence, or an address.
    pub documentation: Option<String>,
    /// Its options. `None`: it does not tell, so only `describe` judges them.
    pub options: Option<BTreeMap<String, OptionSpec>>,
}

/// One option of a component.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct OptionSpec {
    /// What it must be.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Whether it must be there.
    #[serde(default)]
    pub required: bool,
    /// What it is for.
    #[serde(default)]
    pub description: String,
}

/// The type of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(
    missing_docs,
    reason = "the types of JSON; `strings` is an array of them"
)]
pub enum Kind {
    String,
    Boolean,
    Integer,
    Strings,
    Object,
}

impl Kind {
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Boolean => value.is_boolean(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Strings => value
                .as_array()
                .is_some_and(|items| items.iter().all(Value::is_string)),
            Self::Object => value.is_object(),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::String => "a string",
            Self::Boolean => "true or false",
            Self::Integer => "an integer",
            Self::Strings => "a list of strings",
            Self::Object => "a table",
        })
    }
}

impl Manifest {
    /// Reads a section.
    pub fn parse(section: &[u8]) -> Result<Self, ManifestError> {
        let text = std::str::from_utf8(section).map_err(ManifestError::Encoding)?;
        let value = json::parse(text).map_err(ManifestError::Json)?;
        serde_json::from_value(value).map_err(|error| ManifestError::Shape(error.into()))
    }

    /// What is wrong with an operator's options.
    pub fn check(&self, options: &Map<String, Value>) -> Vec<Mistake> {
        let Some(specs) = &self.options else {
            return Vec::new();
        };
        let wrong = options.iter().filter_map(|(name, value)| {
            let what = match specs.get(name) {
                Some(spec) if spec.kind.fits(value) => return None,
                Some(spec) => format!("must be {}", spec.kind),
                None => unknown(name, specs),
            };
            Some(mistake(name, what))
        });
        let missing = specs
            .iter()
            .filter(|(name, spec)| spec.required && !options.contains_key(*name))
            .map(|(name, spec)| {
                let description = plain::line(&spec.description, 200);
                mistake(name, format!("is missing: {description}"))
            });
        wrong.chain(missing).collect()
    }
}

fn mistake(option: &str, what: String) -> Mistake {
    Mistake {
        at: format!("options.{}", option.escape_debug()),
        what,
    }
}

fn unknown(name: &str, specs: &BTreeMap<String, OptionSpec>) -> String {
    let nearest = specs
        .keys()
        .map(|known| (strsim::jaro_winkler(known, name), known))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|one, other| one.0.total_cmp(&other.0));
    match nearest {
        Some((_, known)) => format!(
            "is no option of this component: `{}`?",
            known.escape_debug()
        ),
        None => "is no option of this component".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn manifest() -> Manifest {
        let text = json!({
            "name": "x", "version": "1", "contract": "0.1", "sdk": "s", "documentation": "d",
            "options": {
                "issuer": { "type": "string", "required": true, "description": "whose\u{1b}[2J" },
                "groups": { "type": "strings", "required": false, "description": "" },
                "age": { "type": "integer" },
            },
        });
        Manifest::parse(text.to_string().as_bytes()).unwrap()
    }

    fn complaints(options: Value) -> Vec<String> {
        let options = options.as_object().unwrap();
        manifest()
            .check(options)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn options_have_their_types() {
        let right = json!({ "issuer": "https://a", "groups": ["a"], "age": 3 });
        assert!(complaints(right).is_empty());
        let wrong = json!({ "issuer": 1, "groups": [1], "age": 1.5 });
        assert_eq!(complaints(wrong).len(), 3);
    }

    #[test]
    fn says_what_is_missing_and_what_was_meant() {
        assert_eq!(
            complaints(json!({ "isuer": "https://a" })),
            [
                "options.isuer: is no option of this component: `issuer`?",
                "options.issuer: is missing: whose\\u{1b}[2J",
            ]
        );
    }

    #[test]
    fn refuses_what_is_no_manifest() {
        for section in [
            &b"[]"[..],
            b"{",
            b"\xff",
            br#"{"name":1}"#,
            br#"{"name":"a","name":"b"}"#,
        ] {
            assert!(Manifest::parse(section).is_err());
        }
    }
}
