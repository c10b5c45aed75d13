//! Why a call has no answer.

use super::{Breach, Limit};
use wasmtime::{PoolConcurrencyLimitError, Trap};

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// No room for [`super::ADMISSION_WAIT`]. May be tried again.
    #[error("too many plugin calls are under way")]
    Busy,
    /// The component used its CPU time up.
    #[error("the component did not answer within its deadline")]
    Deadline,
    /// The component asked for more than it may have.
    #[error("the component needs more {0} than its limit allows")]
    Limit(Limit),
    /// The component crashed.
    #[error("the component crashed: {0}")]
    Trap(Trap),
    /// The component's answer is bigger than the limit `output`.
    #[error("the component's answer is too large")]
    OutputTooLarge,
    /// The component's answer is one that the contract forbids.
    #[error("the component's answer breaks the contract: {0}")]
    Contract(Breach),
    /// The host failed.
    #[error("the sandbox failed")]
    Host(#[source] tokio::task::JoinError),
}

impl CallError {
    /// The stable name for logs and metrics.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Deadline => "deadline",
            Self::Limit(_) => "limit",
            Self::Trap(_) => "trap",
            Self::OutputTooLarge => "output_too_large",
            Self::Contract(_) => "contract",
            Self::Host(_) => "host",
        }
    }
}

/// What wasmtime's error says of the component, or else what it must be. Its text may quote the guest
/// and goes no further.
pub(super) fn failure(error: &wasmtime::Error, otherwise: Breach) -> CallError {
    if let Some(limit) = error.downcast_ref::<Limit>() {
        return match limit {
            Limit::Time => CallError::Deadline,
            other => CallError::Limit(*other),
        };
    }
    if let Some(trap) = error.downcast_ref::<Trap>() {
        return match trap {
            Trap::Interrupt => CallError::Deadline,
            Trap::StackOverflow => CallError::Limit(Limit::Stack),
            other => CallError::Trap(*other),
        };
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return CallError::Busy;
    }
    // Wasmtime keeps the type of this error to itself. A test holds the words.
    let out_of_fuel = error
        .root_cause()
        .to_string()
        .starts_with("too much data is being copied");
    if out_of_fuel {
        CallError::OutputTooLarge
    } else {
        CallError::Contract(otherwise)
    }
}
