//! What the client meets.

use super::*;
use crate::demo::keys::at_hash;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};

#[tokio::test]
async fn a_whole_login() {
    let scene = Scene::new().await;
    let (_, metadata) = read(
        scene
            .http
            .get(scene.at("/.well-known/openid-configuration"))
            .send()
            .await
            .expect("an answer"),
    )
    .await;
    assert_eq!(metadata["issuer"], scene.demo.issuer());
    assert_eq!(metadata["token_endpoint"], scene.at("/token"));

    let page = scene.ask(&[]).await;
    let policy = page.headers()["content-security-policy"]
        .to_str()
        .expect("text")
        .to_owned();
    assert!(
        policy.contains("form-action 'self' http://127.0.0.1:9;"),
        "{policy}"
    );
    let page = page.text().await.expect("a page");
    assert!(page.contains(r#"name="state" value="st&#38;te""#), "{page}");
    assert!(!page.contains("<script"), "{page}");

    let back = returned(
        &scene
            .answer(&[("user", "Ada"), ("decision", "allow")])
            .await,
    );
    assert_eq!(
        (back["state"].as_str(), back["iss"].as_str()),
        ("st&te", scene.demo.issuer())
    );

    let (status, tokens) = scene.exchange(&back["code"], &[]).await;
    assert_eq!(status, 200, "{tokens}");
    assert_eq!(tokens["scope"], "openid profile email offline_access");
    let (_, keys) = read(
        scene
            .http
            .get(scene.at("/jwks"))
            .send()
            .await
            .expect("an answer"),
    )
    .await;
    let claims = verified(&scene, keys, &tokens["id_token"]);
    assert_eq!(claims["nonce"], "n-0");
    assert_eq!(
        claims["at_hash"],
        at_hash(tokens["access_token"].as_str().expect("a token"))
    );

    let (_, user) = scene.open("/userinfo", &tokens["access_token"]).await;
    assert_eq!(
        (&user["sub"], &user["name"]),
        (&claims["sub"], &"Ada".into())
    );
    assert_eq!(
        (&user["email"], &user["email_verified"]),
        (&"ada@example.com".into(), &true.into())
    );
    let (status, resource) = scene.open("/resource", &tokens["access_token"]).await;
    assert_eq!((status, &resource["who"]), (200, &"Ada".into()));
}

fn verified(scene: &Scene, keys: Value, id_token: &Value) -> Value {
    let keys: JwkSet = serde_json::from_value(keys).expect("a JWK set");
    let id_token = id_token.as_str().expect("an ID token");
    let header = jsonwebtoken::decode_header(id_token).expect("a header");
    let jwk = keys
        .find(header.kid.as_deref().expect("a kid"))
        .expect("the key");
    let mut rules = Validation::new(Algorithm::ES256);
    rules.set_audience(&[scene.demo.client_id()]);
    rules.set_issuer(&[scene.demo.issuer()]);
    let key = DecodingKey::from_jwk(jwk).expect("a key");
    jsonwebtoken::decode::<Value>(id_token, &key, &rules)
        .expect("a good signature")
        .claims
}

#[tokio::test]
async fn a_wrong_verifier_gets_nothing_and_uses_the_code_up() {
    let scene = Scene::new().await;
    let code = scene.code().await;
    let wrong = random::token();
    refused(
        &scene.exchange(&code, &[("code_verifier", &wrong)]).await,
        400,
        "invalid_grant",
    );
    refused(&scene.exchange(&code, &[]).await, 400, "invalid_grant");
    let code = scene.code().await;
    refused(
        &scene.exchange(&code, &[("code_verifier", "")]).await,
        400,
        "invalid_request",
    );
    let other = ("redirect_uri", "http://127.0.0.1:9/callback/other");
    refused(&scene.exchange(&code, &[other]).await, 400, "invalid_grant");
}

#[tokio::test]
async fn a_code_used_twice_ends_what_it_gave() {
    let scene = Scene::new().await;
    let code = scene.code().await;
    let (_, tokens) = scene.exchange(&code, &[]).await;
    assert_eq!(
        scene.open("/resource", &tokens["access_token"]).await.0,
        200
    );
    refused(&scene.exchange(&code, &[]).await, 400, "invalid_grant");
    assert_eq!(
        scene.open("/resource", &tokens["access_token"]).await.0,
        401
    );
    let refresh_token = tokens["refresh_token"].as_str().expect("a refresh token");
    refused(&scene.refresh(refresh_token).await, 400, "invalid_grant");
}

#[tokio::test]
async fn refresh_tokens_rotate_and_one_used_twice_ends_the_grant() {
    let scene = Scene::new().await;
    let (_, first) = scene.exchange(&scene.code().await, &[]).await;
    let first = first["refresh_token"]
        .as_str()
        .expect("a refresh token")
        .to_owned();
    let (status, second) = scene.refresh(&first).await;
    assert_eq!(status, 200, "{second}");
    assert_ne!(second["refresh_token"], first);
    assert_eq!(
        scene.open("/userinfo", &second["access_token"]).await.0,
        200
    );

    refused(&scene.refresh(&first).await, 400, "invalid_grant");
    let second_token = second["refresh_token"].as_str().expect("a refresh token");
    refused(&scene.refresh(second_token).await, 400, "invalid_grant");
    assert_eq!(
        scene.open("/userinfo", &second["access_token"]).await.0,
        401
    );
}

#[tokio::test]
async fn a_refresh_may_ask_for_less_but_not_for_more() {
    let scene = Scene::new().await;
    let code = returned(
        &scene
            .answer(&[("scope", "email offline_access"), ("user", "Ada")])
            .await,
    );
    let (_, tokens) = scene.exchange(&code["code"], &[]).await;
    assert!(tokens.get("id_token").is_none(), "not asked for");
    let token = tokens["refresh_token"].as_str().expect("a refresh token");
    let ask = |scope| {
        vec![
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("scope", scope),
        ]
    };
    refused(
        &read(scene.post("/token", ask("openid email")).await).await,
        400,
        "invalid_scope",
    );
    let (status, fewer) = read(scene.post("/token", ask("email")).await).await;
    assert_eq!((status, &fewer["scope"]), (200, &"email".into()));
    assert_eq!(
        scene.open("/userinfo", &fewer["access_token"]).await.0,
        403,
        "that needs openid"
    );
}

#[tokio::test]
async fn no_refresh_token_comes_unasked() {
    let scene = Scene::new().await;
    let code = returned(&scene.answer(&[("scope", "openid"), ("user", "Ada")]).await);
    let (_, tokens) = scene.exchange(&code["code"], &[]).await;
    assert!(tokens.get("refresh_token").is_none());
    assert!(tokens.get("id_token").is_some());
}

#[tokio::test]
async fn a_revoked_token_opens_nothing() {
    let scene = Scene::new().await;
    let (_, tokens) = scene.exchange(&scene.code().await, &[]).await;
    let token = |name: &str| tokens[name].as_str().expect("a token").to_owned();
    let (access, refresh) = (token("access_token"), token("refresh_token"));
    assert_eq!(
        scene
            .post("/revoke", vec![("token", "unknown")])
            .await
            .status(),
        200
    );
    assert_eq!(
        scene
            .post("/revoke", vec![("token", &access)])
            .await
            .status(),
        200
    );
    assert_eq!(
        scene.open("/resource", &tokens["access_token"]).await.0,
        401
    );
    let (status, renewed) = scene.refresh(&refresh).await;
    assert_eq!(status, 200, "the grant lives on");
    let renewed_token = renewed["refresh_token"].as_str().expect("a refresh token");
    assert_eq!(
        scene
            .post("/revoke", vec![("token", renewed_token)])
            .await
            .status(),
        200
    );
    assert_eq!(
        scene.open("/resource", &renewed["access_token"]).await.0,
        401
    );
}

#[tokio::test]
async fn a_stranger_gets_no_token() {
    let scene = Scene::new().await;
    let code = scene.code().await;
    let body = format!(
        "grant_type=authorization_code&code={code}&client_id={}",
        scene.demo.client_id()
    );
    let request = scene.http.post(scene.at("/token")).body(body);
    let response = request.send().await.expect("an answer");
    assert!(response.headers().contains_key("www-authenticate"));
    refused(&read(response).await, 401, "invalid_client");
    let request = scene
        .http
        .get(scene.at("/resource"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        (
            request.status().as_u16(),
            request.headers()["www-authenticate"].to_str().ok()
        ),
        (401, Some("Bearer"))
    );
    assert_eq!(scene.open("/resource", &"guess".into()).await.0, 401);
    assert_eq!(scene.post("/revoke", vec![]).await.status(), 400);
    let flood = vec![("grant_type", "x"), ("pad", "x")];
    assert_eq!(scene.post("/token", flood).await.status(), 400);
    let pad = "x".repeat(BODY_LIMIT);
    assert_eq!(
        scene.post("/token", vec![("pad", &pad)]).await.status(),
        413
    );
}
