//! The codec that keeps plain text out of Temporal: every payload that leaves the worker or a
//! client is sealed whole, metadata included. The answer to a query alone, which stands in no
//! history, may be marked as open ([`celadon_workflows::open`]).
//!
//! All payloads of a worker pass through here on the thread that polls, so nothing here waits or
//! does I/O. A payload that is not sealed passes through on the way in: another Temporal client
//! may start a workflow with plain JSON. Nothing that such a payload says is trusted for that.

use super::keyring::Use;
use super::{Context, KeyId, KeyRing, SealError, Sealed};
use celadon_workflows::open::OPEN;
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use prost::Message;
use std::collections::HashMap;
use temporalio_common::data_converters::{
    PayloadCodec, PayloadConversionError, SerializationContextData,
};
use temporalio_common::protos::temporal::api::common::v1::Payload;

const ENCODING: &str = "encoding";
const ENCRYPTED: &[u8] = b"binary/encrypted";
const KEY_ID: &str = "encryption-key-id";

/// Why a sealed payload cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// It says that it is sealed, and is not.
    #[error("a payload from Temporal is not what Celadon seals")]
    NotSealed(#[source] SealError),
    /// It does not open: the key is not in the ring, or the payload is damaged.
    #[error("a payload from Temporal, sealed under key {id}, cannot be opened")]
    Unopened {
        /// The key that it names.
        id: KeyId,
        /// Why.
        #[source]
        source: SealError,
    },
    /// It opens, and what it holds is no payload.
    #[error("what was sealed for Temporal is not a payload")]
    NotAPayload,
}

/// Seals and opens Temporal's payloads.
#[derive(Clone, Debug)]
pub struct PayloadSeal {
    keys: KeyRing,
}

impl PayloadSeal {
    /// A codec under the given keys.
    pub fn new(keys: KeyRing) -> Self {
        Self { keys }
    }

    /// Seals one payload.
    pub fn seal(&self, payload: &Payload) -> Payload {
        let sealed = self
            .keys
            .seal_for(Use::Payloads, &context(), &payload.encode_to_vec());
        let mut metadata = HashMap::from([(ENCODING.to_owned(), ENCRYPTED.to_vec())]);
        // For people who look at a history: what counts is the id inside the sealed value.
        if let Ok(id) = sealed.key_id() {
            metadata.insert(KEY_ID.to_owned(), id.to_string().into_bytes());
        }
        Payload {
            metadata,
            data: sealed.as_bytes().to_vec(),
            ..Payload::default()
        }
    }

    /// Opens one payload; one that is not sealed stays as it is.
    ///
    /// # Errors
    /// See [`PayloadError`].
    pub fn open(&self, payload: Payload) -> Result<Payload, PayloadError> {
        if payload.metadata.get(ENCODING).map(Vec::as_slice) != Some(ENCRYPTED) {
            return Ok(payload);
        }
        let sealed = Sealed::from_bytes(payload.data);
        let id = sealed.key_id().map_err(PayloadError::NotSealed)?;
        let bytes = self
            .keys
            .open_for(Use::Payloads, &context(), &sealed)
            .map_err(|source| PayloadError::Unopened { id, source })?;
        Payload::decode(bytes.as_slice()).map_err(|_| PayloadError::NotAPayload)
    }
}

// A payload travels between histories and clients: there is no row that it belongs to.
fn context() -> Context {
    Context::new("temporal.payload", "")
}

impl PayloadCodec for PayloadSeal {
    fn encode(
        &self,
        _: &SerializationContextData,
        payloads: Vec<Payload>,
    ) -> BoxFuture<'static, Result<Vec<Payload>, PayloadConversionError>> {
        let sealed = payloads.into_iter().map(|mut payload| {
            // Without the mark: the client that asked shows plain JSON as such only if it is no more.
            if payload.metadata.remove(OPEN).is_some() {
                return payload;
            }
            self.seal(&payload)
        });
        ready(Ok(sealed.collect())).boxed()
    }

    fn decode(
        &self,
        _: &SerializationContextData,
        payloads: Vec<Payload>,
    ) -> BoxFuture<'static, Result<Vec<Payload>, PayloadConversionError>> {
        let opened = payloads
            .into_iter()
            .map(|payload| self.open(payload))
            .collect::<Result<_, _>>()
            .map_err(|error| PayloadConversionError::EncodingError(Box::new(error)));
        ready(opened).boxed()
    }
}

#[cfg(test)]
mod tests;
