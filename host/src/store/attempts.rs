//! Login attempts: what a login has in hand, from its link to its end.

use super::StoreError;
use crate::clock::Timestamp;
use crate::seal::Sealed;
use async_trait::async_trait;
use celadon_workflows::types::{LoginId, Outcome, ProviderName, RevisionId, UserId};

/// A login attempt to insert.
#[derive(Clone, Debug)]
pub struct NewAttempt {
    /// Hash of its state.
    pub id: LoginId,
    /// The workflow that runs it. Ours is named after the id; another Temporal client may name
    /// its own.
    pub workflow_id: String,
    /// The provider.
    pub provider: ProviderName,
    /// The revision it is pinned to.
    pub revision: RevisionId,
    /// The configured client that started it by the API.
    pub client: Option<String>,
    /// That client's own name of the user to connect.
    pub user: Option<String>,
    /// Where the browser goes at the end, already checked.
    pub return_to: String,
    /// Hash of the cookie that binds it to a browser; `None` until one opens it.
    pub binding: Option<String>,
    /// Keyed hash of the network address that began it, to bound logins in flight.
    pub address: Option<String>,
    /// When.
    pub created_at: Timestamp,
    /// Until when a callback counts.
    pub expires_at: Timestamp,
    /// State, nonce, code verifier, scopes, hints, link: sealed.
    pub secrets: Sealed,
}

/// A login attempt as it stands.
#[derive(Clone, Debug)]
pub struct AttemptRecord {
    /// As it was inserted; `binding` as it is now. `secrets` is empty once concluded.
    pub attempt: NewAttempt,
    /// Hash of the callback's parameters, once they came.
    pub callback_digest: Option<String>,
    /// The callback's parameters, sealed.
    pub callback: Option<Sealed>,
    /// The tokens and the token answer, sealed; set when the exchange is done.
    pub tokens: Option<Sealed>,
    /// The identity found, sealed; set when identify is done.
    pub profile: Option<Sealed>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Whether the result code was redeemed.
    pub result_redeemed: bool,
    /// Whether its browser has been given what it earned.
    pub delivered: bool,
}

/// What became of a write that only the first may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstWrite {
    /// We were the first.
    Written,
    /// The same is there already.
    Same,
    /// Something else is there, or the attempt is over.
    Refused,
}

/// Bounds on logins in flight (no outcome and not expired).
#[derive(Clone, Copy, Debug)]
pub struct InFlight {
    /// In all.
    pub total: u32,
    /// From one address.
    pub per_address: u32,
}

/// Whether an attempt was taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It was inserted.
    Admitted,
    /// Too many logins are under way from its address.
    AddressFull,
    /// Too many logins are under way in all.
    Full,
}

/// What became of a redemption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// The result is this user's.
    Redeemed(UserId),
    /// Wrong code, wrong client, or redeemed before.
    Refused,
    /// The identity belongs to another user than the one the client named, or to one whom the
    /// client calls by another name. Nothing was written.
    OwnedByAnother,
}

/// Login attempts.
#[async_trait]
pub trait Attempts: Send + Sync {
    /// Inserts an attempt, unless too many are in flight. [`StoreError::Exists`]: its id or its
    /// workflow has one already.
    async fn insert_attempt(
        &self,
        attempt: &NewAttempt,
        bound: InFlight,
    ) -> Result<Admission, StoreError>;
    /// How many logins are in flight: no outcome and not expired.
    async fn in_flight(&self, now: Timestamp) -> Result<u64, StoreError>;
    /// Reads one.
    async fn attempt(&self, id: &LoginId) -> Result<Option<AttemptRecord>, StoreError>;
    /// Reads the one that a workflow runs.
    async fn attempt_of_workflow(
        &self,
        workflow_id: &str,
    ) -> Result<Option<AttemptRecord>, StoreError>;
    /// Binds an unbound attempt, without outcome and not expired, to a browser. `Same`: it was
    /// bound to this one already.
    async fn bind_attempt(
        &self,
        id: &LoginId,
        binding: &str,
        now: Timestamp,
    ) -> Result<FirstWrite, StoreError>;
    /// Takes in the callback's parameters, the first time, while the attempt has no outcome and
    /// has not expired. `Same`: these came before, whatever became of the attempt since.
    async fn put_callback(
        &self,
        id: &LoginId,
        digest: &str,
        parameters: &Sealed,
        now: Timestamp,
    ) -> Result<FirstWrite, StoreError>;
    /// Keeps the tokens for the steps that follow. Nothing is kept once there is an outcome.
    async fn put_tokens(&self, id: &LoginId, tokens: &Sealed) -> Result<(), StoreError>;
    /// Keeps the identity for the step that follows. Nothing is kept once there is an outcome.
    async fn put_profile(&self, id: &LoginId, profile: &Sealed) -> Result<(), StoreError>;
    /// Records an end without success, if there is no outcome yet, and wipes secrets, callback,
    /// tokens, profile and journal. Answers the outcome that stands; `None`: there is no such
    /// attempt.
    async fn conclude_attempt(
        &self,
        id: &LoginId,
        outcome: &Outcome,
    ) -> Result<Option<Outcome>, StoreError>;
    /// Keeps the hash of the one-time code by which the client fetches the result; the first one
    /// stays.
    async fn put_result_code(&self, id: &LoginId, hash: &str) -> Result<FirstWrite, StoreError>;
    /// Marks that the browser has been given its session or its code: from then on the same callback
    /// is a repetition.
    async fn mark_delivered(&self, id: &LoginId) -> Result<(), StoreError>;
    /// Redeems the one-time code of a login that succeeded, exactly once, for the right client and
    /// hash. Where the client named a user, the identity becomes that user's, in the same
    /// transaction: not before, since anybody may have opened the login's link.
    async fn redeem_result_code(
        &self,
        id: &LoginId,
        client: &str,
        hash: &str,
    ) -> Result<Redeemed, StoreError>;
}
