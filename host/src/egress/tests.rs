//! The client against servers on loopback that lie, stall and flood.

mod answers;
mod reach;
mod server;

use super::*;
use crate::config::{Grant, Limits};
use celadon_workflows::types::ProviderName;
use http::{HeaderValue, Method};
use server::{Behaviour, Server};
use std::num::NonZeroU32;
use url::Url;

fn policy(private: &[&str], insecure_http: bool) -> Policy {
    Policy {
        provider: ProviderName::new("acme"),
        insecure_http,
        private_addresses: private
            .iter()
            .map(|net| net.parse().expect("a test network"))
            .collect(),
        origins: Vec::new(),
        rate: Rate::default(),
    }
}

fn loopback() -> Egress {
    Egress::new(policy(&["127.0.0.0/8"], true)).expect("a client")
}

fn get(url: &str) -> Outgoing {
    let url = Url::parse(url).expect("a test URL");
    Outgoing::get("test", url, Instant::now() + Duration::from_secs(8))
}

fn post(url: &str) -> Outgoing {
    Outgoing {
        method: Method::POST,
        body: Some(b"code=hush".to_vec()),
        ..get(url)
    }
}

/// Soon enough for a test, late enough for a busy machine to connect.
fn hasty(mut outgoing: Outgoing) -> Outgoing {
    outgoing.deadline = Instant::now() + Duration::from_millis(700);
    outgoing
}

#[tokio::test]
async fn sends_what_it_says_and_nothing_else() {
    let server = Server::start(Behaviour::Answer(
        b"HTTP/1.1 200 OK\r\nset-cookie: a=b\r\ncontent-length: 2\r\n\r\nhi".to_vec(),
    ))
    .await;
    let egress = loopback();
    let answer = egress
        .send(post(&server.url("/token?x=y")))
        .await
        .expect("an answer");
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (200, b"hi".as_slice())
    );
    egress
        .send(get(&server.url("/again")))
        .await
        .expect("an answer");

    let requests = server.requests();
    let first = requests[0].to_ascii_lowercase();
    assert!(first.starts_with("post /token?x=y http/1.1\r\n"), "{first}");
    assert!(first.contains(concat!("user-agent: celadon/", env!("CARGO_PKG_VERSION"))));
    assert!(first.contains("content-length: 9\r\n"));
    assert!(first.ends_with("\r\n\r\ncode=hush"));
    for unwanted in ["accept-encoding", "cookie", "referer", "transfer-encoding"] {
        assert!(
            !requests.concat().to_ascii_lowercase().contains(unwanted),
            "{unwanted}"
        );
    }
}

#[tokio::test]
async fn tells_whether_a_late_request_was_sent() {
    let server = Server::start(Behaviour::Silence).await;
    let handshake = server.url("/").replace("http://", "https://");
    let error = loopback()
        .send(hasty(post(&handshake)))
        .await
        .expect_err("a timeout");
    assert!(
        matches!(error, EgressError::Timeout { sent: false }),
        "{error:?}"
    );
    assert!(error.nothing_sent());

    let late = Outgoing {
        deadline: Instant::now(),
        ..post(&server.url("/"))
    };
    let error = loopback().send(late).await.expect_err("a timeout");
    assert!(matches!(error, EgressError::Timeout { sent: false }));
}

#[tokio::test]
async fn connection_failures_sent_nothing() {
    let closed = server::closed_port().await;
    let plain = Server::start(Behaviour::Answer(b"HTTP/1.1 400 No\r\n\r\n".to_vec())).await;
    for url in [
        format!("http://{closed}/"),
        plain.url("/").replace("http://", "https://"),
    ] {
        let error = loopback()
            .send(post(&url))
            .await
            .expect_err("no connection");
        assert!(matches!(error, EgressError::Connect(_)), "{error:?}");
        assert!(error.nothing_sent());
    }
    let nowhere = Egress::with_lookup(policy(&[], true), |_| Ok(Vec::new())).expect("a client");
    let error = nowhere
        .send(post("http://nowhere.example/"))
        .await
        .expect_err("no address");
    assert!(matches!(error, EgressError::Connect(_)), "{error:?}");
}

