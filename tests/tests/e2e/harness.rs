//! The tests' own tools, tried without Celadon: a provider or server that does not do what a test
//! believes it does proves nothing.

use anyhow::{Context, Result, ensure};
use celadon_tests::browser::state_of;
use celadon_tests::{Browser, MockOp, Op, Sandbox, Temporal};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A stand-in for Celadon: sends every browser to `link`, with its own address as redirect URI.
async fn start_page(listener: TcpListener, link: String) -> Result<()> {
    loop {
        let (mut stream, _) = listener.accept().await?;
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await?;
        let answer = format!(
            "HTTP/1.1 303 See Other\r\nLocation: {link}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(answer.as_bytes()).await?;
    }
}

async fn start(issuer: &str, path: &str) -> Result<(String, String)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let own = format!("http://{}", listener.local_addr()?);
    let redirect_uri = format!("{own}/callback/op");
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("client_id", "celadon"),
            ("response_type", "code"),
            ("scope", "openid email"),
            ("state", "a-state-of-the-test"),
            ("nonce", "a-nonce-of-the-test"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("redirect_uri", &redirect_uri),
        ])
        .finish();
    tokio::spawn(start_page(listener, format!("{issuer}{path}?{query}")));
    Ok((format!("{own}/login/op"), redirect_uri))
}

#[tokio::test]
async fn the_provider_signs_anybody_in_and_notes_the_code() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let op = Op::start(&sandbox).await?;
    let (login, redirect_uri) = start(op.issuer(), "/auth").await?;
    op.register(&[redirect_uri]).await?;
    let mut browser = Browser::new()?;
    for _ in 0..2 {
        let callback = browser.authorize(&login, "alice").await?;
        ensure!(
            state_of(&callback).as_deref() == Some("a-state-of-the-test"),
            "{callback}"
        );
        ensure!(
            callback
                .query_pairs()
                .any(|(name, value)| name == "iss" && value == op.issuer()),
            "{callback}"
        );
        let needles = op.needles().await?.expecting(&["code", "state", "nonce"]);
        ensure!(
            !needles.found_in(callback.as_str().as_bytes())?.is_empty(),
            "another code than the callback's"
        );
    }
    ensure!(op.codes_received().await? == 0, "nobody redeemed one");
    Ok(())
}

/// A request to the token endpoint; the JSON of its answer.
async fn token(op: &Op, fields: &[(&str, &str)]) -> Result<(u16, Value)> {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let request = celadon_tests::http_client()?.post(format!("{}/token", op.issuer()));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = request
        .basic_auth(op.client_id(), Some(op.client_secret()))
        .body(form)
        .send()
        .await?;
    Ok((
        answer.status().as_u16(),
        serde_json::from_str(&answer.text().await?)?,
    ))
}

#[tokio::test]
async fn the_providers_tokens_open_its_resource_until_they_are_withdrawn() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let op = Op::start(&sandbox).await?;
    let (login, redirect_uri) = start(op.issuer(), "/auth").await?;
    op.register(std::slice::from_ref(&redirect_uri)).await?;
    let callback = Browser::new()?.authorize(&login, "alice").await?;
    let code = callback
        .query_pairs()
        .find(|(name, _)| name == "code")
        .context("a code")?
        .1;
    let redemption = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &redirect_uri),
        ("code_verifier", VERIFIER),
    ];
    let (status, tokens) = token(&op, &redemption).await?;
    ensure!(status == 200, "{tokens}");
    let refresh = tokens["refresh_token"]
        .as_str()
        .context("a refresh token")?;
    let (status, renewed) = token(
        &op,
        &[("grant_type", "refresh_token"), ("refresh_token", refresh)],
    )
    .await?;
    ensure!(
        status == 200 && renewed["refresh_token"] != tokens["refresh_token"],
        "no rotation: {renewed}"
    );
    let access = renewed["access_token"]
        .as_str()
        .context("an access token")?;
    let resource = celadon_tests::http_client()?
        .get(op.resource_url())
        .bearer_auth(access);
    let again = resource.try_clone().context("no body")?;
    ensure!(
        resource
            .send()
            .await?
            .text()
            .await?
            .contains("a protected resource"),
        "the token is no good"
    );
    op.revoke_everything().await?;
    ensure!(
        again.send().await?.status() == 401,
        "a withdrawn token is still good"
    );
    let renewed = renewed["refresh_token"]
        .as_str()
        .context("a refresh token")?;
    let (status, refused) = token(
        &op,
        &[("grant_type", "refresh_token"), ("refresh_token", renewed)],
    )
    .await?;
    ensure!(
        status == 400 && refused["error"] == "invalid_grant",
        "{status} {refused}"
    );
    let needles = op.needles().await?.expecting(&[
        "code",
        "code_verifier",
        "access_token",
        "refresh_token",
        "id_token",
    ]);
    ensure!(
        !needles.found_in(access.as_bytes())?.is_empty(),
        "the log misses a token"
    );
    ensure!(op.codes_received().await? == 1, "one code was redeemed");
    Ok(())
}

