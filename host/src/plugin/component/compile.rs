//! Machine code from components.
//!
//! The compiler is fed with a stranger's bytes, and a component of a few kilobytes can keep it busy
//! for minutes. So it runs in a process of its own (`child`), which has little CPU time and memory
//! to lose ([`confined`]); and a component that was too much once is remembered by the
//! [`super::Library`]. The child is a limit on what compiling may cost, and its crash is not the
//! host's. It is no limit on trust: the code that it gives runs here, as code does that is compiled
//! here. What was compiled is kept on disk by `cache`.

pub(super) mod cache;
mod child;
pub mod confined;

pub use self::cache::{CacheError, CodeCache};
pub use self::child::Children;

use super::ComponentDigest;
use super::inspect::inspect_for;
use crate::config::Limits;
use crate::metrics;
use crate::plugin::engine::{Engine, precompile};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasmtime::component::Component;

/// The longest code that is taken, in bytes: code is a few times as long as its component.
const MAX_CODE_BYTES: u64 = 256 << 20;
/// Characters of a compiler's complaint that are repeated.
const COMPLAINT: usize = 1_500;

/// What compiling may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// CPU time.
    pub time: Duration,
    /// Address space, in bytes.
    pub memory: usize,
}

impl Budget {
    /// Whether this is no more than the other.
    pub fn within(self, other: Self) -> bool {
        self.time <= other.time && self.memory <= other.memory
    }
}

impl From<&Limits> for Budget {
    fn from(limits: &Limits) -> Self {
        Self {
            time: limits.compile_time,
            memory: limits.compile_memory,
        }
    }
}

/// Why a component was not compiled.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CompileError {
    /// It is no provider: the text of an [`super::inspect::InspectError`].
    #[error("{0}")]
    NoProvider(Complaint),
    /// The compiler refuses it, or it needs more than its tier has.
    #[error("the component cannot be compiled: {0}")]
    Refused(Complaint),
    /// It needs more CPU time.
    #[error(
        "compiling the component needs more than {} s of CPU time: raise `limits.compile_time`, if you \
         know why it is so much work",
        .0.as_secs_f64()
    )]
    Time(Duration),
    /// It needs more memory.
    #[error(
        "compiling the component needs more than {} MiB of memory: raise `limits.compile_memory`, if you \
         know why it needs so much",
        .0 >> 20
    )]
    Memory(usize),
    /// Its code is too long.
    #[error("the component's machine code is longer than {} MiB", MAX_CODE_BYTES >> 20)]
    TooLong,
    /// It did not get its CPU time. May be tried again.
    #[error(
        "compiling the component did not get its CPU time within {} s: the machine is too busy, or \
         its compiler was stopped; it is tried again when it is loaded next",
        .0.as_secs_f64()
    )]
    Starved(Duration),
    /// Somebody else killed the compiler. May be tried again.
    #[error(
        "the compiler was killed from outside, as by a system that is out of memory: the component is \
         tried again when it is loaded next"
    )]
    Killed,
    /// The compiler ended in a way that is none of these.
    #[error("the compiler crashed over the component ({0})")]
    Crashed(std::process::ExitStatus),
    /// The compiler could not be started or talked to. May be tried again.
    #[error("the compiler could not be run")]
    NotRun(#[source] Arc<std::io::Error>),
    /// The host was too busy, or is ending. May be tried again.
    #[error("compiling was cut short")]
    Interrupted,
}

impl CompileError {
    /// What the compiler or the engine says against a component.
    pub(super) fn refused(error: &wasmtime::Error) -> Self {
        Self::Refused(Complaint::new(&format!("{error:#}")))
    }

    /// Whether the same component would fail the same way again.
    pub fn is_final(&self) -> bool {
        !matches!(
            self,
            Self::Starved(_) | Self::Killed | Self::NotRun(_) | Self::Interrupted
        )
    }

    /// The stable name for metrics.
    fn outcome(&self) -> &'static str {
        match self {
            Self::NoProvider(_) | Self::Refused(_) => "refused",
            Self::Time(_) => "time",
            Self::Memory(_) => "memory",
            Self::TooLong => "too_long",
            Self::Crashed(_) => "crashed",
            Self::Starved(_) => "starved",
            Self::Killed => "killed",
            Self::NotRun(_) | Self::Interrupted => "not_run",
        }
    }
}

