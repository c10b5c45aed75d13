//! The steps of a login: what the workflow's activities do.

/// The steps and what they need.
pub struct Steps {}
