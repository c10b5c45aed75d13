//! What can be known of a component from its bytes, before any of it is compiled or run: that it is
//! a component at all, that it imports no function, that it exports this contract, and what its
//! manifest says.
//!
//! To read where its parts are takes as long as it is long ([`manifest`]). To validate it can take
//! minutes, if a stranger has made it so: for a host, [`inspect_for`] runs where the compiler does.

use super::manifest::{Manifest, ManifestError};
use super::outline::Outline;
use crate::config::Tier;
use crate::plain::{self, Foreign};
pub use crate::plugin::componentize::MANIFEST_SECTION;
use wasmparser::component_types::ComponentEntityType;
use wasmparser::types::Types;
use wasmparser::{Validator, WasmFeatures};

/// The interface that a provider exports, without its version.
pub const INTERFACE: &str = "celadon:provider/provider";
/// The version of the contract that this host speaks.
pub const INTERFACE_VERSION: &str = "0.1.0";

/// Names quoted in one error: enough to see what is wrong.
const NAMES_SHOWN: usize = 8;
/// Characters of a name.
const NAME_SHOWN: usize = 100;

/// Raised whenever something that was taken is refused from then on: what was compiled under other
/// rules is compiled again.
pub const RULES: u32 = 1;

/// Why something is no provider.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// Bigger than the limit `component_size`.
    #[error(
        "the file is bigger than {most} bytes: is it the right one? If so, raise `limits.component_size`"
    )]
    TooBig {
        /// The limit.
        most: usize,
    },
    /// Something that guests of the large tier alone may have.
    #[error(
        "the file needs what a compact guest has no use for: if it holds an interpreter (JavaScript, Python), write `tier = \"large\"` in its limits"
    )]
    NeedsLarge,
    /// No wasm, or broken, or in need of a proposal that is switched off.
    #[error("the file is not valid WebAssembly of the kind that Celadon runs")]
    Invalid(#[source] Foreign<wasmparser::BinaryReaderError>),
    /// A core module.
    #[error(
        "the file is a core module, not a component: make one with \
         `celadon provider build`, or with `wasm-tools component new module.wasm -o provider.wasm`"
    )]
    CoreModule,
    /// It imports what no provider may import.
    #[error(
        "the component imports {}: a provider imports no function. Build it without WASI: for Rust, \
         target wasm32-unknown-unknown instead of wasm32-wasip2; for other languages, switch off \
         what needs the clock, files, randomness or the network",
        .0.join(", ")
    )]
    Imports(Vec<String>),
    /// It exports another version of the contract.
    #[error(
        "the component is built for contract {INTERFACE}@{found}, this Celadon speaks \
         {INTERFACE}@{INTERFACE_VERSION}: build it with the SDK of that version, or use a Celadon \
         that speaks {found}"
    )]
    OtherVersion {
        /// The component's version.
        found: String,
    },
    /// It does not export the contract.
    #[error(
        "the component does not export {INTERFACE}@{INTERFACE_VERSION}, so it is no provider; it exports {}: \
         build it for the world `identity-provider` of wit/v0.1/provider.wit, or with the SDK",
        if .exports.is_empty() { "nothing".to_owned() } else { .exports.join(", ") }
    )]
    NoProvider {
        /// What it exports instead.
        exports: Vec<String>,
    },
    /// Two manifests, or one that is too long or cannot be read.
    #[error("the component's {MANIFEST_SECTION} section cannot be used: {0}")]
    Manifest(#[source] ManifestError),
}

impl InspectError {
    pub(super) fn invalid(error: wasmparser::BinaryReaderError) -> Self {
        Self::Invalid(error.into())
    }
}

/// Checks that these bytes are a provider for the compact tier, and reads its manifest.
///
/// # Errors
/// See [`InspectError`].
pub fn inspect(bytes: &[u8]) -> Result<Option<Manifest>, InspectError> {
    inspect_for(bytes, Tier::Compact)
}

