//! The end of a login that succeeded.

use super::*;
use crate::store::{GrantVersion, PersistOutcome, StoreError};
use celadon_workflows::types::{Outcome, Persisted};

/// Persists a grant that nothing speaks against.
pub(super) async fn persist(fresh: &Fresh, grant: &NewGrant) -> Persisted {
    match fresh.one.persist_grant(grant).await.expect("answered") {
        PersistOutcome::Persisted(persisted) => persisted,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn writes_everything(fresh: &Fresh) {
    let login = begun(fresh).await;
    let id = login.as_str();
    let mut grant = new_grant(&login, "s1");
    grant.client = Some("shop".to_owned());
    fresh
        .one
        .put_callback(&login, "d", &sealed("callback"), NOW)
        .await
        .expect("put");
    fresh
        .one
        .put_tokens(&login, &sealed("tokens"))
        .await
        .expect("put");
    fresh
        .one
        .put_profile(&login, &sealed("profile"))
        .await
        .expect("put");
    fresh
        .one
        .journal_intent(id, "obtain", 0, "r", NOW)
        .await
        .expect("put");
    let persisted = persist(fresh, &grant).await;
    identity_is_written(fresh, &grant, &persisted).await;
    authorization_is_written(fresh, &grant, &persisted).await;

    let attempt = fresh
        .other
        .attempt(&login)
        .await
        .expect("read")
        .expect("there");
    assert!(attempt.attempt.secrets.is_empty());
    assert_eq!(
        (attempt.callback, attempt.tokens, attempt.profile),
        (None, None, None)
    );
    let Persisted {
        authorization,
        identity,
        user,
    } = persisted;
    let who = format!("user:{user}");
    assert_eq!(
        attempt.outcome,
        Some(Outcome::SignedIn {
            authorization,
            identity,
            user
        })
    );
    assert!(
        fresh
            .other
            .journal(id, "obtain")
            .await
            .expect("read")
            .is_empty()
    );
    let events = fresh.other.audit_events(10).await.expect("read");
    assert_eq!(events.len(), 1);
    assert_eq!(
        (events[0].what.as_str(), &events[0].who),
        ("login.signed_in", &who)
    );
    assert_eq!(
        (&events[0].login, &events[0].provider),
        (&Some(login), &Some(grant.provider))
    );
}

async fn identity_is_written(fresh: &Fresh, grant: &NewGrant, persisted: &Persisted) {
    let identity = fresh
        .other
        .identity(&persisted.identity)
        .await
        .expect("read")
        .expect("there");
    assert_eq!(
        (&identity.id, &identity.user),
        (&persisted.identity, &persisted.user)
    );
    assert_eq!(
        (&identity.namespace, &identity.issuer),
        (&grant.provider, &grant.issuer)
    );
    assert_eq!(
        (&identity.subject, &identity.email),
        (&grant.subject, &grant.email)
    );
    assert_eq!(
        (identity.email_verified, &identity.profile),
        (true, &grant.profile)
    );
    assert_eq!((identity.created_at, identity.updated_at), (NOW, NOW));
}

async fn authorization_is_written(fresh: &Fresh, grant: &NewGrant, persisted: &Persisted) {
    let stored = fresh.other.authorization(&persisted.authorization).await;
    let stored = stored.expect("read").expect("there");
    assert_eq!(
        (&stored.id, &stored.provider),
        (&persisted.authorization, &grant.provider)
    );
    assert_eq!(
        (&stored.user, &stored.identity),
        (&persisted.user, &persisted.identity)
    );
    assert_eq!(
        (&stored.client, &stored.tokens),
        (&grant.client, &grant.tokens)
    );
    assert_eq!((stored.renewable, &stored.scope), (true, &grant.scope));
    assert_eq!(
        (&stored.token_type, stored.expires_at),
        (&grant.token_type, grant.expires_at)
    );
    assert_eq!((stored.created_at, stored.updated_at), (NOW, NOW));
    assert_eq!(
        (stored.needs_reauth, stored.refresh_failed_at),
        (None, None)
    );
}

pub(crate) async fn the_same_login_answers_the_same(fresh: &Fresh) {
    let login = begun(fresh).await;
    let results = race(fresh, |store, racer| {
        let mut grant = new_grant(&login, "s1");
        grant.tokens = sealed(&racer.to_string());
        async move { store.persist_grant(&grant).await.expect("answered") }
    })
    .await;
    assert!(matches!(results[0], PersistOutcome::Persisted(_)));
    assert_eq!(count(&results, &results[0]), RACERS);
    assert_eq!(fresh.one.audit_events(10).await.expect("read").len(), 1);
    let PersistOutcome::Persisted(persisted) = &results[0] else {
        unreachable!("checked above");
    };
    let stored = fresh.one.authorization(&persisted.authorization).await;
    assert_eq!(
        stored.expect("read").expect("there").version,
        GrantVersion(1)
    );
    let signed_in = fresh
        .one
        .conclude_attempt(&login, &Outcome::Cancelled)
        .await;
    assert!(matches!(
        signed_in.expect("answered"),
        Some(Outcome::SignedIn { .. })
    ));
}

pub(crate) async fn a_second_login_renews(fresh: &Fresh) {
    let first = persist(fresh, &new_grant(&begun(fresh).await, "s1")).await;
    let id = &first.authorization;
    let marked = fresh
        .one
        .mark_needs_reauth(id, GrantVersion(1), "spent")
        .await;
    assert!(marked.expect("marked"));
    fresh
        .one
        .mark_refresh_failed(id, NOW + 1)
        .await
        .expect("marked");
    let mut grant = new_grant(&begun(fresh).await, "s1");
    (grant.email, grant.email_verified) = (None, false);
    (grant.tokens, grant.profile) = (sealed("tokens 2"), sealed("profile 2"));
    (grant.renewable, grant.expires_at, grant.now) = (false, None, NOW + 5);
    assert_eq!(persist(fresh, &grant).await, first);
    let stored = fresh
        .other
        .authorization(id)
        .await
        .expect("read")
        .expect("there");
    assert_eq!(
        (stored.version, stored.tokens),
        (GrantVersion(2), sealed("tokens 2"))
    );
    assert_eq!((stored.renewable, stored.expires_at), (false, None));
    assert_eq!((stored.created_at, stored.updated_at), (NOW, NOW + 5));
    assert_eq!(
        (stored.needs_reauth, stored.refresh_failed_at),
        (None, None)
    );
    let identity = fresh
        .other
        .identity(&first.identity)
        .await
        .expect("read")
        .expect("there");
    assert_eq!((identity.email, identity.email_verified), (None, false));
    assert_eq!(identity.profile, sealed("profile 2"));
    assert_eq!((identity.created_at, identity.updated_at), (NOW, NOW + 5));

    // Through a client the same identity has a grant of its own, and is the same user's.
    let mut grant = new_grant(&begun(fresh).await, "s1");
    (grant.client, grant.now) = (Some("shop".to_owned()), NOW + 9);
    let shops = persist(fresh, &grant).await;
    assert_eq!(
        (&shops.identity, &shops.user),
        (&first.identity, &first.user)
    );
    assert_ne!(shops.authorization, first.authorization);
    let all = fresh.other.authorizations(&first.user).await.expect("read");
    let ids: Vec<_> = all.into_iter().map(|grant| grant.id).collect();
    assert_eq!(ids, [shops.authorization, first.authorization]);

    // The same subject elsewhere is somebody else.
    let mut grant = new_grant(&begun(fresh).await, "s1");
    grant.issuer = "https://other.example".to_owned();
    assert_ne!(persist(fresh, &grant).await.user, first.user);
}

pub(crate) async fn an_ended_login_writes_nothing(fresh: &Fresh) {
    let login = begun(fresh).await;
    fresh
        .one
        .conclude_attempt(&login, &Outcome::Cancelled)
        .await
        .expect("ended");
    for (login, wanted) in [
        (login, Outcome::Cancelled),
        (LoginId::new("x"), Outcome::Expired),
    ] {
        let answer = fresh.other.persist_grant(&new_grant(&login, "s1")).await;
        assert_eq!(answer.expect("answered"), PersistOutcome::Ended(wanted));
    }
    assert!(fresh.one.audit_events(10).await.expect("read").is_empty());
}

pub(crate) async fn a_new_identity_is_made_once(fresh: &Fresh) {
    let mut logins = Vec::new();
    for _ in 0..RACERS {
        logins.push(begun(fresh).await);
    }
    let results = race(fresh, |store, racer| {
        let grant = new_grant(&logins[racer], "s1");
        async move {
            store
                .persist_grant(&grant)
                .await
                .map_err(|error: StoreError| error.to_string())
        }
    })
    .await;
    assert!(matches!(results[0], Ok(PersistOutcome::Persisted(_))));
    assert_eq!(count(&results, &results[0]), RACERS);
}
