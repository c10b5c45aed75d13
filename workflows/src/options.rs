//! Every timeout and retry policy of the workflows, each with its reason.

use std::time::Duration;
use temporalio_common::RetryPolicy;
use temporalio_sdk::{LocalActivityOptions, WorkflowCancellationToken};

/// One run of a step. A browser waits 20 s in all and one outgoing request takes at most 10 s,
/// retries included, so a step that takes longer has been cut off from its provider already.
const STEP: Duration = Duration::from_secs(30);

/// A step and its repetitions. Only the host's own trouble (store, plugin pool) is repeated here;
/// two minutes outlast a restart of either, and the user reads meanwhile that the login is still
/// under way.
const STEP_WITH_RETRIES: Duration = Duration::from_secs(120);

/// Options of a step of a login.
///
/// Steps are local activities: they run in the process that got the callback and cost one record
/// in the history instead of three round trips to the server. One that is lost with its process
/// is run again by the next worker; the journal in the store keeps that from repeating a request
/// (ports.rs). The token is detached: a code that was sent is followed to its end, so that a
/// cancellation counts only while the login waits for its user.
pub(crate) fn step(summary: &str) -> LocalActivityOptions {
    LocalActivityOptions::builder()
        .start_to_close_timeout(STEP)
        .schedule_to_close_timeout(STEP_WITH_RETRIES)
        .retry_policy(retry_host_trouble())
        .cancellation_token(WorkflowCancellationToken::new())
        .summary(summary.to_owned())
        .build()
}

/// From 100 ms to 2 s between tries, without an end of its own: the timeout above ends it.
fn retry_host_trouble() -> RetryPolicy {
    RetryPolicy::builder()
        .initial_interval(Duration::from_millis(100))
        .backoff_coefficient(2.0)
        .maximum_interval(Duration::from_secs(2))
        .build()
}
