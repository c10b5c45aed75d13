//! Callbacks that must not sign anybody in. A code is redeemed at most once, whatever happens.

use crate::house::{House, expect_4xx, expect_signed_in, expect_signed_out, with_parameter};
use anyhow::{Context, Result, ensure};
use celadon_tests::browser::state_of;
use celadon_tests::{Browser, login_id};

/// What the provider says when a user refuses; see tests/npm/pages.mjs.
const DESCRIPTION: &str = "description-that-nobody-may-show";

#[tokio::test]
async fn a_user_who_refuses_is_told_so_in_our_words() -> Result<()> {
    let house = House::new().await?;
    let mut browser = Browser::new()?;
    let page = browser.refuse(&house.celadon.login("op")).await?;
    expect_4xx(&page)?;
    ensure!(page.url.path() == "/callback/op", "ended at {}", page.url);
    ensure!(
        !page.text.contains(DESCRIPTION),
        "the provider's words are shown"
    );
    let state = page.state()?;
    ensure!(
        page.text.contains(&login_id(&state)[..8]),
        "the page does not name the login: {}",
        page.text
    );
    house.expect_codes(0).await?;
    expect_signed_out(&house.celadon, &mut browser).await?;
    house.workflow_ends(&state).await
}

#[tokio::test]
async fn an_error_answer_ends_the_login_and_shows_nothing_of_it() -> Result<()> {
    let house = House::new().await?;
    let mut browser = Browser::new()?;
    let callback = browser
        .authorize(&house.celadon.login("op"), "alice")
        .await?;
    let callback = with_parameter(&callback, "code", &[]);
    let callback = with_parameter(&callback, "error", &["server_error"]);
    let callback = with_parameter(&callback, "error_description", &["<b>call 555-0100</b>"]);
    let page = browser.open(callback.as_str()).await?;
    expect_4xx(&page)?;
    ensure!(
        !page.text.contains("555-0100"),
        "the provider's words are shown"
    );
    house
        .workflow_ends(&state_of(&callback).context("a state")?)
        .await?;
    house.expect_codes(0).await
}

#[tokio::test]
async fn a_replayed_callback_redeems_no_code_again() -> Result<()> {
    let house = House::new().await?;
    let mut browser = Browser::new()?;
    let callback = browser
        .authorize(&house.celadon.login("op"), "alice")
        .await?;
    ensure!(
        browser.open(callback.as_str()).await?.status == 200,
        "the first one signs in"
    );
    let again = browser.open(callback.as_str()).await?;
    ensure!(again.status < 500, "{}: {}", again.status, again.text);
    let mut other = Browser::new()?;
    expect_4xx(&other.open(callback.as_str()).await?)?;
    expect_signed_out(&house.celadon, &mut other).await?;
    house.expect_codes(1).await
}

#[tokio::test]
async fn a_callback_with_another_code_comes_too_late() -> Result<()> {
    let house = House::new().await?;
    let mut browser = Browser::new()?;
    let callback = browser
        .authorize(&house.celadon.login("op"), "alice")
        .await?;
    browser.open(callback.as_str()).await?;
    let forged = with_parameter(&callback, "code", &["another-code"]);
    expect_4xx(&browser.open(forged.as_str()).await?)?;
    house.expect_codes(1).await
}

#[tokio::test]
async fn a_foreign_browser_is_refused_and_the_right_one_still_signs_in() -> Result<()> {
    let house = House::new().await?;
    let (mut right, mut foreign) = (Browser::new()?, Browser::new()?);
    let callback = right.authorize(&house.celadon.login("op"), "alice").await?;
    expect_4xx(&foreign.open(callback.as_str()).await?)?;
    expect_signed_out(&house.celadon, &mut foreign).await?;
    house.expect_codes(0).await?;
    ensure!(
        right.open(callback.as_str()).await?.status == 200,
        "the right browser was locked out"
    );
    expect_signed_in(&house.celadon, &mut right, "alice").await
}

#[tokio::test]
async fn a_browser_with_a_login_of_its_own_is_foreign_to_others() -> Result<()> {
    let house = House::new().await?;
    let (mut victim, mut attacker) = (Browser::new()?, Browser::new()?);
    victim
        .authorize(&house.celadon.login("op"), "victim")
        .await?;
    let callback = attacker
        .authorize(&house.celadon.login("op"), "mallory")
        .await?;
    expect_4xx(&victim.open(callback.as_str()).await?)?;
    house.expect_codes(0).await?;
    expect_signed_out(&house.celadon, &mut victim).await
}

