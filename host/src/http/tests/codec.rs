//! The codec server: who may use it, and what it answers.

use super::JSON;
use super::house::{Answer, House};
use crate::config::{Operators, Secret};
use crate::http::address::Peer;
use crate::seal::PayloadSeal;
use axum::body::Body;
use data_encoding::BASE64;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use temporalio_common::protos::temporal::api::common::v1::Payload;
use url::Url;

pub const OPERATOR: &str = "authorization: Bearer the-operators-long-random-secret";
const UI: &str = "https://temporal.example";
const DEV_UI: &str = "http://127.0.0.1:8233";

/// A house with operators, and a page that may do without their credential.
pub async fn operated() -> House {
    let mut house = House::new().await;
    house.rebuild(|web| {
        let origin = |text| Url::parse(text).expect("a URL").origin();
        let config = Arc::make_mut(&mut web.config);
        config.operators = Some(Operators {
            secret: Secret::Plain("the-operators-long-random-secret".to_owned()),
            codec_origins: vec![origin(UI)],
            open_codec_origin: Some(origin(DEV_UI)),
        });
    });
    house
}

fn plain() -> Payload {
    Payload {
        metadata: [("encoding".to_owned(), b"json/plain".to_vec())].into(),
        data: br#"{"provider":"demo"}"#.to_vec(),
        ..Payload::default()
    }
}

fn wire(payload: &Payload) -> Value {
    let metadata = payload.metadata.iter();
    let metadata: serde_json::Map<_, _> = metadata
        .map(|(name, value)| (name.clone(), json!(BASE64.encode(value))))
        .collect();
    json!({ "metadata": metadata, "data": BASE64.encode(&payload.data) })
}

fn body(payloads: &[Value]) -> String {
    json!({ "payloads": payloads }).to_string()
}

/// A request from that address.
async fn from(house: &House, peer: &str, origin: &str) -> Answer {
    let request = Request::post("/codec/decode")
        .header("content-type", "application/json")
        .header("origin", origin)
        .extension(Peer(SocketAddr::new(peer.parse().expect("an address"), 1)));
    let request = request.body(Body::from("{}")).expect("a request");
    house.send(request).await
}

#[tokio::test]
async fn payloads_are_sealed_and_opened_in_their_order() {
    let house = operated().await;
    let foreign = json!({"metadata": {"encoding": BASE64.encode(b"binary/plain")}, "data": "AAE="});
    let payloads = [wire(&plain()), foreign.clone()];
    let sealed = house
        .ask("POST /codec/encode", &[OPERATOR, JSON], &body(&payloads))
        .await;
    assert_eq!(sealed.status, StatusCode::OK);
    assert!(!sealed.text.contains(&BASE64.encode(&plain().data)));
    let encoding = &sealed.json()["payloads"][0]["metadata"]["encoding"];
    assert_eq!(encoding, &json!(BASE64.encode(b"binary/encrypted")));
    let opened = house
        .ask("POST /codec/decode", &[OPERATOR, JSON], &sealed.text)
        .await;
    assert_eq!(opened.json(), json!({ "payloads": payloads }));
    let again = house
        .ask("POST /codec/decode", &[OPERATOR, JSON], &body(&payloads))
        .await;
    assert_eq!(again.json(), json!({ "payloads": payloads }), "plain stays");
}

#[tokio::test]
async fn what_does_not_open_stays_sealed_and_takes_nothing_with_it() {
    let house = operated().await;
    let mut sealed = PayloadSeal::new((*house.web.keys).clone()).seal(&plain());
    let good = wire(&sealed);
    *sealed.data.last_mut().expect("bytes") ^= 1;
    let payloads = [wire(&sealed), good];
    let opened = house
        .ask("POST /codec/decode", &[OPERATOR, JSON], &body(&payloads))
        .await;
    assert_eq!(
        opened.json(),
        json!({ "payloads": [payloads[0], wire(&plain())] })
    );
}

