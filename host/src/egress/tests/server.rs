//! A server that behaves as a test wants: raw bytes over TCP, so that it can break HTTP.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What it does with each request.
#[derive(Clone)]
pub(super) enum Behaviour {
    /// Writes these bytes and closes.
    Answer(Vec<u8>),
    /// Says nothing, and stays.
    Silence,
    /// A body that comes byte by byte and never ends.
    DripBody,
    /// Headers that come byte by byte and never end.
    DripHeaders,
    /// Interim answers without end.
    Continue,
    /// A body of 10 MB without announcement.
    Flood {
        /// In chunks, or until the connection closes.
        chunked: bool,
    },
    /// Writes these bytes at the first request of a connection, and waits for another.
    AnswerAndStay(Vec<u8>),
}

/// A server on loopback; it ends with the test's runtime.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(super) async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (behaviour, seen) = (behaviour.clone(), Arc::clone(&seen));
                // A client that went away is what most of these tests are about.
                tokio::spawn(async move { serve(stream, behaviour, seen).await.ok() });
            }
        });
        Self { address, requests }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no test panicked here").clone()
    }
}

/// An address where nobody listens.
pub(super) async fn closed_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    listener.local_addr().expect("an address")
}

async fn serve(
    mut stream: TcpStream,
    behaviour: Behaviour,
    seen: Arc<Mutex<Vec<String>>>,
) -> std::io::Result<()> {
    if let Some(request) = read_request(&mut stream).await? {
        seen.lock().expect("no test panicked here").push(request);
    } else {
        // No HTTP: the client wants TLS and is left waiting, or is answered in plain text.
        if matches!(behaviour, Behaviour::Silence) {
            std::future::pending::<()>().await;
        }
    }
    match behaviour {
        Behaviour::Answer(bytes) => stream.write_all(&bytes).await?,
        Behaviour::Silence => std::future::pending().await,
        Behaviour::DripBody => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
                .await?;
            drip(&mut stream, b"x").await?;
        }
        Behaviour::DripHeaders => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nx: ").await?;
            drip(&mut stream, b"y").await?;
        }
        Behaviour::Continue => drip(&mut stream, b"HTTP/1.1 100 Continue\r\n\r\n").await?,
        Behaviour::Flood { chunked } => flood(&mut stream, chunked).await?,
        Behaviour::AnswerAndStay(bytes) => {
            stream.write_all(&bytes).await?;
            read_request(&mut stream).await?;
        }
    }
    stream.shutdown().await
}

async fn drip(stream: &mut TcpStream, drop: &[u8]) -> std::io::Result<()> {
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    loop {
        tick.tick().await;
        stream.write_all(drop).await?;
    }
}

async fn flood(stream: &mut TcpStream, chunked: bool) -> std::io::Result<()> {
    let head: &[u8] = if chunked {
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    } else {
        b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"
    };
    stream.write_all(head).await?;
    for _ in 0..160 {
        if chunked {
            stream.write_all(b"10000\r\n").await?;
        }
        stream.write_all(&[b'x'; 65536]).await?;
        if chunked {
            stream.write_all(b"\r\n").await?;
        }
    }
    Ok(())
}

/// One request, head and body; `None` where it is not HTTP or the client has gone.
async fn read_request(stream: &mut TcpStream) -> std::io::Result<Option<String>> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await? == 0 || bytes.first() == Some(&0x16) {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        let Some(head) = text.find("\r\n\r\n") else {
            continue;
        };
        let length = text
            .split("content-length: ")
            .nth(1)
            .and_then(|rest| rest.split("\r\n").next())
            .and_then(|digits| digits.parse().ok())
            .unwrap_or(0);
        if bytes.len() >= head + 4 + length {
            return Ok(Some(String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
}
