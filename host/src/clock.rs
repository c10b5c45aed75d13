//! The wall clock: the one place that reads it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds since the Unix epoch.
pub type Timestamp = u64;

/// Now, in Unix seconds.
pub fn now() -> Timestamp {
    since_the_epoch(precise()).as_secs()
}

/// A time in Unix milliseconds, rounded down.
pub fn in_ms(time: SystemTime) -> u64 {
    u64::try_from(since_the_epoch(time).as_millis()).unwrap_or(u64::MAX)
}

/// Now, as finely as the system knows it: for the times of traces.
#[allow(
    clippy::disallowed_methods,
    reason = "the one place that reads the wall clock"
)]
pub fn precise() -> SystemTime {
    SystemTime::now()
}

fn since_the_epoch(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}
