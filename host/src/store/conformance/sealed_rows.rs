//! Counting sealed values.

use super::persist::persist;
use super::*;
use crate::seal::{Context, KeyId, KeyRing};
use crate::store::SealedCount;

pub(crate) async fn values_are_counted_by_place_and_key(fresh: &Fresh) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ring");
    let ring = KeyRing::open_or_create(&path).expect("a ring");
    let old = ring.list()[0].id;
    let seal = |text: &str| ring.seal(&Context::new("any", "row"), text.as_bytes());
    let grant = |login: &LoginId, subject: &str| {
        let mut grant = new_grant(login, subject);
        (grant.profile, grant.tokens) = (seal("profile"), seal("tokens"));
        grant
    };
    let none = fresh.one.count_sealed().await.expect("counted");
    assert_eq!(none, [], "an empty store");
    let attempt = NewAttempt {
        secrets: seal("secrets"),
        ..new_attempt()
    };
    let first = admit(fresh, &attempt).await;
    persist(fresh, &grant(&first, "s1")).await;
    let new = KeyRing::rotate(&path).expect("rotated");
    assert!(ring.reload().expect("read"));
    let second = begun(fresh).await;
    persist(fresh, &grant(&second, "s2")).await;
    let attempt = NewAttempt {
        secrets: seal("secrets"),
        ..new_attempt()
    };
    admit(fresh, &attempt).await;
    begun(fresh).await;
    let counts = fresh.other.count_sealed().await.expect("counted");
    let number = |place: &str, key: Option<KeyId>| {
        let mut found = counts
            .iter()
            .filter(|it| it.place == place && it.key == key);
        let rows = found.next().map(|SealedCount { rows, .. }| *rows);
        assert!(found.next().is_none(), "{counts:?}");
        rows
    };
    for place in ["authorizations.tokens", "identities.profile"] {
        assert_eq!(number(place, Some(old)), Some(1), "{counts:?}");
        assert_eq!(number(place, Some(new)), Some(1), "{counts:?}");
    }
    // The first two attempts have ended and are wiped; what `begun` stores is no sealed value.
    assert_eq!(number("attempts.secrets", Some(old)), None, "{counts:?}");
    assert_eq!(number("attempts.secrets", Some(new)), Some(1), "{counts:?}");
    assert_eq!(number("attempts.secrets", None), Some(1), "{counts:?}");
}
