//! What operators see: histories in plain words.

use crate::house::House;
use anyhow::{Result, ensure};
use celadon_tests::{Browser, login_id};
use serde_json::json;

/// The operators' secret.
const SECRET: &str = "secret-of-the-operators-0123456789";

async fn operated() -> Result<House> {
    House::with(json!({}), |setup| {
        setup
            .variable("SECRET_OF_OPERATORS", SECRET)
            .text("[operators]\nsecret = { env = \"SECRET_OF_OPERATORS\" }\n")
    })
    .await
}

#[tokio::test]
async fn an_operator_reads_a_history_through_the_codec_server_and_nobody_else_does() -> Result<()> {
    let house = operated().await?;
    let mut browser = Browser::new()?;
    let page = browser.sign_in(&house.celadon.login("op"), "alice").await?;
    let state = page.state()?;
    house.workflow_ends(&state).await?;
    let workflow = format!("login-{}", login_id(&state));
    let codec = house.celadon.url("/codec");
    let temporal = &house.temporal;

    let opened = temporal.history_opened(&workflow, &codec, &format!("Bearer {SECRET}"))?;
    for plain in ["\"provider\":", "op", "signed_in", "login_url", "celadon"] {
        ensure!(opened.contains(plain), "no {plain} in {opened}");
    }
    let needles = house.op.needles().await?;
    let found = needles
        .expecting(&["code", "access_token", "refresh_token", "id_token"])
        .found_in(opened.as_bytes())?;
    ensure!(found.is_empty(), "a secret in the opened history");

    let refused = temporal.history_opened(&workflow, &codec, "Bearer a-guess");
    let shown = refused.unwrap_or_else(|error| error.to_string());
    ensure!(!shown.contains("signed_in"), "opened by a guess: {shown}");
    let sealed = temporal.history(&workflow)?;
    ensure!(!sealed.contains("signed_in"), "not sealed: {sealed}");
    Ok(())
}
