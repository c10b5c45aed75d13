//! Logins that an operator looks for by provider and outcome, where the namespace allows it.

use crate::house::{House, with_parameter};
use anyhow::{Context, Result, ensure};
use celadon_tests::browser::state_of;
use celadon_tests::{Browser, login_id, waiting};
use serde_json::json;
use std::collections::BTreeSet;

/// Waits until exactly these workflows are listed: visibility comes a moment later.
async fn expect_listed(house: &House, query: &str, wanted: &[&str]) -> Result<()> {
    let wanted: BTreeSet<String> = wanted.iter().map(ToString::to_string).collect();
    waiting::until(query, 20, async || {
        let listed = house.temporal.list_where(query)?;
        let all = listed.as_array().context("a list")?.iter();
        let id =
            |one: &serde_json::Value| one["execution"]["workflowId"].as_str().map(str::to_owned);
        let found: BTreeSet<String> = all.filter_map(id).collect();
        Ok((found == wanted).then_some(()))
    })
    .await
}

#[tokio::test]
async fn logins_are_found_by_provider_and_outcome() -> Result<()> {
    let house = House::searchable().await?;
    let start = house.celadon.login("op");
    let workflow = |state: &str| format!("login-{}", login_id(state));

    let page = Browser::new()?.sign_in(&start, "zenobia-q7x").await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    let well = workflow(&page.state()?);
    let mut browser = Browser::new()?;
    let callback = browser.authorize(&start, "alice").await?;
    let spoilt = with_parameter(&callback, "code", &["a-code-that-nobody-gave"]);
    browser.open(spoilt.as_str()).await?;
    let refused = workflow(&state_of(&callback).context("a state")?);
    let shop = house.shop()?;
    let created = shop.post("/v1/logins", json!({"provider": "op"})).await?;
    let id = created.text("id")?;
    let pending = format!("login-{id}");

    let all = "CeladonProvider = 'op'";
    expect_listed(&house, all, &[&well, &refused, &pending]).await?;
    expect_listed(&house, "CeladonProvider = 'another'", &[]).await?;
    for (outcome, wanted) in [
        ("signed_in", &well),
        ("refused", &refused),
        ("pending", &pending),
    ] {
        let query = format!("{all} AND CeladonOutcome = '{outcome}'");
        expect_listed(&house, &query, &[wanted]).await?;
    }
    shop.delete(&format!("/v1/logins/{id}")).await?;
    expect_listed(&house, "CeladonOutcome = 'cancelled'", &[&pending]).await?;

    let described = house.temporal.describe(&well)?;
    let fields = &described["workflowExecutionInfo"]["searchAttributes"]["indexedFields"];
    let ours = fields.as_object().context("search attributes")?.keys();
    let ours: Vec<_> = ours.filter(|name| name.starts_with("Celadon")).collect();
    ensure!(ours == ["CeladonOutcome", "CeladonProvider"], "{fields}");
    ensure!(!described.to_string().contains("zenobia"), "{described}");
    Ok(())
}

#[tokio::test]
async fn a_namespace_without_search_attributes_costs_a_line_in_the_log() -> Result<()> {
    let house = House::new().await?;
    let page = Browser::new()?
        .sign_in(&house.celadon.login("op"), "alice")
        .await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    let logs = house.celadon.logs()?;
    let told = logs
        .matches("temporal operator search-attribute create")
        .count();
    ensure!(told == 1, "told {told} times");
    let described = house
        .temporal
        .describe(&format!("login-{}", login_id(&page.state()?)))?;
    ensure!(!described.to_string().contains("Celadon"), "{described}");
    Ok(())
}
