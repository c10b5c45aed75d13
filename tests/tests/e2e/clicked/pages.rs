//! Every page as people meet it: light and dark, wide and as narrow as a small phone.
//!
//! Nothing serious for axe-core, nothing to scroll sideways, nothing too small for a finger, no
//! complaint by the browser. `CELADON_PICTURES=<folder>` keeps pictures of them all, to be looked at.

use super::{Desk, consent, expect_no_complaints};
use crate::house::House;
use anyhow::{Result, ensure};
use celadon_tests::{Browser, Celadon, Chromium, pictures, waiting};
use serde_json::json;

/// The least height of what is pressed, in CSS pixels (WCAG 2.2, success criterion 2.5.5).
const FINGER: u64 = 44;

/// A desktop's width and a small phone's.
const WIDTHS: [(&str, u32); 2] = [("wide", 1100), ("narrow", 320)];

const SMALL_BUTTONS: &str =
    "return [...document.querySelectorAll('button, a.button, .brand, input[type=text]')]
    .filter(it => it.getBoundingClientRect().height < arguments[0]).map(it => it.textContent)";

const SIDEWAYS: &str =
    "return document.documentElement.scrollWidth - document.documentElement.clientWidth";

/// Looks at the page from all sides.
async fn inspect(browser: &Chromium, name: &str) -> Result<()> {
    for scheme in ["light", "dark"] {
        browser.prefer(scheme).await?;
        for (size, width) in WIDTHS {
            browser.window(width, 900).await?;
            let sideways = browser.script(SIDEWAYS, json!([])).await?;
            ensure!(
                sideways == 0,
                "{name}, {size}: {sideways} px to scroll sideways"
            );
            let small = browser.script(SMALL_BUTTONS, json!([FINGER])).await?;
            ensure!(small == json!([]), "{name}, {size}: too small: {small}");
            let barriers = browser.barriers().await?;
            ensure!(
                barriers.is_empty(),
                "{name}, {scheme}, {size}: {barriers:#?}"
            );
            if let Some(folder) = pictures() {
                let file = format!("{name}-{scheme}-{size}.png");
                browser.picture(&folder.join(file)).await?;
            }
        }
    }
    expect_no_complaints(browser).await
}

/// Opens a page that says `words`, and looks at it.
async fn visit(browser: &Chromium, name: &str, url: &str, words: &str) -> Result<()> {
    browser.open(url).await?;
    browser.sees(words).await?;
    inspect(browser, name).await
}

/// Signs in at the tests' provider.
async fn sign_in(browser: &Chromium, celadon: &Celadon) -> Result<()> {
    browser.open(&celadon.login("op")).await?;
    browser.sees("Cancel").await?;
    browser.fill("alice").await?;
    browser.click("Continue").await?;
    browser.sees("Allow celadon").await?;
    browser.click("Continue").await?;
    browser.sees("Hello, Name of alice").await?;
    Ok(())
}

#[tokio::test]
async fn the_pages_of_the_demo_can_be_used_by_everybody() -> Result<()> {
    let desk = Desk::new().await?;
    let browser = &desk.browser;
    let home = desk.dev.url("/");
    visit(browser, "start", &home, super::START).await?;
    browser.click("Sign in with Demo").await?;
    browser.sees("Who are you?").await?;
    inspect(browser, "demo-form").await?;
    browser.fill(" ").await?;
    browser.click("Sign in").await?;
    browser.sees("Type a name").await?;
    inspect(browser, "demo-mistake").await?;
    let mut broken = browser.url().await?;
    broken.set_query(Some("client_id=nobody"));
    visit(
        browser,
        "demo-error",
        broken.as_str(),
        "cannot be signed in",
    )
    .await?;
    browser.open(&home).await?;
    browser.click("Sign in with Demo").await?;
    consent(browser, "Ada Lovelace").await?;
    browser.sees("Hello, Ada Lovelace").await?;
    inspect(browser, "home").await?;
    let resource = desk.dev.url("/resource/demo");
    visit(browser, "resource", &resource, "Protected resource").await
}

#[tokio::test]
async fn the_pages_of_a_login_that_fails_can_be_used_by_everybody() -> Result<()> {
    let house = House::with(json!({}), |setup| {
        setup
            .issuer("away", "http://127.0.0.1:1")
            .expect("the component is built")
    })
    .await?;
    let browser = Chromium::start(&house.sandbox).await?;
    for (name, path, words) in [
        ("choices", "/", "Sign in with away"),
        ("not-found", "/nowhere", "There is no such page"),
        ("unknown-provider", "/login/nobody", "no such provider"),
        ("signed-out", "/resource/op", "You are not signed in"),
        ("unknown-state", "/callback/op?code=c&state=s", "not known"),
        (
            "way-back",
            "/login/op?return_to=//evil.example",
            "The way back",
        ),
        ("unreachable", "/login/away", "cannot be reached"),
    ] {
        visit(&browser, name, &house.celadon.url(path), words).await?;
    }
    browser.open(&house.celadon.login("op")).await?;
    browser.sees("Cancel").await?;
    browser.click("Cancel").await?;
    browser.sees("You were not let in").await?;
    inspect(&browser, "denied").await
}

#[tokio::test]
async fn the_pages_of_an_applications_login_can_be_used_by_everybody() -> Result<()> {
    let house = House::new().await?;
    let browser = Chromium::start(&house.sandbox).await?;
    let wish = json!({"provider": "op", "return_to": "/"});
    let created = house.shop()?.post("/v1/logins", wish.clone()).await?;
    let address = created.text("login_url")?;
    visit(&browser, "invitation", &address, "shop asks you").await?;
    let created = house.shop()?.post("/v1/logins", wish).await?;
    let address = created.text("login_url")?;
    Browser::new()?.open(&address).await?;
    visit(&browser, "foreign-browser", &address, "another browser").await
}

#[tokio::test]
async fn the_pages_of_a_spent_permission_can_be_used_by_everybody() -> Result<()> {
    // Too short a life to be shown without a refresh.
    let op = json!({"ttl": {"AccessToken": 1, "IdToken": 3600, "RefreshToken": 86400}});
    let house = House::with(op, |setup| setup).await?;
    let browser = Chromium::start(&house.sandbox).await?;
    sign_in(&browser, &house.celadon).await?;
    house.op.revoke_everything().await?;
    let resource = house.celadon.url("/resource/op");
    // Until the token has ended it is taken to be good, and the resource says otherwise.
    waiting::until("the token's end", 40, async || {
        browser.open(&resource).await?;
        let ended = browser.says("Please sign in again").await?;
        Ok(ended.then_some(()))
    })
    .await?;
    inspect(&browser, "needs-reauth").await?;
    browser.click("Back to the start").await?;
    browser.sees("The permission has ended").await?;
    inspect(&browser, "home-needs-reauth").await
}
