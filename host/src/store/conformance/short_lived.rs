//! Sessions, audit trail, components, metadata, handoffs.

use super::persist::persist;
use super::*;
use crate::store::{AuditEvent, MetadataRecord, RevisionRecord, SessionRecord};

/// A session of a user who is there.
pub(super) async fn new_session(fresh: &Fresh, expires_at: Timestamp) -> SessionRecord {
    let persisted = persist(fresh, &new_grant(&begun(fresh).await, "s1")).await;
    SessionRecord {
        hash: random::id(),
        user: persisted.user,
        identity: persisted.identity,
        provider: ProviderName::new("example"),
        created_at: NOW,
        seen_at: NOW,
        expires_at,
    }
}

pub(crate) async fn sessions(fresh: &Fresh) {
    let mut session = new_session(fresh, NOW + 100).await;
    fresh.one.insert_session(&session).await.expect("inserted");
    assert!(
        fresh.other.insert_session(&session).await.is_err(),
        "a hash is taken once"
    );
    let read = || fresh.other.session(&session.hash);
    assert_eq!(read().await.expect("read").as_ref(), Some(&session));
    let hash = session.hash.clone();
    for (now, wanted) in [(NOW + 7, NOW + 7), (NOW + 3, NOW + 7)] {
        fresh.one.touch_session(&hash, now).await.expect("noted");
        session.seen_at = wanted;
        let read = fresh.other.session(&hash).await.expect("read");
        assert_eq!(read.as_ref(), Some(&session));
    }
    let results = race(fresh, |store, _| {
        let hash = hash.clone();
        async move { store.delete_session(&hash).await.expect("answered") }
    })
    .await;
    assert_eq!(count(&results, &true), 1);
    assert_eq!(fresh.other.session(&hash).await.expect("read"), None);
    fresh
        .one
        .touch_session(&hash, NOW)
        .await
        .expect("passed over");
}

pub(crate) async fn audit_trail(fresh: &Fresh) {
    let event = |number: u64| AuditEvent {
        // Out of order and several a second: what counts is the order of writing.
        at: NOW + number % 2,
        what: "test.happened".to_owned(),
        who: "host".to_owned(),
        provider: (number == 1).then(|| ProviderName::new("example")),
        login: (number == 2).then(|| LoginId::new("l")),
        why: number.to_string(),
    };
    for number in 0..5 {
        fresh.one.audit(&event(number)).await.expect("written");
    }
    let events = fresh.other.audit_events(4).await.expect("read");
    assert_eq!(events, [event(4), event(3), event(2), event(1)]);
    assert_eq!(
        fresh
            .other
            .audit_events(u32::MAX)
            .await
            .expect("read")
            .len(),
        5
    );
    assert!(fresh.other.audit_events(0).await.expect("read").is_empty());
}

pub(crate) async fn components(fresh: &Fresh) {
    let bytes = vec![0_u8; 300_000];
    let results = race(fresh, |store, _| {
        let bytes = bytes.clone();
        async move { store.put_component("d1", &bytes, NOW).await.is_ok() }
    })
    .await;
    assert_eq!(count(&results, &true), RACERS);
    assert_eq!(
        fresh.other.component("d1").await.expect("read"),
        Some(bytes)
    );
    assert_eq!(fresh.other.component("d2").await.expect("read"), None);
    let revision = RevisionRecord {
        id: RevisionId::new("r1"),
        provider: ProviderName::new("example"),
        component: "d1".to_owned(),
        configuration: "{}".to_owned(),
        created_at: NOW,
    };
    fresh.one.put_revision(&revision).await.expect("written");
    let later = RevisionRecord {
        created_at: NOW + 1,
        ..revision.clone()
    };
    fresh.one.put_revision(&later).await.expect("passed over");
    assert_eq!(
        fresh.other.revision(&revision.id).await.expect("read"),
        Some(revision)
    );
    assert_eq!(
        fresh
            .other
            .revision(&RevisionId::new("r2"))
            .await
            .expect("read"),
        None
    );
}

pub(crate) async fn metadata(fresh: &Fresh) {
    let (provider, other) = (ProviderName::new("example"), ProviderName::new("other"));
    let record = |document: &str, fetched_at| MetadataRecord {
        document: document.to_owned(),
        fetched_at,
        mac: format!("mac of {document}"),
    };
    for (new, stands) in [
        (record("1", NOW), record("1", NOW)),
        (record("2", NOW + 5), record("2", NOW + 5)),
        (record("slow", NOW + 1), record("2", NOW + 5)),
        (record("3", NOW + 5), record("3", NOW + 5)),
    ] {
        fresh
            .one
            .put_metadata(&provider, "u1", &new)
            .await
            .expect("written");
        let read = fresh.other.metadata(&provider, "u1").await.expect("read");
        assert_eq!(read, Some(stands));
    }
    assert_eq!(
        fresh.other.metadata(&provider, "u2").await.expect("read"),
        None
    );
    assert_eq!(
        fresh.other.metadata(&other, "u1").await.expect("read"),
        None
    );
}

pub(crate) async fn handoffs(fresh: &Fresh) {
    for hash in ["h1", "h2"] {
        let put = fresh.one.put_handoff(hash, &sealed(hash), NOW + 10).await;
        put.expect("written");
    }
    assert!(
        fresh
            .other
            .put_handoff("h1", &sealed("x"), NOW + 10)
            .await
            .is_err()
    );
    let results = race(fresh, |store, _| async move {
        store.take_handoff("h1", NOW + 9).await.expect("answered")
    })
    .await;
    assert_eq!(count(&results, &Some(sealed("h1"))), 1);
    assert_eq!(count(&results, &None), RACERS - 1);
    // Too late, and then gone.
    for now in [NOW + 10, NOW] {
        assert_eq!(
            fresh.one.take_handoff("h2", now).await.expect("answered"),
            None
        );
    }
    assert_eq!(
        fresh.one.take_handoff("h3", NOW).await.expect("answered"),
        None
    );
}

pub(crate) async fn it_answers(fresh: &Fresh) {
    let results = race(fresh, |store, _| async move { store.ping().await.is_ok() }).await;
    assert_eq!(count(&results, &true), RACERS);
}
