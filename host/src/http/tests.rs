//! The endpoints over a real store, with logins that answer what a test tells them to.

mod accounts;
mod api;
mod browser;
mod codec;
mod house;
mod metrics;

use super::ready::Part;
use house::{House, Panics};
use http::StatusCode;
use std::sync::Arc;

const FORM: &str = "content-type: application/x-www-form-urlencoded";
const JSON: &str = "content-type: application/json";
const BEARER: &str = "authorization: Bearer a-long-and-random-secret-of-the-app";
const BROWSER: &str = "accept: text/html,application/xhtml+xml,*/*;q=0.8";

#[tokio::test]
async fn every_response_has_the_security_headers_and_is_not_cached() {
    let house = House::new().await;
    for line in [
        "GET /",
        "GET /nothing",
        "PUT /",
        "GET /v1/providers",
        "GET /v1/session",
        "GET /login/demo",
        "GET /login/%ff",
        "GET /callback/demo?state=x",
        "GET /readyz",
        "GET /healthz",
        "POST /logout",
    ] {
        let answer = house.ask(line, &[], "").await;
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{line}");
        assert!(policy.contains("default-src 'none'"), "{line}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{line}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{line}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{line}");
        assert!(
            answer
                .header("strict-transport-security")
                .contains("max-age"),
            "{line}"
        );
        assert_eq!(answer.header("cache-control"), "no-store", "{line}");
    }
}

#[tokio::test]
async fn a_failure_is_a_page_for_people_and_problem_details_for_programs() {
    let house = House::new().await;
    let page = house.ask("GET /nothing", &[BROWSER], "").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.text.contains("<h1>There is no such page</h1>"));
    for (line, accept) in [
        ("GET /nothing", "accept: application/json"),
        ("GET /nothing", "accept: application/problem+json"),
        ("GET /v1/nothing", BROWSER),
    ] {
        let details = house.ask(line, &[accept], "").await;
        assert_eq!(details.header("content-type"), "application/problem+json");
        assert_eq!(details.json()["type"], "urn:celadon:problem:not_found");
        assert_eq!(details.json()["status"], 404);
    }
}

#[tokio::test]
async fn wrong_methods_are_405_and_say_which_are_right() {
    let house = House::new().await;
    for line in [
        "POST /",
        "GET /logout",
        "HEAD /login/demo",
        "HEAD /callback/demo",
        "PUT /v1/logins",
    ] {
        let answer = house.ask(line, &[], "").await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{line}");
        assert!(
            answer.header("allow").contains(char::is_uppercase),
            "{line}"
        );
    }
    assert_eq!(
        house.ask("GET /logout", &[], "").await.header("allow"),
        "POST"
    );
    assert!(house.desk.begun.lock().expect("the lock").is_empty());
}

#[tokio::test]
async fn the_style_sheet_is_kept_for_good() {
    let house = House::new().await;
    let home = house.get("/").await.text;
    let start = home.find("/assets/").expect("a style sheet");
    let path = home[start..].split('"').next().expect("an address");
    let answer = house.get(path).await;
    assert_eq!(answer.header("content-type"), "text/css; charset=utf-8");
    assert!(answer.header("cache-control").contains("immutable"));
    assert_eq!(
        house.get("/assets/other.css").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn readiness_names_what_is_not_up() {
    let house = House::new().await;
    let answer = house.get("/readyz").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    for part in Part::ALL {
        house.web.readiness.set(part, part != Part::Worker);
    }
    let answer = house.get("/readyz").await;
    assert_eq!(answer.json()["not_ready"], serde_json::json!(["worker"]));
    house.web.readiness.set(Part::Worker, true);
    assert_eq!(house.get("/readyz").await.status, StatusCode::OK);
    assert_eq!(house.get("/healthz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_providers_are_listed_for_other_peoples_pages() {
    let house = House::new().await;
    let demo = serde_json::json!({
        "name": "demo",
        "title": "Demo & Co",
        "login_url": "https://sign-in.example/login/demo",
    });
    let answer = house.get("/v1/providers").await;
    assert_eq!(answer.json(), serde_json::json!({ "providers": [demo] }));
    assert!(answer.text.contains(r"Demo \u0026 Co"));
}

#[tokio::test]
async fn a_panic_is_a_500_that_tells_nothing() {
    let mut house = House::new().await;
    let cookie = house.sign_in().await;
    house.rebuild(|web| web.resources = Arc::new(Panics));
    let answer = house
        .ask("GET /resource/demo", &[&cookie, BROWSER], "")
        .await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.text.contains("<h1>Something went wrong here</h1>"));
    assert!(!answer.text.contains(Panics::MESSAGE));
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn bursts_pass_and_floods_are_told_when_to_come_back() {
    let house = House::new().await;
    for _ in 0..100 {
        assert_eq!(house.get("/login/demo").await.status, StatusCode::SEE_OTHER);
    }
    let mut last = house.get("/login/demo").await;
    for _ in 0..2_000 {
        if last.status != StatusCode::SEE_OTHER {
            break;
        }
        last = house.get("/login/demo").await;
    }
    assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(
        last.header("retry-after")
            .parse::<u64>()
            .is_ok_and(|seconds| seconds > 0)
    );
    assert_eq!(house.get("/healthz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_too_large_or_of_another_type_is_refused() {
    let house = House::new().await;
    let large = format!("state={}", "s".repeat(64 << 10));
    for (line, headers, body, status) in [
        (
            "POST /callback/demo",
            &[FORM][..],
            large.as_str(),
            StatusCode::PAYLOAD_TOO_LARGE,
        ),
        (
            "POST /callback/demo",
            &[JSON],
            "{}",
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
        (
            "POST /callback/other",
            &[FORM],
            "state=s",
            StatusCode::NOT_FOUND,
        ),
        (
            "POST /v1/logins",
            &[BEARER, FORM],
            "a=b",
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
        (
            "POST /v1/logins",
            &[BEARER, JSON],
            "{",
            StatusCode::BAD_REQUEST,
        ),
        (
            "POST /v1/logins",
            &[BEARER, JSON],
            r#"{"provider":"demo","x":1}"#,
            StatusCode::BAD_REQUEST,
        ),
    ] {
        assert_eq!(
            house.ask(line, headers, body).await.status,
            status,
            "{line}"
        );
    }
    let long = format!("/callback/demo?state={}", "s".repeat(40 << 10));
    assert_eq!(house.get(&long).await.status, StatusCode::URI_TOO_LONG);
}