#[tokio::test]
async fn a_lost_answer_is_ambiguous_and_not_asked_for_again() {
    for behaviour in [
        Behaviour::Answer(Vec::new()),
        Behaviour::Answer(b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nhalf".to_vec()),
        Behaviour::Answer(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_vec()),
        Behaviour::Answer(b"not http at all\r\n\r\n".to_vec()),
        Behaviour::Answer(b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n".to_vec()),
        Behaviour::Answer(
            b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx".to_vec(),
        ),
    ] {
        let server = Server::start(behaviour).await;
        let error = loopback()
            .send(post(&server.url("/")))
            .await
            .expect_err("a lost answer");
        assert!(matches!(error, EgressError::Broken(_)), "{error:?}");
        assert!(!error.nothing_sent());
        assert_eq!(server.requests().len(), 1, "sent twice");
    }
}

#[tokio::test]
async fn an_answer_too_many_is_nobodys() {
    let two = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\noneHTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\ntwo";
    let server = Server::start(Behaviour::AnswerAndStay(two.to_vec())).await;
    let egress = loopback();
    for _ in 0..20 {
        let answer = egress.send(get(&server.url("/"))).await.expect("an answer");
        assert_eq!(answer.body, b"one");
    }
}

#[tokio::test]
async fn asks_no_faster_than_the_rate() {
    let server = Server::start(Behaviour::Answer(b"HTTP/1.1 200 OK\r\n\r\n".to_vec())).await;
    let limits = Limits {
        rate: NonZeroU32::MIN,
        burst: NonZeroU32::MIN.saturating_add(1),
        ..Limits::default()
    };
    let loopback = policy(&["127.0.0.0/8"], true);
    let limited = Policy {
        rate: Policy::of(&loopback.provider, &Grant::default(), &limits).rate,
        ..loopback
    };
    let egress = Egress::new(limited).expect("a client");
    let mut refused = 0;
    for _ in 0..6 {
        match egress.send(get(&server.url("/"))).await {
            Err(error) => {
                assert!(matches!(error, EgressError::RateLimited) && error.nothing_sent());
                refused += 1;
            }
            Ok(answer) => assert_eq!(answer.status, 200),
        }
    }
    assert!(refused > 0);
    assert_eq!(server.requests().len(), 6 - refused);
}

#[tokio::test]
async fn some_headers_are_its_own() {
    for name in OWN_HEADERS {
        let mut outgoing = get("https://example.com/");
        outgoing
            .headers
            .insert(name.clone(), HeaderValue::from_static("x"));
        let error = loopback().send(outgoing).await.expect_err("its own");
        assert!(matches!(error, EgressError::Header(header) if header == name));
    }
}

#[tokio::test]
async fn debug_and_display_hold_no_secret() {
    let mut outgoing = post("https://example.com/hush?hush=hush");
    outgoing
        .headers
        .insert("authorization", HeaderValue::from_static("hush"));
    let answer = Answer {
        status: 200,
        headers: outgoing.headers.clone(),
        body: b"hush".to_vec(),
    };
    let closed = server::closed_port().await;
    let url = format!("http://{closed}/hush?hush=hush");
    let error = loopback().send(post(&url)).await.expect_err("refused");
    for text in [
        format!("{outgoing:?}"),
        format!("{answer:?}"),
        format!("{error:?}"),
        format!("{error}"),
        format!("{:?}", loopback()),
    ] {
        assert!(!text.contains("hush"), "{text}");
    }
}

#[test]
fn hundreds_of_clients_are_cheap() {
    let begun = Instant::now();
    let clients: Vec<_> = (0..300).map(|_| loopback()).collect();
    assert_eq!(clients.len(), 300);
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
}
