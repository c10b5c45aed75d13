//! Retryability, decided in one place.
//!
//! What is final (a spent code, a refused login) is a value, [`crate::types::Step::Refused`], and
//! never fails an activity. What fails one is the host's own trouble, and that is always worth
//! another try within the bounds of options.rs. The failure's message names the part that is
//! missing and nothing else: failures stand in the history.

use crate::ports::StepError;
use temporalio_sdk::activities::ActivityError;

impl From<StepError> for Failure {
    fn from(error: StepError) -> Self {
        Self(error.what)
    }
}

/// The failure as Temporal sees it.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not available now")]
pub struct Failure(&'static str);

/// Turns a step's trouble into an activity's failure that may be retried.
pub(crate) fn retryable(error: StepError) -> ActivityError {
    ActivityError::from(Failure::from(error))
}
