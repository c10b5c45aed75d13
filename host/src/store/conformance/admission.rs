//! Bounds on logins in flight.

use super::*;
use crate::store::PersistOutcome;
use celadon_workflows::types::Outcome;

fn bound(total: u32, per_address: u32) -> InFlight {
    InFlight { total, per_address }
}

fn from(address: &str, at: Timestamp) -> NewAttempt {
    NewAttempt {
        address: Some(address.to_owned()),
        created_at: at,
        expires_at: at + 600,
        ..new_attempt()
    }
}

async fn ask(fresh: &Fresh, attempt: &NewAttempt, bound: InFlight) -> Admission {
    let admission = fresh
        .one
        .insert_attempt(attempt, bound)
        .await
        .expect("answered");
    let there = fresh
        .other
        .attempt(&attempt.id)
        .await
        .expect("read")
        .is_some();
    assert_eq!(there, admission == Admission::Admitted);
    admission
}

pub(crate) async fn bounded_in_all(fresh: &Fresh) {
    for second in 0..3 {
        let attempt = from("a", NOW + second);
        assert_eq!(ask(fresh, &attempt, bound(3, 9)).await, Admission::Admitted);
    }
    assert_eq!(
        ask(fresh, &new_attempt(), bound(3, 9)).await,
        Admission::Full
    );
    assert_eq!(
        ask(fresh, &new_attempt(), bound(4, 9)).await,
        Admission::Admitted
    );
    assert_eq!(
        ask(fresh, &new_attempt(), bound(0, 9)).await,
        Admission::Full
    );
    assert_eq!(fresh.other.in_flight(NOW).await.expect("counted"), 4);
    // Two of them have expired by then, and their end makes no further room.
    let at = NOW + 600;
    assert_eq!(fresh.one.in_flight(at).await.expect("counted"), 2);
    assert_eq!(
        ask(fresh, &from("b", at), bound(2, 9)).await,
        Admission::Full
    );
    assert_eq!(
        ask(fresh, &from("b", at), bound(3, 9)).await,
        Admission::Admitted
    );
}

pub(crate) async fn bounded_by_address(fresh: &Fresh) {
    for _ in 0..2 {
        assert_eq!(
            ask(fresh, &from("a", NOW), bound(9, 2)).await,
            Admission::Admitted
        );
    }
    assert_eq!(
        ask(fresh, &from("a", NOW), bound(9, 2)).await,
        Admission::AddressFull
    );
    assert_eq!(
        ask(fresh, &from("b", NOW), bound(9, 2)).await,
        Admission::Admitted
    );
    assert_eq!(
        ask(fresh, &from("a", NOW + 600), bound(9, 2)).await,
        Admission::Admitted
    );
    for _ in 0..3 {
        assert_eq!(
            ask(fresh, &new_attempt(), bound(9, 0)).await,
            Admission::Admitted
        );
    }
}

pub(crate) async fn ends_make_room(fresh: &Fresh) {
    let tight = bound(2, 2);
    let (cancelled, signed_in) = (from("a", NOW), from("a", NOW));
    for attempt in [&cancelled, &signed_in] {
        assert_eq!(ask(fresh, attempt, tight).await, Admission::Admitted);
    }
    assert_eq!(
        ask(fresh, &from("a", NOW), tight).await,
        Admission::AddressFull
    );
    // An end counts once, however often it is told.
    for _ in 0..3 {
        let end = fresh
            .one
            .conclude_attempt(&cancelled.id, &Outcome::Cancelled)
            .await;
        assert_eq!(end.expect("ended"), Some(Outcome::Cancelled));
    }
    assert_eq!(
        ask(fresh, &from("a", NOW), tight).await,
        Admission::Admitted
    );
    assert_eq!(
        ask(fresh, &from("a", NOW), tight).await,
        Admission::AddressFull
    );
    assert_eq!(ask(fresh, &from("b", NOW), tight).await, Admission::Full);
    for _ in 0..3 {
        let persisted = fresh
            .one
            .persist_grant(&new_grant(&signed_in.id, "s"))
            .await;
        assert!(matches!(
            persisted.expect("written"),
            PersistOutcome::Persisted(_)
        ));
    }
    assert_eq!(
        ask(fresh, &from("a", NOW), tight).await,
        Admission::Admitted
    );
    assert_eq!(ask(fresh, &from("b", NOW), tight).await, Admission::Full);
}

pub(crate) async fn exact_in_a_race(fresh: &Fresh) {
    let results = race(fresh, |store, racer| async move {
        let attempt = from("a", NOW + racer as u64 % 3);
        store
            .insert_attempt(&attempt, bound(9, 5))
            .await
            .expect("answered")
    })
    .await;
    assert_eq!(count(&results, &Admission::Admitted), 5);
    assert_eq!(count(&results, &Admission::AddressFull), RACERS - 5);
    let results = race(fresh, |store, racer| async move {
        let attempt = from(&racer.to_string(), NOW);
        store
            .insert_attempt(&attempt, bound(9, 5))
            .await
            .expect("answered")
    })
    .await;
    assert_eq!(count(&results, &Admission::Admitted), 4);
    assert_eq!(count(&results, &Admission::Full), RACERS - 4);
}
