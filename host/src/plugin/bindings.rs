//! The contract's types and calls, generated from `wit/v0.1/provider.wit`.
//!
//! Nothing here is trusted: what a component answers becomes usable through
//! [`super::description`] and [`super::call`], which check it.

#![allow(missing_docs, reason = "the documentation is the WIT file's")]

wasmtime::component::bindgen!({
    path: "../wit/v0.1",
    world: "identity-provider",
    additional_derives: [
        Clone,
        PartialEq,
        Eq,
        serde::Serialize,
        serde::Deserialize,
    ],
});

pub use self::celadon::provider::types::*;
