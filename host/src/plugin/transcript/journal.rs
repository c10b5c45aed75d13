//! Requests that spend something: at most once, ever.
//!
//! Over the sealed journal in the store, intent before and answer after. Two runs of a step may be at
//! work at the same time, here or in two processes; the one that wrote the intent sends the request,
//! and the other waits for what it gets.

use super::{Log, Series, Stop, fault};
use crate::clock;
use crate::fault::point;
use crate::plugin::bindings::Request;
use crate::plugin::request::Prepared;
use crate::plugin::sending::{Answered, send};
use crate::random::sha256_hex;
use crate::seal::{Context, Sealed};
use crate::store::{FirstWrite, JournalEntry};
use celadon_workflows::ports::StepError;
use celadon_workflows::types::Reason;
use serde_json::Value;
use std::time::{Duration, Instant};

/// How long an answer in hand is tried to be written, beyond the store's own patience. With a
/// request of ten seconds before it, it stays within one run of a step.
const ANSWER_IN_HAND: Duration = Duration::from_secs(12);
/// How long after its intent a request may be in another run's hands: longer than any request takes,
/// and the time of a short trouble of the store. Within a browser's patience.
const AT_WORK: Duration = Duration::from_secs(20);
/// Between two looks for the answer that another run may get.
const LOOK: Duration = Duration::from_millis(200);

impl Series<'_> {
    /// Sends a request at most once, ever, over the journal.
    pub(super) async fn answer_once(
        &self,
        request: &Request,
        prepared: &Prepared,
        place: usize,
        journal: &[JournalEntry],
    ) -> Result<Answered, Stop> {
        let sequence = u32::try_from(place).unwrap_or(u32::MAX);
        let hash = hash(request);
        let known = journal.iter().find(|entry| entry.sequence == sequence);
        if let Some(entry) = known {
            check_same(entry, &hash)?;
            if entry.answer.is_some() || !self.log.repeatable {
                return self.replay(prepared, sequence, &hash).await;
            }
        }
        let Log {
            store, owner, name, ..
        } = self.log;
        if known.is_none() {
            let now = clock::now();
            let written = store
                .journal_intent(owner, name, sequence, &hash, now)
                .await?;
            if written != FirstWrite::Written {
                return self.replay(prepared, sequence, &hash).await;
            }
        }
        point("intent.written").await;
        let answered = match send(self.egress, prepared, self.bounds()).await {
            Ok(answered) => answered,
            Err(unsent) if unsent.nothing_sent => {
                store.journal_withdraw(owner, name, sequence).await?;
                return Err(unsent.into());
            }
            Err(ambiguous) if self.log.repeatable => return Err(ambiguous.into()),
            Err(ambiguous) => return Err(ambiguous.lost()),
        };
        point("answer.received").await;
        let sealed = self
            .log
            .keys
            .seal_json(&self.context(sequence), &answered)
            .map_err(|error| {
                Stop::Trouble(StepError {
                    what: "the key ring",
                    source: Some(Box::new(error)),
                })
            })?;
        self.write_answer(sequence, &sealed).await?;
        point("answer.written").await;
        Ok(answered)
    }

    /// Writes an answer down. It stands nowhere else and its request is never sent again, so that
    /// a store that is locked or full for a moment must not lose it.
    async fn write_answer(&self, sequence: u32, answer: &Sealed) -> Result<(), Stop> {
        let Log {
            store, owner, name, ..
        } = self.log;
        let patience = Instant::now() + ANSWER_IN_HAND;
        let mut pause = Duration::from_millis(50);
        loop {
            match store.journal_answer(owner, name, sequence, answer).await {
                Ok(()) => return Ok(()),
                Err(error) if Instant::now() + pause > patience => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(error = %error, "an answer cannot be written yet; trying again");
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    /// The answer that another run of this step got.
    async fn replay(
        &self,
        prepared: &Prepared,
        sequence: u32,
        hash: &str,
    ) -> Result<Answered, Stop> {
        let sealed = self.answer_of_another(sequence, hash).await?;
        let mut answered: Answered = self
            .log
            .keys
            .open_json(&self.context(sequence), &sealed)
            .map_err(|error| {
                tracing::error!(error = %error, owner = self.log.owner, "a journaled answer does not open");
                answer_lost()
            })?;
        answered.bind(prepared);
        Ok(answered)
    }

    /// What another run of this step has written down. That run need not have died: Temporal gives a
    /// step to somebody else when it hears nothing for a while. So an answer is waited for as long as
    /// it may still come.
    async fn answer_of_another(&self, sequence: u32, hash: &str) -> Result<Sealed, Stop> {
        let Log {
            store, owner, name, ..
        } = self.log;
        loop {
            let journal = store.journal(owner, name).await?;
            let entry = journal
                .into_iter()
                .find(|entry| entry.sequence == sequence)
                .ok_or_else(answer_lost)?;
            check_same(&entry, hash)?;
            if let Some(answer) = entry.answer {
                return Ok(answer);
            }
            if clock::now().saturating_sub(entry.written_at) > AT_WORK.as_secs() {
                return Err(answer_lost());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn context(&self, sequence: u32) -> Context {
        let Log { owner, name, .. } = self.log;
        Context::new("journal.answer", format!("{owner}/{name}/{sequence}"))
    }
}

/// A component that is called again with the same transcript must ask the same.
fn check_same(entry: &JournalEntry, hash: &str) -> Result<(), Stop> {
    if entry.request == hash {
        Ok(())
    } else {
        Err(fault("asked again, it asks something else"))
    }
}

fn answer_lost() -> Stop {
    Stop::refused(
        Reason::AnswerLost,
        "a request was sent and its answer was lost; it is never sent again",
    )
}

/// A request's hash: of what the component asked, which holds names and no credentials.
fn hash(request: &Request) -> String {
    let canonical = serde_json::to_value(request).unwrap_or(Value::Null);
    sha256_hex(canonical.to_string().as_bytes())
}
