//! Name lookup: what a name resolves to is checked, and exactly that is dialled.
//!
//! A name is looked up once a connection, so a second, different answer (DNS rebinding) is either
//! checked as well or never asked for.

use super::policy::{Denial, Policy};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Lookups that one provider may have under way. Each holds a thread for as long as the system's
/// resolver takes, and those threads are everybody's.
const LOOKUPS: usize = 8;

/// How names are looked up. Runs on a thread that may block.
pub(super) type Lookup = fn(&str) -> io::Result<Vec<SocketAddr>>;

/// The system's resolver.
pub(super) fn system(name: &str) -> io::Result<Vec<SocketAddr>> {
    Ok((name, 0).to_socket_addrs()?.collect())
}

/// Looks names up and lets through what the policy allows.
pub(super) struct CheckedResolver {
    policy: Arc<Policy>,
    lookup: Lookup,
    lookups: Arc<Semaphore>,
}

impl CheckedResolver {
    pub(super) fn new(policy: Arc<Policy>, lookup: Lookup) -> Self {
        Self {
            policy,
            lookup,
            lookups: Arc::new(Semaphore::new(LOOKUPS)),
        }
    }
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = Arc::clone(&self.policy);
        let lookups = Arc::clone(&self.lookups);
        let lookup = self.lookup;
        Box::pin(async move {
            let permit = lookups.acquire_owned().await?;
            let found = tokio::task::spawn_blocking(move || {
                // Held by the thread: a caller that gave up does not free it.
                let _permit = permit;
                lookup(name.as_str())
            })
            .await??;
            let allowed: Addrs = Box::new(allowed(&policy, found)?.into_iter());
            Ok(allowed)
        })
    }
}

/// The addresses that may be dialled; the first denial where there is none.
pub(super) fn allowed(policy: &Policy, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Denial> {
    let mut denial = None;
    let mut allowed = Vec::with_capacity(found.len());
    for address in found {
        match policy.check_address(address.ip()) {
            Ok(()) => allowed.push(address),
            Err(denied) => denial = denial.or(Some(denied)),
        }
    }
    match denial {
        Some(denied) if allowed.is_empty() => Err(denied),
        // A name without any address stays an empty list: the connector reports it.
        _ => Ok(allowed),
    }
}
