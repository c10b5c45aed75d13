//! What the host checks of OpenID Connect: metadata, keys, ID tokens, and where a subject and an
//! e-mail stand.
//!
//! Verifiers here are pure: the time is an argument. What goes over the network goes through
//! [`crate::egress`]; what is kept is kept in [`crate::store`]. The order of the steps of a login is
//! not known here.

pub mod algorithm;
pub mod client_key;
pub mod discovery;
pub mod email;
mod flight;
pub mod id_token;
pub mod issuer;
#[cfg(test)]
mod issuer_server;
pub mod json;
pub mod jwk;
pub mod jwks;
pub mod metadata;
#[cfg(test)]
mod signer;
pub mod subject;

use crate::clock::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// A clock: Unix seconds. The program's is [`crate::clock::now`].
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How long a fetch of metadata or keys may take: two of them and a token request still fit in
/// the 20 seconds that a browser waits.
const FETCH: Duration = Duration::from_secs(5);
/// How large metadata and key sets may be.
const DOCUMENT: usize = 256 << 10;
