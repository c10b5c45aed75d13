//! What goes around every route: security headers, a deadline, and a net for panics.

use super::Edge;
use super::problem::{Problem, kinds};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of all headers of a request.
const MAX_HEADERS: usize = 64 << 10;
/// Longer than the 20 s that a callback waits for its login, shorter than a browser's patience.
const DEADLINE: Duration = Duration::from_secs(24);
/// Longer than the longest long poll.
const LONG_DEADLINE: Duration = Duration::from_secs(65);

/// Nothing is loaded from anywhere but here, there are no scripts, nobody may frame us, and forms
/// go to us alone.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The headers of every response, whatever it is. With each its value.
pub fn fixed_headers() -> [(HeaderName, HeaderValue); 5] {
    let opener = HeaderName::from_static("cross-origin-opener-policy");
    [
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (opener, HeaderValue::from_static("same-origin")),
    ]
}

/// Sets the security headers, and forbids caching where the endpoint did not allow it.
pub async fn headers(State(edge): State<Arc<Edge>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers: &mut HeaderMap = response.headers_mut();
    headers.extend(fixed_headers());
    if edge.web.config.server.public_url.scheme() == "https" {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(STRICT_TRANSPORT_SECURITY, year);
    }
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Refuses a request whose headers are larger than any browser of ours would send.
pub async fn head(request: Request, next: Next) -> Response {
    let size: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if size > MAX_HEADERS {
        return Problem::new(&kinds::HEADERS_TOO_LARGE).into_response();
    }
    next.run(request).await
}

/// Ends a handler that takes too long for a browser.
pub async fn deadline(request: Request, next: Next) -> Response {
    within(DEADLINE, request, next).await
}

/// Ends a long poll that takes too long.
pub async fn long_deadline(request: Request, next: Next) -> Response {
    within(LONG_DEADLINE, request, next).await
}

async fn within(limit: Duration, request: Request, next: Next) -> Response {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(late) => Problem::new(&kinds::UNAVAILABLE)
            .retry_after(5)
            .cause(Arc::new(late) as Arc<_>)
            .into_response(),
    }
}

/// Turns a panic into a problem. What it says is not passed on: it may hold anything.
pub async fn catch_panic(request: Request, next: Next) -> Response {
    AssertUnwindSafe(next.run(request))
        .catch_unwind()
        .await
        .unwrap_or_else(|_| {
            Problem::new(&kinds::INTERNAL)
                .cause(Arc::new(Panicked) as Arc<_>)
                .into_response()
        })
}

/// Stands in the log for a panic's message.
#[derive(Debug, thiserror::Error)]
#[error("the handler panicked")]
struct Panicked;
