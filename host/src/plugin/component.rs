//! Components: read before they are compiled, compiled once, ready to be instantiated.
//!
//! [`inspect`] decides from the bytes alone whether something is a provider that imports no function;
//! [`compile`] turns it into machine code and remembers that on disk; a [`Library`] makes sure that
//! each component is compiled once, however many providers share it, and that one which cannot be
//! compiled is not tried again and again. What a component wants to be is
//! in [`super::description`].

pub mod compile;
pub mod inspect;
pub mod manifest;
pub mod outline;

mod library;

pub use self::compile::{CodeCache, CompileError, Compiler};
pub use self::library::Library;

use self::inspect::InspectError;
use self::manifest::Manifest;
use super::bindings;
use super::engine::{Engine, EngineError};
use crate::plain::Foreign;
use crate::random;
use std::fmt;
use std::sync::Arc;
use wasmtime::component::{Component, Linker};

/// The biggest component that any limit allows, in bytes.
pub const MAX_COMPONENT_BYTES: usize = 64 << 20;

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
    /// It is no component, is too big, or its manifest cannot be read.
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
    /// There is no engine for it.
    #[error("the sandbox of the tier `large` cannot be set up")]
    Engine(#[from] EngineError),
}

/// What a store holds while a call runs.
pub(super) use super::call::Confinement;

/// A component that can be instantiated at once.
pub struct LoadedComponent {
    digest: ComponentDigest,
    manifest: Option<Manifest>,
    bytes: Arc<[u8]>,
    engine: Engine,
    pre: bindings::IdentityProviderPre<Confinement>,
}

impl LoadedComponent {
    /// Links a component that has been inspected and compiled for this engine.
    fn link(
        engine: Engine,
        bytes: Arc<[u8]>,
        manifest: Option<Manifest>,
        component: &Component,
    ) -> Result<Self, ComponentError> {
        // The linker stays empty: a component imports no function.
        let linker = Linker::<Confinement>::new(engine.wasmtime());
        let pre = linker
            .instantiate_pre(component)
            .and_then(bindings::IdentityProviderPre::new)
            .map_err(|error| ComponentError::MissingFunctions(error.into()))?;
        Ok(Self {
            digest: ComponentDigest::of(&bytes),
            manifest,
            bytes,
            engine,
            pre,
        })
    }

    /// Its digest.
    pub fn digest(&self) -> &ComponentDigest {
        &self.digest
    }

    /// What it says about itself, if it does.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_ref()
    }

    /// The engine that it runs on.
    pub(super) fn engine(&self) -> &Engine {
        &self.engine
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

/// Inspects, compiles and links in this process and thread, without any limit: for measurements and
/// tests. A host has its [`Library`].
///
/// # Errors
/// See [`ComponentError`].
pub fn load(engine: &Engine, bytes: &[u8]) -> Result<LoadedComponent, ComponentError> {
    let manifest = inspect::inspect_for(bytes, engine.options().tier)?;
    let component = Component::from_binary(engine.wasmtime(), bytes)
        .map_err(|error| CompileError::refused(&error))?;
    LoadedComponent::link(engine.clone(), bytes.into(), manifest, &component)
}

#[cfg(test)]
mod tests;
