//! A person at a real browser: Chromium signs in by clicking.
//!
//! What is seen and done here goes through the pages alone; how they look, and whether everybody can
//! use them, is in `pages.rs`.

mod pages;

use crate::house::House;
use anyhow::{Context, Result, ensure};
use celadon_tests::{Celadon, Chromium, Dev, Key, Op, Sandbox, Setup, Temporal};
use serde_json::json;

/// What the start page says to who is signed out.
const START: &str = "Choose who should say who you are";

/// A browser and `celadon dev`. Fields are dropped in this order.
struct Desk {
    browser: Chromium,
    dev: Dev,
    #[expect(dead_code, reason = "held: its folder goes when this is dropped")]
    sandbox: Sandbox,
}

impl Desk {
    async fn new() -> Result<Self> {
        let sandbox = Sandbox::new()?;
        let (dev, browser) = tokio::try_join!(Dev::start(&sandbox), Chromium::start(&sandbox))?;
        Ok(Self {
            browser,
            dev,
            sandbox,
        })
    }
}

/// At the demo provider's form, as `name`.
async fn consent(browser: &Chromium, name: &str) -> Result<()> {
    browser.sees("Who are you?").await?;
    browser.fill(name).await?;
    browser.click("Sign in").await
}

async fn expect_no_complaints(browser: &Chromium) -> Result<()> {
    let complaints = browser.complaints().await?;
    ensure!(complaints.is_empty(), "{complaints:#?}");
    Ok(())
}

/// Home, provider, home, protected page, home, signed out: all by the mouse.
async fn round(browser: &Chromium, dev: &Dev) -> Result<()> {
    browser.open(&dev.url("/")).await?;
    browser.sees(START).await?;
    browser.click("Sign in with Demo").await?;
    consent(browser, "Ada").await?;
    let home = browser.sees("Hello, Ada").await?;
    ensure!(home.contains("signed in with Demo"), "{home}");
    browser.click("protected resource").await?;
    let resource = browser.sees("Protected resource of Demo").await?;
    ensure!(resource.contains("never left the server"), "{resource}");
    browser.click("Back to the start").await?;
    browser.sees("Hello, Ada").await?;
    browser.click("Sign out").await?;
    browser.sees(START).await?;
    browser.open(&dev.url("/resource/demo")).await?;
    browser.sees("You are not signed in").await?;
    Ok(())
}

#[tokio::test]
async fn a_person_signs_in_and_out_by_clicking() -> Result<()> {
    let desk = Desk::new().await?;
    round(&desk.browser, &desk.dev).await?;
    expect_no_complaints(&desk.browser).await
}

#[tokio::test]
async fn a_person_signs_in_and_out_without_javascript() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let dev = Dev::start(&sandbox);
    let browser = Chromium::without_javascript(&sandbox);
    let (dev, browser) = tokio::try_join!(dev, browser)?;
    let page = "data:text/html,<p>off</p><script>document.body.textContent='on'</script>";
    browser.open(page).await?;
    browser.sees("off").await.context("scripts run")?;
    round(&browser, &dev).await?;
    expect_no_complaints(&browser).await
}

#[tokio::test]
async fn the_keyboard_alone_is_enough_and_shows_where_it_is() -> Result<()> {
    let desk = Desk::new().await?;
    let browser = &desk.browser;
    browser.open(&desk.dev.url("/")).await?;
    browser.press(Key::Tab).await?;
    let first = browser.focused().await?;
    ensure!(first.contains("Skip"), "the first stop is {first:?}");
    ensure!(browser.outline().await? >= 2.0, "the focus cannot be seen");
    browser.tab_to("Sign in with Demo").await?;
    ensure!(browser.outline().await? >= 2.0, "the focus cannot be seen");
    browser.press(Key::Enter).await?;
    browser.sees("Who are you?").await?;
    // The form has the focus from the start.
    browser.write("Grace").await?;
    ensure!(browser.outline().await? >= 2.0, "the focus cannot be seen");
    browser.press(Key::Enter).await?;
    browser.sees("Hello, Grace").await?;
    browser.tab_to("protected resource").await?;
    ensure!(browser.outline().await? >= 2.0, "the focus cannot be seen");
    browser.press(Key::Enter).await?;
    browser.sees("Protected resource of Demo").await?;
    browser.tab_to("Back to the start").await?;
    browser.press(Key::Enter).await?;
    browser.sees("Hello, Grace").await?;
    browser.tab_to("Sign out").await?;
    ensure!(browser.outline().await? >= 2.0, "the focus cannot be seen");
    browser.press(Key::Enter).await?;
    browser.sees(START).await?;
    Ok(())
}

