//! The wasmtime engines: which wasm is accepted, how much of it runs at once, and the clock that
//! stops it.
//!
//! [`Engine`] is the only way to make a wasmtime engine that runs anything, because an engine that
//! the ticker does not know would never interrupt an endless loop. [`Engines`] holds one for each
//! tier of guests, made when the first provider asks for it. How they are set up is in `settings`.

mod settings;
mod ticker;

pub use self::settings::{Fixed, fixed};

use self::ticker::ticker;
use crate::config::Tier;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long an epoch is, and so how exactly a deadline is kept.
pub const TICK: Duration = Duration::from_millis(1);

/// Frames that a diagnosis looks at.
const FRAMES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(15);

/// What an engine is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Calls whose answers count.
    Calls,
    /// Running a failed call again, to tell where it failed.
    Diagnosis,
}

impl Purpose {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Calls, Self::Diagnosis];

    /// As it is written on a command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Diagnosis => "diagnosis",
        }
    }
}

/// How big the pool of instances is.
#[derive(Clone, Copy, Debug)]
pub struct EngineOptions {
    /// The kind of guests.
    pub tier: Tier,
    /// Instances that can live at once. Each reserves about 4 GiB of address space and, once used,
    /// keeps up to 576 KiB of memory.
    pub slots: u32,
    /// The most linear memory that any call can be granted, in bytes.
    pub max_memory: usize,
}

impl EngineOptions {
    /// A tier's usual pool.
    pub fn of(tier: Tier) -> Self {
        Self {
            tier,
            slots: match tier {
                Tier::Compact => 64,
                Tier::Large => 8,
            },
            max_memory: 256 << 20,
        }
    }

    /// Calls that may be under way at once: fewer than there are slots, so that a flood queues where
    /// it is answered in words and never finds the pool empty; and not many more than there are
    /// processors, since calls do nothing but compute.
    pub fn calls(self) -> usize {
        let slots = self.slots.saturating_sub((self.slots / 8).max(1)).max(1);
        let processors = std::thread::available_parallelism().map_or(2, NonZeroUsize::get);
        let threads = processors.saturating_mul(2).max(4);
        threads.min(usize::try_from(slots).unwrap_or(usize::MAX))
    }
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self::of(Tier::default())
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
    /// This program does not find itself.
    #[error("cannot tell where this program is, and so not start its compiler")]
    Compiler(#[source] std::io::Error),
}

/// An engine whose epochs pass. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    inner: wasmtime::Engine,
    options: EngineOptions,
    purpose: Purpose,
}

impl Engine {
    /// Reserves a pool and registers with the ticker.
    pub fn new(options: EngineOptions) -> Result<Self, EngineError> {
        Self::of_config(&settings::pooled(options), options, Purpose::Calls)
    }

    /// An engine without a pool that tells where a call fails.
    fn for_diagnosis(tier: Tier) -> Result<Self, EngineError> {
        let config = settings::telling(tier, FRAMES);
        Self::of_config(&config, EngineOptions::of(tier), Purpose::Diagnosis)
    }

    fn of_config(
        config: &wasmtime::Config,
        options: EngineOptions,
        purpose: Purpose,
    ) -> Result<Self, EngineError> {
        let inner = wasmtime::Engine::new(config).map_err(EngineError::SetUp)?;
        ticker()?.register(inner.weak());
        Ok(Self {
            inner,
            options,
            purpose,
        })
    }

    /// What it was made with.
    pub fn options(&self) -> EngineOptions {
        self.options
    }

    /// What it is for.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Wasmtime's own engine.
    pub(super) fn wasmtime(&self) -> &wasmtime::Engine {
        &self.inner
    }
}

/// Compiles a component for the engines of a tier. Nothing is run, so that this engine needs neither
/// a pool nor the ticker, and it uses one thread.
///
/// # Errors
/// The component is not valid, or memory is lacking.
pub(super) fn precompile(tier: Tier, purpose: Purpose, bytes: &[u8]) -> wasmtime::Result<Vec<u8>> {
    let mut config = match purpose {
        Purpose::Calls => settings::plain(tier),
        Purpose::Diagnosis => settings::telling(tier, FRAMES),
    };
    config.parallel_compilation(false);
    wasmtime::Engine::new(&config)?.precompile_component(bytes)
}

/// The engines of this process. Cheap to clone.
#[derive(Clone)]
pub struct Engines {
    compact: Engine,
    large: EngineOptions,
    made: Arc<Made>,
}

/// The engines that not everybody needs.
#[derive(Default)]
struct Made {
    large: Mutex<Option<Engine>>,
    diagnosis: Mutex<Vec<Engine>>,
}

impl Engines {
    /// Reserves the compact tier's pool. The large one is reserved when a provider asks for it.
    ///
    /// # Errors
    /// See [`EngineError`].
    pub fn new(compact: EngineOptions, large: EngineOptions) -> Result<Self, EngineError> {
        Ok(Self {
            compact: Engine::new(compact)?,
            large,
            made: Arc::default(),
        })
    }

    /// With the usual pools.
    ///
    /// # Errors
    /// See [`EngineError`].
    pub fn usual() -> Result<Self, EngineError> {
        Self::new(
            EngineOptions::of(Tier::Compact),
            EngineOptions::of(Tier::Large),
        )
    }

    /// How big a tier's pool is, or would be.
    pub fn options(&self, tier: Tier) -> EngineOptions {
        match tier {
            Tier::Compact => self.compact.options(),
            Tier::Large => self.large,
        }
    }

    /// The engine of a tier.
    ///
    /// # Errors
    /// It could not be made now.
    pub fn of(&self, tier: Tier) -> Result<Engine, EngineError> {
        if tier == Tier::Compact {
            return Ok(self.compact.clone());
        }
        let mut large = self
            .made
            .large
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(engine) = large.as_ref() {
            return Ok(engine.clone());
        }
        let engine = Engine::new(self.large)?;
        *large = Some(engine.clone());
        Ok(engine)
    }

    /// The engine on which failed calls of a tier are run again.
    ///
    /// # Errors
    /// It could not be made now.
    pub fn diagnosis(&self, tier: Tier) -> Result<Engine, EngineError> {
        let mut made = self
            .made
            .diagnosis
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(engine) = made.iter().find(|engine| engine.options.tier == tier) {
            return Ok(engine.clone());
        }
        let engine = Engine::for_diagnosis(tier)?;
        made.push(engine.clone());
        Ok(engine)
    }
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
        let mut engines: Vec<Engine> = (0..2).map(|_| Engine::new(options).unwrap()).collect();
        engines.push(Engine::for_diagnosis(Tier::Compact).unwrap());
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
