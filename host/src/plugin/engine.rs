//! The wasmtime engine: which wasm is accepted, how much of it runs at once, and the clock that
//! stops it.
//!
//! [`Engine`] is the only way to make a wasmtime engine in this program, because an engine that
//! the ticker does not know would never interrupt an endless loop.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;
use wasmtime::{Config, Enabled, EngineWeak, InstanceAllocationStrategy, PoolingAllocationConfig};

/// How long an epoch is, and so how exactly a deadline is kept.
pub const TICK: Duration = Duration::from_millis(1);

/// Core instances that one component may consist of.
pub(super) const CORE_INSTANCES: u32 = 8;
/// Tables that one component may have.
pub(super) const TABLES: u32 = 4;
/// Elements that one table may have.
pub(super) const TABLE_ELEMENTS: usize = 10_000;
/// Bytes of wasm stack of one call.
const STACK: usize = 256 << 10;

/// How big the pool of instances is.
#[derive(Clone, Copy, Debug)]
pub struct EngineOptions {
    /// Instances that can live at once. Each reserves about 4 GiB of address space and, once used,
    /// keeps up to 576 KiB of memory.
    pub slots: u32,
    /// The most linear memory that any call can be granted, in bytes.
    pub max_memory: usize,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            slots: 64,
            max_memory: 256 << 20,
        }
    }
}

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The pool could not be reserved, or this processor is not supported.
    #[error("the sandbox cannot be set up: is the address space limited (`ulimit -v`)?")]
    SetUp(#[source] wasmtime::Error),
    /// No thread could be started.
    #[error("the sandbox's clock cannot be started")]
    Ticker(#[source] std::io::Error),
}

/// An engine whose epochs pass. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    inner: wasmtime::Engine,
    options: EngineOptions,
}

impl Engine {
    /// Reserves a pool and registers with the ticker.
    pub fn new(options: EngineOptions) -> Result<Self, EngineError> {
        let inner = wasmtime::Engine::new(&config(options)).map_err(EngineError::SetUp)?;
        ticker()?.register(inner.weak());
        Ok(Self { inner, options })
    }

    /// What it was made with.
    pub fn options(&self) -> EngineOptions {
        self.options
    }

    /// Wasmtime's own engine.
    pub(super) fn wasmtime(&self) -> &wasmtime::Engine {
        &self.inner
    }
}

fn config(options: EngineOptions) -> Config {
    let mut config = Config::new();
    // Guests are compact programs of text handling. Each further proposal is code that an attacker
    // may try and that nobody needs.
    config
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_relaxed_simd(false)
        .wasm_tail_call(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .wasm_extended_const(false);
    config
        .epoch_interruption(true)
        .max_wasm_stack(STACK)
        // Else a guest could tell processors apart by the bits of a NaN, and ask something else
        // where a step is run again on another machine.
        .cranelift_nan_canonicalization(true)
        .memory_init_cow(true);
    // Calls are pure, so a failed one is run again where somebody wants to see its backtrace.
    config
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false)
        .native_unwind_info(false);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(options)));
    config
}

fn pool(options: EngineOptions) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::default();
    let slots = options.slots;
    pool.total_component_instances(slots)
        .total_core_instances(CORE_INSTANCES * slots)
        .total_memories(slots)
        .total_tables(TABLES * slots)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(1)
        .max_tables_per_component(TABLES)
        .max_memory_size(options.max_memory)
        .table_elements(TABLE_ELEMENTS)
        .max_component_instance_size(256 << 10)
        .max_core_instance_size(256 << 10);
    // A slot is wiped by rewriting the pages that were touched, which costs less than giving them
    // back. Which ones were touched the kernel tells since Linux 6.7.
    pool.pagemap_scan(Enabled::Auto)
        .linear_memory_keep_resident(512 << 10)
        .table_keep_resident(64 << 10)
        .max_unused_warm_slots(slots);
    pool
}

/// Advances the epochs of all engines of this process, on a thread of its own: a busy network
/// thread must not be able to delay a deadline.
struct Ticker {
    engines: Mutex<Vec<EngineWeak>>,
}

impl Ticker {
    fn register(&self, engine: EngineWeak) {
        self.lock().push(engine);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<EngineWeak>> {
        // Nothing in here can be left half done.
        self.engines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tick(&self) {
        self.lock().retain(|engine| match engine.upgrade() {
            Some(engine) => {
                engine.increment_epoch();
                true
            }
            None => false,
        });
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the ticker's pace is real time, on a thread of its own"
)]
fn ticker() -> Result<&'static Ticker, EngineError> {
    static TICKER: Ticker = Ticker {
        engines: Mutex::new(Vec::new()),
    };
    static STARTED: OnceLock<()> = OnceLock::new();
    static STARTING: Mutex<()> = Mutex::new(());

    let _one_at_a_time = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if STARTED.get().is_none() {
        std::thread::Builder::new()
            .name("epoch-ticker".to_owned())
            .spawn(|| {
                loop {
                    std::thread::sleep(TICK);
                    TICKER.tick();
                }
            })
            .map_err(EngineError::Ticker)?;
        STARTED.get_or_init(|| ());
    }
    Ok(&TICKER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmtime::{Instance, Module, Store, Trap};

    /// `(module (func (export "f") (loop br 0)))`
    const ENDLESS: &[u8] =
        b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x07\x05\x01\x01f\0\0\
        \x0a\x09\x01\x07\0\x03\x40\x0c\0\x0b\x0b";

    #[test]
    fn every_engine_ticks() {
        let options = EngineOptions {
            slots: 2,
            ..EngineOptions::default()
        };
        let engines: Vec<Engine> = (0..3).map(|_| Engine::new(options).unwrap()).collect();
        for engine in &engines {
            let module = Module::new(engine.wasmtime(), ENDLESS).unwrap();
            let mut store = Store::new(engine.wasmtime(), ());
            store.set_epoch_deadline(2);
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let endless = instance.get_typed_func::<(), ()>(&mut store, "f").unwrap();
            let error = endless.call(&mut store, ()).unwrap_err();
            assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Interrupt));
        }
    }

    #[test]
    fn a_dropped_engine_is_forgotten() {
        let engine = Engine::new(EngineOptions {
            slots: 1,
            ..EngineOptions::default()
        })
        .unwrap();
        let weak = engine.wasmtime().weak();
        drop(engine);
        // The ticker holds a strong reference only while it ticks.
        while weak.upgrade().is_some() {
            std::thread::yield_now();
        }
    }
}
