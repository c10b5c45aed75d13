//! The sandbox: components, their descriptions, their calls, and references to credentials.

pub mod bindings;
mod fields;
pub mod references;
pub mod request;
mod scrub;

/// All configured providers, loaded.
pub struct Providers {}
