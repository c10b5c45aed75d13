//! Who signs in: as a browser does, without a browser's cost.

use crate::figures::Times;
use crate::provider::Provider;
use anyhow::{Context, Result, ensure};
use celadon_tests::Celadon;
use futures::{StreamExt, TryStreamExt};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use url::Url;

/// A login that waits for its callback.
#[derive(Debug)]
pub struct Begun {
    callback: String,
    binding: String,
}

/// Somebody with many browsers.
pub struct Visitor<'a> {
    celadon: &'a Celadon,
    provider: &'a Provider,
    http: reqwest::Client,
    visits: AtomicU32,
}

impl<'a> Visitor<'a> {
    /// A visitor of this site, whose logins go to this provider.
    #[expect(
        clippy::disallowed_methods,
        reason = "the rule is for the program; this client asks the program"
    )]
    pub fn new(celadon: &'a Celadon, provider: &'a Provider) -> Result<Self> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none());
        Ok(Self {
            celadon,
            provider,
            http: http.build()?,
            visits: AtomicU32::new(0),
        })
    }

    /// Begins a login and comes back from the provider, but not yet to the callback.
    pub async fn begin(&self) -> Result<Begun> {
        let from = self.address();
        let request = self.http.get(self.celadon.login("bench"));
        let request = request.header("x-forwarded-for", &from);
        let answer = request.timeout(PATIENCE).send().await?;
        ensure!(answer.status() == 303, "login: {}", answer.status());
        let head = |name| {
            let value = answer.headers().get(name);
            value
                .and_then(|value| value.to_str().ok())
                .context("no such header")
        };
        let link = Url::parse(head(LOCATION)?)?;
        let cookie = head(SET_COOKIE)?;
        let binding = cookie.split(';').next().unwrap_or_default();
        Ok(Begun {
            callback: self.provider.redirect(&link)?,
            binding: binding.to_owned(),
        })
    }

    /// Ends a login. The answer is how long the callback took.
    pub async fn end(&self, begun: &Begun) -> Result<Duration> {
        let request = self
            .http
            .get(self.celadon.url(&begun.callback))
            .header(COOKIE, &begun.binding)
            .header("x-forwarded-for", self.address());
        let from = Instant::now();
        let answer = request.timeout(PATIENCE).send().await?;
        let took = from.elapsed();
        ensure!(
            answer.status() == 303,
            "callback: {} {}",
            answer.status(),
            answer.text().await?
        );
        Ok(took)
    }

    /// Everybody comes from an address of their own: what one address may do is bounded.
    fn address(&self) -> String {
        let visit = self.visits.fetch_add(1, Ordering::Relaxed);
        std::net::Ipv4Addr::from(0x0a00_0000 | (visit & 0x00ff_ffff)).to_string()
    }

    /// Begins so many logins, so many at a time.
    pub async fn begin_many(&self, logins: usize, at_once: usize) -> Result<Vec<Begun>> {
        let begun = (0..logins).map(|_| self.begin());
        futures::stream::iter(begun)
            .buffer_unordered(at_once)
            .try_collect()
            .await
    }

    /// Ends all of them, so many at a time: how long the callbacks took.
    pub async fn end_many(&self, begun: &[Begun], at_once: usize) -> Result<Times> {
        let ends = begun.iter().map(|begun| self.end(begun));
        let mut ends = futures::stream::iter(ends).buffer_unordered(at_once);
        let mut times = Times::default();
        while let Some(took) = ends.next().await {
            times.add(took?);
        }
        Ok(times)
    }

    /// Whole logins, so many at a time: how long the callbacks took.
    pub async fn sign_in_many(&self, logins: usize, at_once: usize) -> Result<Times> {
        let logins = (0..logins).map(|_| async { self.end(&self.begin().await?).await });
        let mut logins = futures::stream::iter(logins).buffer_unordered(at_once);
        let mut times = Times::default();
        while let Some(took) = logins.next().await {
            times.add(took?);
        }
        Ok(times)
    }
}

/// Longer than Celadon lets a browser wait.
const PATIENCE: Duration = Duration::from_secs(60);
