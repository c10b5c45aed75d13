//! What `celadon check` tells of the providers.

use super::error::LoadError;
use super::load::Loader;
use crate::config::Config;
use crate::plugin::call::Sandbox;
use crate::plugin::component::{ComponentDigest, Library};
use crate::plugin::engine::{Engine, EngineError, EngineOptions};
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
pub async fn check(config: &Config) -> Result<Vec<ProviderReport>, EngineError> {
    let engine = Engine::new(EngineOptions {
        slots: SLOTS,
        ..EngineOptions::default()
    })?;
    let library = Library::new(engine.clone(), None);
    let loader = Loader::new(None, library, Sandbox::new(engine));
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
