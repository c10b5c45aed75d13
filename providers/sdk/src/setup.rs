//! The operator's options, checked against the manifest before the provider sees them.

use crate::wire::{self, OptionError};
use crate::{Kind, Manifest};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// What every call begins with.
#[derive(Clone, Debug)]
pub struct Setup<Options> {
    /// The client's id at the provider.
    pub client_id: String,
    /// The operator's options.
    pub options: Options,
}

/// The options of a provider that has none.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoOptions {}

impl<Options: DeserializeOwned> Setup<Options> {
    pub(crate) fn read(setup: wire::Setup, manifest: &Manifest) -> Result<Self, Vec<OptionError>> {
        let options: Map<String, Value> =
            serde_json::from_str(&setup.options).map_err(|_| vec![whole("must be an object")])?;
        let errors = check(&options, manifest);
        if !errors.is_empty() {
            return Err(errors);
        }
        let options = serde_json::from_value(Value::Object(options))
            .map_err(|error| vec![whole(&error.to_string())])?;
        Ok(Self {
            client_id: setup.client_id,
            options,
        })
    }
}

impl OptionError {
    /// A mistake in the option of that name.
    pub fn new(option: &str, message: impl Into<String>) -> Self {
        let escaped = option.replace('~', "~0").replace('/', "~1");
        Self {
            at: format!("/{escaped}"),
            message: message.into(),
        }
    }
}

fn whole(message: &str) -> OptionError {
    OptionError {
        at: String::new(),
        message: message.to_owned(),
    }
}

fn check(options: &Map<String, Value>, manifest: &Manifest) -> Vec<OptionError> {
    let unknown = options
        .keys()
        .filter(|name| !manifest.options.iter().any(|spec| spec.name == *name))
        .map(|name| OptionError::new(name, unknown(manifest)));
    let wrong = manifest.options.iter().filter_map(|spec| {
        let message = match options.get(spec.name) {
            None if spec.required => format!("is missing: {}", spec.description),
            Some(value) if !fits(value, spec.kind) => {
                format!("must be of type {}", spec.kind.as_str())
            }
            _ => return None,
        };
        Some(OptionError::new(spec.name, message))
    });
    unknown.chain(wrong).collect()
}

fn unknown(manifest: &Manifest) -> String {
    let names: Vec<&str> = manifest.options.iter().map(|spec| spec.name).collect();
    match names.as_slice() {
        [] => format!("is unknown: {} has no options", manifest.name),
        names => format!("is unknown; {} has {}", manifest.name, names.join(", ")),
    }
}

fn fits(value: &Value, kind: Kind) -> bool {
    match kind {
        Kind::String => value.is_string(),
        Kind::Boolean => value.is_boolean(),
        Kind::Integer => value.is_i64() || value.is_u64(),
        Kind::Strings => value
            .as_array()
            .is_some_and(|list| list.iter().all(Value::is_string)),
        Kind::Object => value.is_object(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OptionSpec;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Options {
        issuer: String,
        #[serde(default)]
        nested: Option<NoOptions>,
    }

    const MANIFEST: Manifest = Manifest::new("m", "1", "").options(&[
        OptionSpec::required("issuer", Kind::String, "who"),
        OptionSpec::optional("count", Kind::Integer, "how many"),
        OptionSpec::optional("nested", Kind::Object, "more"),
    ]);

    fn read(options: &str) -> Result<Setup<Options>, Vec<OptionError>> {
        let setup = wire::Setup {
            client_id: String::from("c"),
            options: options.to_owned(),
        };
        Setup::read(setup, &MANIFEST)
    }

    fn errors(options: &str) -> Vec<(String, String)> {
        let errors = read(options).expect_err("refused");
        errors.into_iter().map(|e| (e.at, e.message)).collect()
    }

    #[test]
    fn right_options_are_read() {
        let setup = read(r#"{"issuer":"i","nested":{}}"#).expect("read");
        assert_eq!(setup.options.issuer, "i");
        assert!(setup.options.nested.is_some());
    }

    #[test]
    fn every_mistake_is_named_with_its_place() {
        let found = errors(r#"{"is/su~er":"i","count":1.5}"#);
        let places: Vec<&str> = found.iter().map(|(at, _)| at.as_str()).collect();
        assert_eq!(places, ["/is~1su~0er", "/issuer", "/count"]);
        assert_eq!(found[0].1, "is unknown; m has issuer, count, nested");
        assert_eq!(found[1].1, "is missing: who");
        assert_eq!(found[2].1, "must be of type integer");
    }

    #[test]
    fn mistakes_further_in_are_refused_by_serde() {
        let found = errors(r#"{"issuer":"i","nested":{"odd":1}}"#);
        assert!(found[0].1.contains("unknown field `odd`"), "{found:?}");
    }

    #[test]
    fn options_that_are_no_object_are_refused() {
        for text in ["", "[]", "null", "{"] {
            assert_eq!(errors(text)[0].0, "");
        }
    }
}
