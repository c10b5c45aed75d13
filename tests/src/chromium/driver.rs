//! The wire: commands and answers of one WebDriver session.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::time::Duration;

/// What only means that the page is on its way from one state to the next.
const PASSING: [&str; 5] = [
    "no such element",
    "stale element reference",
    "element not interactable",
    "element click intercepted",
    "no such execution context",
];

/// The key under which an element's id stands.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A session.
pub(super) struct Driver {
    http: reqwest::Client,
    session: String,
}

impl Driver {
    /// Begins a session at the driver's port.
    pub(super) async fn begin(port: u16, capabilities: &Value) -> Result<Self> {
        let mut driver = Self {
            http: crate::http_client()?,
            session: format!("http://127.0.0.1:{port}/session"),
        };
        let wish = json!({"capabilities": {"alwaysMatch": capabilities}});
        let begun = driver
            .post("", wish)
            .await
            .context("Chromium does not start")?;
        let id = begun["sessionId"].as_str().context("a session has an id")?;
        driver.session = format!("{}/{id}", driver.session);
        Ok(driver)
    }

    /// A command with a body.
    pub(super) async fn post(&self, command: &str, body: Value) -> Result<Value> {
        self.ask(command, Some(body))
            .await?
            .map_err(refused(command))
    }

    /// A question.
    pub(super) async fn get(&self, command: &str) -> Result<Value> {
        self.ask(command, None).await?.map_err(refused(command))
    }

    /// A command that may come too early: `None` where the page is not there yet.
    pub(super) async fn try_post(&self, command: &str, body: Value) -> Result<Option<Value>> {
        settled(command, self.ask(command, Some(body)).await?)
    }

    /// A question that may come too early.
    pub(super) async fn try_get(&self, command: &str) -> Result<Option<Value>> {
        settled(command, self.ask(command, None).await?)
    }

    /// The first element that this XPath finds, for use in a command's path.
    pub(super) async fn find(&self, xpath: &str) -> Result<Option<String>> {
        let wish = json!({"using": "xpath", "value": xpath});
        let found = self.try_post("/element", wish).await?;
        Ok(found.as_ref().and_then(element))
    }

    async fn ask(&self, command: &str, body: Option<Value>) -> Result<Result<Value, Refusal>> {
        let url = format!("{}{command}", self.session);
        let request = match body {
            Some(body) => self.http.post(url).body(body.to_string()),
            None => self.http.get(url),
        };
        // Longer than the driver's own patience with a page.
        let answer = request.timeout(Duration::from_secs(90)).send().await?;
        let success = answer.status().is_success();
        let mut json: Value = serde_json::from_str(&answer.text().await?)?;
        let value = json["value"].take();
        Ok(if success {
            Ok(value)
        } else {
            Err(Refusal(value))
        })
    }
}

/// The id of an element in an answer, as a command's path begins.
pub(super) fn element(answer: &Value) -> Option<String> {
    answer[ELEMENT].as_str().map(|id| format!("/element/{id}"))
}

/// `{"error", "message"}`.
struct Refusal(Value);

fn refused(command: &str) -> impl FnOnce(Refusal) -> anyhow::Error {
    move |refusal| {
        anyhow::anyhow!(
            "{command}: {}: {}",
            refusal.0["error"],
            refusal.0["message"]
        )
    }
}

fn settled(command: &str, answer: Result<Value, Refusal>) -> Result<Option<Value>> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(refusal) if PASSING.iter().any(|error| refusal.0["error"] == **error) => Ok(None),
        Err(refusal) => bail!(refused(command)(refusal)),
    }
}
