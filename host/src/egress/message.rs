//! What goes out and what comes back.

use http::{HeaderMap, Method};
use hyper::body::{Body, Bytes, Frame, SizeHint};
use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;
use url::Url;

/// One request. Its Debug shows method and origin alone: path, query, headers and body may hold
/// secrets.
pub struct Outgoing {
    /// The method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Headers, less those that the client writes itself.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Option<Vec<u8>>,
    /// When to give up. At most [`super::LONGEST_REQUEST`] from now counts.
    pub deadline: Instant,
    /// How many bytes of body the answer may have.
    pub max_body: usize,
    /// What it is for, in a word of ours: the role of its endpoint, or `discovery`, `jwks`. Shown in
    /// traces.
    pub purpose: &'static str,
}

impl Outgoing {
    /// How many bytes of body an answer may have unless something else is said.
    pub const MAX_BODY: usize = 1 << 20;

    /// A GET without headers.
    pub fn get(purpose: &'static str, url: Url, deadline: Instant) -> Self {
        Self {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            body: None,
            deadline,
            max_body: Self::MAX_BODY,
            purpose,
        }
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("method", &self.method)
            .field("origin", &self.url.origin().ascii_serialization())
            .finish_non_exhaustive()
    }
}

/// One answer, complete. Its Debug shows status and size alone.
pub struct Answer {
    /// The status: never a redirect.
    pub status: u16,
    /// The headers, at most 64 KiB.
    pub headers: HeaderMap,
    /// The body, at most [`Outgoing::max_body`] bytes.
    pub body: Vec<u8>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Whether a request may have left this machine.
#[derive(Clone)]
pub(super) struct SentMark(Arc<AtomicBool>);

impl SentMark {
    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Wraps a body so that its first read is noticed. hyper reads it right after it took the request
/// for a ready connection and before it writes a byte, so an unread body was not sent. Without a
/// body nothing can be noticed, and the mark stands from the beginning.
pub(super) fn marked_body(body: Option<Vec<u8>>) -> (Option<reqwest::Body>, SentMark) {
    let body = body.filter(|bytes| !bytes.is_empty());
    let mark = SentMark(Arc::new(AtomicBool::new(body.is_none())));
    let marked = body.map(|bytes| MarkedBody {
        data: Some(bytes.into()),
        mark: mark.clone(),
    });
    (marked.map(reqwest::Body::wrap), mark)
}

struct MarkedBody {
    data: Option<Bytes>,
    mark: SentMark,
}

impl Body for MarkedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.mark.0.store(true, Ordering::Release);
        Poll::Ready(self.data.take().map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let length = self.data.as_ref().map_or(0, Bytes::len);
        SizeHint::with_exact(u64::try_from(length).unwrap_or(u64::MAX))
    }
}
