//! The one HTTP client for every URL that a provider, a plugin or a user can influence.
