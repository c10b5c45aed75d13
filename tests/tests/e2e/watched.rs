//! What operators see: histories in plain words, and numbers.

use crate::house::{House, with_parameter};
use anyhow::{Context, Result, ensure};
use celadon_tests::{Browser, http_client, login_id, waiting};
use data_encoding::BASE64;
use serde_json::{Value, json};

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

/// All strings of a history, one a line; those that are base64 as what they hold.
fn decoded(history: &str) -> Result<String> {
    fn collect(value: &Value, text: &mut String) {
        match value {
            Value::String(own) => {
                let bytes = BASE64.decode(own.as_bytes());
                *text += &bytes.map_or_else(
                    |_| own.clone(),
                    |bytes| String::from_utf8_lossy(&bytes).into_owned(),
                );
                text.push('\n');
            }
            Value::Array(all) => all.iter().for_each(|value| collect(value, text)),
            Value::Object(all) => all.values().for_each(|value| collect(value, text)),
            _ => {}
        }
    }
    let mut text = String::new();
    collect(&serde_json::from_str(history)?, &mut text);
    Ok(text)
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

    let auth = format!("Bearer {SECRET}");
    let opened = decoded(&temporal.history_opened(&workflow, &codec, &auth)?)?;
    for plain in ["\"provider\":\"op\"", "signed_in", "login_url"] {
        ensure!(opened.contains(plain), "no {plain} in {opened}");
    }
    let needles = house.op.needles().await?;
    let found = needles
        .expecting(&["code", "access_token", "refresh_token", "id_token"])
        .found_in(opened.as_bytes())?;
    ensure!(found.is_empty(), "a secret in the opened history");

    let refused = temporal.history_opened(&workflow, &codec, "Bearer a-guess");
    let shown = refused.map_or_else(|error| Ok(error.to_string()), |json| decoded(&json))?;
    ensure!(!shown.contains("signed_in"), "opened by a guess: {shown}");
    let sealed = decoded(&temporal.history(&workflow)?)?;
    ensure!(!sealed.contains("signed_in"), "not sealed: {sealed}");
    Ok(())
}

#[tokio::test]
async fn a_status_says_in_a_sentence_where_a_login_of_another_client_stands() -> Result<()> {
    let house = House::new().await?;
    let temporal = &house.temporal;
    let status = || temporal.status("theirs");
    temporal.start_authentication("theirs", &json!({"provider": "op"}))?;
    let login_url = waiting::until("the login waits for its user", 20, async || {
        let status = status()?;
        Ok(status["login_url"].as_str().map(str::to_owned))
    })
    .await?;
    let waits = status()?;
    ensure!(
        waits["summary"] == "Waiting for the user to come back from op",
        "{waits}"
    );
    let mut browser = Browser::new()?;
    browser.sign_in(&login_url, "alice").await?;
    waiting::until("the workflow ends", 20, async || {
        Ok(temporal.has_ended("theirs")?.then_some(()))
    })
    .await?;
    let ended = status()?;
    ensure!(ended["summary"] == "Signed in with op", "{ended}");
    ensure!(!ended.to_string().contains("alice"), "{ended}");
    Ok(())
}

/// The numbers, as an operator reads them.
struct Numbers(String);

impl Numbers {
    async fn of(house: &House) -> Result<Self> {
        let request = http_client()?.get(house.celadon.url("/metrics"));
        let answer = request.bearer_auth(SECRET).send().await?;
        ensure!(answer.status() == 200, "{}", answer.status());
        Ok(Self(answer.text().await?))
    }

    /// The number of the only series of this name that has all these labels.
    fn of_series(&self, name: &str, labels: &[&str]) -> Result<f64> {
        let mut found = self.0.lines().filter(|line| {
            line.split(['{', ' ']).next() == Some(name)
                && labels.iter().all(|label| line.contains(label))
        });
        let line = found
            .next()
            .with_context(|| format!("no {name} {labels:?} in {}", self.0))?;
        ensure!(found.next().is_none(), "more than one {name} {labels:?}");
        let number = line.rsplit(' ').next().context("a number")?;
        Ok(number.parse()?)
    }

