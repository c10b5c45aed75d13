//! Where a failed call failed: it is run again on an engine that tells its frames.
//!
//! Calls are pure, so the second run fails where the first one did. It happens beside the login,
//! which does not wait for it; one at a time in the process, and once a minute for one component of one
//! provider, so that a component which always fails costs one run a minute. What is told is frames
//! alone: names of functions, which the component's author chose, and offsets. A component holds no
//! credential that it could put there, and what it says when it panics is nowhere to be had.

use super::confinement::Confinement;
use super::{Answer, CallError, Guest};
use crate::config::Limits;
use crate::metrics;
use crate::plugin::bindings::{IdentityProvider, Setup};
use crate::plugin::component::{ComponentDigest, Library, LoadedComponent};
use celadon_workflows::types::ProviderName;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::Instrument;
use wasmtime::{FrameInfo, Store, WasmBacktrace};

/// Between two diagnoses of one component of one provider.
const PAUSE: Duration = Duration::from_secs(60);
/// Components whose last diagnosis is remembered. With more of them, none is diagnosed.
const MOST_REMEMBERED: usize = 1_000;
/// Characters of one function's name.
const NAME: usize = 120;
/// Frames that are told.
const FRAMES: usize = 12;

/// Runs failed calls again.
pub(super) struct Diagnosis {
    library: Library,
    one: Arc<Semaphore>,
    last: Mutex<HashMap<(ProviderName, ComponentDigest), Instant>>,
}

/// A call that failed.
pub(super) struct Failed<F> {
    provider: ProviderName,
    component: Arc<LoadedComponent>,
    setup: Arc<Setup>,
    limits: Limits,
    function: &'static str,
    call: Arc<F>,
}

impl<F> Failed<F> {
    pub(super) fn new(guest: Guest<'_>, function: &'static str, call: Arc<F>) -> Self {
        Self {
            provider: guest.provider.clone(),
            component: guest.component.clone(),
            setup: guest.setup.clone(),
            limits: guest.limits.clone(),
            function,
            call,
        }
    }
}

impl Diagnosis {
    pub(super) fn new(library: Library) -> Self {
        Self {
            library,
            one: Arc::new(Semaphore::new(1)),
            last: Mutex::default(),
        }
    }

    /// Writes the log's one line about a failed call: after a second run where there may be one,
    /// else at once. Nobody waits for it.
    pub(super) fn report<A, F>(self: &Arc<Self>, failed: Failed<F>, error: &CallError)
    where
        A: Answer + Send + 'static,
        F: Fn(&IdentityProvider, &mut Store<Confinement>, &Setup) -> wasmtime::Result<A>
            + Send
            + Sync
            + 'static,
    {
        // That there was no room is the host's matter: it is counted, and its caller hears of it.
        if matches!(error, CallError::Busy) {
            return;
        }
        let what = What::of(error);
        let permit = is_told(error).then(|| self.admit(&failed)).flatten();
        let Some(permit) = permit else {
            what.log(&failed, &Place::Unknown);
            return;
        };
        let this = Arc::clone(self);
        let task = async move {
            let _permit = permit;
            let place = this.run_again(&failed).await;
            what.log(&failed, &place);
        };
        tokio::spawn(task.in_current_span());
    }

    /// Whether this failure may be looked into now.
    fn admit<F>(&self, failed: &Failed<F>) -> Option<OwnedSemaphorePermit> {
        let permit = self.one.clone().try_acquire_owned().ok()?;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        last.retain(|_, at| now.saturating_duration_since(*at) < PAUSE);
        let key = (failed.provider.clone(), failed.component.digest().clone());
        if last.len() >= MOST_REMEMBERED || last.contains_key(&key) {
            return None;
        }
        last.insert(key, now);
        Some(permit)
    }

