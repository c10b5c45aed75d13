//! Attempts: what only the first may write.

use super::*;
use crate::store::{FirstWrite, StoreError};
use celadon_workflows::types::Outcome;

pub(crate) async fn read_as_inserted(fresh: &Fresh) {
    let mut full = new_attempt();
    full.workflow_id = "somebody-elses-name".to_owned();
    full.client = Some("shop".to_owned());
    full.user = Some("ann".to_owned());
    full.return_to = "/basket?ü='\"--".to_owned();
    full.binding = Some("cookie".to_owned());
    full.address = Some("address".to_owned());
    for attempt in [full, new_attempt()] {
        admit(fresh, &attempt).await;
        let by_id = fresh.other.attempt(&attempt.id).await.expect("read");
        let by_workflow = fresh.other.attempt_of_workflow(&attempt.workflow_id).await;
        let record = by_id.expect("it is there");
        assert_eq!(format!("{:?}", record.attempt), format!("{attempt:?}"));
        assert_eq!(record.attempt.secrets, attempt.secrets);
        assert_eq!(
            format!("{:?}", by_workflow.expect("read")),
            format!("{:?}", Some(&record))
        );
        assert_eq!(record.callback_digest, None);
        assert_eq!(
            (record.callback, record.tokens, record.profile),
            (None, None, None)
        );
        assert_eq!((record.outcome, record.result_redeemed), (None, false));
    }
    assert!(
        fresh
            .one
            .attempt(&LoginId::new("x"))
            .await
            .expect("read")
            .is_none()
    );
    assert!(
        fresh
            .one
            .attempt_of_workflow("x")
            .await
            .expect("read")
            .is_none()
    );
}

pub(crate) async fn one_attempt_a_workflow(fresh: &Fresh) {
    let results = race(fresh, |store, _| async move {
        let mut attempt = new_attempt();
        attempt.workflow_id = "contested".to_owned();
        match store.insert_attempt(&attempt, ROOMY).await {
            Ok(admission) => Some(admission),
            Err(StoreError::Exists) => None,
            Err(error) => panic!("{error}"),
        }
    })
    .await;
    assert_eq!(count(&results, &Some(Admission::Admitted)), 1);
    assert_eq!(count(&results, &None), RACERS - 1);
}

pub(crate) async fn first_binding_counts(fresh: &Fresh) {
    let login = begun(fresh).await;
    let results = race(fresh, |store, racer| {
        let login = login.clone();
        async move {
            store
                .bind_attempt(&login, &format!("b{racer}"), NOW)
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
    let binding = format!("b{}", winner.expect("one won"));
    let record = fresh
        .one
        .attempt(&login)
        .await
        .expect("read")
        .expect("there");
    assert_eq!(record.attempt.binding.as_deref(), Some(binding.as_str()));
    let again = |now| fresh.other.bind_attempt(&login, &binding, now);
    assert_eq!(again(NOW + 599).await.expect("answered"), FirstWrite::Same);
    assert_eq!(
        again(NOW + 600).await.expect("answered"),
        FirstWrite::Refused
    );
}

pub(crate) async fn first_callback_counts(fresh: &Fresh) {
    let login = begun(fresh).await;
    let results = race(fresh, |store, racer| {
        let login = login.clone();
        async move {
            let digest = format!("d{racer}");
            let put = store
                .put_callback(&login, &digest, &sealed(&digest), NOW)
                .await;
            put.expect("answered")
        }
    })
    .await;
    assert_eq!(count(&results, &FirstWrite::Written), 1);
    assert_eq!(count(&results, &FirstWrite::Refused), RACERS - 1);
    let record = fresh
        .one
        .attempt(&login)
        .await
        .expect("read")
        .expect("there");
    let digest = record.callback_digest.expect("one won");
    assert_eq!(record.callback, Some(sealed(&digest)));
    fresh
        .one
        .conclude_attempt(&login, &Outcome::Cancelled)
        .await
        .expect("ended");
    // A browser that loads the callback again is told what became of it.
    for (digest, wanted) in [
        (digest.as_str(), FirstWrite::Same),
        ("other", FirstWrite::Refused),
    ] {
        let again = fresh
            .other
            .put_callback(&login, digest, &sealed("x"), NOW + 9999)
            .await;
        assert_eq!(again.expect("answered"), wanted);
    }
}

pub(crate) async fn nothing_begins_after_the_end(fresh: &Fresh) {
    let (late, over) = (begun(fresh).await, begun(fresh).await);
    fresh
        .one
        .conclude_attempt(&over, &Outcome::Cancelled)
        .await
        .expect("ended");
    for (login, now) in [(&late, NOW + 600), (&over, NOW), (&LoginId::new("x"), NOW)] {
        let bound = fresh.other.bind_attempt(login, "b", now).await;
        assert_eq!(bound.expect("answered"), FirstWrite::Refused);
        let put = fresh
            .other
            .put_callback(login, "d", &sealed("d"), now)
            .await;
        assert_eq!(put.expect("answered"), FirstWrite::Refused);
    }
    fresh
        .other
        .put_tokens(&over, &sealed("tokens"))
        .await
        .expect("passed over");
    fresh
        .other
        .put_profile(&over, &sealed("profile"))
        .await
        .expect("passed over");
    let record = fresh
        .one
        .attempt(&over)
        .await
        .expect("read")
        .expect("there");
    assert_eq!(
        (record.tokens, record.profile, record.callback),
        (None, None, None)
    );
}
