//! Answers that lead away, hide, flood or never end.

use super::*;

#[tokio::test]
async fn follows_no_redirect() {
    for status in [300, 301, 302, 303, 304, 307, 308] {
        let target = Server::start(Behaviour::Answer(Vec::new())).await;
        let head = format!(
            "HTTP/1.1 {status} Elsewhere\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n",
            target.url("/stolen")
        );
        let server = Server::start(Behaviour::Answer(head.into_bytes())).await;
        let error = loopback()
            .send(post(&server.url("/")))
            .await
            .expect_err("a redirect");
        assert!(matches!(error, EgressError::Redirect { status: seen } if seen == status));
        assert!(!error.nothing_sent());
        assert_eq!(target.requests().len(), 0);
    }
}

#[tokio::test]
async fn refuses_encodings_and_takes_identity() {
    for encoding in ["gzip", "br", "deflate", "zstd", "identity, gzip", "x", ""] {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: 2\r\n\r\nhi"
        );
        let server = Server::start(Behaviour::Answer(head.into_bytes())).await;
        let error = loopback()
            .send(get(&server.url("/")))
            .await
            .expect_err("an encoding");
        assert!(matches!(error, EgressError::Encoding), "{encoding}");
    }
    let server = Server::start(Behaviour::Answer(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: Identity\r\ncontent-length: 2\r\n\r\nhi".to_vec(),
    ))
    .await;
    assert!(loopback().send(get(&server.url("/"))).await.is_ok());
}

#[tokio::test]
async fn reads_no_more_than_it_may() {
    let announced =
        Behaviour::Answer(b"HTTP/1.1 200 OK\r\ncontent-length: 10485760\r\n\r\n".to_vec());
    for behaviour in [
        announced,
        Behaviour::Flood { chunked: true },
        Behaviour::Flood { chunked: false },
    ] {
        let server = Server::start(behaviour).await;
        let error = loopback()
            .send(get(&server.url("/")))
            .await
            .expect_err("too large");
        assert!(
            matches!(
                error,
                EgressError::TooLarge {
                    limit: Outgoing::MAX_BODY
                }
            ),
            "{error:?}"
        );
        assert!(!error.nothing_sent());
    }
    let exact = Server::start(Behaviour::Answer(
        b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfour".to_vec(),
    ))
    .await;
    for (max_body, fits) in [(4, true), (3, false), (0, false)] {
        let outgoing = Outgoing {
            max_body,
            ..get(&exact.url("/"))
        };
        assert_eq!(loopback().send(outgoing).await.is_ok(), fits);
    }
}

#[tokio::test]
async fn an_endless_drip_ends_at_the_deadline() {
    for behaviour in [
        Behaviour::DripBody,
        Behaviour::DripHeaders,
        Behaviour::Silence,
        Behaviour::Continue,
    ] {
        let server = Server::start(behaviour).await;
        for outgoing in [get(&server.url("/")), post(&server.url("/"))] {
            let begun = Instant::now();
            let error = loopback()
                .send(hasty(outgoing))
                .await
                .expect_err("a timeout");
            assert!(
                matches!(error, EgressError::Timeout { sent: true }),
                "{error:?}"
            );
            assert!(begun.elapsed() < Duration::from_secs(5));
        }
    }
}

#[tokio::test]
async fn headers_are_bounded() {
    let many = "x: y\r\n".repeat(500);
    let large = format!("x: {}\r\n", "y".repeat(80 << 10));
    let huge = format!("x: {}\r\n", "y".repeat(900 << 10));
    for headers in [many, large, huge] {
        let answer = format!("HTTP/1.1 200 OK\r\n{headers}content-length: 0\r\n\r\n");
        let server = Server::start(Behaviour::Answer(answer.into_bytes())).await;
        let error = loopback()
            .send(get(&server.url("/")))
            .await
            .expect_err("too many");
        assert!(
            matches!(error, EgressError::TooLarge { .. } | EgressError::Broken(_)),
            "{error:?}"
        );
    }
}