    async fn run_again<A, F>(&self, failed: &Failed<F>) -> Place
    where
        A: Answer + Send + 'static,
        F: Fn(&IdentityProvider, &mut Store<Confinement>, &Setup) -> wasmtime::Result<A>
            + Send
            + Sync
            + 'static,
    {
        let component = self
            .library
            .for_diagnosis(&failed.component, &failed.limits);
        let component = match component.await {
            Ok(component) => component,
            Err(error) => {
                tracing::warn!(component = %failed.component.digest(), error = %error, "a failed call cannot be looked into");
                return Place::Unknown;
            }
        };
        let (setup, call) = (failed.setup.clone(), failed.call.clone());
        let mut store = Confinement::store(component.engine(), &failed.limits);
        let task = move || {
            Confinement::arm(&mut store);
            let instance = component.pre().instantiate(&mut store);
            match instance.and_then(|instance| call(&instance, &mut store, &setup)) {
                Ok(_) => Place::NotAgain,
                Err(error) => Place::of(&error),
            }
        };
        metrics::diagnosed();
        tokio::task::spawn_blocking(task)
            .await
            .unwrap_or(Place::Unknown)
    }
}

/// Whether frames could say anything: a call that was not let in, or whose answer is wrong, has
/// failed nowhere in particular.
fn is_told(error: &CallError) -> bool {
    matches!(
        error,
        CallError::Deadline | CallError::Limit(_) | CallError::Trap(_)
    )
}

/// A failure as the log tells it.
struct What {
    outcome: &'static str,
    error: String,
}

impl What {
    fn of(error: &CallError) -> Self {
        Self {
            outcome: error.outcome(),
            error: error.to_string(),
        }
    }

    fn log<F>(&self, failed: &Failed<F>, place: &Place) {
        tracing::error!(
            provider = %failed.provider,
            component = %failed.component.digest(),
            function = failed.function,
            outcome = self.outcome,
            error = %self.error,
            at = %place,
            "a plugin call failed"
        );
    }
}

/// Where a call failed.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// Not looked into.
    Unknown,
    /// Not there, when it was looked into.
    NotAgain,
    /// In these functions, the innermost first.
    Frames(Vec<Frame>),
}

#[derive(Debug, PartialEq, Eq)]
struct Frame {
    function: String,
    /// Bytes from the core module's beginning, as debuggers of wasm count them.
    offset: Option<usize>,
}

impl Place {
    fn of(error: &wasmtime::Error) -> Self {
        let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else {
            return Self::Unknown;
        };
        let frames = backtrace.frames().iter().take(FRAMES);
        let frames: Vec<_> = frames.map(Frame::of).collect();
        if frames.is_empty() {
            Self::Unknown
        } else {
            Self::Frames(frames)
        }
    }
}

impl Frame {
    fn of(info: &FrameInfo) -> Self {
        let function = match info.func_name() {
            Some(name) => readable(name),
            None => format!("function {}", info.func_index()),
        };
        Self {
            function,
            offset: info.module_offset(),
        }
    }
}

/// A function's name as its author wrote it, bounded and safe for a log.
fn readable(name: &str) -> String {
    // A name longer than any compiler writes is not worth reading.
    let name: String = name.chars().take(NAME * 8).collect();
    let mut bounded = Bounded::default();
    let demangled = rustc_demangle::demangle(&name);
    // It ends early where the name is longer.
    let _ = fmt::write(&mut bounded, format_args!("{demangled:#}"));
    bounded.text
}

/// Takes printable characters until there are enough.
#[derive(Default)]
struct Bounded {
    text: String,
    characters: usize,
}

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if self.characters >= NAME {
                return Err(fmt::Error);
            }
            let printable = !character.is_control() && !is_direction(character);
            self.text
                .push(if printable { character } else { '\u{fffd}' });
            self.characters += 1;
        }
        Ok(())
    }
}

/// Characters that turn the text around them.
fn is_direction(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("not looked into"),
            Self::NotAgain => f.write_str("it did not fail again"),
            Self::Frames(frames) => {
                for (index, frame) in frames.iter().enumerate() {
                    if index > 0 {
                        f.write_str(" < ")?;
                    }
                    f.write_str(&frame.function)?;
                    if let Some(offset) = frame.offset {
                        write!(f, " (0x{offset:x})")?;
                    }
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests;
