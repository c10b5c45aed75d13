//! The targets, by what they read.

pub mod approval;
pub mod browser;
pub mod component;
pub mod json;
pub mod oidc;
pub mod scrub;
pub mod sealed;
pub mod url;
