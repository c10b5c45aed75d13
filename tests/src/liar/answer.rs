//! Answers as bytes on a connection, well-formed or not.

use super::WORDS;
use anyhow::Result;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

/// An answer, and how it is sent.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Headers; one of these stands before the usual one of its name.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How long it takes to begin.
    pub delay: Duration,
    /// How it is sent.
    pub manner: Manner,
}

impl Default for Reply {
    fn default() -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body: Vec::new(),
            delay: Duration::ZERO,
            manner: Manner::Whole,
        }
    }
}

/// How an answer is sent.
#[derive(Clone, Debug)]
pub enum Manner {
    /// As it should be.
    Whole,
    /// Whole, and then the connection is closed without a word.
    ThenClosed,
    /// Whole, and another answer after it that nobody asked for.
    AndAnother,
    /// The connection is closed instead.
    Closed,
    /// The connection is reset instead.
    Reset,
    /// The connection is reset within the head.
    ResetInHead,
    /// The connection is reset within the body.
    ResetInBody,
    /// The connection is closed within the body.
    ClosedInBody,
    /// Nothing is sent, and the connection stays.
    Silent,
    /// The head never ends, a header every so often.
    HeadDrips(Duration),
    /// The body never ends, a chunk every so often.
    Drips(Duration),
    /// A JSON text of so many bytes; whether its length is announced.
    Floods(usize, bool),
    /// These bytes, whatever they are, and the end.
    Raw(Vec<u8>),
}

impl Reply {
    fn head(&self, framing: &str) -> String {
        let mut head = format!("HTTP/1.1 {} {WORDS}\r\n{framing}", self.status);
        let usual = [
            ("content-type", "application/json"),
            ("x-words", WORDS),
            ("www-authenticate", "Basic realm=\"{words}\""),
            ("cache-control", "no-store"),
        ];
        for (name, value) in &self.headers {
            head += &format!("{name}: {}\r\n", value.replace("{words}", WORDS));
        }
        for (name, value) in usual {
            let own = |(other, _): &(String, String)| other.eq_ignore_ascii_case(name);
            if !self.headers.iter().any(own) {
                head += &format!("{name}: {}\r\n", value.replace("{words}", WORDS));
            }
        }
        head + "\r\n"
    }

    fn whole(&self) -> Vec<u8> {
        let framing = format!("content-length: {}\r\n", self.body.len());
        [self.head(&framing).as_bytes(), &self.body].concat()
    }

    /// Sends it. The answer is whether the connection may be used again.
    pub(super) async fn send(&self, to: &mut TcpStream) -> Result<bool> {
        tokio::time::sleep(self.delay).await;
        let whole = self.whole();
        match &self.manner {
            Manner::Whole => {
                to.write_all(&whole).await?;
                return Ok(true);
            }
            Manner::ThenClosed => to.write_all(&whole).await?,
            Manner::AndAnother => {
                to.write_all(&whole).await?;
                to.write_all(&whole).await?;
                return Ok(true);
            }
            Manner::Closed => {}
            Manner::Reset => to.set_zero_linger()?,
            Manner::ResetInHead => cut(to, &whole[..30], true).await?,
            Manner::ResetInBody => cut(to, &whole[..whole.len() - 2], true).await?,
            Manner::ClosedInBody => cut(to, &whole[..whole.len() - 2], false).await?,
            Manner::Silent => std::future::pending().await,
            Manner::HeadDrips(pause) => {
                to.write_all(b"HTTP/1.1 200 OK\r\n").await?;
                for_ever(to, b"x: y\r\n", *pause).await?;
            }
            Manner::Drips(pause) => {
                let head = self.head("transfer-encoding: chunked\r\n");
                to.write_all(head.as_bytes()).await?;
                for_ever(to, b"1\r\n \r\n", *pause).await?;
            }
            Manner::Floods(bytes, announced) => self.flood(to, *bytes, *announced).await?,
            Manner::Raw(bytes) => to.write_all(bytes).await?,
        }
        Ok(false)
    }

    async fn flood(&self, to: &mut TcpStream, bytes: usize, announced: bool) -> Result<()> {
        const PIECE: usize = 64 << 10;
        let length = format!("content-length: {}\r\n", bytes + 2);
        let framing = if announced {
            &length
        } else {
            "connection: close\r\n"
        };
        to.write_all(self.head(framing).as_bytes()).await?;
        to.write_all(b"\"").await?;
        let piece = [b'a'; PIECE];
        let mut left = bytes;
        while left > 0 {
            let now = left.min(PIECE);
            to.write_all(&piece[..now]).await?;
            left -= now;
        }
        to.write_all(b"\"").await?;
        Ok(())
    }
}

async fn cut(to: &mut TcpStream, part: &[u8], reset: bool) -> Result<()> {
    to.write_all(part).await?;
    if reset {
        to.set_zero_linger()?;
    }
    Ok(())
}

async fn for_ever(to: &mut TcpStream, piece: &[u8], pause: Duration) -> Result<()> {
    loop {
        to.write_all(piece).await?;
        tokio::time::sleep(pause).await;
    }
}
