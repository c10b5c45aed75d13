//! Whose an identity is, and who may write a grant.

use super::persist::persist;
use super::*;
use crate::store::{GrantVersion, PersistOutcome, RenewedTokens};
use celadon_workflows::types::{AuthorizationId, IdentityId, UserId};

async fn connecting(fresh: &Fresh, client: Option<&str>, name: &str, subject: &str) -> NewGrant {
    NewGrant {
        client: client.map(str::to_owned),
        client_user: Some(name.to_owned()),
        ..new_grant(&begun(fresh).await, subject)
    }
}

pub(crate) async fn users_are_the_clients(fresh: &Fresh) {
    let first = persist(fresh, &connecting(fresh, Some("shop"), "ann", "s1").await).await;
    let second = persist(fresh, &connecting(fresh, Some("shop"), "ann", "s2").await).await;
    assert_eq!(first.user, second.user);
    assert_ne!(first.identity, second.identity);
    assert_eq!(
        fresh
            .other
            .authorizations(&first.user)
            .await
            .expect("read")
            .len(),
        2
    );
    // A name is its client's own.
    let elsewhere = persist(fresh, &connecting(fresh, Some("bank"), "ann", "s3").await).await;
    assert_ne!(elsewhere.user, first.user);
    let nobodys = persist(fresh, &connecting(fresh, None, "ann", "s4").await).await;
    assert_ne!(nobodys.user, first.user);
    // One who signed in before, by a browser, is the user whom the client names from now on.
    let browser = persist(fresh, &new_grant(&begun(fresh).await, "s5")).await;
    let named = persist(fresh, &connecting(fresh, Some("shop"), "eve", "s5").await).await;
    assert_eq!(named.user, browser.user);
    let more = persist(fresh, &connecting(fresh, Some("shop"), "eve", "s6").await).await;
    assert_eq!(more.user, browser.user);
}

pub(crate) async fn two_users_stay_two(fresh: &Fresh) {
    let ann = persist(fresh, &connecting(fresh, Some("shop"), "ann", "s1").await).await;
    let bob = persist(fresh, &connecting(fresh, Some("shop"), "bob", "s2").await).await;
    let events = fresh.one.audit_events(10).await.expect("read").len();
    // Bob's identity under Ann's name, and Ann's under a name that is new.
    for (name, subject) in [("ann", "s2"), ("carol", "s1")] {
        let mut grant = connecting(fresh, Some("shop"), name, subject).await;
        grant.tokens = sealed("stolen");
        let answer = fresh.other.persist_grant(&grant).await.expect("answered");
        assert_eq!(answer, PersistOutcome::OwnedByAnother);
        let attempt = fresh
            .one
            .attempt(&grant.login)
            .await
            .expect("read")
            .expect("there");
        assert_eq!(attempt.outcome, None);
    }
    assert_eq!(
        fresh.one.audit_events(10).await.expect("read").len(),
        events
    );
    for persisted in [&ann, &bob] {
        let stored = fresh.one.authorization(&persisted.authorization).await;
        let stored = stored.expect("read").expect("there");
        assert_eq!(
            (stored.tokens, stored.user),
            (sealed("tokens"), persisted.user.clone())
        );
    }
    // Carol is still free for somebody new.
    let carol = persist(fresh, &connecting(fresh, Some("shop"), "carol", "s3").await).await;
    assert!(carol.user != ann.user && carol.user != bob.user);
}

fn renewed(text: &str) -> RenewedTokens {
    RenewedTokens {
        tokens: sealed(text),
        renewable: false,
        scope: "email".to_owned(),
        token_type: "DPoP".to_owned(),
        expires_at: Some(NOW + 7200),
        now: NOW,
    }
}

