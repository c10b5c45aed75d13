//! Core modules into components.

/// Why a module cannot become a component.
#[derive(Debug, thiserror::Error)]
pub enum ComponentizeError {
    /// It is not built yet.
    #[error("building components is not available yet")]
    Unavailable,
}

/// Makes a component of a core module that was built against the contract.
///
/// # Errors
/// The module is no module, or does not fit the contract.
pub fn componentize(_module: &[u8]) -> Result<Vec<u8>, ComponentizeError> {
    Err(ComponentizeError::Unavailable)
}
