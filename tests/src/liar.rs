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

use crate::Needles;
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
    state: String,
    seen: Vec<Asked>,
    /// The last answer of the token endpoint.
    given: String,
}

/// A request that came.
#[derive(Clone, Debug)]
struct Asked {
    /// Below the issuer, with its query.
    path: String,
    /// All of it: head and body.
    text: String,
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
        let mut state = self.act(name)?.state();
        state.nonce = parameter(link, "nonce")?;
        state.state = parameter(link, "state")?;
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
        let seen = &self.act(name)?.state().seen;
        Ok(seen.iter().map(|asked| asked.path.clone()).collect())
    }

    /// All requests to a path below this issuer that begins so: head and body of each.
    pub fn requests(&self, name: &str, path: &str) -> Result<Vec<String>> {
        let seen = &self.act(name)?.state().seen;
        let found = seen.iter().filter(|asked| asked.path.starts_with(path));
        Ok(found.map(|asked| asked.text.clone()).collect())
    }

    /// Every secret of this issuer's login, as far as it came: client secret, state, code, verifier,
    /// tokens.
    pub fn needles(&self, name: &str) -> Result<Needles> {
        let mut needles = Needles::default();
        let scene = self.scene(name);
        needles.add("client_secret", crate::celadon::SECRET_OF_ANY);
        needles.add("code", &scene.code());
        needles.add("access_token", &scene.access_token());
        let state = self.act(name)?.state();
        if !state.state.is_empty() {
            needles.add("state", &state.state);
        }
        for asked in state.seen.iter().filter(|asked| asked.path == "token") {
            let body = asked.text.split("\r\n\r\n").nth(1).unwrap_or_default();
            let fields = url::form_urlencoded::parse(body.as_bytes());
            for (_, verifier) in fields.filter(|(name, _)| name == "code_verifier") {
                needles.add("code_verifier", &verifier);
            }
        }
        let given: serde_json::Value = serde_json::from_str(&state.given).unwrap_or_default();
        for kind in ["refresh_token", "id_token"] {
            if let Some(token) = given[kind].as_str() {
                needles.add(kind, token);
            }
        }
        Ok(needles)
    }

    fn act(&self, name: &str) -> Result<&Act> {
        self.stage.acts.get(name).context("no such issuer")
    }

    fn scene(&self, name: &str) -> Scene<'_> {
        self.stage.scene(name, &State::default())
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

    fn scene(&self, name: &str, state: &State) -> Scene<'_> {
        let asked = state.seen.iter().map(|asked| asked.text.as_str());
        Scene {
            name: name.to_owned(),
            issuer: self.issuer(name),
            base: format!("http://127.0.0.1:{}", self.port),
            port: self.port,
            nonce: state.nonce.clone(),
            asked: asked.collect::<Vec<_>>().join("\n"),
            given: state.given.clone(),
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
