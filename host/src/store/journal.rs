//! The journal of exchanges with a provider.

use super::{FirstWrite, StoreError};
use crate::clock::Timestamp;
use crate::seal::Sealed;
use async_trait::async_trait;

/// One exchange with a provider: what was about to be sent, then what came back.
#[derive(Clone, Debug)]
pub struct JournalEntry {
    /// Its place in the series, from 0.
    pub sequence: u32,
    /// Hash of the guest's request.
    pub request: String,
    /// When its intent was written.
    pub written_at: Timestamp,
    /// The answer, sealed. `None`: the request may have been sent, and nothing is known.
    pub answer: Option<Sealed>,
}

/// The journal that makes a step repeatable: intent before the request, answer after it.
#[async_trait]
pub trait Journal: Send + Sync {
    /// The entries of one series (`obtain`, `identify`), in order, at most 256.
    async fn journal(&self, login: &str, series: &str) -> Result<Vec<JournalEntry>, StoreError>;
    /// Writes an intent; it outlasts a power cut from the moment this answers. `Refused`: one is
    /// there already, which means that another run of the same step is at work or has died; or
    /// the login has an outcome, and its journal, wiped, can no longer tell what was sent.
    async fn journal_intent(
        &self,
        login: &str,
        series: &str,
        sequence: u32,
        request: &str,
        now: Timestamp,
    ) -> Result<FirstWrite, StoreError>;
    /// Takes an intent back: the request certainly was not sent.
    async fn journal_withdraw(
        &self,
        login: &str,
        series: &str,
        sequence: u32,
    ) -> Result<(), StoreError>;
    /// Writes the answer beside its intent.
    async fn journal_answer(
        &self,
        login: &str,
        series: &str,
        sequence: u32,
        answer: &Sealed,
    ) -> Result<(), StoreError>;
}
