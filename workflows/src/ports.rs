//! What the workflows need from the world. The host implements it (`host/src/steps`).

use crate::types::{
    Attempt, AuthorizationId, Conclusion, LoginId, Persisted, Preparation, Refreshed, Step,
};
use async_trait::async_trait;

/// The steps of a login. Each may be called again with the same argument, after a crash or a lost
/// answer, and must then answer the same without repeating an effect on the provider.
#[async_trait]
pub trait LoginSteps: Send + Sync + 'static {
    /// Makes an attempt for a login that another Temporal client started.
    async fn prepare(&self, request: Preparation) -> Result<Step<Attempt>, StepError>;
    /// Sends the code to the provider, at most once ever, and seals the tokens in the store.
    async fn exchange(&self, login: LoginId) -> Result<Step<()>, StepError>;
    /// Verifies the evidence and finds out who signed in.
    async fn identify(&self, login: LoginId) -> Result<Step<()>, StepError>;
    /// Writes identity, grant and audit event in one transaction.
    async fn persist(&self, login: LoginId) -> Result<Step<Persisted>, StepError>;
    /// Records an end without success and wipes what the attempt held.
    async fn conclude(&self, conclusion: Conclusion) -> Result<(), StepError>;
}

/// The steps on a stored grant. Its workflow is the only caller, so that two refreshes never race.
#[async_trait]
pub trait GrantSteps: Send + Sync + 'static {
    /// Renews the grant's tokens, unless they are fresh already.
    async fn refresh(&self, authorization: AuthorizationId) -> Result<Refreshed, StepError>;
}

/// A step that may be tried again: the store or the host itself could not do it now. What is final
/// is a [`Step::Refused`], never an error.
#[derive(Debug, thiserror::Error)]
#[error("{what} is not available now")]
pub struct StepError {
    /// What could not be used: `the store`, `the plugin pool`.
    pub what: &'static str,
    /// The cause. Never shown to users, never in history.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}
