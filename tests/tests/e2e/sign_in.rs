//! The good day.

use crate::house::{House, expect_4xx, expect_signed_in, expect_signed_out, session};
use anyhow::{Result, ensure};
use celadon_tests::{Browser, Celadon, MockOp, Sandbox, Setup, Temporal, mentions};
use serde_json::json;
use url::Url;

#[tokio::test]
async fn a_user_signs_in_and_the_session_says_who_and_with_what() -> Result<()> {
    let house = House::new().await?;
    let mut browser = Browser::new()?;
    expect_signed_out(&house.celadon, &mut browser).await?;
    let page = browser.sign_in(&house.celadon.login("op"), "alice").await?;
    ensure!(
        page.status == 200 && page.url.path() == "/",
        "ended at {} with {}",
        page.url,
        page.status
    );
    let session = session(&house.celadon, &mut browser).await?;
    let json = session.json()?;
    for text in ["alice", "alice@example.test", house.op.issuer(), "op"] {
        ensure!(mentions(&json, text), "no {text} in {json}");
    }
    house.expect_codes(1).await?;
    let needles =
        house
            .op
            .needles()
            .await?
            .expecting(&["code", "access_token", "refresh_token", "id_token"]);
    ensure!(
        needles.found_in(session.text.as_bytes())?.is_empty(),
        "a secret in {}",
        session.text
    );
    house.workflow_ends(&page.state()?).await
}

#[tokio::test]
async fn the_home_page_offers_providers_and_then_says_who_you_are() -> Result<()> {
    let house = House::new().await?;
    let mut browser = Browser::new()?;
    let before = browser.open(&house.celadon.url("/")).await?;
    ensure!(
        before.status == 200 && before.text.contains("/login/op"),
        "no button: {}",
        before.text
    );
    ensure!(
        before.header("content-type").starts_with("text/html"),
        "not a page"
    );
    browser.sign_in(&house.celadon.login("op"), "alice").await?;
    let after = browser.open(&house.celadon.url("/")).await?;
    ensure!(
        after.status == 200 && after.text.contains("alice@example.test"),
        "who? {}",
        after.text
    );
    Ok(())
}

#[tokio::test]
async fn configured_providers_are_listed_without_what_is_not_public() -> Result<()> {
    let house = House::new().await?;
    let page = house.celadon.get("/v1/providers").await?;
    ensure!(
        page.status == 200 && mentions(&page.json()?, "op"),
        "not listed: {}",
        page.text
    );
    ensure!(
        !page.text.contains(house.op.client_secret()),
        "the client secret is public"
    );
    Ok(())
}

#[tokio::test]
async fn the_protected_page_shows_the_resource_to_who_is_signed_in() -> Result<()> {
    let house = House::new().await?;
    let mut browser = Browser::new()?;
    let resource = house.celadon.url("/resource/op");
    ensure!(
        browser.open(&resource).await?.status == 401,
        "shown to nobody in particular"
    );
    browser.sign_in(&house.celadon.login("op"), "alice").await?;
    let page = browser.open(&resource).await?;
    ensure!(
        page.status == 200 && page.text.contains("a protected resource"),
        "{}: {}",
        page.status,
        page.text
    );
    let needles = house.op.needles().await?.expecting(&["access_token"]);
    ensure!(
        needles.found_in(page.text.as_bytes())?.is_empty(),
        "a secret in {}",
        page.text
    );
    Ok(())
}

#[tokio::test]
async fn logout_ends_the_session_and_another_site_cannot_press_it() -> Result<()> {
    let house = House::new().await?;
    let mut browser = Browser::new()?;
    let page = browser.sign_in(&house.celadon.login("op"), "alice").await?;
    let logout = house.celadon.url("/logout");
    let elsewhere = Url::parse(house.op.issuer())?;
    browser.post(&elsewhere, &logout, &[]).await?;
    expect_signed_in(&house.celadon, &mut browser, "alice").await?;
    let home = browser.open(&house.celadon.url("/")).await?;
    let form = celadon_tests::browser::Form::all(&home)
        .into_iter()
        .find(|form| form.action.path() == "/logout");
    let fields = form.map(|form| form.fields).unwrap_or_default();
    let fields: Vec<_> = fields
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    let ended = browser.post(&page.url, &logout, &fields).await?;
    ensure!(
        ended.status < 400,
        "logout answered {}: {}",
        ended.status,
        ended.text
    );
    expect_signed_out(&house.celadon, &mut browser).await
}

#[tokio::test]
async fn two_tabs_sign_in_side_by_side() -> Result<()> {
    let house = House::new().await?;
    let mut browser = Browser::new()?;
    let first = browser
        .authorize(&house.celadon.login("op"), "alice")
        .await?;
    let second = browser
        .authorize(&house.celadon.login("op"), "alice")
        .await?;
    for callback in [first, second] {
        let page = browser.open(callback.as_str()).await?;
        ensure!(page.status == 200, "{}: {}", page.status, page.text);
    }
    house.expect_codes(2).await?;
    expect_signed_in(&house.celadon, &mut browser, "alice").await
}

#[tokio::test]
async fn a_form_post_callback_signs_in_though_lax_cookies_do_not_come_with_it() -> Result<()> {
    let house = House::new().await?;
    let mut browser = Browser::new()?;
    let callback = browser
        .authorize(&house.celadon.login("op"), "alice")
        .await?;
    let fields: Vec<(String, String)> = callback.query_pairs().into_owned().collect();
    let fields: Vec<_> = fields
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    let provider = Url::parse(house.op.issuer())?;
    let target = house.celadon.url("/callback/op");
    let page = browser.post(&provider, &target, &fields).await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    for hop in &page.hops {
        ensure!(
            !hop.as_str().contains(fields[0].1),
            "a field of the form is in the address {hop}"
        );
    }
    house.expect_codes(1).await?;
    expect_signed_in(&house.celadon, &mut browser, "alice").await
}

#[tokio::test]
async fn a_form_post_callback_from_a_foreign_browser_is_refused() -> Result<()> {
    let house = House::new().await?;
    let (mut victim, mut attacker) = (Browser::new()?, Browser::new()?);
    let callback = attacker
        .authorize(&house.celadon.login("op"), "mallory")
        .await?;
    let fields: Vec<(String, String)> = callback.query_pairs().into_owned().collect();
    let fields: Vec<_> = fields
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    let provider = Url::parse(house.op.issuer())?;
    let page = victim
        .post(&provider, &house.celadon.url("/callback/op"), &fields)
        .await?;
    expect_4xx(&page)?;
    house.expect_codes(0).await?;
    expect_signed_out(&house.celadon, &mut victim).await
}

#[tokio::test]
async fn claims_may_stand_in_the_id_token_alone() -> Result<()> {
    let house = House::with(
        json!({"claims_in_id_token": true, "userinfo": false}),
        |setup| setup,
    )
    .await?;
    let mut browser = Browser::new()?;
    let page = browser.sign_in(&house.celadon.login("op"), "alice").await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    expect_signed_in(&house.celadon, &mut browser, "alice@example.test").await
}

#[tokio::test]
async fn a_provider_of_other_people_signs_in_as_well() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let (temporal, op) = tokio::try_join!(Temporal::start(&sandbox), MockOp::start(&sandbox))?;
    let setup = Setup::new(&temporal)?.mock_provider("mock", &op)?;
    let celadon = Celadon::start(&sandbox, setup).await?;
    let mut browser = Browser::new()?;
    let page = browser
        .sign_in(&celadon.login("mock"), "carol@example.test")
        .await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    expect_signed_in(&celadon, &mut browser, "carol@example.test").await
}
