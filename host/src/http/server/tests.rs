//! A server on loopback, spoken to in bytes.

use super::*;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<()>,
}

/// Starts a server that drains for `drain` at the end.
async fn start_draining(router: Router, drain: Duration) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel();
    let stopped = async {
        let _ = stopped.await;
    };
    let ended = tokio::spawn(serve_draining(listener, router, stopped, drain));
    Running {
        address,
        stop,
        ended,
    }
}

async fn start(router: Router) -> Running {
    start_draining(router, DRAIN).await
}

async fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer
}

#[tokio::test]
async fn an_address_beyond_what_hyper_reads_is_answered_with_a_page() {
    let server = start(Router::new()).await;
    let state = "s".repeat(64 << 10);
    let request = format!("GET /callback/x?state={state} HTTP/1.1\r\nhost: x\r\n\r\n");
    let answer = exchange(server.address, &request).await;
    assert!(answer.starts_with("HTTP/1.1 414 "), "{answer}");
    assert!(
        answer.contains("\r\nx-content-type-options: nosniff\r\n"),
        "{answer}"
    );
    assert!(
        answer.contains("<h1>The address is too long</h1>"),
        "{answer}"
    );
    assert!(answer.trim_end().ends_with("</html>"), "{answer}");
}

#[tokio::test]
async fn what_is_no_http_is_answered_with_a_page() {
    let server = start(Router::new()).await;
    let answer = exchange(
        server.address,
        "G@T / HTTP/1.1\r\nhost: x\r\nb\x01d: y\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("</html>"), "{answer}");
}

#[tokio::test]
async fn a_request_in_flight_ends_and_the_server_after_it() {
    let (entered, mut inside) = tokio::sync::mpsc::channel::<()>(1);
    let release = Arc::new(tokio::sync::Notify::new());
    let wait = release.clone();
    let slow = move || {
        let (entered, wait) = (entered.clone(), wait.clone());
        async move {
            let _ = entered.send(()).await;
            wait.notified().await;
            "done"
        }
    };
    let server = start(Router::new().route("/slow", get(slow))).await;
    let request = "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n";
    let asking = tokio::spawn(exchange(server.address, request));
    inside.recv().await.expect("the request has arrived");
    server.stop.send(()).expect("the server runs");
    release.notify_one();
    assert!(asking.await.expect("no panic").ends_with("done"));
    server.ended.await.expect("no panic");
}

#[tokio::test]
async fn a_request_that_never_ends_is_cut_off() {
    let (entered, mut inside) = tokio::sync::mpsc::channel::<()>(1);
    let endless = move || {
        let entered = entered.clone();
        async move {
            let _ = entered.send(()).await;
            std::future::pending::<()>().await;
        }
    };
    let router = Router::new().route("/", get(endless));
    let server = start_draining(router, Duration::from_millis(50)).await;
    let mut stream = TcpStream::connect(server.address)
        .await
        .expect("a connection");
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .expect("written");
    inside.recv().await.expect("the request has arrived");
    server.stop.send(()).expect("the server runs");
    server.ended.await.expect("no panic");
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer).await;
    assert!(
        read.is_err() || answer.is_empty(),
        "the connection is closed without an answer"
    );
}
