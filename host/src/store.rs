//! What lasts, and what a login has in hand between its steps.
//!
//! Small traits, one a subject; a backend implements them all and is a [`Store`]. Whatever is
//! secret comes here already sealed ([`Sealed`]) or hashed, so no backend can leak it. Times are
//! Unix seconds. One conformance suite (`store/conformance.rs`) runs on every backend.

use crate::clock::Timestamp;
use crate::seal::Sealed;
use async_trait::async_trait;
use celadon_workflows::types::{
    AuthorizationId, IdentityId, LoginId, Outcome, Persisted, ProviderName, RevisionId, UserId,
};
use std::sync::Arc;

/// A whole backend.
pub trait Store:
    Attempts + Journal + Accounts + Sessions + Audit + Components + Metadata + Handoffs + Upkeep
{
}
impl<T> Store for T where
    T: Attempts + Journal + Accounts + Sessions + Audit + Components + Metadata + Handoffs + Upkeep
{
}

/// A shared backend.
pub type SharedStore = Arc<dyn Store>;

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be reached. May be tried again.
    #[error("the store cannot be used now")]
    Database(#[source] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("the store's schema cannot be migrated")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// A row holds what this program never writes.
    #[error("the store's {table} hold a row that cannot be read: {what}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        what: &'static str,
    },
}

// ------------------------------------------------------------------ attempts

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

/// Login attempts.
#[async_trait]
pub trait Attempts: Send + Sync {
    /// Inserts an attempt, unless too many are in flight.
    async fn insert_attempt(
        &self,
        attempt: &NewAttempt,
        bound: InFlight,
    ) -> Result<Admission, StoreError>;
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
    /// Takes in the callback's parameters, the first time.
    async fn put_callback(
        &self,
        id: &LoginId,
        digest: &str,
        parameters: &Sealed,
        now: Timestamp,
    ) -> Result<FirstWrite, StoreError>;
    /// Keeps the tokens for the steps that follow.
    async fn put_tokens(&self, id: &LoginId, tokens: &Sealed) -> Result<(), StoreError>;
    /// Keeps the identity for the step that follows.
    async fn put_profile(&self, id: &LoginId, profile: &Sealed) -> Result<(), StoreError>;
    /// Records an end without success, if there is no outcome yet, and wipes secrets, callback,
    /// tokens, profile and journal. Answers the outcome that stands.
    async fn conclude_attempt(
        &self,
        id: &LoginId,
        outcome: &Outcome,
    ) -> Result<Option<Outcome>, StoreError>;
    /// Keeps the hash of the one-time code by which the client fetches the result; the first one
    /// stays.
    async fn put_result_code(&self, id: &LoginId, hash: &str) -> Result<FirstWrite, StoreError>;
    /// Redeems the one-time code: true exactly once, for the right client and hash.
    async fn redeem_result_code(
        &self,
        id: &LoginId,
        client: &str,
        hash: &str,
    ) -> Result<bool, StoreError>;
}

// ------------------------------------------------------------------- journal

/// One exchange with a provider: what was about to be sent, then what came back.
#[derive(Clone, Debug)]
pub struct JournalEntry {
    /// Its place in the series, from 0.
    pub sequence: u32,
    /// Hash of the guest's request.
    pub request: String,
    /// The answer, sealed. `None`: the request may have been sent, and nothing is known.
    pub answer: Option<Sealed>,
}

/// The journal that makes a step repeatable: intent before the request, answer after it.
#[async_trait]
pub trait Journal: Send + Sync {
    /// The entries of one series (`obtain`, `identify`), in order.
    async fn journal(&self, login: &str, series: &str) -> Result<Vec<JournalEntry>, StoreError>;
    /// Writes an intent. `Refused`: one is there already, which means that another run of the
    /// same step is at work or has died.
    async fn journal_intent(
        &self,
        login: &str,
        series: &str,
        sequence: u32,
        request: &str,
        now: Timestamp,
    ) -> Result<FirstWrite, StoreError>;
    /// Takes an intent back: the request certainly was not sent.
    async fn journal_withdraw(
        &self,
        login: &str,
        series: &str,
        sequence: u32,
    ) -> Result<(), StoreError>;
    /// Writes the answer beside its intent.
    async fn journal_answer(
        &self,
        login: &str,
        series: &str,
        sequence: u32,
        answer: &Sealed,
    ) -> Result<(), StoreError>;
}

// ------------------------------------------------------------------ accounts

