//! What every answer has, and what no request may do.

use crate::house::House;
use anyhow::{Result, ensure};
use celadon_tests::browser::Page;
use celadon_tests::{Browser, Celadon};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

fn expect_headers(page: &Page) -> Result<()> {
    let policy = page.header("content-security-policy");
    ensure!(
        policy.contains("frame-ancestors 'none'"),
        "{}: {policy:?}",
        page.url
    );
    ensure!(
        !policy.contains("unsafe-inline") || !policy.contains("script-src"),
        "{}: {policy:?}",
        page.url
    );
    ensure!(
        page.header("x-content-type-options") == "nosniff",
        "{}: no nosniff",
        page.url
    );
    ensure!(
        !page.header("referrer-policy").is_empty(),
        "{}: no referrer policy",
        page.url
    );
    Ok(())
}

#[tokio::test]
async fn every_answer_has_the_headers_that_protect_it() -> Result<()> {
    let house = House::new().await?;
    for path in [
        "/",
        "/nowhere",
        "/login/nobody",
        "/callback/op",
        "/callback/op?state=x&code=y",
        "/resource/op",
        "/v1/session",
        "/v1/providers",
        "/v1/logins/x",
        "/healthz",
        "/readyz",
        "/%",
        "/login/op?return_to=//evil.example",
    ] {
        expect_headers(&house.celadon.get(path).await?)?;
    }
    let mut browser = Browser::new()?;
    let callback = browser
        .authorize(&house.celadon.login("op"), "alice")
        .await?;
    let page = browser.open(callback.as_str()).await?;
    expect_headers(&page)?;
    let refused = browser.open(callback.as_str()).await?;
    ensure!(
        refused.header("cache-control").contains("no-store"),
        "a callback may be cached"
    );
    let session = browser.open(&house.celadon.url("/v1/session")).await?;
    ensure!(
        session.header("cache-control").contains("no-store"),
        "a session may be cached"
    );
    expect_headers(&session)
}

#[tokio::test]
async fn cookies_are_out_of_reach_of_scripts_and_other_sites() -> Result<()> {
    let house = House::new().await?;
    let http = celadon_tests::http_client()?;
    let answer = http.get(house.celadon.login("op")).send().await?;
    ensure!(
        answer.status() == 303,
        "a login begins with {}",
        answer.status()
    );
    let cookies: Vec<_> = answer.headers().get_all("set-cookie").iter().collect();
    ensure!(!cookies.is_empty(), "the login is bound to no browser");
    for cookie in cookies {
        let cookie = cookie.to_str()?;
        ensure!(
            cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
            "{cookie}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn the_link_carries_pkce_state_and_nonce_and_never_the_secret() -> Result<()> {
    let house = House::new().await?;
    let mut browser = Browser::new()?;
    browser
        .authorize(&house.celadon.login("op"), "alice")
        .await?;
    browser
        .authorize(&house.celadon.login("op"), "alice")
        .await?;
    let mut links = house.op.requests().await?;
    links.retain(|request| request.path == "/auth");
    ensure!(links.len() == 2, "two logins, {} links", links.len());
    for name in ["state", "nonce", "code_challenge"] {
        ensure!(
            links[0]
                .query
                .get(name)
                .is_some_and(|value| value.len() >= 43),
            "{name} is short or missing"
        );
        ensure!(
            links[0].query.get(name) != links[1].query.get(name),
            "{name} is not new"
        );
    }
    let link = &links[0].query;
    ensure!(
        link.get("code_challenge_method")
            .is_some_and(|m| m == "S256"),
        "not S256: {link:?}"
    );
    ensure!(
        link.get("response_type").is_some_and(|t| t == "code"),
        "not the code flow: {link:?}"
    );
    ensure!(
        link.get("redirect_uri") == Some(&house.celadon.setup().redirect_uri("op")),
        "{link:?}"
    );
    ensure!(
        !link.values().any(|value| value == house.op.client_secret()),
        "the secret is in the link"
    );
    Ok(())
}

#[tokio::test]
async fn requests_beyond_all_bounds_are_refused_and_it_lives_on() -> Result<()> {
    let house = House::new().await?;
    let long = "s".repeat(64 * 1024);
    for head in [
        format!(
            "GET /callback/op?state={long}&code=c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        ),
        format!("GET /login/op?return_to=/{long} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: x\r\nCookie: a={long}{long}\r\nConnection: close\r\n\r\n"),
        format!(
            "POST /callback/op HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\r\nstate={long}&code=c",
            long.len() + 13,
        ),
        "GET /callback/op?state=%zz&code=%c3%28 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            .to_owned(),
        "BREW / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_owned(),
    ] {
        let status = raw(&house.celadon, &head).await?;
        ensure!(
            (400..500).contains(&status),
            "{:.60} was answered with {status}",
            head
        );
    }
    ensure!(
        house.celadon.get("/readyz").await?.status == 200,
        "it did not live on"
    );
    house.expect_codes(0).await
}

#[tokio::test]
async fn names_that_are_markup_are_shown_as_text() -> Result<()> {
    let op = serde_json::json!({"claims": {"name": "<img src=x onerror=alert(7)>"}});
    let house = House::with(op, |setup| setup).await?;
    let mut browser = Browser::new()?;
    browser.sign_in(&house.celadon.login("op"), "alice").await?;
    for path in ["/", "/v1/session"] {
        let page = browser.open(&house.celadon.url(path)).await?;
        ensure!(
            page.status == 200 && !page.text.contains("<img"),
            "{path}: {}",
            page.text
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_burst_of_a_hundred_requests_passes() -> Result<()> {
    let house = House::new().await?;
    let browser = Browser::new()?;
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let (mut tab, url) = (browser.tab(), house.celadon.url("/v1/providers"));
            tokio::spawn(async move { tab.open(&url).await })
        })
        .collect();
    for call in calls {
        let page = call.await??;
        ensure!(page.status == 200, "{}: {}", page.status, page.text);
    }
    Ok(())
}

/// Sends bytes as they are; the status of the answer. Clients refuse to write such requests.
async fn raw(celadon: &Celadon, request: &str) -> Result<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", celadon.setup().port())).await?;
    // The server may answer and close before it has read all.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let text = String::from_utf8_lossy(&answer);
    let status = text
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    status.ok_or_else(|| anyhow::anyhow!("no answer to {request:.60}: {text}"))
}