#[tokio::test]
async fn the_provider_lets_a_user_refuse() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let op = Op::start(&sandbox).await?;
    let (login, redirect_uri) = start(op.issuer(), "/auth").await?;
    op.register(&[redirect_uri]).await?;
    // The stand-in sends the browser on from its callback as well, so this ends at a form again.
    let page = Browser::new()?.refuse(&login).await;
    let requests = op.requests().await?;
    ensure!(
        requests
            .iter()
            .any(|r| r.path.starts_with("/auth/") && r.status == Some(303)),
        "{page:?} {requests:?}"
    );
    ensure!(
        requests.iter().all(|r| !r.issued.contains_key("code")),
        "a code was issued"
    );
    Ok(())
}

#[tokio::test]
async fn the_provider_fails_as_it_is_told_and_heals() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let op = Op::start(&sandbox).await?;
    let http = celadon_tests::http_client()?;
    let keys = format!("{}/jwks", op.issuer());
    let before = http.get(&keys).send().await?.text().await?;
    op.fault(
        "/jwks",
        json!({"status": 429, "times": 1, "headers": {"retry-after": "1"}}),
    )
    .await?;
    ensure!(
        http.get(&keys).send().await?.status() == 429,
        "the fault is not there"
    );
    ensure!(
        http.get(&keys).send().await?.status() == 200,
        "the fault does not pass"
    );
    op.fault("/jwks", json!({"drop": true})).await?;
    ensure!(
        http.get(&keys).send().await.is_err(),
        "the connection is not dropped"
    );
    op.fault("/jwks", json!({"after": true, "status": 0}))
        .await?;
    ensure!(
        http.get(&keys).send().await.is_err(),
        "the answer is not lost"
    );
    op.heal().await?;
    op.rotate_keys().await?;
    let after = http.get(&keys).send().await?.text().await?;
    ensure!(
        after.contains("RS256") && after != before,
        "the keys are the same"
    );
    let count = op
        .requests()
        .await?
        .iter()
        .filter(|r| r.path == "/jwks")
        .count();
    // A client may try a dropped connection again.
    ensure!(count >= 6, "requests are not counted: {count}");
    Ok(())
}

#[tokio::test]
async fn the_other_peoples_provider_signs_anybody_in() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let op = MockOp::start(&sandbox).await?;
    let (login, _) = start(op.issuer(), "/oauth2/authorize").await?;
    let callback = Browser::new()?
        .authorize(&login, "carol@example.test")
        .await?;
    callback
        .query_pairs()
        .find(|(name, _)| name == "code")
        .context("no code")?;
    Ok(())
}

#[tokio::test]
async fn the_temporal_server_shows_histories_and_ends() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let temporal = Temporal::start(&sandbox).await?;
    temporal.start_authentication("a-workflow", &json!({"provider": "op"}))?;
    ensure!(!temporal.has_ended("a-workflow")?, "nobody runs it");
    let history = temporal.history("a-workflow")?;
    let mut words = celadon_tests::Needles::default();
    words.add("input", "\"provider\"");
    ensure!(
        !words.found_in_json(&history)?.is_empty(),
        "the payload cannot be searched: {history}"
    );
    let address = temporal.address();
    drop(temporal);
    ensure!(
        tokio::net::TcpStream::connect(address).await.is_err(),
        "it still runs"
    );
    Ok(())
}
