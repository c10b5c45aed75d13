//! Who may read the numbers.

use super::codec::{OPERATOR, operated};
use super::house::{Answer, House};
use crate::http::address::Peer;
use axum::body::Body;
use http::{Request, StatusCode};
use std::net::SocketAddr;

async fn from(house: &House, peer: &str, headers: &[(&str, &str)]) -> Answer {
    let peer = SocketAddr::new(peer.parse().expect("an address"), 1);
    let request = Request::get("/metrics").extension(Peer(peer));
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    house
        .send(request.body(Body::empty()).expect("a request"))
        .await
}

#[tokio::test]
async fn an_operator_reads_the_numbers() {
    let house = operated().await;
    house.get("/v1/providers").await;
    let answer = house.ask("GET /metrics", &[OPERATOR], "").await;
    assert_eq!(answer.status, StatusCode::OK);
    let media_type = answer.header("content-type");
    assert!(media_type.starts_with("application/openmetrics-text"));
    let counted =
        "celadon_http_requests_total{route=\"/v1/providers\",method=\"GET\",status=\"2xx\"}";
    assert!(answer.text.contains(counted), "{}", answer.text);
    assert!(answer.text.contains("celadon_logins_in_flight 0\n"));
    assert!(answer.text.ends_with("# EOF\n"));
    let local = [("host", "127.0.0.1:8080")];
    for answer in [
        from(&house, "127.0.0.1", &local).await,
        house
            .ask("GET /metrics", &["authorization: Bearer x"], "")
            .await,
    ] {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(!answer.text.contains("celadon_http"));
    }
}

#[tokio::test]
async fn without_operators_they_are_for_this_machine_alone() {
    let house = House::new().await;
    let host = ("host", "127.0.0.1:8080");
    assert_eq!(
        from(&house, "127.0.0.1", &[host]).await.status,
        StatusCode::OK
    );
    for (peer, headers) in [
        ("192.0.2.1", vec![host]),
        ("127.0.0.1", vec![]),
        ("127.0.0.1", vec![("host", "sign-in.example")]),
        ("127.0.0.1", vec![host, ("x-forwarded-for", "192.0.2.1")]),
        ("127.0.0.1", vec![host, ("via", "1.1 proxy")]),
    ] {
        let answer = from(&house, peer, &headers).await;
        assert_eq!(
            answer.status,
            StatusCode::UNAUTHORIZED,
            "{peer} {headers:?}"
        );
    }
}
