//! What a person does: opens, clicks, types, presses keys, changes tabs.
//!
//! Things are named by the words that a person sees. Each waits until it can be done.

use super::Chromium;
use super::driver::element;
use crate::waiting;
use anyhow::{Context, Result};
use serde_json::{Value, json};

/// How long a page may take to show something, in seconds: the machine may be busy.
pub(super) const PATIENCE: u64 = 40;

/// A key without a character.
#[derive(Clone, Copy, Debug)]
pub enum Key {
    /// To the next place.
    Tab,
    /// Follows the link, presses the button.
    Enter,
}

impl Chromium {
    /// Opens an address, as typed into the address bar.
    pub async fn open(&self, url: &str) -> Result<()> {
        self.driver.post("/url", json!({"url": url})).await?;
        Ok(())
    }

    /// Clicks the link or button that says `words`.
    pub async fn click(&self, words: &str) -> Result<()> {
        let xpath =
            format!("//*[self::a or self::button][contains(normalize-space(.), '{words}')]");
        self.on(&xpath, "/click", json!({})).await
    }

    /// Types into the first text field.
    pub async fn fill(&self, text: &str) -> Result<()> {
        let field = "//input[not(@type) or @type='text']";
        self.on(field, "/value", json!({"text": text})).await
    }

    /// Types wherever the focus is.
    pub async fn write(&self, text: &str) -> Result<()> {
        for letter in text.chars() {
            self.stroke(letter).await?;
        }
        Ok(())
    }

    /// Presses a key.
    pub async fn press(&self, key: Key) -> Result<()> {
        self.stroke(match key {
            Key::Tab => '\u{e004}',
            Key::Enter => '\u{e007}',
        })
        .await
    }

    /// Presses Tab until the focus is on what says `words`; fails where it never gets there.
    pub async fn tab_to(&self, words: &str) -> Result<()> {
        for _ in 0..30 {
            self.press(Key::Tab).await?;
            if self.focused().await?.contains(words) {
                return Ok(());
            }
        }
        anyhow::bail!("the Tab key never comes to {words:?}")
    }

    /// Opens a tab and changes to it. Gives the tab from before, for [`Self::change_tab`].
    pub async fn new_tab(&self) -> Result<String> {
        let before = self.driver.get("/window").await?;
        let tab = self
            .driver
            .post("/window/new", json!({"type": "tab"}))
            .await?;
        let handle = tab["handle"].as_str().context("a tab has a handle")?;
        self.change_tab(handle).await?;
        Ok(before.as_str().context("a tab has a handle")?.to_owned())
    }

    /// Changes to another tab.
    pub async fn change_tab(&self, handle: &str) -> Result<()> {
        self.driver
            .post("/window", json!({"handle": handle}))
            .await?;
        Ok(())
    }

    /// What the focus is on says this.
    pub async fn focused(&self) -> Result<String> {
        let text = self.of_focused("/text").await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// The width of the outline around what has the focus, in pixels; 0 where none is drawn.
    pub async fn outline(&self) -> Result<f64> {
        if self.of_focused("/css/outline-style").await? == "none" {
            return Ok(0.0);
        }
        let width = self.of_focused("/css/outline-width").await?;
        let width = width.as_str().and_then(|width| width.strip_suffix("px"));
        width
            .context("a width in pixels")?
            .parse()
            .context("a number")
    }

    async fn of_focused(&self, question: &str) -> Result<Value> {
        waiting::until("something has the focus", PATIENCE, async || {
            let Some(active) = self.driver.try_get("/element/active").await? else {
                return Ok(None);
            };
            let path = element(&active).context("an element")?;
            self.driver.try_get(&format!("{path}{question}")).await
        })
        .await
    }

    async fn on(&self, xpath: &str, command: &str, body: Value) -> Result<()> {
        waiting::until(&format!("{command} on {xpath}"), PATIENCE, async || {
            let Some(path) = self.driver.find(xpath).await? else {
                return Ok(None);
            };
            let command = format!("{path}{command}");
            let done = self.driver.try_post(&command, body.clone()).await?;
            Ok(done.map(drop))
        })
        .await
    }

    async fn stroke(&self, key: char) -> Result<()> {
        let strokes = json!([{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]);
        let keyboard = json!({"type": "key", "id": "keyboard", "actions": strokes});
        self.driver
            .post("/actions", json!({"actions": [keyboard]}))
            .await?;
        Ok(())
    }
}
