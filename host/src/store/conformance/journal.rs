//! The journal: intents, answers, and who may write them.

use super::*;
use crate::store::FirstWrite;
use celadon_workflows::types::Outcome;

pub(crate) async fn intents_and_answers(fresh: &Fresh) {
    let login = begun(fresh).await;
    let id = login.as_str();
    for (series, sequence) in [
        ("obtain", 1),
        ("obtain", 0),
        ("identify", 0),
        ("obtain", 10),
    ] {
        let request = format!("{series}{sequence}");
        let written = fresh
            .one
            .journal_intent(id, series, sequence, &request, NOW)
            .await;
        assert_eq!(written.expect("written"), FirstWrite::Written);
    }
    fresh
        .one
        .journal_answer(id, "obtain", 0, &sealed("a0"))
        .await
        .expect("written");
    fresh
        .one
        .journal_answer(id, "obtain", 0, &sealed("later"))
        .await
        .expect("passed over");
    // The request of 10 was not sent; that of 0 was, since it has an answer.
    for sequence in [0, 10, 99] {
        fresh
            .one
            .journal_withdraw(id, "obtain", sequence)
            .await
            .expect("answered");
    }
    let entries = fresh.other.journal(id, "obtain").await.expect("read");
    let seen: Vec<_> = entries
        .iter()
        .map(|entry| (entry.sequence, entry.request.as_str(), entry.answer.clone()))
        .collect();
    assert_eq!(
        seen,
        [(0, "obtain0", Some(sealed("a0"))), (1, "obtain1", None)]
    );
    let again = fresh
        .one
        .journal_intent(id, "obtain", 10, "again", NOW)
        .await;
    assert_eq!(again.expect("written"), FirstWrite::Written);
    assert_eq!(
        fresh
            .other
            .journal(id, "identify")
            .await
            .expect("read")
            .len(),
        1
    );
    assert!(
        fresh
            .other
            .journal("x", "obtain")
            .await
            .expect("read")
            .is_empty()
    );
}

pub(crate) async fn one_intent_wins(fresh: &Fresh) {
    let login = begun(fresh).await;
    for id in [login.as_str().to_owned(), "refresh:g1".to_owned()] {
        let results = race(fresh, |store, _| {
            let id = id.clone();
            async move {
                let written = store.journal_intent(&id, "obtain", 0, "same", NOW).await;
                written.expect("answered")
            }
        })
        .await;
        assert_eq!(count(&results, &FirstWrite::Written), 1);
        assert_eq!(count(&results, &FirstWrite::Refused), RACERS - 1);
    }
}

pub(crate) async fn no_intent_after_the_end(fresh: &Fresh) {
    let login = begun(fresh).await;
    let id = login.as_str();
    fresh
        .one
        .journal_intent(id, "obtain", 0, "r", NOW)
        .await
        .expect("written");
    fresh
        .one
        .conclude_attempt(&login, &Outcome::Cancelled)
        .await
        .expect("ended");
    let zombie = fresh.other.journal_intent(id, "obtain", 0, "r", NOW).await;
    assert_eq!(zombie.expect("answered"), FirstWrite::Refused);
    fresh
        .other
        .journal_answer(id, "obtain", 0, &sealed("late"))
        .await
        .expect("passed over");
    assert!(
        fresh
            .one
            .journal(id, "obtain")
            .await
            .expect("read")
            .is_empty()
    );
}
