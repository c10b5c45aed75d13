//! Why an ID token does not hold.

use crate::oidc::json::JsonError;
use std::fmt;

/// Why an ID token does not hold. Names what is wrong and never says what stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    /// Larger than 32 KiB.
    #[error("the ID token is too large")]
    TooLarge,
    /// Not three parts in base64url.
    #[error("the ID token is no signed JWT")]
    Malformed,
    /// Header or claims are no acceptable JSON object.
    #[error("the ID token cannot be read: {0}")]
    Json(#[from] JsonError),
    /// A header parameter.
    #[error("the ID token's header parameter {name} {fault}")]
    Header {
        /// Which.
        name: &'static str,
        /// What is wrong with it.
        fault: Fault,
    },
    /// `alg` is not one that the issuer and Celadon allow.
    #[error("the ID token's alg is not allowed")]
    Algorithm,
    /// No key that might have signed it.
    #[error("the issuer has no key for the ID token")]
    NoKey,
    /// No key signed it.
    #[error("the ID token's signature does not hold")]
    Signature,
    /// A claim.
    #[error("the ID token's claim {name} {fault}")]
    Claim {
        /// Which.
        name: &'static str,
        /// What is wrong with it.
        fault: Fault,
    },
}

/// What is wrong with a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It must be there.
    Missing,
    /// It must not be there.
    Present,
    /// Another JSON type is wanted.
    Type,
    /// It is not what was expected.
    Mismatch,
    /// Its time is over.
    Past,
    /// Its time has not come.
    Future,
    /// Its length or characters are not allowed.
    Characters,
    /// The claim that fills in the issuer's template is missing or unfit.
    Template,
    /// The claim that fills in the issuer's template has a value that is not allowed.
    NotAllowed,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "is missing",
            Self::Present => "is not supported",
            Self::Type => "is not of the right type",
            Self::Mismatch => "is not what was expected",
            Self::Past => "is too far in the past",
            Self::Future => "is in the future",
            Self::Characters => "has a length or characters that are not allowed",
            Self::Template => "needs another claim that is missing or unfit",
            Self::NotAllowed => "names a tenant that is not allowed",
        })
    }
}
