//! Revisions: a component with its configuration, named by the digest of both.
//!
//! A login ends on the revision it began with, on whichever instance; so a revision is written to
//! the store before any login can be pinned to it, and can be loaded from there as long as its
//! provider is configured. What the operator grants is never part of a revision: it is always the current grant
//! that counts.

mod error;
mod fit;
mod load;
mod report;

pub use self::error::{LoadError, ProviderFailure, RevisionError};
pub use self::report::{Examined, Loaded, ProviderReport, check, examine};

use self::load::Loader;
use super::approval::Approvals;
use super::bindings::Setup;
use super::call::{Guest, Sandbox};
use super::component::{Library, LoadedComponent};
use super::description::Description;
use crate::config::{self, Config, Limits};
use crate::store::Components;
use celadon_workflows::types::{ProviderName, RevisionId};
use futures::stream::{self, StreamExt};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

/// Providers that are loaded at the same time.
const CONCURRENT_LOADS: usize = 8;

/// A component with its configuration. Immutable.
#[derive(Clone, Debug)]
pub struct Revision {
    /// Its digest.
    pub id: RevisionId,
    /// The provider it belongs to.
    pub provider: ProviderName,
    /// The component, ready to be called.
    pub component: Arc<LoadedComponent>,
    /// The client id and the options, as the component gets them.
    pub setup: Arc<Setup>,
    /// The configured scopes.
    pub scopes: Vec<String>,
    /// What the component is, checked.
    pub description: Arc<Description>,
    /// How much a call may use.
    pub limits: Limits,
}

impl Revision {
    /// The component as this revision uses it.
    pub fn guest(&self) -> Guest<'_> {
        Guest {
            provider: &self.provider,
            component: &self.component,
            setup: &self.setup,
            limits: &self.limits,
        }
    }
}

/// All configured providers that could be loaded, and every revision that was asked for.
pub struct Providers {
    loader: Loader,
    configured: BTreeMap<ProviderName, config::Provider>,
    active: BTreeMap<ProviderName, Arc<Revision>>,
    known: RwLock<HashMap<RevisionId, Arc<Revision>>>,
}

impl Providers {
    /// Loads every configured provider that is approved, and writes its revision to the store.
    /// Those that cannot be loaded are reported, and keep no other from being loaded.
    pub async fn load(
        config: &Config,
        approvals: Approvals,
        store: Arc<dyn Components>,
        library: Library,
        sandbox: Sandbox,
    ) -> (Self, Vec<ProviderFailure>) {
        let loader = Loader::new(Some(store), approvals, library, sandbox);
        Self::load_all(config.providers.clone(), loader).await
    }

    async fn load_all(
        configured: BTreeMap<ProviderName, config::Provider>,
        loader: Loader,
    ) -> (Self, Vec<ProviderFailure>) {
        let loads = configured.iter().map(|(name, provider)| {
            let loader = &loader;
            async move { (name, provider, loader.load(name, provider).await) }
        });
        let loaded: Vec<_> = stream::iter(loads)
            .buffer_unordered(CONCURRENT_LOADS)
            .collect()
            .await;
        let mut active = BTreeMap::new();
        let mut failures = Vec::new();
        for (name, provider, result) in loaded {
            match result {
                Ok(revision) => {
                    active.insert(name.clone(), Arc::new(revision));
                }
                Err(error) => failures.push(ProviderFailure {
                    provider: name.clone(),
                    component: provider.component.clone(),
                    error,
                }),
            }
        }
        failures.sort_by(|one, other| one.provider.cmp(&other.provider));
        let known = active
            .values()
            .map(|revision| (revision.id.clone(), revision.clone()))
            .collect();
        let providers = Self {
            loader,
            configured,
            active,
            known: RwLock::new(known),
        };
        (providers, failures)
    }

    /// The revision that new logins with a provider get. `None`: not configured, or not loaded.
    pub fn active(&self, provider: &ProviderName) -> Option<Arc<Revision>> {
        self.active.get(provider).cloned()
    }

    /// The active revisions of all providers, by name.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Revision>> {
        self.active.values()
    }

    /// Where their components are called.
    pub fn sandbox(&self) -> &Sandbox {
        self.loader.sandbox()
    }

    /// A revision that a login is pinned to. `None`: there never was one of this name.
    pub async fn revision(&self, id: &RevisionId) -> Result<Option<Arc<Revision>>, RevisionError> {
        if let Some(revision) = self.known(id) {
            return Ok(Some(revision));
        }
        let Some(revision) = self.loader.load_again(id, &self.configured).await? else {
            return Ok(None);
        };
        let revision = Arc::new(revision);
        self.known
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id.clone(), revision.clone());
        Ok(Some(revision))
    }

    fn known(&self, id: &RevisionId) -> Option<Arc<Revision>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(id).cloned()
    }
}

#[cfg(test)]
mod tests;
