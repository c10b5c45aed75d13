//! Components: read before they are compiled, compiled once, ready to be instantiated.
//!
//! [`inspect`] decides from the bytes alone whether something is a provider that imports no function;
//! [`compile`] turns it into machine code and remembers that on disk; a [`Library`] makes sure that
//! each component is compiled once, however many providers share it. What a component wants to be is
//! in [`super::description`].

pub mod compile;
pub mod inspect;
pub mod manifest;
pub mod outline;

pub use self::compile::{CodeCache, CompileError};
use self::inspect::InspectError;
use self::manifest::Manifest;
use super::bindings;
use super::engine::Engine;
use crate::plain::Foreign;
use crate::random;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;
use wasmtime::component::{Component, Linker};

/// The biggest component that is looked at, in bytes.
pub const MAX_COMPONENT_BYTES: usize = 16 << 20;

/// A component's name: the lower-case hex SHA-256 of its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ComponentDigest(String);

impl ComponentDigest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(random::sha256_hex(bytes))
    }

    /// A digest as text: 64 lower-case hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 64 && text.bytes().all(is_hex)).then(|| Self(text.to_owned()))
    }

    /// The digest as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ComponentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a component cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ComponentError {
    /// It is no provider of this contract.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// It cannot be compiled.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// It exports the contract's interface under its right name, but not all of its functions.
    #[error(
        "the component says that it is a provider of {interface}@{version}, and its functions are not \
         those of {interface}@{version}, which this Celadon speaks: build it against the WIT of that version \
         (wit/v0.1/provider.wit), or with the SDK",
        interface = inspect::INTERFACE,
        version = inspect::INTERFACE_VERSION
    )]
    MissingFunctions(#[source] Foreign<wasmtime::Error>),
    /// Compiling it was cut short.
    #[error("the component was not compiled")]
    Interrupted(#[source] tokio::task::JoinError),
}

/// What a store holds while a call runs.
pub(super) use super::call::Confinement;

/// A component that can be instantiated at once.
pub struct LoadedComponent {
    digest: ComponentDigest,
    manifest: Option<Manifest>,
    pre: bindings::IdentityProviderPre<Confinement>,
}

impl LoadedComponent {
    /// Its digest.
    pub fn digest(&self) -> &ComponentDigest {
        &self.digest
    }

    /// What it says about itself, if it does.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_ref()
    }

    pub(super) fn pre(&self) -> &bindings::IdentityProviderPre<Confinement> {
        &self.pre
    }
}

impl fmt::Debug for LoadedComponent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LoadedComponent")
            .field(&self.digest)
            .finish()
    }
}

/// Inspects, compiles and links a component. Takes as long as compiling does: not for a thread that
/// serves the network.
pub fn load(
    engine: &Engine,
    cache: Option<&CodeCache>,
    bytes: &[u8],
) -> Result<LoadedComponent, ComponentError> {
    let manifest = inspect::inspect(bytes)?;
    let digest = ComponentDigest::of(bytes);
    let component = compile::compile(engine, cache, &digest, bytes)?;
    let pre =
        link(engine, &component).map_err(|error| ComponentError::MissingFunctions(error.into()))?;
    Ok(LoadedComponent {
        digest,
        manifest,
        pre,
    })
}

fn link(
    engine: &Engine,
    component: &Component,
) -> Result<bindings::IdentityProviderPre<Confinement>, wasmtime::Error> {
    // The linker stays empty: a component imports no function.
    let linker = Linker::<Confinement>::new(engine.wasmtime());
    bindings::IdentityProviderPre::new(linker.instantiate_pre(component)?)
}

type Slot = Arc<OnceCell<Arc<LoadedComponent>>>;

/// All components in use, each once. Cheap to clone.
#[derive(Clone)]
pub struct Library {
    engine: Engine,
    cache: Option<Arc<CodeCache>>,
    loaded: Arc<Mutex<HashMap<ComponentDigest, Slot>>>,
}

impl Library {
    /// An empty library. Without a cache, everything is compiled anew after each start.
    pub fn new(engine: Engine, cache: Option<CodeCache>) -> Self {
        Self {
            engine,
            cache: cache.map(Arc::new),
            loaded: Arc::default(),
        }
    }

    /// The component of these bytes: compiled by the first who asks, shared by all others.
    pub async fn load(&self, bytes: Vec<u8>) -> Result<Arc<LoadedComponent>, ComponentError> {
        let slot = self.slot(ComponentDigest::of(&bytes));
        slot.get_or_try_init(|| self.load_anew(bytes))
            .await
            .cloned()
    }

    /// A component that is loaded already.
    pub fn get(&self, digest: &ComponentDigest) -> Option<Arc<LoadedComponent>> {
        self.lock().get(digest)?.get().cloned()
    }

    fn slot(&self, digest: ComponentDigest) -> Slot {
        self.lock().entry(digest).or_default().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ComponentDigest, Slot>> {
        // The map is whole after each of its operations.
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn load_anew(&self, bytes: Vec<u8>) -> Result<Arc<LoadedComponent>, ComponentError> {
        let engine = self.engine.clone();
        let cache = self.cache.clone();
        let task = move || load(&engine, cache.as_deref(), &bytes);
        let loaded = tokio::task::spawn_blocking(task)
            .await
            .map_err(ComponentError::Interrupted)??;
        Ok(Arc::new(loaded))
    }
}

#[cfg(test)]
mod tests;
