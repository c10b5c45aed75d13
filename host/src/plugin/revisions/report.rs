//! What `celadon check` tells of the providers.

use super::error::LoadError;
use super::load::Loader;
use crate::config::{Config, Tier};
use crate::plugin::call::Sandbox;
use crate::plugin::component::{Compiler, ComponentDigest, Library};
use crate::plugin::engine::{EngineError, EngineOptions, Engines};
use celadon_workflows::types::{ProviderName, RevisionId};

/// Calls that a check makes at once; it makes one.
const SLOTS: u32 = 2;

/// A provider that can be used, or why not.
#[derive(Debug)]
pub struct ProviderReport {
    /// The provider.
    pub provider: ProviderName,
    /// What it is, or what is wrong with it.
    pub result: Result<Loaded, LoadError>,
}

/// A provider that can be used.
#[derive(Debug)]
pub struct Loaded {
    /// The digest of its component.
    pub component: ComponentDigest,
    /// The revision that this configuration makes.
    pub revision: RevisionId,
    /// The `iss` of its ID tokens, or the name of a provider without.
    pub issuer: String,
    /// What it may do, in words.
    pub explanation: Vec<String>,
    /// The canonical form of its description.
    pub canonical: String,
}

/// Loads every configured provider and keeps nothing.
pub async fn check(
    config: &Config,
    compiler: Compiler,
) -> Result<Vec<ProviderReport>, EngineError> {
    let small = |tier| EngineOptions {
        slots: SLOTS,
        ..EngineOptions::of(tier)
    };
    let engines = Engines::new(small(Tier::Compact), small(Tier::Large))?;
    let sandbox = Sandbox::new(&engines);
    let loader = Loader::new(None, Library::new(engines, None, compiler), sandbox);
    let mut reports = Vec::new();
    for (name, provider) in &config.providers {
        let loaded = loader.load(name, provider).await;
        reports.push(ProviderReport {
            provider: name.clone(),
            result: loaded.map(|revision| Loaded {
                component: revision.component.digest().clone(),
                issuer: revision.description.issuer.identifier.clone(),
                explanation: revision.description.explain(),
                canonical: revision.description.canonical(),
                revision: revision.id,
            }),
        });
    }
    Ok(reports)
}
