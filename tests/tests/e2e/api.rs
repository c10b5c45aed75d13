//! Logins that an application starts: it waits, a browser signs in, a one-time code brings the result.

use crate::house::{House, MALL_SECRET, expect_4xx, expect_signed_out};
use anyhow::{Context, Result, ensure};
use celadon_tests::{Answer, Browser, Caller, mentions, waiting};
use serde_json::json;

async fn begin(house: &House) -> Result<(String, String)> {
    let created = house
        .shop()?
        .post(
            "/v1/logins",
            json!({"provider": "op", "return_to": "/v1/providers"}),
        )
        .await?;
    ensure!(
        created.status == 201,
        "{}: {}",
        created.status,
        created.json
    );
    created
        .json
        .get("expires_at")
        .context("it says when it expires")?;
    Ok((created.text("id")?, created.text("login_url")?))
}

async fn redeem(caller: &Caller, id: &str, code: &str) -> Result<Answer> {
    caller
        .post(&format!("/v1/logins/{id}/result"), json!({"code": code}))
        .await
}

#[tokio::test]
async fn an_application_waits_and_redeems_the_result_once() -> Result<()> {
    let house = House::new().await?;
    let shop = house.shop()?;
    let (id, login_url) = begin(&house).await?;
    ensure!(
        login_url.starts_with(&house.celadon.login("op")),
        "not Celadon's own address: {login_url}"
    );
    let waiting = {
        let (shop, path) = (shop.clone(), format!("/v1/logins/{id}?wait=30"));
        tokio::spawn(async move { shop.get(&path).await })
    };
    let mut browser = Browser::new()?;
    let page = browser.sign_in(&login_url, "bob").await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    ensure!(
        page.query("login").as_deref() == Some(&id),
        "ended at {}",
        page.url
    );
    let code = page
        .query("result")
        .context("the browser carries the code")?;
    let status = waiting.await??;
    ensure!(
        status.status == 200 && mentions(&status.json, "signed_in"),
        "{}: {}",
        status.status,
        status.json
    );
    let needles = house.op.needles().await?;
    ensure!(
        needles
            .found_in(status.json.to_string().as_bytes())?
            .is_empty(),
        "a secret in {}",
        status.json
    );
    let result = redeem(&shop, &id, &code).await?;
    ensure!(
        result.status == 200 && mentions(&result.json, "bob@example.test"),
        "{}: {}",
        result.status,
        result.json
    );
    let again = redeem(&shop, &id, &code).await?;
    ensure!(
        (400..500).contains(&again.status),
        "redeemed twice: {}",
        again.status
    );
    expect_signed_out(&house.celadon, &mut browser).await
}

#[tokio::test]
async fn who_has_no_credential_may_neither_start_nor_see_a_login() -> Result<()> {
    let house = House::new().await?;
    let (id, _) = begin(&house).await?;
    let base = house.celadon.url("");
    for caller in [
        Caller::anonymous(&base)?,
        Caller::new(&base, "shop", "wrong")?,
        Caller::new(&base, "nobody", MALL_SECRET)?,
    ] {
        let path = format!("/v1/logins/{id}");
        for answer in [
            caller.post("/v1/logins", json!({"provider": "op"})).await?,
            caller.get(&path).await?,
            caller.delete(&path).await?,
            redeem(&caller, &id, "code").await?,
        ] {
            ensure!(answer.status == 401, "{}: {}", answer.status, answer.json);
        }
    }
    Ok(())
}

#[tokio::test]
async fn another_application_cannot_see_end_or_redeem_a_login() -> Result<()> {
    let house = House::new().await?;
    let (id, login_url) = begin(&house).await?;
    let mall = Caller::new(&house.celadon.url(""), "mall", MALL_SECRET)?;
    let path = format!("/v1/logins/{id}");
    for answer in [mall.get(&path).await?, mall.delete(&path).await?] {
        ensure!(
            (400..500).contains(&answer.status),
            "{}: {}",
            answer.status,
            answer.json
        );
    }
    let page = Browser::new()?.sign_in(&login_url, "bob").await?;
    let code = page.query("result").context("the login was not ended")?;
    ensure!(
        (400..500).contains(&redeem(&mall, &id, &code).await?.status),
        "redeemed by another"
    );
    ensure!(
        redeem(&house.shop()?, &id, &code).await?.status == 200,
        "spent by another's try"
    );
    Ok(())
}

