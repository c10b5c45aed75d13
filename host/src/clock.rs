//! The wall clock: the one place that reads it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds since the Unix epoch.
pub type Timestamp = u64;

/// Now, in Unix seconds.
pub fn now() -> Timestamp {
    since_the_epoch().as_secs()
}

/// Now, in Unix milliseconds.
pub fn now_in_ms() -> u64 {
    u64::try_from(since_the_epoch().as_millis()).unwrap_or(u64::MAX)
}

/// Now, as finely as the system knows it: for the times of traces.
#[allow(
    clippy::disallowed_methods,
    reason = "the one place that reads the wall clock"
)]
pub fn precise() -> SystemTime {
    SystemTime::now()
}

fn since_the_epoch() -> Duration {
    precise().duration_since(UNIX_EPOCH).unwrap_or_default()
}
