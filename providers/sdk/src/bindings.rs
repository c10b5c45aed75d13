//! The contract's types and the export machinery, generated from `wit/`.
#![allow(missing_docs, unsafe_code, clippy::all, reason = "generated code")]

wit_bindgen::generate!({
    path: "../../wit/v0.1",
    world: "identity-provider",
    pub_export_macro: true,
    default_bindings_module: "celadon_provider::bindings",
});
