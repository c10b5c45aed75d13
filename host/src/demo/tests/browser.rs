//! What a browser meets.

use super::*;

#[tokio::test]
async fn refusal_is_told_to_the_client() {
    let scene = Scene::new().await;
    let back = returned(&scene.answer(&[("decision", "deny")]).await);
    assert_eq!(back["error"], "access_denied");
    assert_eq!(
        (back["state"].as_str(), back["iss"].as_str()),
        ("st&te", scene.demo.issuer())
    );
    assert!(!back.contains_key("code"));
}

#[tokio::test]
async fn a_bad_request_is_told_to_the_client() {
    let scene = Scene::new().await;
    let cases = [
        (("response_type", "token"), "unsupported_response_type"),
        (("response_mode", "fragment"), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("request_uri", "urn:x"), "request_uri_not_supported"),
        (("prompt", "none"), "login_required"),
    ];
    for (change, error) in cases {
        assert_eq!(
            returned(&scene.ask(&[change]).await)["error"],
            error,
            "{change:?}"
        );
        let form = [change, ("user", "Ada"), ("decision", "allow")];
        assert_eq!(
            returned(&scene.answer(&form).await)["error"],
            error,
            "{change:?}"
        );
    }
}

#[tokio::test]
async fn nothing_is_sent_to_a_redirect_uri_that_is_not_registered() {
    let scene = Scene::new().await;
    let wrong = [
        ("redirect_uri", "http://127.0.0.1:9/callback/demo/"),
        ("redirect_uri", "http://127.0.0.1:9/callback/demo?x=1"),
        ("redirect_uri", "http://127.0.0.1:9/callback/DEMO"),
        ("redirect_uri", "https://evil.example/callback/demo"),
        ("redirect_uri", ""),
        ("client_id", "another"),
    ];
    for change in wrong {
        for response in [
            scene.ask(&[change]).await,
            scene
                .answer(&[change, ("user", "Ada"), ("decision", "allow")])
                .await,
            scene.answer(&[change, ("decision", "deny")]).await,
        ] {
            assert_eq!(response.status(), 400, "{change:?}");
            assert!(!response.headers().contains_key("location"), "{change:?}");
        }
    }
    let link = scene.at("/authorize?redirect_uri=a&redirect_uri=b");
    let repeated = scene.http.get(link).send().await.expect("an answer");
    assert_eq!(repeated.status(), 400);
}

#[tokio::test]
async fn another_site_cannot_send_the_form() {
    let scene = Scene::new().await;
    let form = scene.request(&[("user", "Mallory"), ("decision", "allow")]);
    let body = Serializer::new(String::new()).extend_pairs(form).finish();
    let foreign = [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
    ];
    for (name, value) in foreign {
        let request = scene.http.post(scene.at("/authorize")).header(name, value);
        let response = request.body(body.clone()).send().await.expect("an answer");
        assert_eq!(response.status(), 400, "{name}: {value}");
    }
}

#[tokio::test]
async fn it_answers_under_its_own_name_alone() {
    let scene = Scene::new().await;
    let request = scene
        .http
        .get(scene.at("/jwks"))
        .header("host", "rebound.example");
    assert_eq!(request.send().await.expect("an answer").status(), 421);
}

#[tokio::test]
async fn an_unusable_name_brings_the_form_back() {
    let scene = Scene::new().await;
    let long = "x".repeat(65);
    for name in ["", "  ", long.as_str()] {
        let response = scene.answer(&[("user", name), ("decision", "allow")]).await;
        assert_eq!(response.status(), 422);
        assert!(
            response
                .text()
                .await
                .expect("a page")
                .contains(r#"role="alert""#)
        );
    }
}

#[tokio::test]
async fn it_stops_and_comes_back_at_its_port() {
    let scene = Scene::new().await;
    let issuer = scene.demo.issuer().to_owned();
    let port: u16 = issuer
        .rsplit(':')
        .next()
        .expect("a port")
        .parse()
        .expect("a number");
    let beside = start(DevOnly::for_test(), port)
        .await
        .expect("started elsewhere");
    assert_ne!(beside.issuer(), issuer);
    drop(scene.http);
    scene.demo.stop().await;
    let again = start(DevOnly::for_test(), port).await.expect("started");
    assert_eq!(again.issuer(), issuer);
}
