//! What every backend must do, whatever it is made of.
//!
//! A backend's tests call [`suite!`] with a function that makes an empty store with two handles,
//! as two instances of a fleet would have them. Each check gets a store of its own.

pub(super) mod accounts;
pub(super) mod admission;
pub(super) mod attempts;
pub(super) mod ends;
pub(super) mod journal;
pub(super) mod persist;
pub(super) mod sealed_rows;
pub(super) mod short_lived;
pub(super) mod sweep;

use super::{Admission, InFlight, NewAttempt, NewGrant, SharedStore};
use crate::clock::Timestamp;
use crate::random;
use crate::seal::Sealed;
use celadon_workflows::types::{LoginId, ProviderName, RevisionId};
use std::any::Any;
use std::future::Future;

/// When it is, unless a check says otherwise.
const NOW: Timestamp = 1_800_000_000;
/// As many as run at once where only one may win.
const RACERS: usize = 20;

/// An empty store.
pub(super) struct Fresh {
    /// A handle.
    pub one: SharedStore,
    /// Another handle on the same store.
    pub other: SharedStore,
    /// What must live as long as the store.
    pub _keep: Box<dyn Any>,
}

/// One test for each check of the suite.
macro_rules! suite {
    ($fresh:path) => {
        $crate::store::conformance::suite! { $fresh;
            attempts: read_as_inserted, one_attempt_a_workflow, first_binding_counts,
                first_callback_counts, nothing_begins_after_the_end;
            ends: an_end_wipes, first_outcome_stands, first_result_code_counts,
                a_result_is_redeemed_once;
            admission: bounded_in_all, bounded_by_address, ends_make_room, exact_in_a_race;
            journal: intents_and_answers, one_intent_wins, no_intent_after_the_end;
            persist: writes_everything, the_same_login_answers_the_same, a_second_login_renews,
                an_ended_login_writes_nothing, a_new_identity_is_made_once;
            accounts: users_are_the_clients, nobody_is_connected_before_the_code_is_redeemed,
                two_users_stay_two, one_renewal_wins,
                marks_are_for_what_was_seen, a_rejected_token_expires_once_in_a_while,
                unknown_ids_are_none;
            short_lived: sessions, audit_trail, components, metadata, handoffs, it_answers;
            sealed_rows: values_are_counted_by_place_and_key;
            sweep: what_is_over_goes, in_batches;
        }
    };
    ($fresh:path; $($subject:ident: $($check:ident),+;)+) => {
        $(mod $subject {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                let fresh = $fresh().await;
                $crate::store::conformance::$subject::$check(&fresh).await;
            })+
        })+
    };
}
pub(super) use suite;

/// Runs the same thing many times at once, on both handles by turns.
async fn race<T, F>(fresh: &Fresh, run: impl Fn(SharedStore, usize) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let tasks: Vec<_> = (0..RACERS)
        .map(|racer| {
            let store = if racer % 2 == 0 {
                &fresh.one
            } else {
                &fresh.other
            };
            tokio::spawn(run(store.clone(), racer))
        })
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.expect("no racer panics"));
    }
    results
}

fn count<T: PartialEq>(results: &[T], wanted: &T) -> usize {
    results.iter().filter(|result| *result == wanted).count()
}

fn sealed(text: &str) -> Sealed {
    Sealed::from_bytes(text.as_bytes().to_vec())
}

/// An attempt like those that a browser begins, with ten minutes to go.
fn new_attempt() -> NewAttempt {
    let id = LoginId::new(random::sha256_hex(&random::bytes::<32>()));
    NewAttempt {
        workflow_id: id.workflow_id(),
        id,
        provider: ProviderName::new("example"),
        revision: RevisionId::new("r1"),
        client: None,
        user: None,
        return_to: "/".to_owned(),
        binding: None,
        address: None,
        created_at: NOW,
        expires_at: NOW + 600,
        secrets: sealed("secrets"),
    }
}

const ROOMY: InFlight = InFlight {
    total: 1000,
    per_address: 1000,
};

async fn admit(fresh: &Fresh, attempt: &NewAttempt) -> LoginId {
    let admission = fresh.one.insert_attempt(attempt, ROOMY).await;
    assert_eq!(admission.expect("inserted"), Admission::Admitted);
    attempt.id.clone()
}

/// A new attempt, inserted.
async fn begun(fresh: &Fresh) -> LoginId {
    admit(fresh, &new_attempt()).await
}

/// A grant that a login earned.
fn new_grant(login: &LoginId, subject: &str) -> NewGrant {
    NewGrant {
        login: login.clone(),
        provider: ProviderName::new("example"),
        issuer: "https://issuer.example".to_owned(),
        subject: subject.to_owned(),
        email: Some("ann@example.com".to_owned()),
        email_verified: true,
        profile: sealed("profile"),
        client: None,
        tokens: sealed("tokens"),
        renewable: true,
        scope: "openid email".to_owned(),
        token_type: "Bearer".to_owned(),
        expires_at: Some(NOW + 3600),
        now: NOW,
    }
}