#[tokio::test]
async fn twenty_callbacks_at_once_redeem_one_code() -> Result<()> {
    let house = House::new().await?;
    let mut browser = Browser::new()?;
    let callback = browser
        .authorize(&house.celadon.login("op"), "alice")
        .await?;
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let (mut tab, callback) = (browser.tab(), callback.to_string());
            tokio::spawn(async move { tab.open(&callback).await })
        })
        .collect();
    let mut signed_in = 0;
    for call in calls {
        let page = call.await??;
        ensure!(page.status < 500, "{}: {}", page.status, page.text);
        signed_in += usize::from(page.status == 200);
    }
    ensure!(signed_in > 0, "nobody signed in");
    house.expect_codes(1).await
}

#[tokio::test]
async fn a_state_that_nobody_made_is_refused() -> Result<()> {
    let house = House::new().await?;
    let mut browser = Browser::new()?;
    browser
        .authorize(&house.celadon.login("op"), "alice")
        .await?;
    for query in [
        "?state=unknown&code=c",
        "?code=c",
        "?state=&code=c",
        "?state=%00&code=c",
        "",
        "?state=%FF%FE&code=c",
    ] {
        expect_4xx(
            &browser
                .open(&house.celadon.url(&format!("/callback/op{query}")))
                .await?,
        )?;
    }
    house.expect_codes(0).await
}

#[tokio::test]
async fn a_callback_at_another_provider_is_refused() -> Result<()> {
    let house = House::with(serde_json::json!({}), |setup| {
        setup
            .issuer("other", "http://127.0.0.1:9")
            .expect("components are built")
    })
    .await?;
    let mut browser = Browser::new()?;
    let callback = browser
        .authorize(&house.celadon.login("op"), "alice")
        .await?;
    let elsewhere = callback.as_str().replace("/callback/op", "/callback/other");
    expect_4xx(&browser.open(&elsewhere).await?)?;
    expect_4xx(
        &browser
            .open(
                &callback
                    .as_str()
                    .replace("/callback/op", "/callback/nobody"),
            )
            .await?,
    )?;
    expect_signed_out(&house.celadon, &mut browser).await?;
    house.expect_codes(0).await
}

#[tokio::test]
async fn an_iss_that_is_wrong_or_missing_is_a_mix_up() -> Result<()> {
    for values in [&["https://attacker.example"][..], &[]] {
        let house = House::new().await?;
        let mut browser = Browser::new()?;
        let callback = browser
            .authorize(&house.celadon.login("op"), "alice")
            .await?;
        let forged = with_parameter(&callback, "iss", values);
        expect_4xx(&browser.open(forged.as_str()).await?)?;
        expect_signed_out(&house.celadon, &mut browser).await?;
        house.expect_codes(0).await?;
    }
    Ok(())
}

#[tokio::test]
async fn parameters_that_come_twice_are_refused() -> Result<()> {
    let house = House::new().await?;
    let mut browser = Browser::new()?;
    let callback = browser
        .authorize(&house.celadon.login("op"), "alice")
        .await?;
    for name in ["code", "state", "iss"] {
        let (_, value) = callback
            .query_pairs()
            .find(|(n, _)| n == name)
            .context(name)?;
        for values in [
            [value.as_ref(), value.as_ref()],
            [value.as_ref(), "another"],
        ] {
            let doubled = with_parameter(&callback, name, &values);
            expect_4xx(&browser.open(doubled.as_str()).await?)?;
        }
    }
    expect_signed_out(&house.celadon, &mut browser).await?;
    house.expect_codes(0).await
}

#[tokio::test]
async fn a_code_that_the_provider_refuses_ends_the_login() -> Result<()> {
    let house = House::new().await?;
    let mut browser = Browser::new()?;
    let callback = browser
        .authorize(&house.celadon.login("op"), "alice")
        .await?;
    let forged = with_parameter(&callback, "code", &["a-code-of-my-own"]);
    expect_4xx(&browser.open(forged.as_str()).await?)?;
    expect_signed_out(&house.celadon, &mut browser).await?;
    house.expect_codes(1).await?;
    house
        .workflow_ends(&state_of(&callback).context("a state")?)
        .await
}

#[tokio::test]
async fn a_login_that_is_not_answered_in_time_has_expired() -> Result<()> {
    let house = House::with(serde_json::json!({}), |setup| {
        setup.login("expires_in = \"3s\"")
    })
    .await?;
    let mut browser = Browser::new()?;
    let callback = browser
        .authorize(&house.celadon.login("op"), "alice")
        .await?;
    house
        .workflow_ends(&state_of(&callback).context("a state")?)
        .await?;
    // Their own browser is told so, although the login has ended.
    let page = browser.open(callback.as_str()).await?;
    ensure!(page.status == 410, "{} {}", page.status, page.text);
    expect_signed_out(&house.celadon, &mut browser).await?;
    house.expect_codes(0).await
}
