//! The clock that stops what runs too long.

use super::{EngineError, TICK};
use std::sync::{Mutex, OnceLock, PoisonError};
use wasmtime::EngineWeak;

/// Advances the epochs of all engines of this process, on a thread of its own: a busy network
/// thread must not be able to delay a deadline.
pub(super) struct Ticker {
    engines: Mutex<Vec<EngineWeak>>,
}

impl Ticker {
    pub(super) fn register(&self, engine: EngineWeak) {
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
pub(super) fn ticker() -> Result<&'static Ticker, EngineError> {
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
