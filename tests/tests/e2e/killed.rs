//! Processes that die or stop, and logins that move from one to another.

use crate::house::{House, expect_4xx, expect_signed_in, expect_signed_out};
use anyhow::{Context, Result, ensure};
use celadon_tests::browser::state_of;
use celadon_tests::{Browser, Celadon, waiting};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_login_outlives_the_process_that_began_it() -> Result<()> {
    let mut house = House::new().await?;
    let mut browser = Browser::new()?;
    let callback = browser
        .authorize(&house.celadon.login("op"), "alice")
        .await?;
    house.celadon.kill9()?;
    house.celadon.restart().await?;
    let page = browser.open(callback.as_str()).await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    expect_signed_in(&house.celadon, &mut browser, "alice").await?;
    house.expect_codes(1).await
}

#[tokio::test]
async fn a_session_outlives_its_process() -> Result<()> {
    let mut house = House::new().await?;
    let mut browser = Browser::new()?;
    browser.sign_in(&house.celadon.login("op"), "alice").await?;
    house.celadon.kill9()?;
    house.celadon.restart().await?;
    expect_signed_in(&house.celadon, &mut browser, "alice").await?;
    let page = browser.open(&house.celadon.url("/resource/op")).await?;
    ensure!(
        page.status == 200,
        "its tokens are lost: {} {}",
        page.status,
        page.text
    );
    Ok(())
}

#[tokio::test]
async fn a_login_begun_by_one_process_is_ended_by_another() -> Result<()> {
    let mut house = House::new().await?;
    let second = Celadon::start(&house.sandbox, house.celadon.setup().beside()?).await?;
    let mut browser = Browser::new()?;
    let callback = browser
        .authorize(&house.celadon.login("op"), "alice")
        .await?;
    house.celadon.kill9()?;
    // It may end at the public address, which nobody serves now: the session tells.
    let _ = browser.open(&second.here(&callback)).await;
    expect_signed_in(&second, &mut browser, "alice").await?;
    house.expect_codes(1).await
}

#[tokio::test]
async fn two_processes_share_the_logins_of_one_site() -> Result<()> {
    let house = House::new().await?;
    let second = Celadon::start(&house.sandbox, house.celadon.setup().beside()?).await?;
    let turns = [(&house.celadon, &second), (&second, &house.celadon)];
    for (begins, ends) in turns.repeat(3) {
        let mut browser = Browser::new()?;
        let callback = browser.authorize(&begins.login("op"), "alice").await?;
        let page = browser.open(&ends.here(&callback)).await?;
        ensure!(page.status == 200, "{}: {}", page.status, page.text);
        expect_signed_in(begins, &mut browser, "alice").await?;
        expect_signed_in(ends, &mut browser, "alice").await?;
    }
    house.expect_codes(6).await
}

#[tokio::test]
async fn a_code_in_flight_at_a_kill_is_never_sent_again() -> Result<()> {
    let mut house = House::new().await?;
    let mut browser = Browser::new()?;
    let callback = browser
        .authorize(&house.celadon.login("op"), "alice")
        .await?;
    house.op.fault("/token", json!({"hang": true})).await?;
    let mut tab = browser.tab();
    let address = callback.to_string();
    let first = tokio::spawn(async move { tab.open(&address).await });
    waiting::until("the code is at the provider", 15, async || {
        Ok((house.op.codes_received().await? == 1).then_some(()))
    })
    .await?;
    house.celadon.kill9()?;
    ensure!(first.await?.is_err(), "a killed process answered");
    house.op.heal().await?;
    house.celadon.restart().await?;
    expect_4xx(&browser.open(callback.as_str()).await?)?;
    let state = state_of(&callback).context("a state")?;
    waiting::until("the login ends", 60, async || {
        let workflow = format!("login-{}", celadon_tests::login_id(&state));
        Ok(house.temporal.has_ended(&workflow)?.then_some(()))
    })
    .await?;
    expect_4xx(&browser.open(callback.as_str()).await?)?;
    expect_signed_out(&house.celadon, &mut browser).await?;
    house.expect_codes(1).await?;
    let page = browser.sign_in(&house.celadon.login("op"), "alice").await?;
    ensure!(
        page.status == 200,
        "the next login: {} {}",
        page.status,
        page.text
    );
    Ok(())
}

#[tokio::test]
async fn sigterm_ends_it_within_ten_seconds_whoever_waits() -> Result<()> {
    let mut house = House::new().await?;
    Browser::new()?
        .authorize(&house.celadon.login("op"), "alice")
        .await?;
    let shop = house.shop()?;
    let created = shop.post("/v1/logins", json!({"provider": "op"})).await?;
    let path = format!("/v1/logins/{}?wait=30", created.text("id")?);
    let waiting = tokio::spawn(async move { shop.get(&path).await });
    let (time, status) = house.celadon.sigterm().await?;
    ensure!(time < Duration::from_secs(10), "it took {time:?}");
    ensure!(status.success(), "it ended with {status}");
    // Whatever the waiting application was told, it was told so at once.
    let _ = waiting.await?;
    Ok(())
}
