//! What is left behind holds no secret: histories, database, logs.

use crate::house::House;
use anyhow::{Context, Result, ensure};
use celadon_tests::{Browser, Needles, login_id};
use serde_json::json;

/// A name that stands nowhere by chance.
const USER: &str = "zenobia-q7x";

struct Past {
    house: House,
    secrets: Needles,
    login: String,
}

/// A login, its protected page, a refresh, a refused and an expired token: all that leaves traces.
async fn past() -> Result<Past> {
    let house = House::with(json!({"ttl": {"AccessToken": 4}}), |setup| {
        setup.variable("RUST_LOG", "trace")
    })
    .await?;
    let mut browser = Browser::new()?;
    let page = browser.sign_in(&house.celadon.login("op"), USER).await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    let resource = house.celadon.url("/resource/op");
    celadon_tests::waiting::until("a refresh", 20, async || {
        browser.open(&resource).await?;
        Ok((!house.op.token_requests("refresh_token").await?.is_empty()).then_some(()))
    })
    .await?;
    house.workflow_ends(&page.state()?).await?;
    let mut secrets = house.op.needles().await?.expecting(&[
        "code",
        "code_verifier",
        "state",
        "nonce",
        "client_secret",
        "access_token",
        "refresh_token",
        "id_token",
    ]);
    for (name, value) in browser
        .cookies("")
        .into_iter()
        .filter(|(name, _)| !name.starts_with("_op"))
    {
        secrets.add(&format!("cookie {name}"), &value);
    }
    Ok(Past {
        login: login_id(&page.state()?),
        house,
        secrets,
    })
}

#[tokio::test]
async fn histories_hold_no_secret_and_no_user() -> Result<()> {
    let Past {
        house,
        mut secrets,
        login,
    } = past().await?;
    secrets.add("user", USER);
    let workflow = format!("login-{login}");
    let history = house.temporal.history(&workflow)?;
    ensure!(
        history.contains("EVENT_TYPE_MARKER_RECORDED"),
        "not the history of a login: {history}"
    );
    let listed = house.temporal.list()?;
    let all = listed.as_array().context("a list")?;
    ensure!(!all.is_empty(), "no workflow is listed");
    let ids = all
        .iter()
        .filter_map(|one| one["execution"]["workflowId"].as_str());
    for id in ids.chain([workflow.as_str()]) {
        for text in [
            house.temporal.history(id)?,
            house.temporal.describe(id)?.to_string(),
        ] {
            let found = secrets.found_in_json(&text)?;
            ensure!(found.is_empty(), "{id} holds {found:?}:\n{text}");
        }
    }
    let found = secrets.found_in_json(&listed.to_string())?;
    ensure!(found.is_empty(), "the list of workflows holds {found:?}");
    Ok(())
}

#[tokio::test]
async fn payloads_in_histories_are_encrypted() -> Result<()> {
    let Past { house, login, .. } = past().await?;
    let history = house.temporal.history(&format!("login-{login}"))?;
    // What a payload of ours would say, were it readable.
    let mut words = Needles::default();
    for word in [
        "json/plain",
        "signed_in",
        "waiting_for_user",
        "\"provider\"",
    ] {
        words.add("word", word);
    }
    let mut history: serde_json::Value = serde_json::from_str(&history)?;
    let events = history["events"].as_array_mut().context("events")?;
    for event in events {
        // What the SDK itself notes of a local activity, past the codec: its type and its times.
        let details = &mut event["markerRecordedEventAttributes"]["details"];
        if let Some(details) = details.as_object_mut() {
            details.remove("data");
        }
    }
    let found = words.found_in_json(&history.to_string())?;
    ensure!(
        found.is_empty(),
        "the history can be read: {found:?} in {history}"
    );
    Ok(())
}

#[tokio::test]
async fn the_database_holds_no_secret_in_the_clear() -> Result<()> {
    let Past {
        house,
        secrets,
        login,
    } = past().await?;
    let mut bytes = std::fs::read(house.sandbox.file("celadon.db"))?;
    for name in ["celadon.db-wal", "celadon.db-shm", "celadon.db-journal"] {
        bytes.extend(std::fs::read(house.sandbox.file(name)).unwrap_or_default());
    }
    let mut witness = Needles::default();
    witness.add("login", &login);
    ensure!(
        !witness.found_in(&bytes)?.is_empty(),
        "the database that was read is not the one that was written"
    );
    let found = secrets.found_in(&bytes)?;
    ensure!(found.is_empty(), "the database holds {found:?}");
    Ok(())
}

#[tokio::test]
async fn logs_hold_no_secret_and_no_address_of_a_user() -> Result<()> {
    let Past {
        house, mut secrets, ..
    } = past().await?;
    secrets.add("e-mail", &format!("{USER}@example.test"));
    let logs = house.celadon.logs()?;
    ensure!(!logs.is_empty(), "nothing was logged");
    let found = secrets.found_in(logs.as_bytes())?;
    ensure!(found.is_empty(), "the logs hold {found:?}");
    Ok(())
}

#[tokio::test]
async fn a_refused_code_is_not_logged_either() -> Result<()> {
    let house = House::with(json!({}), |setup| setup.variable("RUST_LOG", "trace")).await?;
    let mut browser = Browser::new()?;
    house.op.fault("/token", json!({"status": 400, "body": "{\"error\":\"invalid_grant\",\"error_description\":\"call 555-0100\"}"})).await?;
    browser.sign_in(&house.celadon.login("op"), USER).await?;
    let mut secrets = house
        .op
        .needles()
        .await?
        .expecting(&["code", "code_verifier", "state"]);
    secrets.add("provider's words", "call 555-0100");
    let found = secrets.found_in(house.celadon.logs()?.as_bytes())?;
    ensure!(found.is_empty(), "the logs hold {found:?}");
    Ok(())
}
