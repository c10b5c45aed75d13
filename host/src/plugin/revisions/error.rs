//! What keeps a provider or a revision from being loaded.

use crate::plugin::approval::Unapproved;
use crate::plugin::call::CallError;
use crate::plugin::component::ComponentError;
use crate::plugin::description::Mistake;
use crate::store::StoreError;
use celadon_workflows::types::ProviderName;
use std::path::PathBuf;

/// A provider that could not be loaded.
#[derive(Debug, thiserror::Error)]
#[error("provider `{provider}` ({}): {error}", component.display())]
pub struct ProviderFailure {
    /// The provider.
    pub provider: ProviderName,
    /// Its component.
    pub component: PathBuf,
    /// Why.
    #[source]
    pub error: LoadError,
}

/// Why a provider cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("the component cannot be read")]
    Read(#[source] std::io::Error),
    /// It is no component that can be used.
    #[error(transparent)]
    Component(#[from] ComponentError),
    /// It failed to describe itself.
    #[error("`describe` failed: {0}")]
    Describe(#[source] CallError),
    /// It does not describe itself the same way twice.
    #[error("the component describes itself differently each time it is asked")]
    Impure,
    /// Its options do not fit its manifest, or it refuses them.
    #[error("the options are not right for the component:{}", lines(.0))]
    Options(Vec<Mistake>),
    /// What it says of itself, or what the operator says of it, does not hold.
    #[error("the component cannot be used as it describes itself:{}", lines(.0))]
    Description(Vec<Mistake>),
    /// Nobody has approved what it says of itself.
    #[error(transparent)]
    Unapproved(#[from] Box<Unapproved>),
    /// Its revision cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl LoadError {
    /// The single mistakes, where there may be several.
    pub fn mistakes(&self) -> &[Mistake] {
        match self {
            Self::Options(mistakes) | Self::Description(mistakes) => mistakes,
            _ => &[],
        }
    }
}

/// Why a revision cannot be loaded again.
#[derive(Debug, thiserror::Error)]
pub enum RevisionError {
    /// The store cannot be read. May be tried again.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The provider is not configured any more.
    #[error("the provider of this revision is not configured any more")]
    ProviderGone,
    /// The component is not in the store, or not what its digest says.
    #[error("the component of this revision is gone or damaged")]
    ComponentGone,
    /// What is kept does not have the digest it is kept under.
    #[error("the kept configuration of this revision is damaged")]
    Damaged,
    /// It cannot be used under the present configuration or by this version of Celadon.
    #[error("the revision cannot be loaded any more: {0}")]
    Load(#[source] LoadError),
}

fn lines(mistakes: &[Mistake]) -> String {
    mistakes
        .iter()
        .map(|mistake| format!("\n  {mistake}"))
        .collect()
}
