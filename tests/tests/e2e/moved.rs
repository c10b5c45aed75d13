//! Two instances behind a proxy that gives each request to the next one: no login is at home
//! anywhere.

use crate::house::{expect_4xx, expect_signed_in, expect_signed_out, is_under_way};
use anyhow::{Context, Result, ensure};
use celadon_tests::{Browser, Celadon, Op, Proxy, Sandbox, Setup, Temporal, number, waiting};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Browsers that sign in at the same time.
const BROWSERS: usize = 8;

/// A site of two instances. Fields are dropped in this order.
struct Site {
    proxy: Arc<Proxy>,
    first: Celadon,
    second: Celadon,
    op: Op,
    _temporal: Temporal,
    _sandbox: Sandbox,
}

impl Site {
    async fn new() -> Result<Self> {
        let sandbox = Sandbox::new()?;
        let (temporal, op) = tokio::try_join!(Temporal::start(&sandbox), Op::start(&sandbox))?;
        let proxy = Proxy::listen().await?;
        let setup = Setup::new(&temporal)?.public_at(proxy.port());
        let setup = setup.provider("op", &op).await?;
        let second = setup.beside()?;
        let first = Celadon::start(&sandbox, setup).await?;
        let second = Celadon::start(&sandbox, second).await?;
        proxy.pass_to(&[first.setup().port(), second.setup().port()])?;
        Ok(Self {
            proxy: Arc::new(proxy),
            first,
            second,
            op,
            _temporal: temporal,
            _sandbox: sandbox,
        })
    }

    /// The codes that came to the provider, none of them twice.
    async fn codes(&self) -> Result<BTreeSet<String>> {
        let mut codes = BTreeSet::new();
        for request in self.op.token_requests("authorization_code").await? {
            let code = request.form.get("code").context("a code")?.clone();
            ensure!(codes.insert(code), "a code was sent twice");
        }
        Ok(codes)
    }
}

/// `logins` logins by several browsers at a time; what `sign_in` made of each.
async fn sign_in_many<T: Send + 'static>(
    proxy: &Arc<Proxy>,
    logins: usize,
    sign_in: impl AsyncFn(&Proxy, usize) -> Result<T>,
) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let browser = async || {
        let mut ends = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= logins {
                return Ok::<_, anyhow::Error>(ends);
            }
            ends.push(sign_in(proxy, number).await?);
        }
    };
    let (a, b, c, d, e, f, g, h) = tokio::try_join!(
        browser(),
        browser(),
        browser(),
        browser(),
        browser(),
        browser(),
        browser(),
        browser(),
    )?;
    Ok([a, b, c, d, e, f, g, h].into_iter().flatten().collect())
}

#[tokio::test]
async fn two_instances_behind_a_proxy_end_every_login() -> Result<()> {
    let site = Site::new().await?;
    // CELADON_TEST_LOGINS=500 for the whole proof.
    let logins = number("CELADON_TEST_LOGINS", 60);
    let begin = Instant::now();
    let sign_in = async |proxy: &Proxy, number: usize| {
        let user = format!("user-{number}");
        let mut browser = Browser::new()?;
        let page = browser.sign_in(&proxy.url("/login/op"), &user).await?;
        ensure!(page.status == 200, "{}: {}", page.status, page.text);
        let session = browser.open(&proxy.url("/v1/session")).await?;
        ensure!(celadon_tests::mentions(&session.json()?, &user), "{user}");
        Ok(())
    };
    let ended = sign_in_many(&site.proxy, logins, sign_in).await?;
    eprintln!("{logins} logins took {:?}", begin.elapsed());
    ensure!(ended.len() == logins, "{} logins ended", ended.len());
    ensure!(site.codes().await?.len() == logins, "not a code each");
    Ok(())
}

#[tokio::test]
async fn a_killed_instance_takes_no_login_with_it() -> Result<()> {
    let mut site = Site::new().await?;
    let logins = 24;
    let done = Arc::new(AtomicUsize::new(0));
    let proxy = Arc::clone(&site.proxy);
    let counted = Arc::clone(&done);
    let all = sign_in_many(&proxy, logins, async |proxy: &Proxy, number: usize| {
        let mut browser = Browser::new()?;
        let login = proxy.url("/login/op");
        let user = format!("user-{number}");
        // What breaks off with the killed process is tried again, as a person does.
        let callback = waiting::until("the provider sends the browser back", 30, async || {
            Ok(browser.authorize(&login, &user).await.ok())
        })
        .await?;
        let page = waiting::until("the login has an end", 60, async || {
            let page = browser.open(callback.as_str()).await.ok();
            Ok(page.filter(|page| page.status < 500 && !is_under_way(page)))
        })
        .await?;
        counted.fetch_add(1, Ordering::Relaxed);
        Ok(page)
    });
    let first = &mut site.first;
    let kill = async {
        waiting::until("some logins have ended", 60, async || {
            Ok((done.load(Ordering::Relaxed) >= 8).then_some(()))
        })
        .await?;
        first.kill9()
    };
    let (ends, ()) = tokio::try_join!(all, kill)?;
    let well = ends.iter().filter(|page| page.status == 200).count();
    // Those whose code was with the provider are told to begin again.
    ensure!(well + BROWSERS >= logins, "{well} of {logins} ended well");
    ensure!(site.codes().await?.len() >= well, "too few codes");
    let mut browser = Browser::new()?;
    browser.sign_in(&proxy.url("/login/op"), "last").await?;
    expect_signed_in(&site.second, &mut browser, "last").await
}

#[tokio::test]
async fn a_login_begun_here_and_ended_there_is_delivered_once() -> Result<()> {
    let site = Site::new().await?;
    let mut browser = Browser::new()?;
    let callback = browser.authorize(&site.first.login("op"), "alice").await?;
    let mut tab = browser.tab();
    let page = tab.open(&site.second.here(&callback)).await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    expect_signed_in(&site.first, &mut tab, "alice").await?;
    // Its cookies are those from before the end, as a copy of them would be.
    expect_4xx(&browser.open(&site.first.here(&callback)).await?)?;
    expect_signed_out(&site.second, &mut browser).await?;
    ensure!(site.codes().await?.len() == 1, "not one code");
    Ok(())
}
