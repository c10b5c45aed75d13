//! What holds one call: memory, tables, and CPU time.

use crate::config::Limits;
use crate::plugin::engine::{Engine, Fixed, TICK, fixed};
use std::fmt;
use std::time::{Duration, Instant};
use wasmtime::{ResourceLimiter, Store, UpdateDeadline};

/// The longest a call may take by the clock on the wall, as a multiple of its CPU time: on a machine
/// that is very busy an honest component gets its share late, but not for ever.
const WALL_FACTOR: u32 = 20;

/// What a component had too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Linear memory.
    Memory,
    /// Elements of a table.
    Table,
    /// Stack.
    Stack,
    /// CPU time.
    Time,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "memory",
            Self::Table => "table space",
            Self::Stack => "stack",
            Self::Time => "time",
        })
    }
}

impl std::error::Error for Limit {}

/// The data of a store: the limits of its call.
pub struct Confinement {
    memory: usize,
    table_elements: usize,
    deadline: Duration,
    fixed: Fixed,
}

impl Confinement {
    /// A store for one call.
    pub(super) fn store(engine: &Engine, limits: &Limits) -> Store<Self> {
        let confinement = Self {
            memory: limits.memory,
            table_elements: limits.table_elements,
            fixed: fixed(engine.options().tier),
            deadline: limits.deadline,
        };
        let mut store = Store::new(engine.wasmtime(), confinement);
        store.limiter(|confinement| confinement);
        store.set_hostcall_fuel(limits.output);
        store
    }

    /// Starts the clock of a call, on the thread that will run it and before there is an instance:
    /// a component's start functions run while it is made.
    pub(super) fn arm(store: &mut Store<Self>) {
        let allowed = store.data().deadline;
        let begun = Instant::now();
        let used_before = thread_cpu_time();
        store.set_epoch_deadline(ticks(allowed));
        store.epoch_deadline_callback(move |_| {
            let used = thread_cpu_time().saturating_sub(used_before);
            match allowed.checked_sub(used) {
                Some(left) if !left.is_zero() && begun.elapsed() < allowed * WALL_FACTOR => {
                    Ok(UpdateDeadline::Continue(ticks(left)))
                }
                _ => Err(wasmtime::Error::new(Limit::Time)),
            }
        });
    }
}

/// Epochs in a duration, at least one.
fn ticks(duration: Duration) -> u64 {
    let ticks = duration.as_micros().div_ceil(TICK.as_micros());
    u64::try_from(ticks).unwrap_or(u64::MAX).max(1)
}

/// The CPU time that this thread has used.
fn thread_cpu_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    #[allow(unsafe_code, reason = "the standard library has no thread clock")]
    // SAFETY: the pointer is to a timespec of ours that outlives the call.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) } != 0;
    match (
        failed,
        u64::try_from(time.tv_sec),
        u32::try_from(time.tv_nsec),
    ) {
        (false, Ok(seconds), Ok(nanos)) => Duration::new(seconds, nanos),
        // Then every call has used all its time, which refuses rather than lets it run on.
        _ => Duration::MAX,
    }
}

impl ResourceLimiter for Confinement {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > self.memory {
            return Err(wasmtime::Error::new(Limit::Memory));
        }
        Ok(true)
    }

    // A guest that saw a growth fail could go on and answer differently than on another machine.
    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(wasmtime::Error::new(Limit::Memory))
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > self.table_elements {
            return Err(wasmtime::Error::new(Limit::Table));
        }
        Ok(true)
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(wasmtime::Error::new(Limit::Table))
    }

    fn instances(&self) -> usize {
        usize::try_from(self.fixed.core_instances).unwrap_or(usize::MAX)
    }

    fn tables(&self) -> usize {
        usize::try_from(self.fixed.tables).unwrap_or(usize::MAX)
    }

    fn memories(&self) -> usize {
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thread_clock_runs_only_while_the_thread_does() {
        let before = thread_cpu_time();
        let mut work = 0_u64;
        while thread_cpu_time() == before {
            work = std::hint::black_box(work + 1);
        }
        assert!(thread_cpu_time() > before);
        assert!(thread_cpu_time() < Duration::from_secs(86_400));
    }

    #[test]
    fn a_deadline_is_never_zero_ticks() {
        assert_eq!(ticks(Duration::ZERO), 1);
        assert_eq!(ticks(Duration::from_micros(1_001)), 2);
        assert_eq!(ticks(Duration::from_millis(50)), 50);
        assert_eq!(ticks(Duration::MAX), u64::MAX);
    }
}
