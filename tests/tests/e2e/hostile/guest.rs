//! A row's own component, and what it may have carried out.

use anyhow::{Result, ensure};
use celadon_tests::liar::Liar;
use celadon_tests::{Needles, Setup};
use serde_json::Value;
use std::path::PathBuf;
use url::Url;

/// The shortest run of hex digits that is taken for the adversary's ink.
const INK: usize = 64;

/// A component in the place of the honest one.
pub struct Guest {
    component: Component,
    options: Vec<(&'static str, String)>,
    says: &'static str,
    link: &'static str,
    collects: Vec<String>,
    most: usize,
}

enum Component {
    Built(&'static str),
    File(PathBuf),
}

impl Guest {
    /// One that the build has made.
    pub fn built(name: &'static str) -> Self {
        Self::of(Component::Built(name))
    }

    /// One in a file.
    pub fn file(path: PathBuf) -> Self {
        Self::of(Component::File(path))
    }

    fn of(component: Component) -> Self {
        Self {
            component,
            options: Vec::new(),
            says: "",
            link: "",
            collects: Vec::new(),
            most: 16,
        }
    }

    /// An option of it; `{issuer}` and the like are filled in.
    pub fn option(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.options.push((name, value.into()));
        self
    }

    /// The problem's detail has these words.
    pub fn problem_says(mut self, says: &'static str) -> Self {
        self.says = says;
        self
    }

    /// The link has this in it.
    pub fn link_has(mut self, text: &'static str) -> Self {
        self.link = text;
        self
    }

    /// What is collected has this in it, in ink or not.
    pub fn collects(mut self, text: impl Into<String>) -> Self {
        self.collects.push(text.into());
        self
    }

    /// At most so many requests come to the collector.
    pub fn collects_at_most(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    /// The words of the problem's detail.
    pub fn says(&self) -> &str {
        self.says
    }

    pub fn configure(&self, setup: Setup, liar: &Liar, name: &str) -> Result<Setup> {
        let mut setup = match &self.component {
            Component::Built(component) => setup.component(component)?,
            Component::File(path) => setup.foreign_component(path),
        };
        for (option, value) in &self.options {
            setup = setup.option(option, Value::from(liar.fill(name, value)));
        }
        Ok(setup)
    }

    pub fn check_link(&self, link: &Url) -> Result<()> {
        ensure!(
            link.as_str().contains(self.link),
            "no {} in {link}",
            self.link
        );
        Ok(())
    }

    /// No credential has come to the collector, in whatever ink.
    pub fn check_collected(&self, liar: &Liar, name: &str) -> Result<()> {
        let requests = liar.requests(name, "collect")?;
        ensure!(
            requests.len() <= self.most,
            "{} requests were collected",
            requests.len()
        );
        let mut all = String::new();
        for request in requests {
            holds_nothing(&liar.needles(name)?, &request)?;
            all += &request;
            all += &uncovered(&request);
        }
        for text in &self.collects {
            let text = liar.fill(name, text);
            ensure!(all.contains(&text), "no {text} was collected: {all}");
        }
        Ok(())
    }
}

/// Fails if a text holds a secret, also in the adversary's ink.
pub fn holds_nothing(needles: &Needles, text: &str) -> Result<()> {
    for text in [text, &uncovered(text)] {
        let found = needles.found_in(text.as_bytes())?;
        ensure!(found.is_empty(), "{found:?} in {text}");
    }
    Ok(())
}

/// All that stands in ink in a text, in the order in which it stands there.
fn uncovered(text: &str) -> String {
    let is_ink = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    let runs = text.split(|c| !is_ink(c)).filter(|run| run.len() >= INK);
    let ink: String = runs.collect();
    let bytes = ink.as_bytes().chunks_exact(2).map(|pair| {
        let pair = std::str::from_utf8(pair).unwrap_or_default();
        u8::from_str_radix(pair, 16).unwrap_or_default() ^ 0x5A
    });
    String::from_utf8_lossy(&bytes.collect::<Vec<_>>()).into_owned()
}

#[test]
fn a_secret_in_ink_is_found() {
    let ink = |text: &str| -> String {
        let bytes = text.bytes().map(|byte| format!("{:02x}", byte ^ 0x5A));
        bytes.collect()
    };
    let mut needles = Needles::default();
    needles.add("code", "a-code-that-is-looked-for");
    let text =
        "something else that is long enough, a-code-that-is-looked-for, and more of it besides";
    let (one, two) = text.split_at(50);
    for body in [
        text.to_owned(),
        format!("{{\"s0\":\"{}\"}}", ink(text)),
        format!("s0={}&s1={}", ink(one), ink(two)),
    ] {
        assert!(holds_nothing(&needles, &body).is_err(), "{body}");
    }
    assert!(holds_nothing(&needles, &ink(one)).is_ok());
}
