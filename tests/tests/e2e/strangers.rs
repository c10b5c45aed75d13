//! Other Temporal clients, which have no key of ours: they start logins, look at them and end them.

use crate::house::{House, expect_signed_in};
use anyhow::{Context, Result, ensure};
use celadon_tests::{Browser, waiting};
use serde_json::{Value, json};

/// The status of a workflow once it waits for its user.
async fn waits(house: &House, workflow: &str) -> Result<Value> {
    waiting::until("the login waits for its user", 20, async || {
        let status = house.temporal.status(workflow).ok();
        Ok(status.filter(|status| status["stage"] == "waiting_for_user"))
    })
    .await
}

#[tokio::test]
async fn a_login_that_another_client_starts_tells_its_login_url_in_plain_json() -> Result<()> {
    let house = House::new().await?;
    house
        .temporal
        .start_authentication("a-workflow", &json!({"provider": "op"}))?;
    let status = waits(&house, "a-workflow").await?;
    let login_url = status["login_url"].as_str().context("no login_url")?;
    let mut browser = Browser::new()?;
    browser.sign_in(login_url, "alice").await?;
    expect_signed_in(&house.celadon, &mut browser, "alice").await?;
    let status = house.temporal.status("a-workflow")?;
    ensure!(status["outcome"]["outcome"] == "signed_in", "{status}");
    ensure!(status["login_url"].is_null(), "{status}");
    ensure!(!status.to_string().contains("alice"), "{status}");
    Ok(())
}

#[tokio::test]
async fn a_cancelled_workflow_is_a_cancelled_login() -> Result<()> {
    let house = House::new().await?;
    house
        .temporal
        .start_authentication("a-workflow", &json!({"provider": "op"}))?;
    let status = waits(&house, "a-workflow").await?;
    let login_url = status["login_url"].as_str().context("no login_url")?;
    house.temporal.cancel("a-workflow")?;
    waiting::until("the workflow ends", 20, async || {
        Ok(house.temporal.has_ended("a-workflow")?.then_some(()))
    })
    .await?;
    let page = Browser::new()?.open(login_url).await?;
    ensure!(page.status == 410, "{}: {}", page.status, page.text);
    Ok(())
}

#[tokio::test]
async fn the_login_of_a_terminated_workflow_has_expired() -> Result<()> {
    let house = House::new().await?;
    let shop = house.shop()?;
    let created = shop.post("/v1/logins", json!({"provider": "op"})).await?;
    let id = created.text("id")?;
    let mut browser = Browser::new()?;
    let callback = browser
        .authorize(&created.text("login_url")?, "alice")
        .await?;
    house.temporal.terminate(&format!("login-{id}"))?;
    let page = browser.open(callback.as_str()).await?;
    ensure!(page.status == 410, "{}: {}", page.status, page.text);
    let status = shop.get(&format!("/v1/logins/{id}")).await?;
    ensure!(status.json["status"] == "expired", "{}", status.json);
    Ok(())
}

#[tokio::test]
async fn a_workflow_cannot_end_the_login_of_another() -> Result<()> {
    let house = House::new().await?;
    let shop = house.shop()?;
    let created = shop.post("/v1/logins", json!({"provider": "op"})).await?;
    let id = created.text("id")?;
    let stolen = json!({"login": id, "login_url": "http://127.0.0.1/", "expires_in": 1});
    house
        .temporal
        .start_authentication("thief", &json!({"provider": "op", "attempt": stolen}))?;
    let status = waits(&house, "thief").await?;
    ensure!(
        status["login"] != json!(id),
        "it has the other's login: {status}"
    );
    house.temporal.cancel("thief")?;
    waiting::until("the thief ends", 20, async || {
        Ok(house.temporal.has_ended("thief")?.then_some(()))
    })
    .await?;
    let status = shop.get(&format!("/v1/logins/{id}")).await?;
    ensure!(
        status.json["status"] == "waiting_for_user",
        "{}",
        status.json
    );
    Ok(())
}

#[tokio::test]
async fn what_another_client_asks_for_is_checked() -> Result<()> {
    let house = House::new().await?;
    for (workflow, input) in [
        (
            "scopes",
            json!({"provider": "op", "scopes": ["openid email"]}),
        ),
        ("user", json!({"provider": "op", "user": "a\nb"})),
        (
            "return-to",
            json!({"provider": "op", "return_to": "https://elsewhere.example"}),
        ),
        ("provider", json!({"provider": "none"})),
    ] {
        house.temporal.start_authentication(workflow, &input)?;
        waiting::until("it is refused", 20, async || {
            Ok(house.temporal.has_ended(workflow)?.then_some(()))
        })
        .await?;
        let status = house.temporal.status(workflow)?;
        ensure!(
            status["outcome"]["outcome"] == "refused",
            "{workflow}: {status}"
        );
    }
    Ok(())
}