/// An identity as a login found it.
#[derive(Clone, Debug)]
pub struct IdentityRecord {
    /// Its id.
    pub id: IdentityId,
    /// Whose.
    pub user: UserId,
    /// The configured provider it came from.
    pub namespace: ProviderName,
    /// The issuer's identifier.
    pub issuer: String,
    /// The stable id of the user there.
    pub subject: String,
    /// The e-mail address, if the host could read one.
    pub email: Option<String>,
    /// Whether the provider says that it verified the address.
    pub email_verified: bool,
    /// The rest, sealed JSON: the component's word.
    pub profile: Sealed,
    /// First login.
    pub created_at: Timestamp,
    /// Latest login.
    pub updated_at: Timestamp,
}

/// A stored grant (A6).
#[derive(Clone, Debug)]
pub struct AuthorizationRecord {
    /// Its id.
    pub id: AuthorizationId,
    /// The provider.
    pub provider: ProviderName,
    /// Whose.
    pub user: UserId,
    /// By which identity.
    pub identity: IdentityId,
    /// The configured client that started the login, if one did.
    pub client: Option<String>,
    /// Access token, refresh token, ID token and further tokens: sealed JSON.
    pub tokens: Sealed,
    /// Whether the sealed tokens hold a refresh token.
    pub renewable: bool,
    /// Granted scopes, space-separated.
    pub scope: String,
    /// `Bearer`, `DPoP`.
    pub token_type: String,
    /// When it was first granted.
    pub created_at: Timestamp,
    /// When its tokens were last written.
    pub updated_at: Timestamp,
    /// When the access token expires; `None`: not known.
    pub expires_at: Option<Timestamp>,
    /// Set when the user must sign in again, in Celadon's words.
    pub needs_reauth: Option<String>,
    /// When a refresh last failed for a passing reason.
    pub refresh_failed_at: Option<Timestamp>,
}

/// Everything that `persist` writes, in one transaction.
#[derive(Clone, Debug)]
pub struct NewGrant {
    /// The login that earned it.
    pub login: LoginId,
    /// The provider: the identity's namespace.
    pub provider: ProviderName,
    /// The issuer's identifier.
    pub issuer: String,
    /// The subject.
    pub subject: String,
    /// The e-mail address.
    pub email: Option<String>,
    /// Whether the provider verified it.
    pub email_verified: bool,
    /// Sealed under [`crate::seal::Context::profile_of`] the identity's natural key.
    pub profile: Sealed,
    /// The client, where the API started the login.
    pub client: Option<String>,
    /// That client's own name of the user; a known one keeps its [`UserId`].
    pub client_user: Option<String>,
    /// Sealed tokens.
    pub tokens: Sealed,
    /// Whether they hold a refresh token.
    pub renewable: bool,
    /// Granted scopes.
    pub scope: String,
    /// Token type.
    pub token_type: String,
    /// Expiry of the access token.
    pub expires_at: Option<Timestamp>,
    /// Now.
    pub now: Timestamp,
}

/// Whether a grant could be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersistOutcome {
    /// It was, or had been by an earlier run of the same login.
    Persisted(Persisted),
    /// The identity belongs to another user than the one the client named.
    OwnedByAnother,
    /// The attempt has ended otherwise meanwhile.
    Ended(Outcome),
}

/// New tokens of a grant.
#[derive(Clone, Debug)]
pub struct RenewedTokens {
    /// Sealed tokens.
    pub tokens: Sealed,
    /// Whether they hold a refresh token.
    pub renewable: bool,
    /// Granted scopes.
    pub scope: String,
    /// Token type.
    pub token_type: String,
    /// Expiry of the access token.
    pub expires_at: Option<Timestamp>,
    /// Now.
    pub now: Timestamp,
}

/// Identities and grants.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Upserts identity and grant, concludes the attempt as signed in and wipes what it held,
    /// and writes the audit event: one transaction. Repeating it answers the same.
    async fn persist_grant(&self, grant: &NewGrant) -> Result<PersistOutcome, StoreError>;
    /// Reads an identity.
    async fn identity(&self, id: &IdentityId) -> Result<Option<IdentityRecord>, StoreError>;
    /// Reads a grant.
    async fn authorization(
        &self,
        id: &AuthorizationId,
    ) -> Result<Option<AuthorizationRecord>, StoreError>;
    /// All grants of a user, newest first.
    async fn authorizations(&self, user: &UserId) -> Result<Vec<AuthorizationRecord>, StoreError>;
    /// Replaces a grant's tokens if it was last written at `seen`; false if somebody else was
    /// faster. Clears `needs_reauth` and `refresh_failed_at`.
    async fn renew_tokens(
        &self,
        id: &AuthorizationId,
        seen: Timestamp,
        renewed: &RenewedTokens,
    ) -> Result<bool, StoreError>;
    /// Marks that the user must sign in again.
    async fn mark_needs_reauth(&self, id: &AuthorizationId, why: &str) -> Result<(), StoreError>;
    /// Marks a refresh that failed for a passing reason.
    async fn mark_refresh_failed(
        &self,
        id: &AuthorizationId,
        at: Timestamp,
    ) -> Result<(), StoreError>;
}

