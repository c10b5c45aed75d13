//! The sandbox: components, their descriptions, their calls, and references to credentials.

/// All configured providers, loaded.
pub struct Providers {}
