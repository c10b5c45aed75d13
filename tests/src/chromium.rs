//! A real browser: Chromium without a window, driven over WebDriver
//! ([W3C](https://www.w3.org/TR/webdriver2/)) by a `chromedriver` of its own.
//!
//! Owned here: the two processes, their flags and their end. `driver.rs` speaks the protocol,
//! `hands.rs` does what a person does, `eyes.rs` sees what a person sees, `axe.rs` asks axe-core.
//! What needs no real browser is tested with [`crate::Browser`], which is a hundred times as quick.

mod axe;
mod driver;
mod eyes;
mod hands;

use crate::children::Child;
use crate::places::on_path;
use crate::{Sandbox, waiting};
use anyhow::{Context, Result, bail};
use driver::Driver;
pub use hands::Key;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What Chromium may be called.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
];

/// Nothing but what the test asks for: no first-run pages, updates or sync. `remote-debugging-pipe`
/// ties the browser's life to the driver's, however that ends.
const FLAGS: [&str; 13] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
];

/// A running browser with a fresh profile. It ends when this is dropped.
pub struct Chromium {
    driver: Driver,
    #[expect(dead_code, reason = "held: the browser ends when this is dropped")]
    server: Child,
}

impl Chromium {
    /// Starts one with a window of 1100 × 900 pixels that prefers light pages.
    pub async fn start(sandbox: &Sandbox) -> Result<Self> {
        Self::with(sandbox, json!({})).await
    }

    /// As [`Self::start`], for somebody who has turned JavaScript off.
    pub async fn without_javascript(sandbox: &Sandbox) -> Result<Self> {
        let preferences = json!({
            "webkit.webprefs.javascript_enabled": false,
            "profile.managed_default_content_settings.javascript": 2,
        });
        Self::with(sandbox, preferences).await
    }

    async fn with(sandbox: &Sandbox, preferences: Value) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("chromium-")
            .tempdir_in(sandbox.path())?
            // It goes with the sandbox, after the browser has ended.
            .keep();
        let (server, port) = serve(&folder).await?;
        let driver = Driver::begin(port, &capabilities(&folder, &preferences)?).await?;
        let browser = Self { driver, server };
        browser.window(1100, 900).await?;
        browser.prefer("light").await?;
        Ok(browser)
    }

    /// Gives pages this many CSS pixels. Windows have a least width; this has none.
    pub async fn window(&self, width: u32, height: u32) -> Result<()> {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.cdp("Emulation.setDeviceMetricsOverride", size).await?;
        Ok(())
    }

    /// Prefers `light` or `dark` pages from now on.
    pub async fn prefer(&self, scheme: &str) -> Result<()> {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.cdp("Emulation.setEmulatedMedia", json!({"features": features}))
            .await?;
        Ok(())
    }

    /// A command of the Chrome DevTools Protocol.
    async fn cdp(&self, command: &str, parameters: Value) -> Result<Value> {
        let body = json!({"cmd": command, "params": parameters});
        self.driver.post("/goog/cdp/execute", body).await
    }
}

/// A driver at a port that it chooses and prints.
async fn serve(folder: &Path) -> Result<(Child, u16)> {
    let program = on_path("chromedriver")
        .context("chromedriver is missing: `cargo xtask test` installs it")?;
    let output = folder.join("chromedriver.out");
    let mut command = Command::new(program);
    command
        .arg("--port=0")
        .env("HOME", folder)
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(&output)?);
    let mut server = Child::start(&mut command, &folder.join("chromedriver.log"))?;
    let port = waiting::until("chromedriver names its port", 60, async || {
        if let Some(status) = server.ended()? {
            bail!("chromedriver ended ({status})");
        }
        Ok(announced(&std::fs::read_to_string(&output)?))
    })
    .await?;
    Ok((server, port))
}

/// The port in `ChromeDriver was started successfully on port 4321.`
fn announced(output: &str) -> Option<u16> {
    let (_, rest) = output.split_once("successfully on port ")?;
    rest.split_once('.')?.0.parse().ok()
}

fn capabilities(folder: &Path, preferences: &Value) -> Result<Value> {
    let mut arguments: Vec<String> = FLAGS.map(str::to_owned).into();
    arguments.push(format!(
        "--user-data-dir={}",
        folder.join("profile").display()
    ));
    let binary = NAMES.iter().find_map(|name| on_path(name));
    let binary: PathBuf = binary.context("chromium is missing: `cargo xtask test` installs it")?;
    Ok(json!({
        "browserName": "chrome",
        "pageLoadStrategy": "normal",
        "timeouts": {"implicit": 0, "pageLoad": 60_000, "script": 60_000},
        "goog:loggingPrefs": {"browser": "ALL"},
        "goog:chromeOptions": {"binary": binary, "args": arguments, "prefs": preferences},
    }))
}
