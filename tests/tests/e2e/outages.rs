//! Providers that are gone, slow or broken: the login that meets them ends 4xx, others do not notice.

use crate::house::{House, expect_4xx, expect_signed_in, expect_signed_out};
use anyhow::{Result, ensure};
use celadon_tests::{Browser, Celadon, Op, Sandbox, Setup, Temporal};
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_provider_may_be_down_at_boot_and_back_later() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let (temporal, op) = tokio::try_join!(Temporal::start(&sandbox), Op::start(&sandbox))?;
    let setup = Setup::new(&temporal)?.provider("op", &op).await?;
    let port = op.port()?;
    drop(op);
    let celadon = Celadon::start(&sandbox, setup).await?;
    let mut browser = Browser::new()?;
    let page = browser.open(&celadon.login("op")).await?;
    expect_4xx(&page)?;
    ensure!(page.url.path() == "/login/op", "sent to {}", page.url);
    let op = Op::start_with(&sandbox, json!({"port": port})).await?;
    op.register(&[celadon.setup().redirect_uri("op")]).await?;
    let page = browser.sign_in(&celadon.login("op"), "alice").await?;
    ensure!(
        page.status == 200,
        "a failed discovery was remembered: {} {}",
        page.status,
        page.text
    );
    expect_signed_in(&celadon, &mut browser, "alice").await
}

#[tokio::test]
async fn one_providers_outage_is_not_anothers() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let (temporal, up, down) = tokio::try_join!(
        Temporal::start(&sandbox),
        Op::start(&sandbox),
        Op::start(&sandbox)
    )?;
    let setup = Setup::new(&temporal)?
        .provider("up", &up)
        .await?
        .provider("down", &down)
        .await?;
    drop(down);
    let celadon = Celadon::start(&sandbox, setup).await?;
    let mut browser = Browser::new()?;
    expect_4xx(&browser.open(&celadon.login("down")).await?)?;
    let page = browser.sign_in(&celadon.login("up"), "alice").await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    ensure!(
        celadon.get("/readyz").await?.status == 200,
        "a provider's outage is Celadon's"
    );
    Ok(())
}

#[tokio::test]
async fn no_provider_is_contacted_before_somebody_signs_in() -> Result<()> {
    let house = House::new().await?;
    house.celadon.get("/").await?;
    house.celadon.get("/v1/providers").await?;
    ensure!(
        house.op.requests().await?.is_empty(),
        "contacted: {:?}",
        house.op.requests().await?
    );
    Ok(())
}

#[tokio::test]
async fn broken_token_answers_end_the_login_and_the_code_is_not_sent_again() -> Result<()> {
    for fault in [
        json!({"status": 500}),
        json!({"drop": true}),
        json!({"drop": true, "after": true, "status": 0}),
        json!({"status": 200, "body": "not json"}),
        json!({"status": 200, "body": "{}"}),
        json!({"status": 302, "headers": {"location": "http://127.0.0.1:9/"}}),
        json!({"status": 400, "body": "{\"error\":\"invalid_grant\",\"error_description\":\"call 555-0100\"}"}),
    ] {
        let house = House::new().await?;
        let mut browser = Browser::new()?;
        house.op.fault("/token", fault.clone()).await?;
        let page = browser.sign_in(&house.celadon.login("op"), "alice").await?;
        expect_4xx(&page)?;
        ensure!(
            !page.text.contains("555-0100"),
            "the provider's words are shown"
        );
        expect_signed_out(&house.celadon, &mut browser).await?;
        house.expect_codes(1).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_provider_that_asks_for_patience_gets_it_within_reason() -> Result<()> {
    let house = House::new().await?;
    let mut browser = Browser::new()?;
    let busy = json!({"status": 429, "times": 1, "headers": {"retry-after": "1"}, "body": "{\"error\":\"slow_down\"}"});
    house.op.fault("/token", busy).await?;
    let page = browser.sign_in(&house.celadon.login("op"), "alice").await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    let forever = json!({"status": 429, "headers": {"retry-after": "3600"}});
    house.op.fault("/token", forever).await?;
    let begin = Instant::now();
    expect_4xx(&browser.sign_in(&house.celadon.login("op"), "alice").await?)?;
    ensure!(
        begin.elapsed() < Duration::from_secs(22),
        "a browser waited {:?}",
        begin.elapsed()
    );
    Ok(())
}

#[tokio::test]
async fn a_provider_that_never_answers_is_given_up_within_20_seconds() -> Result<()> {
    let house = House::new().await?;
    let mut browser = Browser::new()?;
    house.op.fault("/token", json!({"hang": true})).await?;
    let begin = Instant::now();
    expect_4xx(&browser.sign_in(&house.celadon.login("op"), "alice").await?)?;
    ensure!(
        begin.elapsed() < Duration::from_secs(22),
        "a browser waited {:?}",
        begin.elapsed()
    );
    house.expect_codes(1).await?;
    expect_signed_out(&house.celadon, &mut browser).await
}

#[tokio::test]
async fn keys_that_cannot_be_had_refuse_the_login_and_are_asked_for_again() -> Result<()> {
    let house = House::new().await?;
    let mut browser = Browser::new()?;
    house.op.fault("/jwks", json!({"status": 500})).await?;
    expect_4xx(&browser.sign_in(&house.celadon.login("op"), "alice").await?)?;
    house.op.heal().await?;
    let page = browser.sign_in(&house.celadon.login("op"), "alice").await?;
    ensure!(
        page.status == 200,
        "a failed fetch was remembered: {} {}",
        page.status,
        page.text
    );
    Ok(())
}

#[tokio::test]
async fn keys_may_be_rotated_between_two_logins() -> Result<()> {
    let house = House::new().await?;
    for _ in 0..2 {
        let mut browser = Browser::new()?;
        let page = browser.sign_in(&house.celadon.login("op"), "alice").await?;
        ensure!(page.status == 200, "{}: {}", page.status, page.text);
        house.op.rotate_keys().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_broken_resource_is_the_resources_fault() -> Result<()> {
    let house = House::new().await?;
    let mut browser = Browser::new()?;
    browser.sign_in(&house.celadon.login("op"), "alice").await?;
    for fault in [json!({"status": 500}), json!({"drop": true})] {
        house.op.fault("/resource", fault.clone()).await?;
        let page = browser.open(&house.celadon.url("/resource/op")).await?;
        ensure!(
            page.status == 424,
            "{fault} was answered with {}",
            page.status
        );
    }
    Ok(())
}