// ------------------------------------------------------------------ sessions

/// A browser's session. Its cookie is random; the store has the hash alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// Hash of the cookie's value.
    pub hash: String,
    /// Whose.
    pub user: UserId,
    /// By which identity.
    pub identity: IdentityId,
    /// The provider it signed in with.
    pub provider: ProviderName,
    /// When.
    pub created_at: Timestamp,
    /// When it was last used.
    pub seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

/// Sessions.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Begins one.
    async fn insert_session(&self, session: &SessionRecord) -> Result<(), StoreError>;
    /// Reads one, expired or not.
    async fn session(&self, hash: &str) -> Result<Option<SessionRecord>, StoreError>;
    /// Notes its use.
    async fn touch_session(&self, hash: &str, now: Timestamp) -> Result<(), StoreError>;
    /// Ends it. True if there was one.
    async fn delete_session(&self, hash: &str) -> Result<bool, StoreError>;
}

// --------------------------------------------------------------------- audit

/// Something that happened: who, what, why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// When.
    pub at: Timestamp,
    /// What: `login.signed_in`, `login.refused`, `token.refreshed`, `metadata.changed`, …
    pub what: String,
    /// Who: `user:<id>`, `client:<name>`, `host`.
    pub who: String,
    /// The provider it concerns.
    pub provider: Option<ProviderName>,
    /// The login it concerns.
    pub login: Option<LoginId>,
    /// Why or how, in Celadon's words, without secrets.
    pub why: String,
}

/// The audit trail.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Appends an event.
    async fn audit(&self, event: &AuditEvent) -> Result<(), StoreError>;
    /// The latest events, newest first.
    async fn audit_events(&self, limit: u32) -> Result<Vec<AuditEvent>, StoreError>;
}

// ---------------------------------------------------------------- components

/// A revision as it is kept: enough to load it again by any instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionRecord {
    /// Its digest.
    pub id: RevisionId,
    /// The provider.
    pub provider: ProviderName,
    /// Hex SHA-256 of the component.
    pub component: String,
    /// Canonical JSON: client_id, options, scopes, description.
    pub configuration: String,
    /// When it was first loaded.
    pub created_at: Timestamp,
}

/// Component blobs and revisions.
#[async_trait]
pub trait Components: Send + Sync {
    /// Keeps a component under its digest.
    async fn put_component(
        &self,
        digest: &str,
        bytes: &[u8],
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// Reads a component.
    async fn component(&self, digest: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// Keeps a revision.
    async fn put_revision(&self, revision: &RevisionRecord) -> Result<(), StoreError>;
    /// Reads a revision.
    async fn revision(&self, id: &RevisionId) -> Result<Option<RevisionRecord>, StoreError>;
}

// ------------------------------------------------------------------ metadata

/// A provider's metadata, one copy for the fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataRecord {
    /// The document as it was fetched.
    pub document: String,
    /// When.
    pub fetched_at: Timestamp,
}

/// Provider metadata.
#[async_trait]
pub trait Metadata: Send + Sync {
    /// Reads the copy of the document at `url` for a provider.
    async fn metadata(
        &self,
        provider: &ProviderName,
        url: &str,
    ) -> Result<Option<MetadataRecord>, StoreError>;
    /// Writes it.
    async fn put_metadata(
        &self,
        provider: &ProviderName,
        url: &str,
        record: &MetadataRecord,
    ) -> Result<(), StoreError>;
}

// ------------------------------------------------------------------ handoffs

/// A form_post's fields on their way to the same callback by GET.
#[async_trait]
pub trait Handoffs: Send + Sync {
    /// Keeps sealed fields under the hash of a one-time handle.
    async fn put_handoff(
        &self,
        hash: &str,
        fields: &Sealed,
        expires_at: Timestamp,
    ) -> Result<(), StoreError>;
    /// Takes them out: at most once, and not after they expired.
    async fn take_handoff(&self, hash: &str, now: Timestamp) -> Result<Option<Sealed>, StoreError>;
}

// -------------------------------------------------------------------- upkeep

/// Keeping the store clean and knowing that it is there.
#[async_trait]
pub trait Upkeep: Send + Sync {
    /// Deletes what is over: attempts an hour after their expiry, with their journal; handoffs;
    /// sessions past their end. At most `limit` rows of each. Answers how many went.
    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError>;
    /// Whether it answers and can be written.
    async fn ping(&self) -> Result<(), StoreError>;
}
