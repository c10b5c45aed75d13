//! Temporal restarted in the middle of a login, and away when a user comes back.

use crate::house::{House, expect_signed_in, is_under_way, open_meanwhile, open_to_the_end};
use anyhow::{Context, Result, ensure};
use celadon_tests::browser::state_of;
use celadon_tests::{Browser, waiting};
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_login_outlives_a_restart_of_temporal() -> Result<()> {
    let mut house = House::with_lasting_temporal().await?;
    let mut browser = Browser::new()?;
    let login = house.celadon.login("op");
    let callback = browser.authorize(&login, "alice").await?;
    house.temporal.kill9()?;
    house.temporal.start_again().await?;
    let page = open_to_the_end(&mut browser, callback.as_str()).await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    expect_signed_in(&house.celadon, &mut browser, "alice").await?;
    house.expect_codes(1).await?;
    house
        .workflow_ends(&state_of(&callback).context("a state")?)
        .await
}

#[tokio::test]
async fn temporal_restarted_while_the_code_is_at_the_provider_ends_no_login_twice() -> Result<()> {
    let mut house = House::with_lasting_temporal().await?;
    let mut browser = Browser::new()?;
    let login = house.celadon.login("op");
    let callback = browser.authorize(&login, "alice").await?;
    house.op.fault("/token", json!({"wait": true})).await?;
    let first = open_meanwhile(browser, &callback);
    waiting::until("the code is at the provider", 15, async || {
        Ok((house.op.codes_received().await? == 1).then_some(()))
    })
    .await?;
    house.temporal.kill9()?;
    house.op.heal().await?;
    house.temporal.start_again().await?;
    let (mut browser, mut page) = first.await??;
    if is_under_way(&page) {
        page = open_to_the_end(&mut browser, callback.as_str()).await?;
    }
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    expect_signed_in(&house.celadon, &mut browser, "alice").await?;
    house.expect_codes(1).await?;
    house
        .workflow_ends(&state_of(&callback).context("a state")?)
        .await
}

#[tokio::test]
async fn without_temporal_a_user_is_answered_in_time_and_signed_in_later() -> Result<()> {
    let mut house = House::with_lasting_temporal().await?;
    let mut browser = Browser::new()?;
    let login = house.celadon.login("op");
    let callback = browser.authorize(&login, "alice").await?;
    house.temporal.kill9()?;
    let begin = Instant::now();
    let mut other = Browser::new()?;
    let (begun, told) = tokio::try_join!(other.open(&login), browser.open(callback.as_str()))?;
    let time = begin.elapsed();
    ensure!(begun.status == 503, "a login begins with {}", begun.status);
    let clear = matches!(told.status, 424 | 503);
    ensure!(clear, "{}: {}", told.status, told.text);
    ensure!(time < Duration::from_secs(22), "it took {time:?}");
    house.temporal.start_again().await?;
    house.celadon.ready(30).await?;
    let page = open_to_the_end(&mut browser, callback.as_str()).await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    expect_signed_in(&house.celadon, &mut browser, "alice").await?;
    house.expect_codes(1).await
}
