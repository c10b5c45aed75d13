//! Ends of logins, and the results that clients fetch.

use super::*;
use crate::store::{FirstWrite, Redeemed};
use celadon_workflows::types::{Outcome, Reason, Refusal};

pub(crate) async fn an_end_wipes(fresh: &Fresh) {
    let (login, bystander) = (begun(fresh).await, begun(fresh).await);
    for login in [&login, &bystander] {
        let id = login.as_str();
        fresh
            .one
            .put_callback(login, "d", &sealed("callback"), NOW)
            .await
            .expect("put");
        fresh
            .one
            .put_tokens(login, &sealed("tokens"))
            .await
            .expect("put");
        fresh
            .one
            .put_profile(login, &sealed("profile"))
            .await
            .expect("put");
        fresh
            .one
            .journal_intent(id, "obtain", 0, "r", NOW)
            .await
            .expect("put");
        fresh
            .one
            .journal_answer(id, "obtain", 0, &sealed("answer"))
            .await
            .expect("put");
        let record = fresh
            .other
            .attempt(login)
            .await
            .expect("read")
            .expect("there");
        assert_eq!(record.callback, Some(sealed("callback")));
        assert_eq!(record.tokens, Some(sealed("tokens")));
        assert_eq!(record.profile, Some(sealed("profile")));
    }
    let refused = Outcome::Refused(Refusal::new(Reason::InvalidGrant, "spent"));
    let stands = fresh.other.conclude_attempt(&login, &refused).await;
    assert_eq!(stands.expect("ended"), Some(refused.clone()));
    let record = fresh
        .one
        .attempt(&login)
        .await
        .expect("read")
        .expect("there");
    assert!(record.attempt.secrets.is_empty());
    assert_eq!(
        (record.callback, record.tokens, record.profile),
        (None, None, None)
    );
    assert_eq!(record.outcome, Some(refused));
    assert!(
        fresh
            .one
            .journal(login.as_str(), "obtain")
            .await
            .expect("read")
            .is_empty()
    );
    let record = fresh
        .one
        .attempt(&bystander)
        .await
        .expect("read")
        .expect("there");
    assert_eq!(
        (record.attempt.secrets, record.outcome),
        (sealed("secrets"), None)
    );
    assert_eq!(
        fresh
            .one
            .journal(bystander.as_str(), "obtain")
            .await
            .expect("read")
            .len(),
        1
    );
}

pub(crate) async fn first_outcome_stands(fresh: &Fresh) {
    let login = begun(fresh).await;
    let results = race(fresh, |store, racer| {
        let login = login.clone();
        async move {
            let ours = Outcome::Refused(Refusal::new(Reason::AccessDenied, racer.to_string()));
            store
                .conclude_attempt(&login, &ours)
                .await
                .expect("answered")
        }
    })
    .await;
    assert!(results[0].is_some());
    assert_eq!(count(&results, &results[0]), RACERS);
    let unknown = fresh
        .one
        .conclude_attempt(&LoginId::new("x"), &Outcome::Expired)
        .await;
    assert_eq!(unknown.expect("answered"), None);
}

pub(crate) async fn first_result_code_counts(fresh: &Fresh) {
    let login = begun(fresh).await;
    let results = race(fresh, |store, racer| {
        let login = login.clone();
        async move {
            store
                .put_result_code(&login, &format!("h{racer}"))
                .await
                .expect("answered")
        }
    })
    .await;
    assert_eq!(count(&results, &FirstWrite::Written), 1);
    assert_eq!(count(&results, &FirstWrite::Refused), RACERS - 1);
    let winner = results
        .iter()
        .position(|result| *result == FirstWrite::Written);
    let hash = format!("h{}", winner.expect("one won"));
    let again = fresh.other.put_result_code(&login, &hash).await;
    assert_eq!(again.expect("answered"), FirstWrite::Same);
    let unknown = fresh.other.put_result_code(&LoginId::new("x"), &hash).await;
    assert_eq!(unknown.expect("answered"), FirstWrite::Refused);
}

pub(crate) async fn a_result_is_redeemed_once(fresh: &Fresh) {
    let mut attempt = new_attempt();
    attempt.client = Some("shop".to_owned());
    let refused = Redeemed::Refused;
    let (login, browsers) = (admit(fresh, &attempt).await, begun(fresh).await);
    let redeem = |login, client, hash| fresh.one.redeem_result_code(login, client, hash);
    let granted = super::persist::persist(fresh, &new_grant(&login, "s1")).await;
    assert_eq!(
        redeem(&login, "shop", "h").await.expect("no code yet"),
        refused
    );
    for login in [&login, &browsers] {
        fresh.one.put_result_code(login, "h").await.expect("put");
    }
    assert_eq!(
        redeem(&login, "shop", "other").await.expect("another code"),
        refused
    );
    assert_eq!(
        redeem(&login, "other", "h").await.expect("another client"),
        refused
    );
    assert_eq!(
        redeem(&browsers, "", "h").await.expect("no client's login"),
        refused
    );
    let results = race(fresh, |store, _| {
        let login = login.clone();
        async move {
            store
                .redeem_result_code(&login, "shop", "h")
                .await
                .expect("answered")
        }
    })
    .await;
    assert_eq!(count(&results, &Redeemed::Redeemed(granted.user)), 1);
    assert_eq!(count(&results, &refused), RACERS - 1);
    let record = fresh
        .other
        .attempt(&login)
        .await
        .expect("read")
        .expect("there");
    assert!(record.result_redeemed);
}
