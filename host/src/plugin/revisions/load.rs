//! Making revisions: from the configuration, and again from the store.

use super::Revision;
use super::error::{LoadError, RevisionError};
use super::fit::{misfits, option_mistakes};
use crate::clock;
use crate::config::{self, Limits};
use crate::plugin::approval::{Approvals, Ground};
use crate::plugin::bindings::Setup;
use crate::plugin::call::{Guest, Sandbox};
use crate::plugin::component::{
    ComponentDigest, ComponentError, Library, LoadedComponent, inspect::InspectError,
};
use crate::plugin::description::Description;
use crate::plugin::description::check::Operator;
use crate::plugin::json;
use crate::random;
use crate::store::{Components, RevisionRecord, StoreError};
use celadon_workflows::types::{ProviderName, RevisionId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::AsyncReadExt;
use tokio::sync::OnceCell;

/// What a revision is made of, besides its component: the text that is hashed and kept.
#[derive(Serialize, Deserialize)]
struct Configuration {
    provider: ProviderName,
    client_id: String,
    options: Map<String, Value>,
    scopes: Vec<String>,
    description: Value,
}

impl Configuration {
    fn canonical(&self) -> String {
        // Only a map whose keys are no strings could fail, and there is none.
        json::canonical(&serde_json::to_value(self).expect("all keys are strings"))
    }
}

fn revision_id(component: &ComponentDigest, configuration: &str) -> RevisionId {
    // The digest has a fixed length, so the join is injective.
    RevisionId::new(random::sha256_hex(
        format!("{component}\n{configuration}").as_bytes(),
    ))
}

/// What is asked to become a revision.
struct Wish<'a> {
    provider: &'a ProviderName,
    client_id: &'a str,
    options: &'a Map<String, Value>,
    scopes: &'a [String],
    /// What counts now, whatever the revision.
    current: &'a config::Provider,
}

/// A revision, and what is kept of it.
pub(super) struct Made {
    pub(super) revision: Revision,
    configuration: String,
    bytes: Vec<u8>,
}

/// Loads revisions.
pub(super) struct Loader {
    /// `None`: nothing is kept (`celadon check`).
    store: Option<Arc<dyn Components>>,
    approvals: Approvals,
    library: Library,
    sandbox: Sandbox,
    /// Components that are in the store already.
    kept: Mutex<HashMap<ComponentDigest, Arc<OnceCell<()>>>>,
}

impl Loader {
    pub(super) fn new(
        store: Option<Arc<dyn Components>>,
        approvals: Approvals,
        library: Library,
        sandbox: Sandbox,
    ) -> Self {
        Self {
            store,
            approvals,
            library,
            sandbox,
            kept: Mutex::default(),
        }
    }

    pub(super) fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Loads a provider as it is configured, if it is approved, and keeps its revision.
    pub(super) async fn load(
        &self,
        name: &ProviderName,
        provider: &config::Provider,
    ) -> Result<Revision, LoadError> {
        let made = self.look(name, provider).await?;
        let component = made.revision.component.digest();
        let ground = self
            .approvals
            .judge(name, component, &made.revision.description)?;
        if let Ground::ApprovedOfAnother(approved) = ground {
            tracing::info!(provider = %name, %component, %approved,
                "another component than the approved one, with the same description");
        }
        self.keep(&made.revision, made.configuration, &made.bytes)
            .await?;
        Ok(made.revision)
    }

    /// As [`Self::load`], but asks for no approval and keeps nothing.
    pub(super) async fn look(
        &self,
        name: &ProviderName,
        provider: &config::Provider,
    ) -> Result<Made, LoadError> {
        let bytes = read(&provider.component, provider.limits.component_size).await?;
        let component = self.library.load(bytes.clone(), &provider.limits).await?;
        let wish = Wish {
            provider: name,
            client_id: &provider.client_id,
            options: &provider.options,
            scopes: &provider.scopes,
            current: provider,
        };
        let (revision, configuration) = self.make(component, wish).await?;
        let mistakes = misfits(&revision.description, provider);
        if !mistakes.is_empty() {
            return Err(LoadError::Description(mistakes));
        }
        Ok(Made {
            revision,
            configuration,
            bytes,
        })
    }

    pub(super) fn approvals(&self) -> &Approvals {
        &self.approvals
    }

