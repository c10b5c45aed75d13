//! What nearly every test starts: a Temporal server, a provider and a Celadon that knows both.

use anyhow::{Result, ensure};
use celadon_tests::browser::Page;
use celadon_tests::{Browser, Caller, Celadon, Op, Sandbox, Setup, Temporal, login_id, waiting};
use serde_json::{Value, json};
use url::Url;

/// The secret of the configured client `shop`.
pub const SHOP_SECRET: &str = "secret-of-the-shop-0123456789";
/// The secret of the configured client `mall`.
pub const MALL_SECRET: &str = "secret-of-the-mall-0123456789";

/// A running whole. Fields are dropped in this order.
pub struct House {
    pub celadon: Celadon,
    pub op: Op,
    pub temporal: Temporal,
    pub sandbox: Sandbox,
}

impl House {
    /// With the defaults.
    pub async fn new() -> Result<Self> {
        Self::with(json!({}), |setup| setup).await
    }

    /// With settings of the provider, and changes to Celadon's configuration.
    pub async fn with(op: Value, change: impl FnOnce(Setup) -> Setup) -> Result<Self> {
        Self::inside(Sandbox::new()?, op, change).await
    }

    /// As [`Self::with`], in a folder that may hold a key ring already.
    pub async fn inside(
        sandbox: Sandbox,
        op: Value,
        change: impl FnOnce(Setup) -> Setup,
    ) -> Result<Self> {
        let (temporal, op) =
            tokio::try_join!(Temporal::start(&sandbox), Op::start_with(&sandbox, op))?;
        Self::over(sandbox, temporal, op, change).await
    }

    /// With a Temporal server whose namespace has the search attributes of logins.
    pub async fn searchable() -> Result<Self> {
        Self::searchable_inside(Sandbox::new()?).await
    }

    /// As [`Self::searchable`], in a folder that may hold a key ring already.
    pub async fn searchable_inside(sandbox: Sandbox) -> Result<Self> {
        let (temporal, op) =
            tokio::try_join!(Temporal::start_searchable(&sandbox), Op::start(&sandbox))?;
        Self::over(sandbox, temporal, op, |setup| setup).await
    }

    /// With a Temporal server that may be killed and started again.
    pub async fn with_lasting_temporal() -> Result<Self> {
        let sandbox = Sandbox::new()?;
        let (temporal, op) =
            tokio::try_join!(Temporal::start_lasting(&sandbox), Op::start(&sandbox))?;
        Self::over(sandbox, temporal, op, |setup| setup).await
    }

    async fn over(
        sandbox: Sandbox,
        temporal: Temporal,
        op: Op,
        change: impl FnOnce(Setup) -> Setup,
    ) -> Result<Self> {
        let setup = Setup::new(&temporal)?.provider("op", &op).await?;
        let setup = setup
            .client("shop", SHOP_SECRET)
            .client("mall", MALL_SECRET);
        let celadon = Celadon::start(&sandbox, change(setup)).await?;
        Ok(Self {
            celadon,
            op,
            temporal,
            sandbox,
        })
    }

    /// The client `shop`.
    pub fn shop(&self) -> Result<Caller> {
        Caller::new(&self.celadon.url(""), "shop", SHOP_SECRET)
    }

    /// Waits until the workflow of the login with this state has ended.
    pub async fn workflow_ends(&self, state: &str) -> Result<()> {
        let workflow = format!("login-{}", login_id(state));
        let temporal = &self.temporal;
        waiting::until("the login's workflow ends", 45, async || {
            Ok(temporal.has_ended(&workflow)?.then_some(()))
        })
        .await
    }

    /// Fails if any code came to the provider more than once.
    pub async fn expect_no_code_twice(&self) -> Result<()> {
        let mut seen = std::collections::BTreeSet::new();
        for request in self.op.token_requests("authorization_code").await? {
            let code = request.form.get("code").cloned().unwrap_or_default();
            ensure!(seen.insert(code), "a code was sent twice");
        }
        Ok(())
    }

    /// Fails unless the provider has received exactly this many codes.
    pub async fn expect_codes(&self, number: usize) -> Result<()> {
        let received = self.op.codes_received().await?;
        ensure!(
            received == number,
            "the provider received {received} codes, not {number}"
        );
        Ok(())
    }
}

/// Opens a callback, again and again while its page says that the login is under way, as the page
/// itself does.
pub async fn open_to_the_end(browser: &mut Browser, callback: &str) -> Result<Page> {
    waiting::until("the login has an end", 60, async || {
        let page = browser.open(callback).await?;
        Ok((!is_under_way(&page)).then_some(page))
    })
    .await
}

/// Opens a callback in the background; gives the browser back with its page.
pub fn open_meanwhile(mut browser: Browser, callback: &Url) -> Opened {
    let callback = callback.to_string();
    tokio::spawn(async move {
        let page = browser.open(&callback).await?;
        Ok((browser, page))
    })
}

/// A browser on its way to a page.
pub type Opened = tokio::task::JoinHandle<Result<(Browser, Page)>>;

/// Whether this is the page that says that the login goes on.
pub fn is_under_way(page: &Page) -> bool {
    page.status == 424 && page.text.contains("still_running")
}

/// `GET /v1/session` in this browser.
pub async fn session(celadon: &Celadon, browser: &mut Browser) -> Result<Page> {
    browser.open(&celadon.url("/v1/session")).await
}

/// Fails unless this browser is signed out.
pub async fn expect_signed_out(celadon: &Celadon, browser: &mut Browser) -> Result<()> {
    let page = session(celadon, browser).await?;
    ensure!(
        page.status == 401,
        "signed in, or in trouble: {} {}",
        page.status,
        page.text
    );
    Ok(())
}

/// Fails unless this browser is signed in with what mentions `text`.
pub async fn expect_signed_in(celadon: &Celadon, browser: &mut Browser, text: &str) -> Result<()> {
    let page = session(celadon, browser).await?;
    ensure!(
        page.status == 200,
        "signed out: {} {}",
        page.status,
        page.text
    );
    ensure!(
        celadon_tests::mentions(&page.json()?, text),
        "no {text} in {}",
        page.text
    );
    Ok(())
}

/// Fails unless the answer blames the caller or the provider, not Celadon.
pub fn expect_4xx(page: &Page) -> Result<()> {
    ensure!(
        (400..500).contains(&page.status),
        "{} answered {}: {}",
        page.url,
        page.status,
        page.text
    );
    Ok(())
}

/// The address with one query parameter changed by `change`: other values, or none.
pub fn with_parameter(url: &Url, name: &str, values: &[&str]) -> Url {
    let mut pairs: Vec<(String, String)> = url
        .query_pairs()
        .into_owned()
        .filter(|(n, _)| n != name)
        .collect();
    pairs.extend(
        values
            .iter()
            .map(|value| (name.to_owned(), (*value).to_owned())),
    );
    let mut url = url.clone();
    url.query_pairs_mut().clear().extend_pairs(pairs);
    url
}
