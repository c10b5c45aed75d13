//! Records the golden histories: `cargo xtask histories`. They stand in tests/histories, with the key
//! ring that they are sealed under, and are replayed by the host's tests
//! (host/src/temporal/histories.rs): a change of the workflow that would break a login in flight
//! does not pass.

use crate::house::{House, with_parameter};
use anyhow::{Context, Result, ensure};
use celadon_tests::browser::state_of;
use celadon_tests::{Browser, Sandbox, login_id, waiting};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("histories")
}

/// A house whose keys are those of the histories. The first recording makes them.
async fn house(expires_in: &str) -> Result<House> {
    let sandbox = with_keys()?;
    let used = sandbox.file("celadon.keys");
    let line = format!("expires_in = \"{expires_in}\"");
    let house = House::inside(sandbox, json!({}), |setup| setup.login(&line)).await?;
    let known = folder().join("celadon.keys");
    if !known.exists() {
        fs::create_dir_all(folder())?;
        fs::copy(&used, &known)?;
    }
    Ok(house)
}

fn with_keys() -> Result<Sandbox> {
    let sandbox = Sandbox::new()?;
    let (known, used) = (folder().join("celadon.keys"), sandbox.file("celadon.keys"));
    if known.exists() {
        fs::copy(&known, &used)?;
        fs::set_permissions(&used, fs::Permissions::from_mode(0o600))?;
    }
    Ok(sandbox)
}

/// Waits for the workflow's end and writes its history down.
async fn keep(house: &House, workflow: &str, name: &str) -> Result<()> {
    let temporal = &house.temporal;
    waiting::until("the workflow ends", 20, async || {
        Ok(temporal.has_ended(workflow)?.then_some(()))
    })
    .await?;
    let history = temporal.history_for_replay(workflow).await?;
    fs::write(folder().join(format!("{name}.json")), history)?;
    Ok(())
}

async fn keep_login(house: &House, state: &str, name: &str) -> Result<()> {
    keep(house, &format!("login-{}", login_id(state)), name).await
}

#[tokio::test]
#[ignore = "records: cargo xtask histories"]
async fn record() -> Result<()> {
    let house = house("10m").await?;
    signed_in(&house).await?;
    refused(&house).await?;
    cancelled(&house).await?;
    of_another_client(&house).await?;
    expired().await?;
    let searchable = House::searchable_inside(with_keys()?).await?;
    sign_in(&searchable, "signed-in-searchable").await
}

async fn signed_in(house: &House) -> Result<()> {
    sign_in(house, "signed-in").await
}

async fn sign_in(house: &House, name: &str) -> Result<()> {
    let page = Browser::new()?
        .sign_in(&house.celadon.login("op"), "alice")
        .await?;
    ensure!(page.status == 200, "{}", page.text);
    keep_login(house, &page.state()?, name).await
}

async fn refused(house: &House) -> Result<()> {
    let login = house.celadon.login("op");
    let page = Browser::new()?.refuse(&login).await?;
    keep_login(house, &page.state()?, "refused-at-callback").await?;
    let mut browser = Browser::new()?;
    let callback = browser.authorize(&login, "alice").await?;
    let spoilt = with_parameter(&callback, "code", &["a-code-that-nobody-gave"]);
    browser.open(spoilt.as_str()).await?;
    let state = state_of(&callback).context("a state")?;
    keep_login(house, &state, "refused-at-exchange").await
}

async fn cancelled(house: &House) -> Result<()> {
    let shop = house.shop()?;
    let created = shop.post("/v1/logins", json!({"provider": "op"})).await?;
    let id = created.text("id")?;
    shop.delete(&format!("/v1/logins/{id}")).await?;
    keep(house, &format!("login-{id}"), "cancelled").await
}

async fn of_another_client(house: &House) -> Result<()> {
    let temporal = &house.temporal;
    temporal.start_authentication("theirs", &json!({"provider": "op"}))?;
    let login_url = waiting::until("the login waits for its user", 20, async || {
        let status = temporal.status("theirs")?;
        Ok(status["login_url"].as_str().map(str::to_owned))
    })
    .await?;
    Browser::new()?.sign_in(&login_url, "alice").await?;
    keep(house, "theirs", "started-by-another-client").await
}

async fn expired() -> Result<()> {
    let house = house("1s").await?;
    let callback = Browser::new()?
        .authorize(&house.celadon.login("op"), "alice")
        .await?;
    let state = state_of(&callback).context("a state")?;
    keep_login(&house, &state, "expired").await
}