#[tokio::test]
async fn a_wrong_result_code_yields_nothing_and_spends_nothing() -> Result<()> {
    let house = House::new().await?;
    let (id, login_url) = begin(&house).await?;
    let shop = house.shop()?;
    ensure!(
        (400..500).contains(&redeem(&shop, &id, "too-early").await?.status),
        "redeemed before its end"
    );
    let page = Browser::new()?.sign_in(&login_url, "bob").await?;
    let code = page.query("result").context("a code")?;
    for wrong in ["", "wrong", &code[1..], &format!("{code}x")] {
        ensure!(
            (400..500).contains(&redeem(&shop, &id, wrong).await?.status),
            "{wrong:?} was good"
        );
    }
    ensure!(
        redeem(&shop, &id, &code).await?.status == 200,
        "spent by a wrong code"
    );
    Ok(())
}

#[tokio::test]
async fn a_login_url_belongs_to_the_first_browser() -> Result<()> {
    let house = House::new().await?;
    let (_, login_url) = begin(&house).await?;
    let mut first = Browser::new()?;
    let callback = first.authorize(&login_url, "bob").await?;
    let mut second = Browser::new()?;
    expect_4xx(&second.sign_in(&login_url, "eve").await?)?;
    expect_4xx(&second.open(callback.as_str()).await?)?;
    ensure!(
        first.open(callback.as_str()).await?.status == 200,
        "the first browser was locked out"
    );
    house.expect_codes(1).await
}

#[tokio::test]
async fn a_cancelled_login_cannot_be_answered() -> Result<()> {
    let house = House::new().await?;
    let shop = house.shop()?;
    let (id, login_url) = begin(&house).await?;
    let mut browser = Browser::new()?;
    let callback = browser.authorize(&login_url, "bob").await?;
    let path = format!("/v1/logins/{id}");
    let cancelled = shop.delete(&path).await?;
    ensure!(
        (200..300).contains(&cancelled.status),
        "{}: {}",
        cancelled.status,
        cancelled.json
    );
    waiting::until("the workflow ends", 10, async || {
        Ok(house
            .temporal
            .has_ended(&format!("login-{id}"))?
            .then_some(()))
    })
    .await?;
    let status = shop.get(&format!("{path}?wait=5")).await?;
    ensure!(
        mentions(&status.json, "cancelled"),
        "it says {}",
        status.json
    );
    expect_4xx(&browser.open(callback.as_str()).await?)?;
    house.expect_codes(0).await
}

#[tokio::test]
async fn who_waits_learns_of_expiry() -> Result<()> {
    let house = House::with(json!({}), |setup| setup.login("expires_in = \"3s\"")).await?;
    let (id, login_url) = begin(&house).await?;
    let status = house
        .shop()?
        .get(&format!("/v1/logins/{id}?wait=30"))
        .await?;
    ensure!(
        status.status == 200 && mentions(&status.json, "expired"),
        "{}: {}",
        status.status,
        status.json
    );
    expect_4xx(&Browser::new()?.open(&login_url).await?)
}

#[tokio::test]
async fn who_waits_learns_of_refusal_without_the_providers_words() -> Result<()> {
    let house = House::new().await?;
    let (id, login_url) = begin(&house).await?;
    Browser::new()?.refuse(&login_url).await?;
    let status = house
        .shop()?
        .get(&format!("/v1/logins/{id}?wait=30"))
        .await?;
    ensure!(
        mentions(&status.json, "access_denied"),
        "it says {}",
        status.json
    );
    ensure!(
        !status
            .json
            .to_string()
            .contains("description-that-nobody-may-show"),
        "the provider's words"
    );
    Ok(())
}

#[tokio::test]
async fn bad_requests_are_problems_with_a_type() -> Result<()> {
    let house = House::new().await?;
    let shop = house.shop()?;
    for body in [
        json!({}),
        json!([]),
        json!({"provider": "nobody"}),
        json!({"provider": 7}),
        json!({"provider": "../op"}),
        json!({"provider": "op", "return_to": "//evil.example"}),
        json!({"provider": "op", "return_to": "https://evil.example"}),
        json!({"provider": "op", "scopes": "openid"}),
        json!({"provider": "op", "scopes": ["a b\r\nc"]}),
    ] {
        let answer = shop.post("/v1/logins", body.clone()).await?;
        ensure!(
            (400..500).contains(&answer.status),
            "{body} was answered with {}: {}",
            answer.status,
            answer.json
        );
        ensure!(
            answer.json["type"].is_string() && answer.json["status"] == answer.status,
            "no problem: {}",
            answer.json
        );
    }
    let unknown = shop.get(&format!("/v1/logins/{}", "0".repeat(64))).await?;
    ensure!(
        unknown.status == 404,
        "an unknown login is {}",
        unknown.status
    );
    Ok(())
}
