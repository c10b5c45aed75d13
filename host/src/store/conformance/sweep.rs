//! What is over goes, and nothing else.

use super::short_lived::new_session;
use super::*;
use celadon_workflows::types::Outcome;

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

pub(crate) async fn what_is_over_goes(fresh: &Fresh) {
    let login = begun(fresh).await;
    let mut attempt = new_attempt();
    attempt.expires_at = NOW + 2 * DAY;
    let parked = admit(fresh, &attempt).await;
    for id in [login.as_str(), parked.as_str(), "refresh:g1"] {
        fresh
            .one
            .journal_intent(id, "obtain", 0, "r", NOW)
            .await
            .expect("written");
    }
    let mut session = new_session(fresh, NOW + 100).await;
    fresh.one.insert_session(&session).await.expect("inserted");
    session.hash = "lasting".to_owned();
    session.expires_at = NOW + 2 * DAY;
    fresh.one.insert_session(&session).await.expect("inserted");
    fresh
        .one
        .put_handoff("h1", &sealed("f"), NOW + 10)
        .await
        .expect("put");

    let sweep = |now| fresh.other.sweep(now, 100);
    assert_eq!(sweep(NOW + 9).await.expect("swept"), 0);
    assert_eq!(sweep(NOW + 10).await.expect("swept"), 1, "the handoff");
    assert_eq!(sweep(NOW + 99).await.expect("swept"), 0);
    assert_eq!(sweep(NOW + 100).await.expect("swept"), 1, "a session");
    assert_eq!(sweep(NOW + 600 + HOUR - 1).await.expect("swept"), 0);
    assert!(fresh.one.attempt(&login).await.expect("read").is_some());
    // The other is the login that the session came from.
    assert_eq!(
        sweep(NOW + 600 + HOUR).await.expect("swept"),
        2,
        "two attempts"
    );
    assert!(fresh.one.attempt(&login).await.expect("read").is_none());
    assert!(
        fresh
            .one
            .journal(login.as_str(), "obtain")
            .await
            .expect("read")
            .is_empty()
    );
    assert_eq!(sweep(NOW + DAY - 1).await.expect("swept"), 0);
    assert_eq!(
        fresh
            .one
            .journal("refresh:g1", "obtain")
            .await
            .expect("read")
            .len(),
        1
    );
    assert_eq!(
        sweep(NOW + DAY).await.expect("swept"),
        1,
        "the refresh's journal"
    );
    assert!(
        fresh
            .one
            .journal("refresh:g1", "obtain")
            .await
            .expect("read")
            .is_empty()
    );

    assert_eq!(
        fresh
            .one
            .journal(parked.as_str(), "obtain")
            .await
            .expect("read")
            .len(),
        1
    );
    assert!(fresh.one.session("lasting").await.expect("read").is_some());
    assert_eq!(
        fresh
            .one
            .authorizations(&session.user)
            .await
            .expect("read")
            .len(),
        1
    );
    let ended = fresh.one.conclude_attempt(&parked, &Outcome::Expired).await;
    assert_eq!(ended.expect("it is still there"), Some(Outcome::Expired));
}

pub(crate) async fn in_batches(fresh: &Fresh) {
    let mut logins = Vec::new();
    for _ in 0..5 {
        let login = begun(fresh).await;
        fresh
            .one
            .journal_intent(login.as_str(), "obtain", 0, "r", NOW)
            .await
            .expect("written");
        fresh
            .one
            .put_handoff(login.as_str(), &sealed("f"), NOW)
            .await
            .expect("put");
        logins.push(login);
    }
    let late = NOW + DAY;
    for wanted in [4, 4, 2, 0] {
        assert_eq!(fresh.one.sweep(late, 2).await.expect("swept"), wanted);
    }
    for login in logins {
        assert!(fresh.other.attempt(&login).await.expect("read").is_none());
        assert!(
            fresh
                .other
                .journal(login.as_str(), "obtain")
                .await
                .expect("read")
                .is_empty()
        );
    }
}
