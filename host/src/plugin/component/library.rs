//! All components in use: each is compiled once, and one that cannot be is remembered.

use super::compile::{Budget, CodeCache, CompileError, Compiler, Job, compile};
use super::inspect::{self, InspectError};
use super::{ComponentDigest, ComponentError, LoadedComponent};
use crate::config::{Limits, Tier};
use crate::plugin::engine::{Engine, Engines, Purpose};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// A component for the engine of a tier.
type Name = (ComponentDigest, Tier);
/// What was tried: an engine that tells where a call fails needs more code.
type Tried = (ComponentDigest, Tier, Purpose);
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
    failed: Arc<Mutex<HashMap<Tried, (Budget, CompileError)>>>,
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
        let load = || async move {
            let engine = self.engines.of(limits.tier)?;
            let made = self.make(engine, name.0, bytes.into(), limits.into()).await;
            made.map(Arc::new)
        };
        slot.get_or_try_init(load).await.cloned()
    }

    /// The same component on the engine that tells where a call fails. It is not kept in memory; that
    /// it cannot be compiled is, apart from what is remembered of [`Self::load`].
    pub(in crate::plugin) async fn for_diagnosis(
        &self,
        component: &LoadedComponent,
        limits: &Limits,
    ) -> Result<LoadedComponent, ComponentError> {
        let engine = self.engines.diagnosis(component.engine().options().tier)?;
        let (digest, bytes) = (component.digest().clone(), component.bytes.clone());
        self.make(engine, digest, bytes, limits.into()).await
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

    /// Reads, compiles and links, unless that has failed before. What takes its time is done by the
    /// compiler.
    async fn make(
        &self,
        engine: Engine,
        digest: ComponentDigest,
        bytes: Arc<[u8]>,
        budget: Budget,
    ) -> Result<LoadedComponent, ComponentError> {
        let tried = (digest.clone(), engine.options().tier, engine.purpose());
        if let Some(error) = self.remembered(&tried, budget) {
            return Err(error.into());
        }
        let manifest = inspect::manifest(&bytes)?;
        let job = Job {
            engine: engine.clone(),
            digest,
            bytes: bytes.clone(),
            budget,
        };
        let compiled = compile(&self.compiler, self.cache.as_ref(), job).await;
        if let Err(error) = &compiled
            && error.is_final()
        {
            self.remember(tried, budget, error.clone());
        }
        LoadedComponent::link(engine, bytes, manifest, &compiled?)
    }

    fn remembered(&self, tried: &Tried, budget: Budget) -> Option<CompileError> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let (most, error) = failed.get(tried)?;
        budget.within(*most).then(|| error.clone())
    }

    fn remember(&self, tried: Tried, budget: Budget, error: CompileError) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.len() >= MOST_FAILED {
            failed.clear();
        }
        failed.insert(tried, (budget, error));
    }
}
