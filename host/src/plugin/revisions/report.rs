//! What the commands tell of providers and of components. Nothing is kept, and nobody signs in.

use super::error::LoadError;
use super::load::Loader;
use crate::config::{self, Config, Tier};
use crate::plugin::approval::{Approvals, Ground, Unapproved};
use crate::plugin::call::Sandbox;
use crate::plugin::component::{Compiler, ComponentDigest, Library};
use crate::plugin::description::Description;
use crate::plugin::engine::{EngineError, EngineOptions, Engines};
use celadon_workflows::types::{ProviderName, RevisionId};
use std::sync::Arc;

/// Calls that a check makes at once; it makes one.
const SLOTS: u32 = 2;

/// A provider that can be used, or why not.
#[derive(Debug)]
pub struct ProviderReport {
    /// The provider.
    pub provider: ProviderName,
    /// What it is, or what is wrong with it, approval aside.
    pub result: Result<Loaded, LoadError>,
}

/// A provider that can be used once it is approved.
#[derive(Debug)]
pub struct Loaded {
    /// The revision that this configuration makes.
    pub revision: RevisionId,
    /// Why it may be used, or why not yet.
    pub approval: Result<Ground, Box<Unapproved>>,
    /// What it is.
    pub examined: Examined,
}

/// What a component is under a configuration.
#[derive(Debug)]
pub struct Examined {
    /// The digest of the component.
    pub component: ComponentDigest,
    /// What it says of itself, checked.
    pub description: Arc<Description>,
}

/// Looks at configured providers: all of them, or those that are named.
pub async fn check(
    config: &Config,
    approvals: Approvals,
    only: &[ProviderName],
) -> Result<Vec<ProviderReport>, EngineError> {
    let loader = loader(approvals)?;
    let mut reports = Vec::new();
    for (name, provider) in &config.providers {
        if !only.is_empty() && !only.contains(name) {
            continue;
        }
        let made = loader.look(name, provider).await;
        reports.push(ProviderReport {
            provider: name.clone(),
            result: made.map(|made| {
                let (component, description) =
                    (made.revision.component.digest(), &made.revision.description);
                Loaded {
                    approval: loader.approvals().judge(name, component, description),
                    examined: Examined {
                        component: component.clone(),
                        description: Arc::clone(description),
                    },
                    revision: made.revision.id,
                }
            }),
        });
    }
    Ok(reports)
}

/// Looks at one component, as if it were configured like this.
pub async fn examine(
    name: &ProviderName,
    provider: &config::Provider,
) -> Result<Result<Examined, LoadError>, EngineError> {
    let made = loader(Approvals::default())?.look(name, provider).await;
    Ok(made.map(|made| Examined {
        component: made.revision.component.digest().clone(),
        description: made.revision.description,
    }))
}

fn loader(approvals: Approvals) -> Result<Loader, EngineError> {
    let small = |tier| EngineOptions {
        slots: SLOTS,
        ..EngineOptions::of(tier)
    };
    let engines = Engines::new(small(Tier::Compact), small(Tier::Large))?;
    let compiler = Compiler::children().map_err(EngineError::Compiler)?;
    let sandbox = Sandbox::new(&engines);
    let library = Library::new(engines, None, compiler);
    Ok(Loader::new(None, approvals, library, sandbox))
}
