//! `[login]`

use crate::config::problem::Problem;
use crate::config::section::Section;
use crate::config::{Login, values};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A session is a sign-in, not an account: even a very long one ends.
const LONGEST_SESSION: Duration = Duration::from_secs(90 * 24 * 3600);

/// More than one Temporal namespace carries.
const MOST_LOGINS: u32 = 10_000_000;

pub(super) fn read(mut section: Section<'_>) -> Login {
    let expires_in = section.parsed("expires_in", values::duration(SECOND..=HOUR));
    let return_origins = section.list("return_origins", |text| {
        values::own_origin(text).map(|url| url.origin())
    });
    let lifetime = section.parsed(
        "session_lifetime",
        values::duration(SECOND..=LONGEST_SESSION),
    );
    let lifetime = lifetime.unwrap_or(DAY / 2);
    let idle = section.parsed("session_idle", values::duration(SECOND..=LONGEST_SESSION));
    if idle.is_some_and(|idle| idle > lifetime) {
        section.mistake("session_idle", Problem::IdleBeyondLifetime);
    }
    let in_flight = section.number("max_in_flight", 1..=MOST_LOGINS);
    let in_flight = in_flight.unwrap_or(100_000);
    let per_address = section.number("max_in_flight_per_address", 1..=MOST_LOGINS);
    section.finish();
    Login {
        expires_in: expires_in.unwrap_or(Duration::from_secs(600)),
        return_origins: return_origins.unwrap_or_default(),
        session_lifetime: lifetime,
        session_idle: idle.unwrap_or(HOUR.min(lifetime)),
        max_in_flight: in_flight,
        max_in_flight_per_address: per_address.unwrap_or(1_000.min(in_flight)),
    }
}