    /// Loads a revision from what was kept of it. It must come out as it was. It was approved when
    /// it was kept, and a login ends on it even where another description is approved by now.
    pub(super) async fn load_again(
        &self,
        id: &RevisionId,
        configured: &BTreeMap<ProviderName, config::Provider>,
    ) -> Result<Option<Revision>, RevisionError> {
        let Some(store) = &self.store else {
            return Ok(None);
        };
        let Some(record) = store.revision(id).await? else {
            return Ok(None);
        };
        let current = configured
            .get(&record.provider)
            .ok_or(RevisionError::ProviderGone)?;
        let kept: Configuration =
            serde_json::from_str(&record.configuration).map_err(|_| RevisionError::Damaged)?;
        let component = self
            .component_again(store.as_ref(), &record, &current.limits)
            .await?;
        let wish = Wish {
            provider: &record.provider,
            client_id: &kept.client_id,
            options: &kept.options,
            scopes: &kept.scopes,
            current,
        };
        let (revision, _) = self
            .make(component, wish)
            .await
            .map_err(RevisionError::Load)?;
        if revision.id == *id {
            Ok(Some(revision))
        } else {
            Err(RevisionError::Damaged)
        }
    }

    async fn component_again(
        &self,
        store: &dyn Components,
        record: &RevisionRecord,
        limits: &Limits,
    ) -> Result<Arc<LoadedComponent>, RevisionError> {
        let bytes = store.component(&record.component).await?;
        let bytes = bytes
            .filter(|bytes| ComponentDigest::of(bytes).as_str() == record.component)
            .ok_or(RevisionError::ComponentGone)?;
        self.library
            .load(bytes, limits)
            .await
            .map_err(|error| RevisionError::Load(error.into()))
    }

    async fn make(
        &self,
        component: Arc<LoadedComponent>,
        wish: Wish<'_>,
    ) -> Result<(Revision, String), LoadError> {
        let mistakes = component
            .manifest()
            .map_or_else(Vec::new, |manifest| manifest.check(wish.options));
        if !mistakes.is_empty() {
            return Err(LoadError::Options(mistakes));
        }
        let options = json::for_guest(Value::Object(wish.options.clone()));
        let setup = Arc::new(Setup {
            client_id: wish.client_id.to_owned(),
            options: json::canonical(&options),
        });
        let guest = Guest {
            provider: wish.provider,
            component: &component,
            setup: &setup,
            limits: &wish.current.limits,
        };
        let description = self.describe(guest, wish.current).await?;
        let configuration = Configuration {
            provider: wish.provider.clone(),
            client_id: wish.client_id.to_owned(),
            options: wish.options.clone(),
            scopes: wish.scopes.to_vec(),
            description: description.to_value(),
        }
        .canonical();
        let revision = Revision {
            id: revision_id(component.digest(), &configuration),
            provider: wish.provider.clone(),
            setup,
            scopes: wish.scopes.to_vec(),
            description: Arc::new(description),
            limits: wish.current.limits.clone(),
            component,
        };
        Ok((revision, configuration))
    }

    /// Asks twice: a component that does not answer the same is no function, and what an operator
    /// approves would mean nothing.
    async fn describe(
        &self,
        guest: Guest<'_>,
        current: &config::Provider,
    ) -> Result<Description, LoadError> {
        let once = self
            .sandbox
            .describe(guest)
            .await
            .map_err(LoadError::Describe)?;
        let again = self
            .sandbox
            .describe(guest)
            .await
            .map_err(LoadError::Describe)?;
        if once != again {
            return Err(LoadError::Impure);
        }
        let described = once.map_err(|errors| LoadError::Options(option_mistakes(errors)))?;
        let operator = Operator {
            provider: guest.provider,
            grant: &current.grant,
        };
        Description::check(described, operator).map_err(LoadError::Description)
    }

    async fn keep(
        &self,
        revision: &Revision,
        configuration: String,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let Some(store) = &self.store else {
            return Ok(());
        };
        let now = clock::now();
        let digest = revision.component.digest();
        let slot = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.entry(digest.clone()).or_default().clone()
        };
        slot.get_or_try_init(|| store.put_component(digest.as_str(), bytes, now))
            .await?;
        store
            .put_revision(&RevisionRecord {
                id: revision.id.clone(),
                provider: revision.provider.clone(),
                component: digest.as_str().to_owned(),
                configuration,
                created_at: now,
            })
            .await
    }
}

/// Reads a component, one byte further than it may be long, so that it is refused for its length.
async fn read(path: &Path, most: usize) -> Result<Vec<u8>, LoadError> {
    let file = tokio::fs::File::open(path).await.map_err(LoadError::Read)?;
    let mut bytes = Vec::new();
    file.take(most as u64 + 1)
        .read_to_end(&mut bytes)
        .await
        .map_err(LoadError::Read)?;
    if bytes.len() > most {
        return Err(ComponentError::from(InspectError::TooBig { most }).into());
    }
    Ok(bytes)
}
