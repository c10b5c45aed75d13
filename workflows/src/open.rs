//! Answers that everybody who may ask can read.
//!
//! The host's codec seals every payload. The answer to a query is the one exception: it stands in no
//! history, and the Temporal client that asks, which may be anybody's, has no key. Such a payload
//! is marked here and left as it is by the codec.

use serde::Serialize;
use std::collections::HashMap;
use temporalio_common::data_converters::RawValue;
use temporalio_common::protos::temporal::api::common::v1::Payload;

/// The metadata that marks a payload which the codec leaves in the clear.
pub const OPEN: &str = "celadon-open";

/// A value as plain JSON, marked as open.
pub(crate) fn open_payload<T: Serialize>(value: &T) -> Result<RawValue, serde_json::Error> {
    let metadata = HashMap::from([
        ("encoding".to_owned(), b"json/plain".to_vec()),
        (OPEN.to_owned(), b"1".to_vec()),
    ]);
    let payload = Payload {
        metadata,
        data: serde_json::to_vec(value)?,
        ..Payload::default()
    };
    Ok(RawValue::new(vec![payload]))
}
