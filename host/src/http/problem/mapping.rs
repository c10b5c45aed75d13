//! Which failure is which kind of problem: the one mapping to HTTP.

use super::{Problem, kinds, kinds::Kind};
use crate::http::resource::ResourceError;
use crate::logins::LoginError;
use crate::seal::SealError;
use crate::store::StoreError;
use celadon_workflows::types::{Reason, Refusal};
use std::sync::Arc;

/// Seconds after which a part that could not be reached is worth another try.
const RETRY_UNAVAILABLE: u64 = 5;
/// Seconds after which a login in flight may have ended and made room.
const RETRY_FULL: u64 = 30;

/// The kind of problem that a refusal is.
pub fn of_reason(reason: Reason) -> &'static Kind {
    match reason {
        Reason::AccessDenied => &kinds::ACCESS_DENIED,
        Reason::ProviderRefused => &kinds::PROVIDER_REFUSED,
        Reason::InvalidGrant => &kinds::INVALID_GRANT,
        Reason::InvalidClient => &kinds::INVALID_CLIENT,
        Reason::InvalidResponse => &kinds::INVALID_RESPONSE,
        Reason::ProviderUnavailable => &kinds::PROVIDER_UNAVAILABLE,
        Reason::AnswerLost => &kinds::ANSWER_LOST,
        Reason::PluginFailed => &kinds::PLUGIN_FAILED,
        Reason::NotGranted => &kinds::NOT_GRANTED,
        Reason::Reconfigured => &kinds::RECONFIGURED,
        Reason::HostFailed => &kinds::UNAVAILABLE,
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::new(of_reason(refusal.reason))
            .member("reason", refusal.reason.as_str())
            .detail(refusal.detail)
    }
}

impl From<LoginError> for Problem {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::UnknownProvider => Self::new(&kinds::UNKNOWN_PROVIDER),
            LoginError::UnknownLogin => Self::new(&kinds::UNKNOWN_LOGIN),
            LoginError::UnknownState => Self::new(&kinds::UNKNOWN_STATE),
            LoginError::Expired => Self::new(&kinds::EXPIRED),
            LoginError::Cancelled => Self::new(&kinds::CANCELLED),
            LoginError::AlreadyAnswered => Self::new(&kinds::ALREADY_ANSWERED),
            LoginError::ForeignBrowser => Self::new(&kinds::FOREIGN_BROWSER),
            LoginError::BadRequest(detail) => Self::new(&kinds::BAD_REQUEST).detail(detail),
            LoginError::ReturnTo => Self::new(&kinds::INVALID_RETURN_TO),
            LoginError::TooManyFromAddress => {
                Self::new(&kinds::TOO_MANY_FROM_ADDRESS).retry_after(RETRY_FULL)
            }
            LoginError::TooMany => Self::new(&kinds::TOO_MANY_LOGINS).retry_after(RETRY_FULL),
            LoginError::Refused(login, refusal) => Self::from(refusal).login(login),
            LoginError::CannotBegin(refusal) => Self::from(refusal),
            LoginError::StillRunning(login) => Self::new(&kinds::STILL_RUNNING)
                .login(login)
                .retry_after(RETRY_UNAVAILABLE),
            LoginError::ResultCode => Self::new(&kinds::INVALID_RESULT_CODE),
            LoginError::OwnedByAnother => Self::new(&kinds::OWNED_BY_ANOTHER),
            unavailable @ LoginError::Unavailable(..) => Self::new(&kinds::UNAVAILABLE)
                .retry_after(RETRY_UNAVAILABLE)
                .cause(Arc::new(unavailable) as Arc<_>),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let problem = match error {
            StoreError::Database(_) => {
                Self::new(&kinds::UNAVAILABLE).retry_after(RETRY_UNAVAILABLE)
            }
            _ => Self::new(&kinds::INTERNAL),
        };
        problem.cause(Arc::new(error) as Arc<_>)
    }
}

/// What we sealed ourselves and cannot open is our own fault.
impl From<SealError> for Problem {
    fn from(error: SealError) -> Self {
        Self::new(&kinds::INTERNAL).cause(Arc::new(error) as Arc<_>)
    }
}

impl From<ResourceError> for Problem {
    fn from(error: ResourceError) -> Self {
        match error {
            ResourceError::NotConnected => Self::new(&kinds::NOT_CONNECTED),
            ResourceError::NeedsReauth => Self::new(&kinds::NEEDS_REAUTH),
            ResourceError::NotConfigured => Self::new(&kinds::NO_RESOURCE),
            ResourceError::Provider(detail) => Self::new(&kinds::RESOURCE_FAILED).detail(detail),
            ResourceError::Unavailable => {
                Self::new(&kinds::UNAVAILABLE).retry_after(RETRY_UNAVAILABLE)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use celadon_workflows::types::LoginId;
    use std::collections::BTreeSet;

    const REASONS: [Reason; 10] = [
        Reason::AccessDenied,
        Reason::ProviderRefused,
        Reason::InvalidGrant,
        Reason::InvalidClient,
        Reason::InvalidResponse,
        Reason::ProviderUnavailable,
        Reason::AnswerLost,
        Reason::PluginFailed,
        Reason::NotGranted,
        Reason::Reconfigured,
    ];

    #[test]
    fn every_refusal_is_a_4xx_of_its_own_under_its_own_name() {
        let mut seen = BTreeSet::new();
        for reason in REASONS {
            let kind = of_reason(reason);
            assert_eq!(kind.name, reason.as_str());
            assert!(kind.status.is_client_error());
            assert!(seen.insert(kind.name));
        }
    }

    #[test]
    fn only_what_is_our_own_fault_is_a_5xx() {
        let id = LoginId::new("id");
        let refusal = || Refusal::new(Reason::ProviderUnavailable, "it is down");
        let others = [
            LoginError::UnknownProvider,
            LoginError::UnknownLogin,
            LoginError::UnknownState,
            LoginError::Expired,
            LoginError::Cancelled,
            LoginError::AlreadyAnswered,
            LoginError::ForeignBrowser,
            LoginError::BadRequest("state came twice".to_owned()),
            LoginError::ReturnTo,
            LoginError::TooManyFromAddress,
            LoginError::Refused(id.clone(), refusal()),
            LoginError::CannotBegin(refusal()),
            LoginError::StillRunning(id),
            LoginError::ResultCode,
            LoginError::OwnedByAnother,
        ];
        for error in others {
            let problem = Problem::from(error);
            assert!(problem.0.kind.status.is_client_error(), "{problem:?}");
        }
        let lost = std::io::Error::other("gone").into();
        for error in [
            LoginError::TooMany,
            LoginError::Unavailable("the store", lost),
        ] {
            let problem = Problem::from(error);
            assert!(problem.0.kind.status.is_server_error(), "{problem:?}");
            assert!(problem.0.retry_after.is_some());
        }
    }
}
