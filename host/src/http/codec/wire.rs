//! Payloads as JSON: the protobuf mapping of `temporal.api.common.v1.Payloads`, whose bytes are
//! base64. Both alphabets are read, with padding or without, as that mapping demands; the standard
//! one with padding is written. Members that nobody knows here are left out of the answer.

use data_encoding::{BASE64, BASE64_NOPAD};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use temporalio_common::protos::temporal::api::common::v1::Payload;

/// The body of a request and of its answer.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Payloads {
    #[serde(default)]
    payloads: Vec<Wire>,
}

impl Payloads {
    /// Each payload turned into another, in the same order.
    pub(super) fn map(self, turn: impl Fn(Payload) -> Payload) -> Self {
        let payloads = self.payloads.into_iter();
        Self {
            payloads: payloads.map(|wire| turn(wire.into()).into()).collect(),
        }
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Wire {
    #[serde(default)]
    metadata: BTreeMap<String, Bytes>,
    #[serde(default)]
    data: Bytes,
}

impl From<Wire> for Payload {
    fn from(wire: Wire) -> Self {
        let metadata = wire.metadata.into_iter();
        Self {
            metadata: metadata.map(|(name, value)| (name, value.0)).collect(),
            data: wire.data.0,
            ..Self::default()
        }
    }
}

impl From<Payload> for Wire {
    fn from(payload: Payload) -> Self {
        let metadata = payload.metadata.into_iter();
        Self {
            metadata: metadata.map(|(name, value)| (name, Bytes(value))).collect(),
            data: Bytes(payload.data),
        }
    }
}

/// Bytes, in JSON as base64.
#[derive(Debug, Default, PartialEq)]
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let standard: String = text
            .trim_end_matches('=')
            .chars()
            .map(|character| match character {
                '-' => '+',
                '_' => '/',
                other => other,
            })
            .collect();
        BASE64_NOPAD
            .decode(standard.as_bytes())
            .map(Self)
            .map_err(|_| D::Error::custom("bytes are not base64"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::{BASE64URL, BASE64URL_NOPAD};
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_is_missing_is_empty() {
        for text in ["{}", r#"{"payloads":[]}"#] {
            let payloads: Payloads = serde_json::from_str(text).expect("payloads");
            assert!(payloads.payloads.is_empty());
        }
        let one: Payloads = serde_json::from_str(r#"{"payloads":[{}]}"#).expect("a payload");
        let text = serde_json::to_value(&one).expect("JSON");
        assert_eq!(text, json!({"payloads": [{"metadata": {}, "data": ""}]}));
    }

    #[test]
    fn what_is_no_payload_is_refused() {
        for text in [
            "7",
            r#"{"payloads":{}}"#,
            r#"{"payloads":[{"data":"a"}]}"#,
            r#"{"payloads":[{"data":"!!!!"}]}"#,
            r#"{"payloads":[{"data":7}]}"#,
            r#"{"payloads":[{"metadata":{"encoding":["x"]}}]}"#,
        ] {
            assert!(serde_json::from_str::<Payloads>(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn bytes_survive_in_every_alphabet(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let written = serde_json::to_value(Bytes(bytes.clone())).expect("JSON");
            prop_assert_eq!(&written, &json!(BASE64.encode(&bytes)));
            for encoding in [BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD] {
                let text = json!(encoding.encode(&bytes));
                let read: Bytes = serde_json::from_value(text).expect("bytes");
                prop_assert_eq!(&read.0, &bytes);
            }
        }
    }
}
