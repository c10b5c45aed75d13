//! Numbers for operators: what `GET /metrics` shows, in the OpenMetrics text format.
//!
//! One function a kind of event, called in one line where the event happens. Numbers count from the
//! start of the process. Labels are bounded: names of configured providers, routes, and words of
//! this program; never anything that a user, a browser or a provider wrote. The names are listed,
//! and promised, in docs/OPERATIONS.md.

mod labels;
mod registry;
#[cfg(test)]
mod tests;

use self::labels::{Call, CallTime, Compilation, Egress, Ended, Http, HttpTime, Started, StepEnd};
use self::registry::METRICS;
use crate::egress::{Answer, EgressError};
use crate::plugin::transcript::Stop;
use celadon_workflows::types::{Outcome, ProviderName, Refreshed};
use prometheus_client::encoding::text::encode;
use std::time::{Duration, Instant};

/// The media type of [`text`].
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The outcome of a step that did what it is for.
pub(crate) const DONE: &str = "done";
/// The outcome of a plugin call that was answered with a result.
pub(crate) const PLUGIN_OK: &str = "ok";
/// The outcome of a call that found no room: it has no time.
const NOT_RUN: &str = "busy";

/// A login has begun: its workflow runs.
pub fn login_started(provider: &ProviderName) {
    let labels = Started {
        provider: provider.to_string(),
    };
    METRICS.logins_started.get_or_create(&labels).inc();
}

/// A login has ended, and this process wrote its end down.
pub fn login_ended(provider: &ProviderName, outcome: &Outcome) {
    let (outcome, reason) = words_of(outcome);
    let labels = Ended {
        provider: provider.to_string(),
        outcome,
        reason,
    };
    METRICS.logins_ended.get_or_create(&labels).inc();
}

/// An outcome as a word, and its reason where it was refused.
pub(crate) fn words_of(outcome: &Outcome) -> (&'static str, &'static str) {
    let reason = match outcome {
        Outcome::Refused(refusal) => refusal.reason.as_str(),
        _ => "",
    };
    (outcome.as_str(), reason)
}

/// Measures one run of a step.
pub async fn step<T: Verdict>(
    step: &'static str,
    work: impl Future<Output = Result<T, Stop>>,
) -> Result<T, Stop> {
    let begun = Instant::now();
    let result = work.await;
    let outcome = outcome_of(&result);
    METRICS
        .steps
        .get_or_create(&StepEnd { step, outcome })
        .observe(begun.elapsed().as_secs_f64());
    result
}

/// How a step went, as a word for the label `outcome`.
pub(crate) fn outcome_of<T: Verdict>(result: &Result<T, Stop>) -> &'static str {
    match result {
        Ok(value) => value.verdict(),
        Err(Stop::Refused(_)) => "refused",
        Err(Stop::Trouble(_)) => "trouble",
    }
}

/// What a step's value says of how it went.
pub trait Verdict {
    /// A word for the label `outcome`.
    fn verdict(&self) -> &'static str {
        DONE
    }
}

impl Verdict for () {}
impl Verdict for url::Url {}
impl Verdict for celadon_workflows::types::Attempt {}
impl Verdict for celadon_workflows::types::Persisted {}
impl Verdict for Refreshed {
    fn verdict(&self) -> &'static str {
        match self {
            Self::Fresh => DONE,
            Self::NeedsReauth { .. } => "refused",
            Self::Unavailable { .. } => "trouble",
        }
    }
}

/// A plugin call waits for room, for as long as this lives.
#[derive(Debug)]
#[must_use = "it waits while this lives"]
pub struct Waiting(Instant);

/// A plugin call begins to wait for room.
pub fn plugin_call_waits() -> Waiting {
    METRICS.plugin_queue.inc();
    Waiting(Instant::now())
}

impl Drop for Waiting {
    fn drop(&mut self) {
        METRICS.plugin_queue.dec();
        let waited = self.0.elapsed().as_secs_f64();
        METRICS.plugin_wait.observe(waited);
    }
}

/// A plugin call has ended. `took` is its time in the sandbox, its wait for room not counted.
pub fn plugin_call(
    provider: &ProviderName,
    function: &'static str,
    outcome: &'static str,
    took: Duration,
) {
    let provider = provider.to_string();
    let time = CallTime {
        provider: provider.clone(),
        function,
    };
    let call = Call {
        provider,
        function,
        outcome,
    };
    METRICS.plugin_calls.get_or_create(&call).inc();
    if outcome != NOT_RUN {
        let took = took.as_secs_f64();
        METRICS.plugin_times.get_or_create(&time).observe(took);
    }
}

/// A component was compiled, or could not be.
pub fn compiled(outcome: &'static str, took: Duration) {
    METRICS
        .compilations
        .get_or_create(&Compilation { outcome })
        .observe(took.as_secs_f64());
}

/// A failed call was run again, to tell where it failed.
pub fn diagnosed() {
    METRICS.diagnoses.inc();
}

/// A request to a provider was answered or has failed.
pub fn egress(provider: &ProviderName, result: &Result<Answer, EgressError>) {
    let result = match result {
        Ok(answer) => class(answer.status),
        Err(error) => error.class(),
    };
    let labels = Egress {
        provider: provider.to_string(),
        result,
    };
    METRICS.egress.get_or_create(&labels).inc();
}

/// A request has got its response's head.
pub fn http(route: &'static str, method: &'static str, status: u16, took: Duration) {
    let labels = Http {
        route,
        method,
        status: class(status),
    };
    METRICS.http_requests.get_or_create(&labels).inc();
    METRICS
        .http_times
        .get_or_create(&HttpTime { route })
        .observe(took.as_secs_f64());
}

/// The class of a status code.
fn class(status: u16) -> &'static str {
    match status / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        5 => "5xx",
        _ => "other",
    }
}

/// Everything as text. `in_flight`: the logins under way in the whole fleet, as the store counts
/// them; the last known number where it cannot tell now.
///
/// # Errors
/// The text cannot be written, which no input of ours makes happen.
pub fn text(in_flight: Option<u64>) -> Result<String, std::fmt::Error> {
    if let Some(number) = in_flight {
        METRICS
            .in_flight
            .set(i64::try_from(number).unwrap_or(i64::MAX));
    }
    let mut text = String::new();
    encode(&mut text, &METRICS.registry)?;
    Ok(text)
}