/// As [`inspect`], for any tier. Whether the bytes are too many has been asked before.
///
/// # Errors
/// See [`InspectError`].
pub fn inspect_for(bytes: &[u8], tier: Tier) -> Result<Option<Manifest>, InspectError> {
    let outline = component_outline(bytes)?;
    let manifest = read_manifest(&outline)?;
    let types = match validate(bytes, tier) {
        Ok(types) => types,
        Err(_) if tier == Tier::Compact && validate(bytes, Tier::Large).is_ok() => {
            return Err(InspectError::NeedsLarge);
        }
        Err(error) => return Err(InspectError::invalid(error)),
    };
    check_imports(&outline.imports, &types)?;
    check_exports(&outline, &types)?;
    Ok(manifest)
}

/// The manifest alone, and that it is a component at all.
///
/// # Errors
/// See [`InspectError`].
pub fn manifest(bytes: &[u8]) -> Result<Option<Manifest>, InspectError> {
    read_manifest(&component_outline(bytes)?)
}

fn component_outline(bytes: &[u8]) -> Result<Outline<'_>, InspectError> {
    let outline = Outline::of(bytes)?;
    if outline.is_component {
        Ok(outline)
    } else {
        Err(InspectError::CoreModule)
    }
}

fn read_manifest(outline: &Outline<'_>) -> Result<Option<Manifest>, InspectError> {
    match outline.manifests.as_slice() {
        [] => Ok(None),
        [one] => Manifest::parse(one)
            .map(Some)
            .map_err(InspectError::Manifest),
        _ => Err(InspectError::Manifest(ManifestError::Twice)),
    }
}

fn validate(bytes: &[u8], tier: Tier) -> Result<Types, wasmparser::BinaryReaderError> {
    Validator::new_with_features(features(tier)).validate_all(bytes)
}

/// What the tier's engine has switched on.
fn features(tier: Tier) -> WasmFeatures {
    let all =
        WasmFeatures::WASM2 | WasmFeatures::COMPONENT_MODEL | WasmFeatures::CALL_INDIRECT_OVERLONG;
    match tier {
        Tier::Compact => all,
        Tier::Large => all | WasmFeatures::EXTENDED_CONST,
    }
}

/// Types may be imported, for they do nothing; whatever could be called may not.
fn check_imports(imports: &[&str], types: &Types) -> Result<(), InspectError> {
    let forbidden: Vec<String> = imports
        .iter()
        .filter(|name| {
            types
                .component_item_for_import(name)
                .is_none_or(|item| !is_type_only(&item.ty, types))
        })
        .take(NAMES_SHOWN)
        .map(|name| quoted(name))
        .collect();
    if forbidden.is_empty() {
        Ok(())
    } else {
        Err(InspectError::Imports(forbidden))
    }
}

fn is_type_only(entity: &ComponentEntityType, types: &Types) -> bool {
    match entity {
        ComponentEntityType::Type { .. } => true,
        ComponentEntityType::Instance(id) => {
            let instance = &types.as_ref()[*id];
            // Resources are types with a destructor that the host would have to give.
            instance.defined_resources.is_empty()
                && instance
                    .exports
                    .values()
                    .all(|item| matches!(item.ty, ComponentEntityType::Type { .. }))
        }
        _ => false,
    }
}

fn check_exports(outline: &Outline<'_>, types: &Types) -> Result<(), InspectError> {
    let wanted = format!("{INTERFACE}@{INTERFACE_VERSION}");
    let found = types.component_item_for_export(&wanted);
    if found.is_some_and(|item| matches!(item.ty, ComponentEntityType::Instance(_))) {
        return Ok(());
    }
    let other = outline
        .contract_version()
        .filter(|version| *version != INTERFACE_VERSION);
    Err(match other {
        Some(version) => InspectError::OtherVersion {
            found: plain::line(version, NAME_SHOWN),
        },
        None => InspectError::NoProvider {
            exports: outline
                .exports
                .iter()
                .take(NAMES_SHOWN)
                .map(|name| quoted(name))
                .collect(),
        },
    })
}

/// A name that a component chose, safe for a terminal.
fn quoted(name: &str) -> String {
    format!("`{}`", plain::line(name, NAME_SHOWN))
}
