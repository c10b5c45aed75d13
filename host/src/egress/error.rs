//! How a request can fail, told apart by what it means for sending it again.

use super::policy::Denial;
use http::header::HeaderName;
use std::error::Error;

/// Why there is no answer. No variant shows a URL, a header's value or a body.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// The policy forbids it. The text says which configuration would allow it.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// The provider has been asked too often.
    #[error("too many requests to this provider")]
    RateLimited,
    /// The caller set a header that is the client's own.
    #[error("the header {0} is the client's to write")]
    Header(HeaderName),
    /// TLS cannot be set up on this system.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    /// The client or the request could not be built.
    #[error("the request cannot be made")]
    Client(#[source] reqwest::Error),
    /// Name, connection or TLS handshake failed. Nothing was sent.
    #[error("no connection to the provider")]
    Connect(#[source] reqwest::Error),
    /// The deadline passed.
    #[error("the provider did not answer in time")]
    Timeout {
        /// Whether the request may have been sent.
        sent: bool,
    },
    /// Headers or body are larger than allowed.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// What is allowed.
        limit: usize,
    },
    /// The answer points elsewhere. It is not followed.
    #[error("the answer is a redirect ({status})")]
    Redirect {
        /// Its status.
        status: u16,
    },
    /// The answer is compressed though nobody asked for it.
    #[error("the answer has a content encoding that was not asked for")]
    Encoding,
    /// The connection broke, or what came was not HTTP. The request may have been received.
    #[error("the connection to the provider broke")]
    Broken(#[source] reqwest::Error),
}

impl EgressError {
    /// Whether the request certainly was not sent, so that sending it again repeats nothing.
    pub fn nothing_sent(&self) -> bool {
        match self {
            Self::Denied(_)
            | Self::RateLimited
            | Self::Header(_)
            | Self::Tls(_)
            | Self::Client(_)
            | Self::Connect(_) => true,
            Self::Timeout { sent } => !sent,
            Self::TooLarge { .. } | Self::Redirect { .. } | Self::Encoding | Self::Broken(_) => {
                false
            }
        }
    }

    /// The stable name for logs and metrics.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Denied(_) => "denied",
            Self::RateLimited => "rate_limited",
            Self::Header(_) | Self::Client(_) => "request",
            Self::Tls(_) => "tls",
            Self::Connect(_) => "connect",
            Self::Timeout { .. } => "timeout",
            Self::TooLarge { .. } => "too_large",
            Self::Redirect { .. } => "redirect",
            Self::Encoding => "encoding",
            Self::Broken(_) => "broken",
        }
    }

    /// Whether another try, a moment later, may go better and repeats nothing.
    pub fn worth_repeating(&self) -> bool {
        matches!(self, Self::Connect(_) | Self::RateLimited)
    }

    /// Sorts what went wrong before the answer's head was there.
    pub(super) fn of_sending(error: reqwest::Error) -> Self {
        // The resolver's denial comes wrapped in the connector's errors.
        let mut source: Option<&(dyn Error + 'static)> = error.source();
        while let Some(inner) = source {
            if let Some(denial) = inner.downcast_ref::<Denial>() {
                return Self::Denied(denial.clone());
            }
            source = inner.source();
        }
        let error = error.without_url();
        if error.is_connect() {
            Self::Connect(error)
        } else if error.is_builder() {
            Self::Client(error)
        } else {
            Self::Broken(error)
        }
    }

    /// Sorts what went wrong while the body came.
    pub(super) fn of_reading(error: reqwest::Error) -> Self {
        Self::Broken(error.without_url())
    }
}
