//! The one HTTP client for every URL that a provider, a plugin or a user can influence.
//!
//! It owns where a connection may go and what an answer may cost: schemes, addresses, time, bytes,
//! rate. One [`Egress`] serves one configured provider. Which URL belongs to which role, and what
//! stands in a request, is decided before it comes here ([`crate::plugin`], [`crate::oidc`]).
//!
//! What it never does: follow a redirect, use a proxy, keep a cookie, send a referer, decompress,
//! send twice, use a connection twice. On a connection of its own a request cannot be given what a
//! confused or lying server sent for another login, and cannot cross the server's closing of an
//! idle connection: that would be ambiguous, and an authorization code cannot be sent twice. TLS
//! sessions are resumed, so the price is a round trip.

pub mod addresses;
mod error;
mod message;
mod policy;
mod resolver;
mod spelling;
#[cfg(test)]
mod tests;
mod tls;

pub use self::addresses::{Block, Kind};
pub use self::error::EgressError;
pub use self::message::{Answer, Outgoing};
pub use self::policy::{Denial, Forbidden, Policy, Rate};
pub use self::spelling::{UrlError, strict_url};

use self::message::SentMark;
use self::resolver::{CheckedResolver, Lookup};
use crate::metrics;
use crate::traces::{self, Outbound};
use governor::DefaultDirectRateLimiter;
use http::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, COOKIE, EXPECT, HOST, HeaderMap,
    HeaderName, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The longest one request takes, whatever its deadline.
pub const LONGEST_REQUEST: Duration = Duration::from_secs(10);
/// The longest that name, connection and TLS handshake take together: short enough that a host
/// which swallows packets is told apart from one that answers slowly.
const LONGEST_CONNECT: Duration = Duration::from_secs(5);
/// Bytes of header names and values that an answer may have. hyper itself stops at 100 headers and
/// about 400 KiB.
const MAX_HEADERS: usize = 64 << 10;
/// What Celadon calls itself. Some providers refuse requests without a name.
const AGENT: &str = concat!("celadon/", env!("CARGO_PKG_VERSION"));

/// Headers that this client writes itself, or that would change framing, routing or encoding.
const OWN_HEADERS: [HeaderName; 12] = [
    ACCEPT_ENCODING,
    CONNECTION,
    CONTENT_LENGTH,
    COOKIE,
    EXPECT,
    HOST,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    USER_AGENT,
];

/// The HTTP client of one configured provider.
pub struct Egress {
    policy: Arc<Policy>,
    client: reqwest::Client,
    limiter: DefaultDirectRateLimiter,
}

impl Egress {
    /// A client under `policy`. Contacts nobody.
    ///
    /// # Errors
    /// [`EgressError::Tls`] or [`EgressError::Client`] where TLS cannot be set up, as on a system
    /// without root certificates.
    pub fn new(policy: Policy) -> Result<Self, EgressError> {
        Self::with_lookup(policy, resolver::system)
    }

    /// As [`Self::new`], with another way to look names up.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the client that the rule is for"
    )]
    fn with_lookup(policy: Policy, lookup: Lookup) -> Result<Self, EgressError> {
        let policy = Arc::new(policy);
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::client_config()?)
            .https_only(!policy.insecure_http)
            .http1_only()
            .no_proxy()
            .referer(false)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .user_agent(AGENT)
            .connect_timeout(LONGEST_CONNECT)
            .pool_max_idle_per_host(0)
            .dns_resolver(CheckedResolver::new(Arc::clone(&policy), lookup))
            .build()
            .map_err(|error| EgressError::Client(error.without_url()))?;
        let limiter = DefaultDirectRateLimiter::direct(policy.rate.quota());
        Ok(Self {
            policy,
            client,
            limiter,
        })
    }

    /// What this client may do.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Sends one request, once, and reads the whole answer.
    ///
    /// # Errors
    /// Every answer but a plain one: see [`EgressError`]. [`EgressError::nothing_sent`] tells
    /// whether the request may be sent again.
    pub async fn send(&self, outgoing: Outgoing) -> Result<Answer, EgressError> {
        let outbound = Outbound::of(&outgoing, &self.policy.provider);
        let result = traces::egress(outbound, self.send_once(outgoing)).await;
        metrics::egress(&self.policy.provider, &result);
        result
    }

    async fn send_once(&self, outgoing: Outgoing) -> Result<Answer, EgressError> {
        self.policy.check_url(&outgoing.url)?;
        check_own_headers(&outgoing.headers)?;
        let now = Instant::now();
        if outgoing.deadline <= now {
            return Err(EgressError::Timeout { sent: false });
        }
        self.limiter.check().map_err(|_| EgressError::RateLimited)?;

        let deadline = outgoing.deadline.min(now + LONGEST_REQUEST);
        let max_body = outgoing.max_body;
        let (request, mark) = self.request(outgoing)?;
        tokio::time::timeout_at(deadline.into(), self.exchange(request, max_body))
            .await
            .unwrap_or_else(|_| {
                Err(EgressError::Timeout {
                    sent: mark.is_set(),
                })
            })
    }

    fn request(&self, outgoing: Outgoing) -> Result<(reqwest::Request, SentMark), EgressError> {
        let (body, mark) = message::marked_body(outgoing.body);
        let mut request = self
            .client
            .request(outgoing.method, outgoing.url)
            .headers(outgoing.headers);
        if let Some(body) = body {
            request = request.body(body);
        }
        let request = request
            .build()
            .map_err(|error| EgressError::Client(error.without_url()))?;
        Ok((request, mark))
    }

    async fn exchange(
        &self,
        request: reqwest::Request,
        max_body: usize,
    ) -> Result<Answer, EgressError> {
        let posts = request.method() == http::Method::POST;
        let mut response = self
            .client
            .execute(request)
            .await
            .map_err(EgressError::of_sending)?;
        if posts {
            crate::fault::point("request.sent").await;
        }
        check_answer(&response, max_body)?;

        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(EgressError::of_reading)? {
            if chunk.len() > max_body - body.len() {
                return Err(EgressError::TooLarge { limit: max_body });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status: response.status().as_u16(),
            headers: std::mem::take(response.headers_mut()),
            body,
        })
    }
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// The caller may not set what this client answers for.
fn check_own_headers(headers: &HeaderMap) -> Result<(), EgressError> {
    OWN_HEADERS
        .into_iter()
        .find(|name| headers.contains_key(name))
        .map_or(Ok(()), |name| Err(EgressError::Header(name)))
}

/// Refuses an answer by its head, before its body is read.
fn check_answer(response: &reqwest::Response, max_body: usize) -> Result<(), EgressError> {
    let status = response.status();
    if status.is_redirection() {
        return Err(EgressError::Redirect {
            status: status.as_u16(),
        });
    }
    let size = |(name, value): (&HeaderName, &http::HeaderValue)| name.as_str().len() + value.len();
    if response.headers().iter().map(size).sum::<usize>() > MAX_HEADERS {
        return Err(EgressError::TooLarge { limit: MAX_HEADERS });
    }
    // None was asked for. Whatever the encoding hides, it does not get the memory to unfold.
    let mut encodings = response.headers().get_all(CONTENT_ENCODING).iter();
    if !encodings.all(|value| value.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(EgressError::Encoding);
    }
    let announced = response.content_length().unwrap_or(0);
    if announced > u64::try_from(max_body).unwrap_or(u64::MAX) {
        return Err(EgressError::TooLarge { limit: max_body });
    }
    Ok(())
}
