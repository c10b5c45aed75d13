//! A connection whose bare refusals are turned into pages.
//!
//! hyper itself answers what it cannot read as a request, an address beyond 64 KiB for one, with
//! an empty response that has none of our headers. It offers no hook, but such a response is one
//! short write that is a head and nothing more; it is replaced on its way out.

use crate::http::guards::fixed_headers;
use crate::http::problem::render;
use http::StatusCode;
use hyper::rt::{Read, ReadBufCursor, Write};
use std::fmt::Write as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// No head that hyper writes by itself is longer; every one of ours is.
const MAX_BARE: usize = 256;

/// A connection.
pub struct Stream<S> {
    inner: S,
    replacement: Option<Replacement>,
}

/// What is written in place of a refusal.
struct Replacement {
    bytes: Vec<u8>,
    written: usize,
    stands_for: usize,
}

impl<S> Stream<S> {
    /// Wraps a connection.
    pub fn new(inner: S) -> Self {
        Self {
            inner,
            replacement: None,
        }
    }
}

impl<S: Read + Unpin> Read for Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<S: Write + Unpin> Write for Stream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.replacement.is_none() {
            this.replacement = refusal(buffer).map(|status| Replacement {
                bytes: page(status),
                written: 0,
                stands_for: buffer.len(),
            });
        }
        let Some(replacement) = &mut this.replacement else {
            return Pin::new(&mut this.inner).poll_write(context, buffer);
        };
        while let rest @ [_, ..] = &replacement.bytes[replacement.written..] {
            match ready!(Pin::new(&mut this.inner).poll_write(context, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => replacement.written += written,
            }
        }
        let length = replacement.stands_for;
        this.replacement = None;
        Poll::Ready(Ok(length))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// The status of a refusal that hyper wrote by itself. Ours have a policy header in their head.
fn refusal(buffer: &[u8]) -> Option<StatusCode> {
    let text = std::str::from_utf8(buffer).ok()?;
    let bare = text.len() <= MAX_BARE
        && text.ends_with("\r\n\r\n")
        && !text.contains("content-security-policy");
    let code = text.strip_prefix("HTTP/1.").filter(|_| bare)?.get(2..5)?;
    let status = StatusCode::from_bytes(code.as_bytes()).ok()?;
    status.is_client_error().then_some(status)
}

fn page(status: StatusCode) -> Vec<u8> {
    let (status, page) = render::bare(status);
    let mut text = format!("HTTP/1.1 {status}\r\n");
    let length = page.len().to_string();
    let mut put = |name: &str, value: &str| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{name}: {value}\r\n");
    };
    put("content-type", "text/html; charset=utf-8");
    put("content-length", &length);
    put("cache-control", "no-store");
    put("connection", "close");
    for (name, value) in fixed_headers() {
        put(name.as_str(), value.to_str().unwrap_or_default());
    }
    text.push_str("\r\n");
    text.push_str(&page);
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bare_refusals_are_replaced() {
        let bare = b"HTTP/1.1 414 URI Too Long\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(refusal(bare), Some(StatusCode::URI_TOO_LONG));
        for other in [
            &b"HTTP/1.1 100 Continue\r\n\r\n"[..],
            b"HTTP/1.1 204 No Content\r\n\r\n",
            b"HTTP/1.1 404 Not Found\r\ncontent-security-policy: x\r\n\r\n",
            b"HTTP/1.1 404 Not Found\r\n\r\n<html>",
            b"HTTP/1.1",
            b"\xff\r\n\r\n",
        ] {
            assert_eq!(refusal(other), None);
        }
    }
}
