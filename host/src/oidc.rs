//! What the host checks of OpenID Connect: metadata, keys, ID tokens.
