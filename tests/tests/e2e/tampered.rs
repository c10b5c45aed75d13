//! Somebody who can write to the database, and has no key, gets no code and no secret.

use crate::house::{House, expect_signed_in, expect_signed_out};
use anyhow::{Result, ensure};
use celadon_tests::{Browser, Database, Sandbox};
use serde_json::json;

#[tokio::test]
async fn a_login_on_a_revision_that_a_stranger_wrote_sends_nothing() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let database = Database::of(&sandbox);
    let house = House::inside(sandbox, json!({}), |setup| setup).await?;
    let mut browser = Browser::new()?;
    let callback = browser
        .authorize(&house.celadon.login("op"), "alice")
        .await?;
    // Another component, with whatever it says, under an id that fits it, is as easy to write.
    let changed = database
        .change("UPDATE attempts SET revision = 'another'")
        .await?;
    ensure!(changed == 1, "{changed} attempts");
    let page = browser.open(callback.as_str()).await?;
    // A row that does not open is Celadon's own trouble, and no provider's.
    ensure!(page.status == 503, "{} {}", page.status, page.text);
    house.expect_codes(0).await?;
    expect_signed_out(&house.celadon, &mut browser).await
}

#[tokio::test]
async fn metadata_that_a_stranger_wrote_is_not_believed() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let database = Database::of(&sandbox);
    let mut house = House::inside(sandbox, json!({}), |setup| setup).await?;
    let mut browser = Browser::new()?;
    let callback = browser
        .authorize(&house.celadon.login("op"), "alice")
        .await?;
    house.celadon.kill9()?;
    let changed = database
        .change("UPDATE metadata SET document = replace(document, '/token\"', '/elsewhere\"')")
        .await?;
    ensure!(changed == 1, "{changed} documents");
    house.celadon.restart().await?;
    let page = browser.open(callback.as_str()).await?;
    ensure!(page.status == 200, "{} {}", page.status, page.text);
    expect_signed_in(&house.celadon, &mut browser, "alice").await?;
    let asked = house.op.requests().await?;
    ensure!(
        asked.iter().all(|request| request.path != "/elsewhere"),
        "the code went elsewhere"
    );
    Ok(())
}
