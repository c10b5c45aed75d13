//! Whose an identity is, and who may write a grant.

use super::persist::persist;
use super::*;
use crate::store::accounts::REJECTION_PAUSE;
use crate::store::{FirstWrite, GrantVersion, Redeemed, RenewedTokens, SessionRecord};
use celadon_workflows::types::{AuthorizationId, IdentityId, ProviderName, UserId};

/// A client's login for a user of its own, signed in as `subject` and not redeemed yet.
async fn signed_in(fresh: &Fresh, client: &str, name: Option<&str>, subject: &str) -> NewGrant {
    let mut attempt = new_attempt();
    attempt.client = Some(client.to_owned());
    attempt.user = name.map(str::to_owned);
    let login = admit(fresh, &attempt).await;
    let grant = NewGrant {
        client: Some(client.to_owned()),
        ..new_grant(&login, subject)
    };
    persist(fresh, &grant).await;
    let put = fresh.one.put_result_code(&login, "h").await;
    assert_eq!(put.expect("put"), FirstWrite::Written);
    grant
}

async fn redeem(fresh: &Fresh, grant: &NewGrant) -> Redeemed {
    let client = grant.client.as_deref().expect("a client's");
    let redeemed = fresh
        .other
        .redeem_result_code(&grant.login, client, "h")
        .await;
    redeemed.expect("answered")
}

async fn connect(fresh: &Fresh, client: &str, name: &str, subject: &str) -> UserId {
    let grant = signed_in(fresh, client, Some(name), subject).await;
    match redeem(fresh, &grant).await {
        Redeemed::Redeemed(user) => user,
        other => panic!("{other:?}"),
    }
}

async fn owner(fresh: &Fresh, subject: &str) -> UserId {
    // Signing in by a browser tells whose the identity is.
    persist(fresh, &new_grant(&begun(fresh).await, subject))
        .await
        .user
}

pub(crate) async fn users_are_the_clients(fresh: &Fresh) {
    let first = connect(fresh, "shop", "ann", "s1").await;
    let second = connect(fresh, "shop", "ann", "s2").await;
    assert_eq!(first, second);
    assert_eq!(
        (owner(fresh, "s1").await, owner(fresh, "s2").await),
        (first.clone(), first.clone())
    );
    let grants = fresh.other.authorizations(&first).await.expect("read");
    assert_eq!(grants.len(), 4, "two of the client, two of the browser");
    // A name is its client's own.
    assert_ne!(connect(fresh, "bank", "ann", "s3").await, first);
    // One who signed in before, by a browser, is the user whom the client names from now on.
    let browser = owner(fresh, "s5").await;
    assert_eq!(connect(fresh, "shop", "eve", "s5").await, browser);
    assert_eq!(connect(fresh, "shop", "eve", "s6").await, browser);
}

pub(crate) async fn nobody_is_connected_before_the_code_is_redeemed(fresh: &Fresh) {
    // Somebody was sent the link of a login for another, and opened it.
    let victim = signed_in(fresh, "shop", Some("mallory"), "victim").await;
    let mallory = connect(fresh, "shop", "mallory", "mallory").await;
    let owner_of_victim = owner(fresh, "victim").await;
    assert_ne!(owner_of_victim, mallory);
    // Now that the victim has a life of its own here, not even the code connects the two.
    let session = session_of(fresh, "victim").await;
    fresh.one.insert_session(&session).await.expect("begun");
    assert_eq!(redeem(fresh, &victim).await, Redeemed::OwnedByAnother);
    assert_eq!(owner(fresh, "victim").await, owner_of_victim);
    let record = fresh
        .one
        .attempt(&victim.login)
        .await
        .expect("read")
        .expect("there");
    assert!(!record.result_redeemed, "nothing was written");
}

async fn session_of(fresh: &Fresh, subject: &str) -> SessionRecord {
    let persisted = persist(fresh, &new_grant(&begun(fresh).await, subject)).await;
    SessionRecord {
        hash: "session".to_owned(),
        user: persisted.user,
        identity: persisted.identity,
        provider: ProviderName::new("idp"),
        created_at: NOW,
        seen_at: NOW,
        expires_at: NOW + 60,
    }
}

pub(crate) async fn two_users_stay_two(fresh: &Fresh) {
    let ann = connect(fresh, "shop", "ann", "s1").await;
    let bob = connect(fresh, "shop", "bob", "s2").await;
    // Bob's identity under Ann's name, and Ann's under a name that is new.
    for (name, subject) in [("ann", "s2"), ("carol", "s1")] {
        let grant = signed_in(fresh, "shop", Some(name), subject).await;
        assert_eq!(redeem(fresh, &grant).await, Redeemed::OwnedByAnother);
    }
    assert_eq!(
        (owner(fresh, "s1").await, owner(fresh, "s2").await),
        (ann.clone(), bob.clone())
    );
    // Carol is still free for somebody new.
    let carol = connect(fresh, "shop", "carol", "s3").await;
    assert!(carol != ann && carol != bob);
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

pub(crate) async fn a_rejected_token_expires_once_in_a_while(fresh: &Fresh) {
    let login = begun(fresh).await;
    let id = persist(fresh, &new_grant(&login, "s1")).await.authorization;
    let stored = || async {
        let stored = fresh.one.authorization(&id).await.expect("read");
        stored.expect("there")
    };
    let before = stored().await;
    let reject = |version, now| fresh.other.mark_token_rejected(&id, version, now);
    let later = before.expires_at.expect("it expires") - 2000;
    let other = GrantVersion(before.version.0 + 1);
    assert!(
        !reject(other, later).await.expect("answered"),
        "other tokens"
    );
    assert_eq!(stored().await.expires_at, before.expires_at);

    assert!(reject(before.version, later).await.expect("answered"));
    let after = stored().await;
    assert_eq!(
        (after.expires_at, after.version),
        (Some(later), before.version)
    );
    let soon = later + REJECTION_PAUSE - 1;
    assert!(
        !reject(before.version, soon).await.expect("answered"),
        "too soon"
    );
    assert!(reject(before.version, soon + 1).await.expect("answered"));
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
