//! A process killed between any two effects of a login. Whoever takes over ends the login or says
//! that the user has to sign in again; no code is sent twice; nothing hangs beyond its expiry.

use crate::house::{
    House, expect_4xx, expect_signed_in, expect_signed_out, is_under_way, open_to_the_end,
};
use anyhow::{Context, Result, ensure};
use celadon_tests::browser::state_of;
use celadon_tests::{Browser, Sandbox, Setup, mentions, waiting};
use serde_json::json;
use url::Url;

/// A Celadon that stops at a fault point, once.
struct Trap {
    house: House,
    /// Outside the house, which is there before its sandbox is known.
    marks: Sandbox,
}

impl Trap {
    async fn at(point: &str, change: impl FnOnce(Setup) -> Setup) -> Result<Self> {
        let marks = Sandbox::new()?;
        let reached = marks.file("reached");
        let house = House::with(json!({}), |setup| {
            change(setup.stopping_at(point, &reached))
        })
        .await?;
        Ok(Self { house, marks })
    }

    /// Opens an address, kills the process at the point and starts it again.
    async fn spring(&mut self, browser: &Browser, address: &str) -> Result<()> {
        let (mut tab, address) = (browser.tab(), address.to_owned());
        let answer = tokio::spawn(async move { tab.open(&address).await });
        let reached = self.marks.file("reached");
        waiting::until("the fault point is reached", 20, async || {
            Ok(reached.exists().then_some(()))
        })
        .await?;
        self.house.celadon.kill9()?;
        ensure!(answer.await?.is_err(), "a killed process answered");
        self.house.celadon.restart().await
    }

    /// A browser that comes back from the provider to a process that is killed meanwhile.
    async fn spring_at_callback(&mut self) -> Result<(Browser, Url)> {
        let mut browser = Browser::new()?;
        let login = self.house.celadon.login("op");
        let callback = browser.authorize(&login, "alice").await?;
        self.spring(&browser, callback.as_str()).await?;
        Ok((browser, callback))
    }

    async fn expect_no_login_under_way(&self, seconds: u64) -> Result<()> {
        waiting::until("all workflows end", seconds, async || {
            let list = self.house.temporal.list()?;
            Ok((!mentions(&list, "WORKFLOW_EXECUTION_STATUS_RUNNING")).then_some(()))
        })
        .await
    }
}

/// The login goes on: its user reloads and is signed in.
async fn goes_on_after(point: &str) -> Result<()> {
    let mut trap = Trap::at(point, |setup| setup).await?;
    let (mut browser, callback) = trap.spring_at_callback().await?;
    let page = open_to_the_end(&mut browser, callback.as_str()).await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    expect_signed_in(&trap.house.celadon, &mut browser, "alice").await?;
    trap.house.expect_codes(1).await?;
    let state = state_of(&callback).context("a state")?;
    trap.house.workflow_ends(&state).await
}

/// Nobody can know what became of the code: its user is told to sign in again, and can.
async fn is_over_after(point: &str, codes: usize) -> Result<()> {
    let mut trap = Trap::at(point, |setup| setup).await?;
    let (mut browser, callback) = trap.spring_at_callback().await?;
    expect_4xx(&open_to_the_end(&mut browser, callback.as_str()).await?)?;
    expect_signed_out(&trap.house.celadon, &mut browser).await?;
    trap.house.expect_codes(codes).await?;
    let state = state_of(&callback).context("a state")?;
    trap.house.workflow_ends(&state).await?;
    let login = trap.house.celadon.login("op");
    let page = browser.sign_in(&login, "alice").await?;
    ensure!(page.status == 200, "again: {} {}", page.status, page.text);
    trap.house.expect_no_code_twice().await
}

/// The browser never gets the provider's link: it begins again, and what was left ends by itself.
async fn is_begun_again_after(point: &str) -> Result<()> {
    let mut trap = Trap::at(point, |setup| setup.login("expires_in = \"15s\"")).await?;
    let mut browser = Browser::new()?;
    let login = trap.house.celadon.login("op");
    trap.spring(&browser, &login).await?;
    let page = browser.sign_in(&login, "alice").await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    trap.house.expect_codes(1).await?;
    trap.expect_no_login_under_way(30).await
}

/// Nobody reloads: the login ends all the same.
async fn ends_alone_after(point: &str) -> Result<()> {
    let mut trap = Trap::at(point, |setup| setup.login("expires_in = \"15s\"")).await?;
    let (mut browser, callback) = trap.spring_at_callback().await?;
    trap.expect_no_login_under_way(40).await?;
    let page = browser.open(callback.as_str()).await?;
    ensure!(page.status < 500 && !is_under_way(&page), "{}", page.text);
    trap.house.expect_no_code_twice().await
}

#[tokio::test]
async fn a_login_killed_before_its_workflow_is_begun_again() -> Result<()> {
    is_begun_again_after("attempt.written").await
}

#[tokio::test]
async fn a_login_killed_with_its_start_written_is_begun_again() -> Result<()> {
    is_begun_again_after("start.written").await
}

#[tokio::test]
async fn a_login_killed_with_its_callback_sealed_goes_on() -> Result<()> {
    goes_on_after("callback.sealed").await
}

#[tokio::test]
async fn a_login_killed_with_its_update_accepted_goes_on() -> Result<()> {
    goes_on_after("update.accepted").await
}

#[tokio::test]
async fn a_login_killed_with_its_intent_written_is_over() -> Result<()> {
    is_over_after("intent.written", 0).await
}

#[tokio::test]
async fn a_login_killed_with_its_request_sent_is_over() -> Result<()> {
    is_over_after("request.sent", 1).await
}

#[tokio::test]
async fn a_login_killed_with_its_answer_received_is_over() -> Result<()> {
    is_over_after("answer.received", 1).await
}

#[tokio::test]
async fn a_login_killed_with_its_answer_written_goes_on() -> Result<()> {
    goes_on_after("answer.written").await
}

#[tokio::test]
async fn a_login_killed_with_its_tokens_sealed_goes_on() -> Result<()> {
    goes_on_after("tokens.sealed").await
}

#[tokio::test]
async fn a_login_killed_with_its_activity_answered_goes_on() -> Result<()> {
    goes_on_after("activity.answered").await
}

#[tokio::test]
async fn a_login_killed_with_its_identity_found_goes_on() -> Result<()> {
    goes_on_after("identity.found").await
}

#[tokio::test]
async fn a_login_killed_with_its_identity_persisted_goes_on() -> Result<()> {
    goes_on_after("identity.persisted").await
}

#[tokio::test]
async fn a_login_killed_with_its_session_made_goes_on() -> Result<()> {
    goes_on_after("session.made").await
}

#[tokio::test]
async fn a_killed_login_that_nobody_comes_back_to_ends_by_itself() -> Result<()> {
    ends_alone_after("callback.sealed").await
}

#[tokio::test]
async fn a_killed_exchange_that_nobody_comes_back_to_ends_by_itself() -> Result<()> {
    ends_alone_after("request.sent").await
}
