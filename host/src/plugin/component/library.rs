//! All components in use: each is compiled once, and one that cannot be is remembered.

use super::compile::{Budget, CodeCache, CompileError, Compiler, Job, compile};
use super::inspect::{self, InspectError};
use super::{ComponentDigest, ComponentError, LoadedComponent};
use crate::config::{Limits, Tier};
use crate::plugin::engine::{Engine, Engines};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// A component for an engine.
type Name = (ComponentDigest, Tier);
type Slot = Arc<OnceCell<Arc<LoadedComponent>>>;

/// Components that failed and are remembered. More are forgotten all at once: that is slower, and
/// holds the memory that a stranger can make us use.
const MOST_FAILED: usize = 1_000;

/// All components in use, each once. Cheap to clone.
#[derive(Clone)]
pub struct Library {
    engines: Engines,
    cache: Option<Arc<CodeCache>>,
    compiler: Compiler,
    loaded: Arc<Mutex<HashMap<Name, Slot>>>,
    failed: Arc<Mutex<HashMap<Name, (Budget, CompileError)>>>,
}

impl Library {
    /// An empty library. Without a cache, everything is compiled anew after each start.
    pub fn new(engines: Engines, cache: Option<CodeCache>, compiler: Compiler) -> Self {
        Self {
            engines,
            cache: cache.map(Arc::new),
            compiler,
            loaded: Arc::default(),
            failed: Arc::default(),
        }
    }

    /// The component of these bytes: compiled by the first who asks, shared by all others.
    ///
    /// # Errors
    /// See [`ComponentError`]. What cannot be compiled is not tried again with as little or less.
    pub async fn load(
        &self,
        bytes: Vec<u8>,
        limits: &Limits,
    ) -> Result<Arc<LoadedComponent>, ComponentError> {
        let most = limits.component_size;
        if bytes.len() > most {
            return Err(InspectError::TooBig { most }.into());
        }
        let name = (ComponentDigest::of(&bytes), limits.tier);
        let slot = self.slot(name.clone());
        slot.get_or_try_init(|| self.load_anew(name, bytes.into(), limits.into()))
            .await
            .cloned()
    }

    /// The same component on the engine that tells where a call fails. It is not kept in memory.
    pub(in crate::plugin) async fn for_diagnosis(
        &self,
        component: &LoadedComponent,
        limits: &Limits,
    ) -> Result<LoadedComponent, ComponentError> {
        let engine = self.engines.diagnosis(component.engine().options().tier)?;
        self.make(engine, component.bytes.clone(), limits.into())
            .await
    }

    /// The engines that components are compiled for.
    pub fn engines(&self) -> &Engines {
        &self.engines
    }

    /// A component that is loaded already.
    pub fn get(&self, digest: &ComponentDigest, tier: Tier) -> Option<Arc<LoadedComponent>> {
        let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.get(&(digest.clone(), tier))?.get().cloned()
    }

    fn slot(&self, name: Name) -> Slot {
        // The map is whole after each of its operations.
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.entry(name).or_default().clone()
    }

    async fn load_anew(
        &self,
        name: Name,
        bytes: Arc<[u8]>,
        budget: Budget,
    ) -> Result<Arc<LoadedComponent>, ComponentError> {
        if let Some(error) = self.remembered(&name, budget) {
            return Err(error.into());
        }
        let made = self.make(self.engines.of(name.1)?, bytes, budget).await;
        if let Err(ComponentError::Compile(error)) = &made
            && error.is_final()
        {
            self.remember(name, budget, error.clone());
        }
        made.map(Arc::new)
    }

    /// Reads, compiles and links. What takes its time is done by the compiler.
    async fn make(
        &self,
        engine: Engine,
        bytes: Arc<[u8]>,
        budget: Budget,
    ) -> Result<LoadedComponent, ComponentError> {
        let manifest = inspect::manifest(&bytes)?;
        let job = Job {
            engine: engine.clone(),
            digest: ComponentDigest::of(&bytes),
            bytes: bytes.clone(),
            budget,
        };
        let component = compile(&self.compiler, self.cache.as_ref(), job).await?;
        LoadedComponent::link(engine, bytes, manifest, &component)
    }

    fn remembered(&self, name: &Name, budget: Budget) -> Option<CompileError> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let (tried, error) = failed.get(name)?;
        budget.within(*tried).then(|| error.clone())
    }

    fn remember(&self, name: Name, budget: Budget, error: CompileError) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.len() >= MOST_FAILED {
            failed.clear();
        }
        failed.insert(name, (budget, error));
    }
}
