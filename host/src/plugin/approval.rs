//! What the operator has approved, and whether a component is what was approved.
//!
//! Approved is a description, not code: another component that describes itself in the same way, to
//! the byte of the canonical form, is as good. The approvals are in `celadon.lock` beside the
//! configuration ([`lock`]); what comes with the program is approved by digest ([`bundled`]). What the
//! lock says of a provider counts, whoever made its component.
//!
//! Left to others: what a description says ([`super::description`]), who is asked
//! (`celadon provider approve`), and what becomes of a provider that is not approved
//! ([`super::revisions`]).
//!
//! **Invariant.** A revision is made and kept after [`Approvals::judge`] has said yes to it.

pub mod bundled;
mod difference;
pub mod lock;
mod unapproved;

pub use self::bundled::{Bundled, BundledError};
pub use self::difference::{Change, Difference};
pub use self::lock::{Approved, Lock, LockError};
pub use self::unapproved::Unapproved;

use super::component::ComponentDigest;
use super::description::Description;
use crate::config::{Config, LockPlace};
use celadon_workflows::types::ProviderName;

/// Why it cannot be told what is approved. Then nothing is loaded.
#[derive(Debug, thiserror::Error)]
pub enum ApprovalError {
    /// The operator's lock.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The list beside the program.
    #[error(transparent)]
    Bundled(#[from] BundledError),
}

/// Everything that is approved: the operator's lock, and what comes with this program.
#[derive(Clone, Debug, Default)]
pub struct Approvals {
    /// Components that came with this program.
    pub bundled: Bundled,
    /// The operator's.
    pub lock: Lock,
    /// Where the lock is. `None`: `celadon dev`, where nothing can be approved.
    pub place: Option<LockPlace>,
}

/// Why a component may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ground {
    /// It came with this program.
    Bundled,
    /// The lock has its description, given by this very component.
    Approved,
    /// The lock has its description, then given by this other component.
    ApprovedOfAnother(ComponentDigest),
}

impl Approvals {
    /// Reads the lock that belongs to the configuration, and the list beside the running program.
    pub fn read(config: &Config) -> Result<Self, ApprovalError> {
        let place = config.lock.clone();
        let lock = match &place {
            Some(place) => lock::read(&place.path)?,
            None => Lock::default(),
        };
        Ok(Self {
            bundled: bundled::beside_this_program()?,
            lock,
            place,
        })
    }

    /// Whether a provider may use a component that describes itself like this.
    pub fn judge(
        &self,
        provider: &ProviderName,
        component: &ComponentDigest,
        description: &Description,
    ) -> Result<Ground, Box<Unapproved>> {
        let approved = self.lock.get(provider);
        match approved {
            Some(approved) if approved.is(description) => {
                return Ok(if approved.component() == component {
                    Ground::Approved
                } else {
                    Ground::ApprovedOfAnother(approved.component().clone())
                });
            }
            None if self.bundled.has(component) => return Ok(Ground::Bundled),
            _ => {}
        }
        Err(Box::new(Unapproved {
            provider: provider.clone(),
            difference: Difference::between(approved, description),
            has_list: self.bundled.is_known(),
            place: self.place.clone(),
        }))
    }
}

#[cfg(test)]
pub(crate) mod tests;