pub(crate) async fn one_renewal_wins(fresh: &Fresh) {
    let id = persist(fresh, &new_grant(&begun(fresh).await, "s1"))
        .await
        .authorization;
    let before = fresh
        .one
        .authorization(&id)
        .await
        .expect("read")
        .expect("there");
    // All within one second.
    for round in 0..3 {
        let seen = fresh
            .other
            .authorization(&id)
            .await
            .expect("read")
            .expect("there")
            .version;
        let marked = fresh.one.mark_needs_reauth(&id, seen, "spent").await;
        assert!(marked.expect("marked"));
        fresh
            .one
            .mark_refresh_failed(&id, NOW)
            .await
            .expect("marked");
        let results = race(fresh, |store, racer| {
            let (id, tokens) = (id.clone(), renewed(&format!("{round}-{racer}")));
            async move {
                store
                    .renew_tokens(&id, seen, &tokens)
                    .await
                    .expect("answered")
            }
        })
        .await;
        assert_eq!(count(&results, &true), 1);
        let winner = results.iter().position(|won| *won).expect("one won");
        let stored = fresh
            .other
            .authorization(&id)
            .await
            .expect("read")
            .expect("there");
        assert_eq!(stored.tokens, sealed(&format!("{round}-{winner}")));
        assert_eq!(
            (stored.needs_reauth, stored.refresh_failed_at),
            (None, None)
        );
        assert_eq!((stored.renewable, stored.scope.as_str()), (false, "email"));
        assert_eq!(
            (stored.token_type.as_str(), stored.expires_at),
            ("DPoP", Some(NOW + 7200))
        );
        assert_eq!(
            (&stored.user, stored.created_at),
            (&before.user, before.created_at)
        );
        assert_ne!(stored.version, seen);
    }
}

pub(crate) async fn marks_are_for_what_was_seen(fresh: &Fresh) {
    let id = persist(fresh, &new_grant(&begun(fresh).await, "s1"))
        .await
        .authorization;
    let seen = fresh
        .one
        .authorization(&id)
        .await
        .expect("read")
        .expect("there")
        .version;
    persist(fresh, &new_grant(&begun(fresh).await, "s1")).await;
    // The user signed in while the refresh was under way: its failure says nothing any more.
    assert!(
        !fresh
            .one
            .mark_needs_reauth(&id, seen, "spent")
            .await
            .expect("answered")
    );
    assert!(
        !fresh
            .one
            .renew_tokens(&id, seen, &renewed("late"))
            .await
            .expect("answered")
    );
    let stored = fresh
        .one
        .authorization(&id)
        .await
        .expect("read")
        .expect("there");
    assert_eq!(
        (stored.needs_reauth, stored.tokens),
        (None, sealed("tokens"))
    );
    let marked = fresh
        .other
        .mark_needs_reauth(&id, stored.version, "spent")
        .await;
    assert!(marked.expect("marked"));
    fresh
        .other
        .mark_refresh_failed(&id, NOW + 2)
        .await
        .expect("marked");
    let after = fresh
        .one
        .authorization(&id)
        .await
        .expect("read")
        .expect("there");
    assert_eq!(after.needs_reauth.as_deref(), Some("spent"));
    assert_eq!(
        (after.refresh_failed_at, after.version),
        (Some(NOW + 2), stored.version)
    );
}

pub(crate) async fn unknown_ids_are_none(fresh: &Fresh) {
    let id = AuthorizationId::new("x");
    let seen = GrantVersion(1);
    assert!(fresh.one.authorization(&id).await.expect("read").is_none());
    assert!(
        fresh
            .one
            .identity(&IdentityId::new("x"))
            .await
            .expect("read")
            .is_none()
    );
    assert!(
        fresh
            .one
            .authorizations(&UserId::new("x"))
            .await
            .expect("read")
            .is_empty()
    );
    assert!(
        !fresh
            .one
            .renew_tokens(&id, seen, &renewed("t"))
            .await
            .expect("answered")
    );
    assert!(
        !fresh
            .one
            .mark_needs_reauth(&id, seen, "spent")
            .await
            .expect("answered")
    );
    fresh
        .one
        .mark_refresh_failed(&id, NOW)
        .await
        .expect("passed over");
}
