//! The sandbox: components, their descriptions, their calls, and references to credentials.

pub mod bindings;
pub mod componentize;
pub mod endpoints;
mod fields;
pub mod references;
pub mod request;
mod scrub;
mod sending;
pub mod transcript;

/// All configured providers, loaded.
pub struct Providers {}