#[tokio::test]
async fn who_declines_reads_so_and_may_begin_again() -> Result<()> {
    let desk = Desk::new().await?;
    let browser = &desk.browser;
    browser.open(&desk.dev.url("/")).await?;
    browser.click("Sign in with Demo").await?;
    browser.sees("Who are you?").await?;
    browser.click("Deny").await?;
    let page = browser.sees("You were not let in").await?;
    ensure!(
        !page.contains("the user refused"),
        "the provider's words: {page}"
    );
    browser.click("Sign in again").await?;
    consent(browser, "Ada").await?;
    browser.sees("Hello, Ada").await?;
    expect_no_complaints(browser).await
}

#[tokio::test]
async fn two_tabs_sign_in_at_once_and_the_last_one_counts() -> Result<()> {
    let desk = Desk::new().await?;
    let browser = &desk.browser;
    browser.open(&desk.dev.url("/login/demo")).await?;
    browser.sees("Who are you?").await?;
    let first = browser.new_tab().await?;
    browser.open(&desk.dev.url("/login/demo")).await?;
    consent(browser, "Ada").await?;
    browser.sees("Hello, Ada").await?;
    browser.change_tab(&first).await?;
    consent(browser, "Bob").await?;
    browser.sees("Hello, Bob").await?;
    let cookies = browser.script("return document.cookie", json!([])).await?;
    ensure!(cookies == "", "scripts see {cookies}");
    Ok(())
}

#[tokio::test]
async fn an_application_that_asks_is_named_before_its_login_goes_on() -> Result<()> {
    let house = House::new().await?;
    let browser = Chromium::start(&house.sandbox).await?;
    let shop = house.shop()?;
    let wish = json!({"provider": "op", "return_to": "/v1/providers"});
    let created = shop.post("/v1/logins", wish).await?;
    let id = created.text("id")?;
    browser.open(&created.text("login_url")?).await?;
    browser.sees("shop asks you to sign in").await?;
    browser.click("Continue to").await?;
    browser.sees("Sign in").await?;
    browser.fill("bob").await?;
    browser.click("Continue").await?;
    browser.sees("Allow celadon").await?;
    browser.click("Continue").await?;
    browser.sees("login_url").await?;
    let url = browser.url().await?;
    let mut pairs = url.query_pairs();
    let (_, code) = pairs
        .find(|(name, _)| name == "result")
        .context("no code")?;
    let path = format!("/v1/logins/{id}/result");
    let result = shop.post(&path, json!({"code": code})).await?;
    ensure!(result.status == 200, "{}: {}", result.status, result.json);
    browser.open(&house.celadon.url("/")).await?;
    browser.sees(START).await?;
    Ok(())
}

/// To a browser `localhost` and `127.0.0.1` are two sites: the provider's form comes without the
/// `SameSite=Lax` cookie that binds the login.
#[tokio::test]
async fn a_form_post_from_another_site_signs_in() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let (temporal, op) = tokio::try_join!(
        Temporal::start(&sandbox),
        Op::start_with(&sandbox, json!({"form_post": true}))
    )?;
    let setup = Setup::new(&temporal)?.on_localhost();
    let setup = setup.provider("op", &op).await?;
    let home = setup.public_url();
    let (_celadon, browser) =
        tokio::try_join!(Celadon::start(&sandbox, setup), Chromium::start(&sandbox))?;
    browser.open(&home).await?;
    browser.click("Sign in with").await?;
    browser.sees("Cancel").await?;
    browser.fill("alice").await?;
    browser.click("Continue").await?;
    browser.sees("Allow celadon").await?;
    browser.click("Continue").await?;
    browser.sees("Hello, Name of alice").await?;
    ensure!(
        browser.url().await?.as_str() == format!("{home}/"),
        "not home"
    );
    let requests = op.requests().await?;
    let by_post = requests
        .iter()
        .any(|it| it.path.starts_with("/auth/") && it.status == Some(200));
    ensure!(by_post, "the provider did not answer with a form");
    Ok(())
}
