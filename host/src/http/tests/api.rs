//! A client's way: credentials, logins begun by the API.

use super::house::{House, LOGIN};
use super::{BEARER, JSON};
use crate::logins::LoginStatus;
use celadon_workflows::types::{LoginId, Outcome, ProviderName, Reason, Refusal, Stage};
use data_encoding::BASE64;
use http::StatusCode;

#[tokio::test]
async fn a_client_begins_watches_and_cancels_a_login() {
    let house = House::new().await;
    let body = r#"{"provider":"demo","return_to":"/x","user":"u1"}"#;
    let basic = BASE64.encode(b"app:a-long-and-random-secret-of-the-app");
    let basic = format!("authorization: Basic {basic}");
    let created = house.ask("POST /v1/logins", &[&basic, JSON], body).await;
    assert_eq!(created.status, StatusCode::CREATED);
    let path = created.header("location").to_owned();
    assert_eq!(path, format!("/v1/logins/{LOGIN}"));
    assert_eq!(created.json()["expires_at"], 1_767_225_600);
    assert_eq!(
        house.desk.created.lock().expect("the lock")[0].client,
        "app"
    );
    let status = house
        .ask(&format!("GET {path}?wait=0"), &[BEARER], "")
        .await
        .json();
    assert_eq!(status["status"], "waiting_for_user");
    assert!(status.get("outcome").is_none());
    let too_long = house
        .ask(&format!("GET {path}?wait=61"), &[BEARER], "")
        .await;
    assert_eq!(too_long.status, StatusCode::BAD_REQUEST);
    let deleted = house.ask(&format!("DELETE {path}"), &[BEARER], "").await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    let redeemed = house
        .ask(
            &format!("POST {path}/result"),
            &[BEARER, JSON],
            r#"{"result":"x"}"#,
        )
        .await;
    assert_eq!(
        redeemed.json()["type"],
        "urn:celadon:problem:invalid_result_code"
    );
}

#[tokio::test]
async fn the_status_of_a_refused_login_says_why() {
    let house = House::new().await;
    *house.desk.status.lock().expect("the lock") = Some(LoginStatus {
        login: LoginId::new(LOGIN),
        provider: ProviderName::new("demo"),
        stage: Stage::Ended,
        outcome: Some(Outcome::Refused(Refusal::new(
            Reason::InvalidGrant,
            "the code is spent",
        ))),
        expires_at: 0,
    });
    let status = house
        .ask(&format!("GET /v1/logins/{LOGIN}"), &[BEARER], "")
        .await
        .json();
    assert_eq!(status["status"], "refused");
    assert_eq!(status["reason"], "invalid_grant");
    assert_eq!(status["detail"], "the code is spent");
}

#[tokio::test]
async fn without_a_credential_nothing_is_told_of_logins() {
    let house = House::new().await;
    let session = house.sign_in().await;
    for line in [
        "POST /v1/logins",
        "GET /v1/logins/x",
        "DELETE /v1/logins/x",
        "POST /v1/logins/x/result",
    ] {
        for header in [
            "authorization: Bearer wrong",
            "authorization: Basic eDp5",
            session.as_str(),
        ] {
            let answer = house.ask(line, &[header], "").await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{line} {header}");
            assert!(
                answer
                    .header("www-authenticate")
                    .starts_with("Basic realm=")
            );
        }
    }
}
