//! `celadon dev`: everything on one machine, with the demo provider.

use std::path::Path;

/// Why the development setup could not start.
#[derive(Debug, thiserror::Error)]
pub enum DevError {
    /// It is not built yet.
    #[error("celadon dev is not available yet: write a configuration and use `celadon serve`")]
    Unavailable,
}

/// Runs it until SIGTERM or SIGINT.
///
/// # Errors
/// Something that it needs cannot be started.
pub fn run(_file: Option<&Path>) -> Result<(), DevError> {
    Err(DevError::Unavailable)
}
