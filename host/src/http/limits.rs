//! Limits on how often one network address may ask for what is costly.
//!
//! Generous: a whole office may sit behind one address, and bursts of a hundred must pass. They
//! keep a flood from the store; logins in flight are bounded besides, when a login begins. A wrong
//! client credential counts against a limit of its own, which bounds the noise of guessing; what
//! defeats guessing is that secrets are long and random.

use super::problem::{Problem, kinds};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

/// Logins begun or answered in a browser: a second, and at once.
const BROWSER: (u32, u32) = (20, 300);
/// Wrong client credentials: a second, and at once.
const WRONG_CREDENTIAL: (u32, u32) = (5, 100);
/// After so many checks, addresses that have been quiet are forgotten.
const FORGET_EVERY: u32 = 1024;

/// The limits, for all addresses.
pub struct Limits {
    browser: Limit,
    wrong_credential: Limit,
}

impl Limits {
    /// Limits that nobody has used yet.
    pub fn new() -> Self {
        Self {
            browser: Limit::new(BROWSER),
            wrong_credential: Limit::new(WRONG_CREDENTIAL),
        }
    }

    /// Counts a login begun or answered in a browser.
    pub fn browser(&self, address: IpAddr) -> Result<(), Problem> {
        self.browser.count(address)
    }

    /// Counts a wrong client credential.
    pub fn wrong_credential(&self, address: IpAddr) -> Result<(), Problem> {
        self.wrong_credential.count(address)
    }
}

struct Limit {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
    checks: AtomicU32,
}

impl Limit {
    fn new((per_second, burst): (u32, u32)) -> Self {
        let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(at_least_one(per_second)).allow_burst(at_least_one(burst));
        Self {
            limiter: DefaultKeyedRateLimiter::keyed(quota),
            clock: DefaultClock::default(),
            checks: AtomicU32::new(0),
        }
    }

    fn count(&self, address: IpAddr) -> Result<(), Problem> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&network(address)).map_err(|early| {
            let wait = early.wait_time_from(self.clock.now()).as_secs() + 1;
            Problem::new(&kinds::TOO_MANY_REQUESTS).retry_after(wait)
        })
    }
}

/// One customer has a whole /64 of IPv6 addresses and may use any of them.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(long) => {
            let [a, b, c, d, ..] = long.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_burst_passes_and_a_flood_does_not() {
        let limits = Limits::new();
        let flood = (0..10_000)
            .filter(|_| limits.browser(ip("192.0.2.1")).is_ok())
            .count();
        assert!((100..5_000).contains(&flood), "{flood}");
        assert!(
            limits.browser(ip("192.0.2.2")).is_ok(),
            "others are not concerned"
        );
    }

    #[test]
    fn a_network_of_ipv6_addresses_is_one_client() {
        assert_eq!(network(ip("2001:db8::1")), network(ip("2001:db8::ffff:1")));
        assert_ne!(network(ip("2001:db8::1")), network(ip("2001:db8:0:1::1")));
    }
}
