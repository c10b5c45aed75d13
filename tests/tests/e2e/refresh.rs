//! No page ever gets an expired token while the grant lives; when it does not, that is said.

use crate::house::{House, expect_signed_in};
use anyhow::{Result, ensure};
use celadon_tests::{Browser, waiting};
use serde_json::json;

/// The provider's access tokens live this many seconds.
const LIFETIME: u64 = 4;

async fn signed_in() -> Result<(House, Browser)> {
    let house = House::with(
        json!({"ttl": {"AccessToken": LIFETIME, "RefreshToken": 600}}),
        |setup| setup,
    )
    .await?;
    let mut browser = Browser::new()?;
    let page = browser.sign_in(&house.celadon.login("op"), "alice").await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    Ok((house, browser))
}

#[tokio::test]
async fn a_token_is_refreshed_before_it_expires_and_no_page_fails() -> Result<()> {
    let (house, mut browser) = signed_in().await?;
    let resource = house.celadon.url("/resource/op");
    // Rotation and reuse detection are on, so the second refresh proves that the first was kept.
    waiting::until("two refreshes", 5 * LIFETIME, async || {
        let page = browser.open(&resource).await?;
        ensure!(page.status == 200, "{}: {}", page.status, page.text);
        Ok((house.op.token_requests("refresh_token").await?.len() >= 2).then_some(()))
    })
    .await?;
    let refused = house
        .op
        .requests()
        .await?
        .into_iter()
        .filter(|r| r.path == "/resource" && r.status == Some(401));
    ensure!(
        refused.count() == 0,
        "an expired token was sent to the resource"
    );
    Ok(())
}

#[tokio::test]
async fn ten_pages_at_once_refresh_once() -> Result<()> {
    let (house, browser) = signed_in().await?;
    let resource = house.celadon.url("/resource/op");
    let mut watcher = browser.tab();
    waiting::until("a refresh", 5 * LIFETIME, async || {
        let pages: Vec<_> = (0..10)
            .map(|_| {
                let (mut tab, resource) = (watcher.tab(), resource.clone());
                tokio::spawn(async move { tab.open(&resource).await })
            })
            .collect();
        for page in pages {
            let page = page.await??;
            ensure!(page.status == 200, "{}: {}", page.status, page.text);
        }
        Ok((!house.op.token_requests("refresh_token").await?.is_empty()).then_some(()))
    })
    .await?;
    let sent: Vec<_> = house.op.token_requests("refresh_token").await?;
    ensure!(
        sent.len() == 1,
        "the refresh token was sent {} times",
        sent.len()
    );
    expect_signed_in(&house.celadon, &mut watcher, "alice").await
}

#[tokio::test]
async fn a_grant_that_the_provider_withdrew_needs_a_new_sign_in() -> Result<()> {
    let (house, mut browser) = signed_in().await?;
    house.op.revoke_everything().await?;
    let resource = house.celadon.url("/resource/op");
    let page = waiting::until("the token's end", 5 * LIFETIME, async || {
        let page = browser.open(&resource).await?;
        Ok((page.status == 409).then_some(page))
    })
    .await?;
    ensure!(
        page.text.contains("/login/op"),
        "no way to sign in again: {}",
        page.text
    );
    let tries = house.op.token_requests("refresh_token").await?.len();
    ensure!(browser.open(&resource).await?.status == 409, "it forgot");
    ensure!(
        house.op.token_requests("refresh_token").await?.len() == tries,
        "a dead grant is tried again"
    );
    let again = browser.sign_in(&house.celadon.login("op"), "alice").await?;
    ensure!(
        again.status == 200 && browser.open(&resource).await?.status == 200,
        "signing in does not mend it"
    );
    Ok(())
}

#[tokio::test]
async fn a_token_that_the_resource_refuses_is_renewed_once_in_a_while() -> Result<()> {
    let house = House::with(json!({"ttl": {"RefreshToken": 600}}), |setup| setup).await?;
    let mut browser = Browser::new()?;
    let page = browser.sign_in(&house.celadon.login("op"), "alice").await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    let resource = house.celadon.url("/resource/op");
    house
        .op
        .fault("/resource", json!({"status": 401, "times": 1}))
        .await?;
    let page = browser.open(&resource).await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    let renewals = async || anyhow::Ok(house.op.token_requests("refresh_token").await?.len());
    ensure!(renewals().await? == 1, "{}", renewals().await?);

    // One that takes no token at all does not wear out the provider.
    house.op.fault("/resource", json!({"status": 401})).await?;
    for _ in 0..3 {
        ensure!(browser.open(&resource).await?.status == 424);
    }
    ensure!(renewals().await? == 1, "{}", renewals().await?);
    Ok(())
}

#[tokio::test]
async fn a_live_token_that_the_provider_withdrew_needs_a_new_sign_in() -> Result<()> {
    let house = House::with(json!({"ttl": {"RefreshToken": 600}}), |setup| setup).await?;
    let mut browser = Browser::new()?;
    let page = browser.sign_in(&house.celadon.login("op"), "alice").await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    house.op.revoke_everything().await?;
    let page = browser.open(&house.celadon.url("/resource/op")).await?;
    ensure!(page.status == 409, "{}: {}", page.status, page.text);
    Ok(())
}

#[tokio::test]
async fn a_refresh_that_fails_today_is_not_the_end_of_the_grant() -> Result<()> {
    let (house, mut browser) = signed_in().await?;
    house.op.fault("/token", json!({"status": 503})).await?;
    let resource = house.celadon.url("/resource/op");
    waiting::until("a failed refresh", 5 * LIFETIME, async || {
        let page = browser.open(&resource).await?;
        ensure!(
            matches!(page.status, 200 | 424),
            "{}: {}",
            page.status,
            page.text
        );
        Ok((page.status == 424).then_some(()))
    })
    .await?;
    house.op.heal().await?;
    waiting::until("the refresh after the outage", 10, async || {
        Ok((browser.open(&resource).await?.status == 200).then_some(()))
    })
    .await
}
