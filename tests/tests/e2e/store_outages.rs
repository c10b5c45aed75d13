//! A store that is locked, full or gone for ten seconds: a clear answer meanwhile, and nothing lost.

use crate::house::{House, Opened, expect_signed_in, open_meanwhile, open_to_the_end};
use anyhow::{Result, ensure};
use celadon_tests::{Browser, Celadon, Database, waiting};
use serde_json::json;
use std::time::{Duration, Instant};

/// How long the trouble lasts.
const OUTAGE: Duration = Duration::from_secs(10);

/// A login whose code is at the provider, which does not answer yet.
struct InTheMiddle {
    house: House,
    answer: Opened,
}

impl InTheMiddle {
    async fn new() -> Result<Self> {
        let house = House::new().await?;
        let mut earlier = Browser::new()?;
        earlier.sign_in(&house.celadon.login("op"), "bob").await?;
        let mut browser = Browser::new()?;
        let login = house.celadon.login("op");
        let callback = browser.authorize(&login, "alice").await?;
        house.op.fault("/token", json!({"wait": true})).await?;
        let answer = open_meanwhile(browser, &callback);
        waiting::until("the code is at the provider", 15, async || {
            Ok((house.op.codes_received().await? == 2).then_some(()))
        })
        .await?;
        Ok(Self { house, answer })
    }

    /// The trouble is over: the login ends well, and its code went out once.
    async fn ends_well(self) -> Result<()> {
        let (mut browser, mut page) = self.answer.await??;
        if page.status != 200 {
            // Whatever it was told, and wherever it had come to, a reload mends it.
            let told = page.url.clone();
            page = open_to_the_end(&mut browser, told.as_str()).await?;
        }
        ensure!(page.status == 200, "{}: {}", page.status, page.text);
        let celadon = &self.house.celadon;
        expect_signed_in(celadon, &mut browser, "alice").await?;
        self.house.expect_codes(2).await?;
        let page = browser.sign_in(&celadon.login("op"), "carol").await?;
        ensure!(page.status == 200, "{}: {}", page.status, page.text);
        Ok(())
    }
}

/// Until the outage is over, whoever begins to sign in is answered clearly and in time. Answers how
/// many could not begin.
async fn clear_answers(celadon: &Celadon, begin: Instant) -> Result<usize> {
    let mut refused = 0;
    while begin.elapsed() < OUTAGE {
        let asked = Instant::now();
        let answer = celadon_tests::http_client()?
            .get(celadon.login("op"))
            .send()
            .await?;
        let (status, time) = (answer.status().as_u16(), asked.elapsed());
        ensure!(matches!(status, 303 | 503), "a login begins with {status}");
        ensure!(time < Duration::from_secs(20), "it took {time:?}");
        refused += usize::from(status == 503);
        ensure!(celadon.get("/healthz").await?.status == 200, "it died");
    }
    Ok(refused)
}

#[tokio::test]
async fn a_store_that_is_locked_for_ten_seconds_loses_no_login() -> Result<()> {
    let login = InTheMiddle::new().await?;
    let lock = Database::of(&login.house.sandbox).lock().await?;
    let begin = Instant::now();
    login.house.op.heal().await?;
    let refused = clear_answers(&login.house.celadon, begin).await?;
    ensure!(refused > 0, "nobody noticed the lock");
    drop(lock);
    login.ends_well().await
}

#[tokio::test]
async fn a_store_that_is_full_for_ten_seconds_loses_no_login() -> Result<()> {
    let login = InTheMiddle::new().await?;
    let database = Database::of(&login.house.sandbox);
    database.fill(&login.house.celadon)?;
    let begin = Instant::now();
    login.house.op.heal().await?;
    let refused = clear_answers(&login.house.celadon, begin).await?;
    ensure!(refused > 0, "nobody noticed that it was full");
    database.make_room(&login.house.celadon)?;
    login.ends_well().await
}

#[tokio::test]
async fn a_store_that_is_gone_for_ten_seconds_loses_no_login() -> Result<()> {
    let login = InTheMiddle::new().await?;
    let database = Database::of(&login.house.sandbox);
    database.hide()?;
    let begin = Instant::now();
    login.house.op.heal().await?;
    // The files that are open go on working, as they do on every Unix.
    clear_answers(&login.house.celadon, begin).await?;
    database.bring_back()?;
    login.ends_well().await
}
