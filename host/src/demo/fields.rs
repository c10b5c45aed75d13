//! Parameters in `application/x-www-form-urlencoded`, from a query or a body.

use std::collections::BTreeMap;
use url::form_urlencoded;

/// Parameters, each at most once, as [RFC 6749 section 3.1] demands. Empty ones count as left out.
///
/// [RFC 6749 section 3.1]: https://www.rfc-editor.org/rfc/rfc6749#section-3.1
#[derive(Default)]
pub(super) struct Fields(BTreeMap<String, String>);

/// A parameter came twice.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a parameter is repeated")]
pub(super) struct Repeated;

impl Fields {
    /// Reads them.
    pub(super) fn parse(encoded: &[u8]) -> Result<Self, Repeated> {
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(encoded) {
            if fields
                .insert(name.into_owned(), value.into_owned())
                .is_some()
            {
                return Err(Repeated);
            }
        }
        fields.retain(|_, value| !value.is_empty());
        Ok(Self(fields))
    }

    /// The value of one.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_repeated_parameter_is_refused_and_an_empty_one_is_none() {
        assert!(Fields::parse(b"a=1&a=2").is_err());
        assert!(Fields::parse(b"a=&a=").is_err(), "repeated all the same");
        assert!(Fields::parse(b"a=1&%61=2").is_err(), "by any spelling");
        let fields = Fields::parse(b"a=&b=x+y%26").expect("parsed");
        assert_eq!(fields.get("a"), None);
        assert_eq!(fields.get("b"), Some("x y&"));
    }

    proptest! {
        #[test]
        fn any_bytes_parse_or_are_refused(bytes: Vec<u8>) {
            let _ = Fields::parse(&bytes).map(|fields| fields.get("a").map(str::len));
        }

        #[test]
        fn what_was_encoded_comes_back(name in "[a-z]{1,9}", value in ".{1,40}") {
            let encoded = form_urlencoded::Serializer::new(String::new())
                .append_pair(&name, &value)
                .finish();
            let fields = Fields::parse(encoded.as_bytes()).expect("one parameter");
            prop_assert_eq!(fields.get(&name), Some(value.as_str()));
        }
    }
}