    fn expect(&self, number: f64, name: &str, labels: &[&str]) -> Result<()> {
        let found = self.of_series(name, labels)?;
        ensure!(
            found == number,
            "{name} {labels:?} is {found}, not {number}"
        );
        Ok(())
    }
}

#[tokio::test]
async fn the_numbers_tell_of_a_login_that_ended_well_and_of_one_that_was_refused() -> Result<()> {
    let house = operated().await?;
    let mut browser = Browser::new()?;
    let page = browser.sign_in(&house.celadon.login("op"), "alice").await?;
    house.workflow_ends(&page.state()?).await?;
    let numbers = Numbers::of(&house).await?;
    let op = "provider=\"op\"";
    numbers.expect(1.0, "celadon_logins_started_total", &[op])?;
    let signed_in = [op, "outcome=\"signed_in\"", "reason=\"\""];
    numbers.expect(1.0, "celadon_logins_ended_total", &signed_in)?;
    numbers.expect(0.0, "celadon_logins_in_flight", &[])?;
    for step in ["authorize", "exchange", "identify", "persist"] {
        let labels = [&format!("step=\"{step}\"") as &str, "outcome=\"done\""];
        numbers.expect(1.0, "celadon_step_duration_seconds_count", &labels)?;
    }
    for function in ["describe", "authorize", "obtain", "identify"] {
        let labels = [op, &format!("function=\"{function}\""), "outcome=\"ok\""];
        ensure!(numbers.of_series("celadon_plugin_calls_total", &labels)? >= 1.0);
    }
    numbers.expect(0.0, "celadon_plugin_queue_depth", &[])?;
    let answered = [op, "result=\"2xx\""];
    ensure!(numbers.of_series("celadon_egress_requests_total", &answered)? >= 3.0);
    let callback = ["route=\"/callback/{provider}\"", "status=\"3xx\""];
    numbers.expect(1.0, "celadon_http_requests_total", &callback)?;
    for text in ["alice", page.state()?.as_str(), &login_id(&page.state()?)] {
        ensure!(!numbers.0.contains(text), "{text} is in the numbers");
    }

    let mut other = Browser::new()?;
    let callback = other
        .authorize(&house.celadon.login("op"), "mallory")
        .await?;
    let spoilt = with_parameter(&callback, "code", &["a-code-that-nobody-gave"]);
    let page = other.open(spoilt.as_str()).await?;
    ensure!(page.status == 400, "{}: {}", page.status, page.text);
    let numbers = Numbers::of(&house).await?;
    numbers.expect(2.0, "celadon_logins_started_total", &[op])?;
    let refused = [op, "outcome=\"refused\"", "reason=\"invalid_grant\""];
    numbers.expect(1.0, "celadon_logins_ended_total", &refused)?;
    numbers.expect(1.0, "celadon_logins_ended_total", &signed_in)?;
    let labels = ["step=\"exchange\"", "outcome=\"refused\""];
    numbers.expect(1.0, "celadon_step_duration_seconds_count", &labels)?;
    let labels = [op, "function=\"obtain\"", "outcome=\"failure\""];
    numbers.expect(1.0, "celadon_plugin_calls_total", &labels)?;
    numbers.expect(
        1.0,
        "celadon_egress_requests_total",
        &[op, "result=\"4xx\""],
    )?;
    Ok(())
}

#[tokio::test]
async fn without_operators_the_numbers_are_not_for_those_behind_a_proxy() -> Result<()> {
    let house = House::new().await?;
    let metrics = house.celadon.url("/metrics");
    let direct = http_client()?.get(&metrics).send().await?;
    ensure!(direct.status() == 200, "{}", direct.status());
    let proxied = http_client()?
        .get(&metrics)
        .header("x-forwarded-for", "192.0.2.1");
    let proxied = proxied.send().await?;
    ensure!(proxied.status() == 401, "{}", proxied.status());
    Ok(())
}
