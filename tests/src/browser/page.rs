//! A page that a browser has come to.

use anyhow::{Context, Result};
use reqwest::header::HeaderMap;
use url::Url;

/// Where a chain of redirects, or of forms, has come to.
#[derive(Clone, Debug)]
pub struct Page {
    /// The address.
    pub url: Url,
    /// The status of the last answer.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its text.
    pub text: String,
    /// All addresses on the way, the first request's first.
    pub hops: Vec<Url>,
}

impl Page {
    /// A parameter of the address.
    pub fn query(&self, name: &str) -> Option<String> {
        self.url
            .query_pairs()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.into_owned())
    }

    /// The header, or an empty text.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// Where the page's `Link` header (RFC 8288) says that it goes on.
    pub fn next_link(&self) -> Option<String> {
        let target = self.header("link").strip_suffix("; rel=\"next\"")?;
        Some(target.strip_prefix('<')?.strip_suffix('>')?.to_owned())
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_str(&self.text).with_context(|| format!("not JSON: {}", self.text))
    }

    /// The `state` that the provider was sent with.
    pub fn state(&self) -> Result<String> {
        let mut states = self.hops.iter().filter_map(state_of);
        states
            .next_back()
            .context("no address on the way has a state")
    }
}

/// The `state` in an address.
pub fn state_of(url: &Url) -> Option<String> {
    url.query_pairs()
        .find(|(name, _)| name == "state")
        .map(|(_, value)| value.into_owned())
}
