//! Ids and what the log is told. What stands in spans is tested from outside, by a collector that
//! gets those of real logins (tests/tests/e2e/traced.rs).

use super::export::{News, Report};
use super::*;
use crate::store::GrantVersion;
use celadon_workflows::types::AuthorizationId;
use proptest::prelude::*;
use std::time::Instant;

#[test]
fn what_has_another_id_has_another_trace() {
    let login = Trace::of_login(&LoginId::new("7"));
    let grant = AuthorizationId::new("7");
    let renewal = Trace::of_renewal(&grant, GrantVersion(1));
    for (one, other) in [
        (login, renewal),
        (login, Trace::of_login(&LoginId::new("8"))),
        (renewal, Trace::of_renewal(&grant, GrantVersion(2))),
        (
            renewal,
            Trace::of_renewal(&AuthorizationId::new("71"), GrantVersion(1)),
        ),
    ] {
        assert_ne!(one.id, other.id);
        assert_ne!(one.root, other.root);
    }
}

#[test]
fn a_trace_is_the_same_in_every_version() {
    // Instances of several versions work on one login: what is derived must not change.
    let trace = Trace::of_login(&LoginId::new("ab"));
    assert_eq!(trace.id.to_string(), LOGIN_AB.0);
    assert_eq!(trace.root.to_string(), LOGIN_AB.1);
}

/// SHA-256 of "celadon trace\0login\0ab": 16 bytes, and 8.
const LOGIN_AB: (&str, &str) = ("3af75369929be7967b7017b406450ce2", "ac11da5105af2b2a");

proptest! {
    #[test]
    fn a_trace_is_derived_from_the_login_alone(id in "[0-9a-f]{64}") {
        let trace = Trace::of_login(&LoginId::new(id.clone()));
        prop_assert_eq!(trace, Trace::of_login(&LoginId::new(id.clone())));
        prop_assert!(!id.contains(&trace.id.to_string()));
    }
}

#[test]
fn a_collector_that_is_away_is_spoken_of_once_a_minute() {
    let mut report = Report::default();
    let begin = Instant::now();
    let second = |number| begin + Duration::from_secs(number);
    assert_eq!(report.of(true, 5, second(0)), None);
    assert_eq!(
        report.of(false, 5, second(1)),
        Some(News::Failing { lost: 5 })
    );
    assert_eq!(report.of(false, 7, second(2)), None);
    assert_eq!(report.of(false, 1, second(60)), None);
    assert_eq!(
        report.of(false, 2, second(61)),
        Some(News::Failing { lost: 15 })
    );
    assert_eq!(
        report.of(true, 9, second(62)),
        Some(News::Recovered { lost: 15 })
    );
    assert_eq!(report.of(true, 9, second(63)), None);
    // One that comes and goes does not fill the log either.
    assert_eq!(report.of(false, 3, second(64)), None);
    assert_eq!(report.of(true, 1, second(65)), None);
}
