//! Failures: the provider's own words sorted into the contract's kinds.

use crate::wire::{Failure, FailureKind};

/// The longest error code that the contract lets through, in bytes.
const LONGEST_CODE: usize = 256;

impl Failure {
    /// A failure. `detail` is for the operator: no user sees it, and it holds no secret.
    pub fn new(kind: FailureKind, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            kind,
            code: None,
            detail,
        }
    }

    /// The user may not sign in, by a rule of this provider's.
    pub fn access_denied(detail: impl Into<String>) -> Self {
        Self::new(FailureKind::AccessDenied, detail)
    }

    /// The provider's answer makes no sense.
    pub fn invalid_response(detail: impl Into<String>) -> Self {
        Self::new(FailureKind::InvalidResponse, detail)
    }

    /// The same failure with the provider's own error code. One of more than 256 bytes is none.
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into()).filter(|code| code.len() <= LONGEST_CODE);
        self
    }
}

/// The kind of an error code: those of RFC 6749, 6750, 8628 and 7009, and what large providers say
/// in their place. `None`: the status has to tell.
pub(crate) fn kind_of(code: &str) -> Option<FailureKind> {
    Some(match code {
        "invalid_grant"
        | "invalid_token"
        | "expired_token"
        | "bad_verification_code"
        | "bad_refresh_token"
        | "invalid_code"
        | "code_already_used"
        | "invalid_refresh_token"
        | "token_expired"
        | "token_revoked" => FailureKind::InvalidGrant,
        "invalid_client"
        | "unauthorized_client"
        | "incorrect_client_credentials"
        | "invalid_client_id"
        | "bad_client_secret" => FailureKind::InvalidClient,
        "access_denied" | "authorization_declined" | "insufficient_scope" => {
            FailureKind::AccessDenied
        }
        "temporarily_unavailable" | "server_error" | "ratelimited" | "rate_limited" => {
            FailureKind::TemporarilyUnavailable
        }
        "authorization_pending" => FailureKind::AuthorizationPending,
        "slow_down" => FailureKind::SlowDown,
        "unsupported_grant_type" | "unsupported_token_type" => FailureKind::Unsupported,
        _ => return None,
    })
}