#[tokio::test]
async fn nobody_else_uses_it() {
    let house = operated().await;
    let app = "authorization: Bearer a-long-and-random-secret-of-the-app";
    let basic = |secret: &str| {
        let pair = BASE64.encode(format!("operator:{secret}").as_bytes());
        format!("authorization: Basic {pair}")
    };
    for path in ["/codec/encode", "/codec/decode"] {
        let line = format!("POST {path}");
        for header in [app, "authorization: Bearer ", &basic("guess"), "x: y"] {
            let answer = house.ask(&line, &[header, JSON], "{}").await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{header}");
            assert_eq!(
                answer.json()["type"],
                "urn:celadon:problem:operator_unauthenticated"
            );
            assert!(answer.header("www-authenticate").starts_with("Bearer"));
        }
        let right = basic("the-operators-long-random-secret");
        let answer = house.ask(&line, &[&right, JSON], "{}").await;
        assert_eq!(answer.json(), json!({ "payloads": [] }));
    }
    let unoperated = House::new().await;
    for line in ["POST /codec/decode", "OPTIONS /codec/decode"] {
        let answer = unoperated.ask(line, &[OPERATOR, JSON], "{}").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn pages_of_configured_origins_may_read_the_answer() {
    let house = operated().await;
    let origin = format!("origin: {UI}");
    let preflight = house.ask("OPTIONS /codec/decode", &[&origin], "").await;
    assert_eq!(preflight.status, StatusCode::NO_CONTENT);
    assert_eq!(preflight.header("access-control-allow-origin"), UI);
    assert_eq!(preflight.header("access-control-allow-methods"), "POST");
    for name in ["authorization", "content-type", "x-namespace"] {
        let allowed = preflight.header("access-control-allow-headers");
        assert!(allowed.contains(name), "{allowed}");
    }
    assert_eq!(preflight.header("access-control-allow-credentials"), "");
    let answer = house
        .ask("POST /codec/decode", &[&origin, OPERATOR, JSON], "{}")
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("access-control-allow-origin"), UI);
    assert_eq!(answer.header("vary"), "origin");
    let refused = house
        .ask("POST /codec/decode", &[&origin, JSON], "{}")
        .await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.header("access-control-allow-origin"), UI);
}

#[tokio::test]
async fn pages_of_other_origins_may_not_even_with_the_credential() {
    let house = operated().await;
    for origin in [
        "null",
        "",
        "https://evil.example",
        "http://temporal.example",
        "https://temporal.example:8443",
        "https://temporal.example.evil.example",
        "https://TEMPORAL.example",
    ] {
        let origin = format!("origin: {origin}");
        for line in ["POST /codec/decode", "OPTIONS /codec/decode"] {
            let answer = house.ask(line, &[&origin, OPERATOR, JSON], "{}").await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{line} {origin}");
            assert_eq!(answer.header("access-control-allow-origin"), "");
        }
    }
}

#[tokio::test]
async fn the_page_that_dev_opens_needs_no_credential_on_this_machine() {
    let house = operated().await;
    assert_eq!(
        from(&house, "127.0.0.1", DEV_UI).await.status,
        StatusCode::OK
    );
    let elsewhere = from(&house, "192.0.2.1", DEV_UI).await;
    assert_eq!(elsewhere.status, StatusCode::FORBIDDEN);
    let other = from(&house, "127.0.0.1", "http://127.0.0.1:8234").await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
    let configured = from(&house, "127.0.0.1", UI).await;
    assert_eq!(configured.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn bodies_are_bounded_and_typed() {
    let house = operated().await;
    let data = BASE64.encode(&vec![0; 3 << 20]);
    let large = body(&[json!({ "data": data })]);
    let line = "POST /codec/encode";
    let answer = house.ask(line, &[OPERATOR, JSON], &large).await;
    assert_eq!(answer.status, StatusCode::OK);
    let larger = body(&[json!({ "data": data }), json!({ "data": data })]);
    let answer = house.ask(line, &[OPERATOR, JSON], &larger).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    let answer = house.ask(line, &[OPERATOR], "{}").await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    for nonsense in ["", "7", r#"{"payloads":[{"data":"!"}]}"#] {
        let answer = house.ask(line, &[OPERATOR, JSON], nonsense).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{nonsense}");
    }
    let answer = house.ask("GET /codec/decode", &[OPERATOR], "").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
}