/// What a compiler says against a component: short, and safe for a terminal, since it may quote the
/// component.
#[derive(Clone, Debug)]
pub struct Complaint(String);

impl Complaint {
    fn new(text: &str) -> Self {
        let lines = text.trim().replace('\n', "; ");
        let safe = lines.chars().flat_map(|c| {
            let safe = !c.is_control();
            std::iter::once(if safe { c } else { '\u{fffd}' })
        });
        Self(safe.take(COMPLAINT).collect())
    }
}

/// An error and its causes in one text.
fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let texts: Vec<_> = causes.map(ToString::to_string).collect();
    texts.join(": ")
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who compiles.
#[derive(Clone)]
pub enum Compiler {
    /// Children of this process.
    Children(Arc<Children>),
    /// This process itself, without limits: for tests, and for tools whose user chose the component.
    InProcess,
}

impl Compiler {
    /// Children of the program that is running.
    ///
    /// # Errors
    /// The system does not tell where the program is.
    pub fn children() -> std::io::Result<Self> {
        Children::of_this_program().map(|children| Self::Children(Arc::new(children)))
    }

    async fn code(&self, job: &Job) -> Result<Vec<u8>, CompileError> {
        match self {
            Self::Children(children) => children.compile(job).await,
            Self::InProcess => {
                let Job { engine, bytes, .. } = job.clone();
                let (tier, purpose) = (engine.options().tier, engine.purpose());
                blocking(move || {
                    inspect_for(&bytes, tier).map_err(|error| {
                        CompileError::NoProvider(Complaint::new(&with_causes(&error)))
                    })?;
                    precompile(tier, purpose, &bytes).map_err(|error| CompileError::refused(&error))
                })
                .await?
            }
        }
    }
}

/// One component that is to be compiled for one engine.
#[derive(Clone)]
pub struct Job {
    /// For which engine.
    pub engine: Engine,
    /// The component's name.
    pub digest: ComponentDigest,
    /// The component.
    pub bytes: Arc<[u8]>,
    /// What it may cost.
    pub budget: Budget,
}

/// Makes a component ready to be instantiated: from the cache, else by the compiler.
///
/// # Errors
/// See [`CompileError`].
pub async fn compile(
    compiler: &Compiler,
    cache: Option<&Arc<CodeCache>>,
    job: Job,
) -> Result<Component, CompileError> {
    if let Some(component) = kept(cache, &job).await? {
        return Ok(component);
    }
    let begun = Instant::now();
    let result = compiler.code(&job).await;
    let outcome = result.as_ref().map_or_else(CompileError::outcome, |_| "ok");
    metrics::compiled(outcome, begun.elapsed());
    let code = result?;
    let cache = cache.cloned();
    blocking(move || {
        let component = revive(&job.engine, &code)
            .map_err(|error| CompileError::refused(&error))?;
        if let Some(cache) = cache {
            let name = cache::entry_name(&job.engine, &job.digest);
            if let Err(error) = cache.write(&name, &code) {
                // Only the next start is slower.
                tracing::warn!(component = %job.digest, error = %error, "compiled code was not kept");
            }
        }
        Ok(component)
    })
    .await?
}

/// From the cache. Code that the engine does not take any more is a miss.
async fn kept(
    cache: Option<&Arc<CodeCache>>,
    job: &Job,
) -> Result<Option<Component>, CompileError> {
    let Some(cache) = cache.cloned() else {
        return Ok(None);
    };
    let job = job.clone();
    blocking(move || {
        let code = cache.read(&cache::entry_name(&job.engine, &job.digest))?;
        revive(&job.engine, &code).ok()
    })
    .await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, CompileError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| CompileError::Interrupted)
}

#[allow(
    unsafe_code,
    reason = "wasmtime marks it unsafe because it runs the code it is given"
)]
fn revive(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: the code was made by `precompile_component` of this program, here or in a child that
    // this process started from its own executable and heard through its own pipe; or it stood in
    // the cache under an HMAC that only this installation can make.
    unsafe { Component::deserialize(engine.wasmtime(), code) }
}
