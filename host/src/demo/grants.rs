//! What users have granted: codes, access tokens and refresh tokens, as hashes, in memory.
//!
//! A code and a refresh token are good once. Seen a second time, one of the two users of it is a
//! thief, and nobody can tell which: the whole grant ends.

mod bounded;

use super::keys::code_challenge;
use super::user::User;
use crate::clock::Timestamp;
use crate::random;
use bounded::Bounded;
use subtle::ConstantTimeEq;

/// Seconds that a code is good for.
const CODE_LIFETIME: u64 = 60;
/// Seconds that an access token is good for.
pub(super) const ACCESS_LIFETIME: u64 = 300;
/// Seconds after which a grant that is not refreshed ends.
const GRANT_LIFETIME: u64 = 30 * 24 * 3600;

/// What a user agreed to, and how it must be fetched.
#[derive(Clone, Debug)]
pub(super) struct Consent {
    pub(super) user: User,
    pub(super) scope: String,
    pub(super) nonce: Option<String>,
    pub(super) redirect_uri: String,
    pub(super) code_challenge: String,
    pub(super) auth_time: Timestamp,
}

/// Tokens just issued.
pub(super) struct Tokens {
    pub(super) access_token: String,
    pub(super) refresh_token: Option<String>,
    pub(super) scope: String,
    pub(super) user: User,
    pub(super) nonce: Option<String>,
    pub(super) auth_time: Timestamp,
}

/// Why no tokens are issued.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum GrantError {
    /// `invalid_grant`: unknown, expired, used, or another's.
    #[error("the code or token is not good")]
    Invalid,
    /// `invalid_scope`: more than was granted.
    #[error("the scope exceeds what was granted")]
    Scope,
}

struct Code {
    consent: Consent,
    /// The grant made from it, once it was used.
    grant: Option<String>,
}

struct Grant {
    user: User,
    scope: String,
    auth_time: Timestamp,
    /// Hash of the refresh token that is good now.
    refresh: String,
}

struct Access {
    grant: String,
    scope: String,
}

/// All of them.
#[derive(Default)]
pub(super) struct Grants {
    codes: Bounded<Code>,
    grants: Bounded<Grant>,
    access: Bounded<Access>,
}

impl Grants {
    /// A code for a consent.
    pub(super) fn issue_code(&mut self, consent: Consent, now: Timestamp) -> String {
        let code = random::token();
        let entry = Code {
            consent,
            grant: None,
        };
        self.codes.insert(hash(&code), entry, now, CODE_LIFETIME);
        code
    }

    /// Exchanges a code. Whatever the answer, the code is used.
    pub(super) fn redeem(
        &mut self,
        code: &str,
        redirect_uri: &str,
        code_verifier: &str,
        now: Timestamp,
    ) -> Result<Tokens, GrantError> {
        let code = self
            .codes
            .get_mut(&hash(code), now)
            .ok_or(GrantError::Invalid)?;
        let id = random::id();
        if let Some(first) = code.grant.replace(id.clone()) {
            self.grants.remove(&first);
            return Err(GrantError::Invalid);
        }
        let consent = code.consent.clone();
        let challenge = code_challenge(code_verifier);
        let proven = bool::from(
            challenge
                .as_bytes()
                .ct_eq(consent.code_challenge.as_bytes()),
        );
        if !proven || redirect_uri != consent.redirect_uri {
            return Err(GrantError::Invalid);
        }
        let grant = Grant {
            user: consent.user,
            scope: consent.scope.clone(),
            auth_time: consent.auth_time,
            refresh: String::new(),
        };
        self.grants.insert(id.clone(), grant, now, GRANT_LIFETIME);
        self.issue(&id, consent.scope, consent.nonce, now)
    }

    /// Exchanges a refresh token for new tokens, the next refresh token among them.
    pub(super) fn refresh(
        &mut self,
        token: &str,
        scope: Option<&str>,
        now: Timestamp,
    ) -> Result<Tokens, GrantError> {
        let (id, grant) = self.grant_of(token, now).ok_or(GrantError::Invalid)?;
        if !is_current(grant, token) {
            self.grants.remove(&id);
            return Err(GrantError::Invalid);
        }
        let scope = scope.unwrap_or(&grant.scope).to_owned();
        if !scope.split(' ').all(|asked| has_scope(&grant.scope, asked)) {
            return Err(GrantError::Scope);
        }
        self.issue(&id, scope, None, now)
    }

    /// Who an access token stands for, and its scope.
    pub(super) fn open(&mut self, access_token: &str, now: Timestamp) -> Option<(User, String)> {
        let access = self.access.get_mut(&hash(access_token), now)?;
        let grant = self.grants.get_mut(&access.grant, now)?;
        Some((grant.user.clone(), access.scope.clone()))
    }

    /// Ends an access token, or the grant of a refresh token.
    pub(super) fn revoke(&mut self, token: &str, now: Timestamp) {
        self.access.remove(&hash(token));
        if let Some((id, _)) = self.grant_of(token, now) {
            self.grants.remove(&id);
        }
    }

    fn grant_of(&mut self, refresh_token: &str, now: Timestamp) -> Option<(String, &mut Grant)> {
        let (id, _) = refresh_token.split_once('.')?;
        Some((id.to_owned(), self.grants.get_mut(id, now)?))
    }

    fn issue(
        &mut self,
        id: &str,
        scope: String,
        nonce: Option<String>,
        now: Timestamp,
    ) -> Result<Tokens, GrantError> {
        self.grants.renew(id, now, GRANT_LIFETIME);
        let grant = self.grants.get_mut(id, now).ok_or(GrantError::Invalid)?;
        // Which grant it belongs to must be known of a used one too.
        let refresh_token = format!("{id}.{}", random::token());
        grant.refresh = hash(&refresh_token);
        let access_token = random::token();
        let access = Access {
            grant: id.to_owned(),
            scope: scope.clone(),
        };
        self.access
            .insert(hash(&access_token), access, now, ACCESS_LIFETIME);
        Ok(Tokens {
            access_token,
            refresh_token: has_scope(&grant.scope, "offline_access").then_some(refresh_token),
            scope,
            user: grant.user.clone(),
            nonce,
            auth_time: grant.auth_time,
        })
    }
}

/// Whether a space-separated scope holds one.
pub(super) fn has_scope(scope: &str, one: &str) -> bool {
    scope.split(' ').any(|held| held == one)
}

fn is_current(grant: &Grant, token: &str) -> bool {
    grant
        .refresh
        .as_bytes()
        .ct_eq(hash(token).as_bytes())
        .into()
}

/// Tokens are random enough for a plain hash, and looking up a hash tells nothing by its timing.
fn hash(token: &str) -> String {
    random::sha256_hex(token.as_bytes())
}
