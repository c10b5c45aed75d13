//! A provider that lies: many issuers on one port of 127.0.0.1, each with lies of its own.
//!
//! An issuer is `http://127.0.0.1:<port>/<name>`. What it answers is what an honest provider would,
//! changed by its [`Lies`]: a member, the bytes, the status, the headers, the pace, the connection.
//! There is no page to sign in at: whoever tests reads `state` and `nonce` from the link, tells the
//! liar the nonce ([`Liar::began`]), and goes to the callback that [`Liar::redirect`] makes.
//!
//! HTTP is written by hand here, since much of what a liar sends no server would.

mod answer;
mod keys;
mod lies;
mod server;

pub use answer::{Manner, Reply};
pub use keys::{Key, Keys};
pub use lies::{Lies, Place, Redirect, Scene};

use anyhow::{Context, Result};
use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

/// What a liar writes wherever a provider may write: nobody but Celadon may ever read it.
pub const WORDS: &str = "call-555-0100-words-of-the-liar";

/// A running liar.
pub struct Liar {
    stage: Arc<Stage>,
    serving: JoinHandle<()>,
}

/// All issuers and their keys.
struct Stage {
    port: u16,
    keys: Keys,
    acts: HashMap<String, Act>,
}

/// One issuer.
struct Act {
    lies: Lies,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    nonce: String,
    seen: Vec<String>,
}

impl Act {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Liar {
    /// Starts a liar with these issuers, by name.
    pub async fn start(issuers: impl IntoIterator<Item = (String, Lies)>) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let state = Mutex::default;
        let acts = issuers.into_iter().map(|(name, lies)| {
            let state = state();
            (name, Act { lies, state })
        });
        let stage = Arc::new(Stage {
            port: listener.local_addr()?.port(),
            keys: Keys::new()?,
            acts: acts.collect(),
        });
        let serving = tokio::spawn(server::serve(listener, Arc::clone(&stage)));
        Ok(Self { stage, serving })
    }

    /// The issuer of that name.
    pub fn issuer(&self, name: &str) -> String {
        self.stage.issuer(name)
    }

    /// Puts `{issuer}`, `{base}` and `{port}` into a text.
    pub fn fill(&self, name: &str, text: &str) -> String {
        self.scene(name).fill(text)
    }

    /// A login began: the link is `link`.
    pub fn began(&self, name: &str, link: &Url) -> Result<()> {
        let nonce = parameter(link, "nonce")?;
        self.act(name)?.state().nonce = nonce;
        Ok(())
    }

    /// Where the browser is sent back to, as this issuer has it.
    pub fn redirect(&self, name: &str, link: &Url) -> Result<Redirect> {
        let callback = Url::parse(&parameter(link, "redirect_uri")?)?;
        let scene = self.scene(name);
        let mut redirect = Redirect {
            path: callback.path().to_owned(),
            parameters: vec![
                ("code".to_owned(), scene.code()),
                ("state".to_owned(), parameter(link, "state")?),
                ("iss".to_owned(), scene.issuer.clone()),
            ],
            ..Redirect::default()
        };
        self.act(name)?.lies.redirect(&mut redirect, &scene);
        Ok(redirect)
    }

    /// The paths below this issuer that were asked for, in order.
    pub fn seen(&self, name: &str) -> Result<Vec<String>> {
        Ok(self.act(name)?.state().seen.clone())
    }

    fn act(&self, name: &str) -> Result<&Act> {
        self.stage.acts.get(name).context("no such issuer")
    }

    fn scene(&self, name: &str) -> Scene<'_> {
        self.stage.scene(name, String::new())
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Stage {
    fn issuer(&self, name: &str) -> String {
        format!("http://127.0.0.1:{}/{name}", self.port)
    }

    fn scene(&self, name: &str, nonce: String) -> Scene<'_> {
        Scene {
            name: name.to_owned(),
            issuer: self.issuer(name),
            base: format!("http://127.0.0.1:{}", self.port),
            port: self.port,
            nonce,
            now: now(),
            keys: &self.keys,
        }
    }
}

fn parameter(link: &Url, name: &str) -> Result<String> {
    let mut pairs = link.query_pairs();
    let found = pairs.find(|(own, _)| own == name);
    Ok(found
        .with_context(|| format!("the link has no {name}"))?
        .1
        .into_owned())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the rule is for the program; a provider has a clock of its own"
)]
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs().cast_signed())
}
