//! Which trace a thing belongs to.
//!
//! Ids are hashes of ids, under a domain of their own. They are no secrets, and say nothing that
//! the log does not: a login's id is itself the hash of its `state`.

use crate::store::GrantVersion;
use aws_lc_rs::digest::{SHA256, digest};
use celadon_workflows::types::{AuthorizationId, LoginId};
use opentelemetry::trace::{SpanId, TraceId};

/// A trace and its root span, known to everybody who knows what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace {
    pub(super) id: TraceId,
    /// The span that is sent when the thing has ended. Until then its children are there without
    /// it.
    pub(super) root: SpanId,
}

impl Trace {
    /// A login's.
    pub fn of_login(login: &LoginId) -> Self {
        Self::derived(&["login", login.as_str()])
    }

    /// That of one renewal of a grant's tokens, its failed tries included. `version` is the
    /// grant's, which each renewal raises.
    pub fn of_renewal(grant: &AuthorizationId, version: GrantVersion) -> Self {
        Self::derived(&["renewal", grant.as_str(), &version.0.to_string()])
    }

    fn derived(of: &[&str]) -> Self {
        // No part holds a NUL, so different parts never make the same text.
        let text = format!("celadon trace\0{}", of.join("\0"));
        let hash = digest(&SHA256, text.as_bytes());
        let (mut id, mut root) = ([0; 16], [0; 8]);
        for (to, from) in id.iter_mut().chain(root.iter_mut()).zip(hash.as_ref()) {
            *to = *from;
        }
        Self {
            id: TraceId::from_bytes(id),
            root: SpanId::from_bytes(root),
        }
    }
}
