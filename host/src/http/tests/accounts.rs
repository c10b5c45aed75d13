//! Who is signed in: session, home page, protected resource, logout.

use super::BROWSER;
use super::house::House;
use crate::http::resource::ResourceError;
use axum::body::Bytes;
use http::StatusCode;

#[tokio::test]
async fn a_session_tells_who_is_signed_in_and_never_a_token() {
    let house = House::new().await;
    let cookie = house.sign_in().await;
    let answer = house.ask("GET /v1/session", &[&cookie], "").await;
    let session = answer.json();
    assert_eq!(session["identity"]["subject"], "alice");
    assert_eq!(session["identity"]["name"], "Alice <b>");
    assert!(answer.text.contains(r"Alice \u003cb\u003e"));
    assert_eq!(session["authorizations"][0]["scope"], "openid email");
    assert_eq!(session["authorizations"][0]["needs_reauth"], false);
    assert!(!answer.text.contains("tokens"));
    let home = house.ask("GET /", &[&cookie], "").await.text;
    assert!(home.contains("Hello, Alice &#60;b&#62;") && home.contains("/resource/demo"));
    assert_eq!(
        house.get("/v1/session").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn logging_out_takes_a_form_of_our_own() {
    let house = House::new().await;
    let cookie = house.sign_in().await;
    let foreign = ["sec-fetch-site: cross-site", &cookie];
    assert_eq!(
        house.ask("POST /logout", &foreign, "").await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        house.ask("GET /v1/session", &[&cookie], "").await.status,
        StatusCode::OK
    );
    let own = ["origin: https://sign-in.example", &cookie];
    let answer = house.ask("POST /logout", &own, "").await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (StatusCode::SEE_OTHER, "/")
    );
    assert!(answer.cookies()[0].starts_with("__Host-celadon-session=; "));
    assert_eq!(
        house.ask("GET /v1/session", &[&cookie], "").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_resource_is_shown_to_who_is_signed_in() {
    let house = House::new().await;
    let cookie = house.sign_in().await;
    let tell = |answer| *house.desk.resource.lock().expect("the lock") = Some(answer);
    tell(Ok(Bytes::from_static(br#"{"secret":"<script>"}"#)));
    let page = house
        .ask("GET /resource/demo", &[&cookie, BROWSER], "")
        .await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("&#60;script&#62;") && page.text.contains("1970-01-01"));
    tell(Ok(Bytes::from_static(br#"{"secret":"<script>"}"#)));
    let json = house
        .ask(
            "GET /resource/demo",
            &[&cookie, "accept: application/json"],
            "",
        )
        .await;
    assert_eq!(json.json()["resource"]["secret"], "<script>");
    for (error, status) in [
        (ResourceError::NotConnected, 409),
        (ResourceError::NeedsReauth, 409),
        (ResourceError::NotConfigured, 404),
        (ResourceError::Provider("it answered 500".to_owned()), 424),
        (ResourceError::Unavailable, 503),
    ] {
        tell(Err(error));
        let answer = house.ask("GET /resource/demo", &[&cookie], "").await;
        assert_eq!(answer.status.as_u16(), status);
    }
    assert_eq!(
        house.get("/resource/demo").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        house.get("/resource/other").await.status,
        StatusCode::NOT_FOUND
    );
}
