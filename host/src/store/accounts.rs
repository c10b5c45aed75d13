//! Users, their identities and their grants.

use super::StoreError;
use crate::clock::Timestamp;
use crate::seal::Sealed;
use async_trait::async_trait;
use celadon_workflows::types::{
    AuthorizationId, IdentityId, LoginId, Outcome, Persisted, ProviderName, UserId,
};

/// Seconds after which a resource's word against a token counts again.
pub const REJECTION_PAUSE: u64 = 60;

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

/// How often a grant's tokens have been written: what a renewal must have seen. Two writes may
/// fall in one second, so that the time of the last one would not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantVersion(pub u64);

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
    /// Which writing of the tokens this is.
    pub version: GrantVersion,
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
    /// The attempt has ended otherwise meanwhile; one that is gone has expired.
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
    /// The grants of a user, newest first, at most 1000.
    async fn authorizations(&self, user: &UserId) -> Result<Vec<AuthorizationRecord>, StoreError>;
    /// The grant that a login of this identity would write anew.
    async fn grant_of(
        &self,
        provider: &ProviderName,
        issuer: &str,
        subject: &str,
        client: Option<&str>,
    ) -> Result<Option<AuthorizationRecord>, StoreError>;
    /// Replaces a grant's tokens if they are still those of `seen`; false if somebody else was
    /// faster. Clears `needs_reauth` and `refresh_failed_at`.
    async fn renew_tokens(
        &self,
        id: &AuthorizationId,
        seen: GrantVersion,
        renewed: &RenewedTokens,
    ) -> Result<bool, StoreError>;
    /// Marks that the user must sign in again, if the tokens are still those of `seen`; false if
    /// they were written anew meanwhile.
    async fn mark_needs_reauth(
        &self,
        id: &AuthorizationId,
        seen: GrantVersion,
        why: &str,
    ) -> Result<bool, StoreError>;
    /// A resource refused the access token before its time: it counts as expired from now on. Answers
    /// whether it does: not where the tokens are others by now, and not again within
    /// `REJECTION_PAUSE` seconds, so that a resource which takes no token at all does not wear out
    /// the provider.
    async fn mark_token_rejected(
        &self,
        id: &AuthorizationId,
        seen: GrantVersion,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
    /// Marks a refresh that failed for a passing reason.
    async fn mark_refresh_failed(
        &self,
        id: &AuthorizationId,
        at: Timestamp,
    ) -> Result<(), StoreError>;
}
