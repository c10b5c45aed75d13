//! What must hold after a row, beside its own end.

use super::{Row, Stage};
use anyhow::{Context, Result, ensure};
use celadon_tests::Browser;

impl Stage {
    /// What the row's own component may not have done.
    pub(super) fn check_guest(&self, row: &Row) -> Result<()> {
        let Some(guest) = &row.guest else {
            return Ok(());
        };
        guest.check_collected(&self.liar, &row.name)?;
        let found = self
            .liar
            .needles(&row.name)?
            .found_in(self.celadon.logs()?.as_bytes())?;
        ensure!(found.is_empty(), "the log holds {found:?}");
        Ok(())
    }

    /// The next login, of somebody else, at another provider.
    pub(super) async fn sign_in_beside(&self) -> Result<()> {
        if self.beside.is_none() {
            return Ok(());
        }
        let mut browser = Browser::new()?;
        let page = browser
            .sign_in(&self.celadon.login("beside"), "alice")
            .await?;
        ensure!(
            page.status == 200,
            "the next login is harmed: {} {}",
            page.status,
            page.text
        );
        let session = browser.open(&self.celadon.url("/v1/session")).await?;
        ensure!(session.status == 200, "no session: {}", session.text);
        Ok(())
    }

    /// Fails unless the log says this of a provider that is not available.
    pub(super) fn log_says(&self, provider: &str, says: &str) -> Result<()> {
        let log = self.celadon.logs()?;
        let of = format!("provider `{provider}`");
        let mut lines = log.split("a provider is not available");
        let line = lines
            .find(|line| line.contains(&of))
            .with_context(|| format!("the log does not name {provider}: {log}"))?;
        ensure!(line.contains(says), "the log does not say `{says}`: {line}");
        Ok(())
    }
}
