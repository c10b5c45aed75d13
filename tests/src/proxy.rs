//! A proxy in front of several instances: every request goes to the next one, as it does behind a
//! load balancer that knows nothing of logins.

use anyhow::{Context, Result, bail};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The largest head that is passed on.
const LARGEST_HEAD: usize = 64 << 10;

/// A running proxy.
pub struct Proxy {
    port: u16,
    instances: Arc<OnceLock<Vec<u16>>>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Listens on a free port. Whom it passes requests to is said later: the instances want to know
    /// its port first.
    pub async fn listen() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let instances = Arc::new(OnceLock::new());
        let accepting = tokio::spawn(accept(listener, Arc::clone(&instances)));
        Ok(Self {
            port,
            instances,
            accepting,
        })
    }

    /// The port that browsers know.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// An address behind it.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Says on which ports the instances listen, once.
    pub fn pass_to(&self, ports: &[u16]) -> Result<()> {
        let given = self.instances.set(ports.to_vec());
        given.ok().context("the instances are known already")
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, instances: Arc<OnceLock<Vec<u16>>>) {
    let turn = Arc::new(AtomicUsize::new(0));
    while let Ok((browser, _)) = listener.accept().await {
        let (instances, turn) = (Arc::clone(&instances), Arc::clone(&turn));
        tokio::spawn(async move {
            let ports = instances.get().map(Vec::as_slice).unwrap_or_default();
            // A connection that breaks is the browser's to notice.
            let _ = pass(browser, ports, &turn).await;
        });
    }
}

/// Passes one request on, and its answer back; then the connection ends.
async fn pass(mut browser: TcpStream, ports: &[u16], turn: &AtomicUsize) -> Result<()> {
    let request = read(&mut browser).await?;
    let Some(mut instance) = connect(ports, turn).await else {
        let none = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        return Ok(browser.write_all(none.as_bytes()).await?);
    };
    instance.write_all(&request).await?;
    tokio::io::copy(&mut instance, &mut browser).await?;
    Ok(browser.shutdown().await?)
}

/// The next instance, or the one after it where that is down.
async fn connect(ports: &[u16], turn: &AtomicUsize) -> Option<TcpStream> {
    for _ in ports {
        let next = turn.fetch_add(1, Ordering::Relaxed) % ports.len();
        if let Ok(instance) = TcpStream::connect(("127.0.0.1", ports[next])).await {
            return Some(instance);
        }
    }
    None
}

/// One whole request, which now asks for its connection to be closed after the answer.
async fn read(browser: &mut TcpStream) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if bytes.len() > LARGEST_HEAD || browser.read_buf(&mut bytes).await? == 0 {
            bail!("no request came");
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    while bytes.len() < end + 4 + length.unwrap_or(0) {
        if browser.read_buf(&mut bytes).await? == 0 {
            bail!("the request broke off");
        }
    }
    let mut request = head.into_bytes();
    request.extend_from_slice(b"\r\nConnection: close");
    request.extend_from_slice(&bytes[end..]);
    Ok(request)
}
