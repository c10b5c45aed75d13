//! The sandbox: components, their descriptions, their calls, and references to credentials.

pub mod componentize;

/// All configured providers, loaded.
pub struct Providers {}
