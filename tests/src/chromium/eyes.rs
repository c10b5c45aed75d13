//! What a person sees: words, addresses, pictures; and what the browser complains of.

use super::Chromium;
use super::hands::PATIENCE;
use crate::waiting;
use anyhow::{Context, Result};
use data_encoding::BASE64;
use serde_json::{Value, json};
use std::path::Path;
use url::Url;

impl Chromium {
    /// The address of the page.
    pub async fn url(&self) -> Result<Url> {
        let url = self.driver.get("/url").await?;
        Ok(Url::parse(url.as_str().context("an address")?)?)
    }

    /// Waits until the page says `words`, then gives all that it says.
    pub async fn sees(&self, words: &str) -> Result<String> {
        let awaited = format!("the page says {words:?}");
        let seen = waiting::until(&awaited, PATIENCE, async || {
            Ok(self.text().await?.filter(|text| text.contains(words)))
        });
        match seen.await {
            Ok(text) => Ok(text),
            Err(error) => {
                let (url, text) = (self.url().await?, self.text().await?);
                Err(error.context(format!("{url} says {}", text.unwrap_or_default())))
            }
        }
    }

    /// Whether the page says `words` now.
    pub async fn says(&self, words: &str) -> Result<bool> {
        Ok(self.text().await?.is_some_and(|text| text.contains(words)))
    }

    /// What the page says now; `None` while there is none.
    async fn text(&self) -> Result<Option<String>> {
        let Some(body) = self.driver.find("//body").await? else {
            return Ok(None);
        };
        let text = self.driver.try_get(&format!("{body}/text")).await?;
        Ok(text.and_then(|text| text.as_str().map(str::to_owned)))
    }

    /// Runs a function's body in the page, which its content security policy cannot prevent.
    pub async fn script(&self, body: &str, arguments: Value) -> Result<Value> {
        let wish = json!({"script": body, "args": arguments});
        self.driver.post("/execute/sync", wish).await
    }

    /// What the browser has complained of since this was last asked: blocked by a policy, script
    /// errors, wrong markup. That a page is an error page is no complaint.
    pub async fn complaints(&self) -> Result<Vec<String>> {
        let entries = self
            .driver
            .post("/se/log", json!({"type": "browser"}))
            .await?;
        let entries = entries.as_array().context("a list of entries")?;
        let messages = entries.iter().filter_map(|entry| entry["message"].as_str());
        Ok(messages
            .filter(|message| !message.contains("the server responded with a status of"))
            .map(str::to_owned)
            .collect())
    }

    /// Writes a picture of the whole page, as PNG.
    pub async fn picture(&self, file: &Path) -> Result<()> {
        let whole = json!({"format": "png", "captureBeyondViewport": true});
        let shot = self.cdp("Page.captureScreenshot", whole).await?;
        let png = BASE64.decode(shot["data"].as_str().context("a picture")?.as_bytes())?;
        std::fs::write(file, png).with_context(|| file.display().to_string())
    }
}
