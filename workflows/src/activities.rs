//! The activities: a thin shell over the ports.

use crate::error::retryable;
use crate::ports::{GrantSteps, LoginSteps};
use crate::types::{
    Attempt, AuthorizationId, Conclusion, LoginId, Persisted, Preparation, Refreshed, Step,
};
use std::sync::Arc;
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};

/// All activities, over the host's implementation of the ports.
pub struct Activities {
    logins: Arc<dyn LoginSteps>,
    grants: Arc<dyn GrantSteps>,
}

impl Activities {
    /// Activities that call the given ports.
    pub fn new(logins: Arc<dyn LoginSteps>, grants: Arc<dyn GrantSteps>) -> Self {
        Self { logins, grants }
    }
}

#[activities]
impl Activities {
    /// See [`LoginSteps::prepare`].
    #[activity(name = "prepare")]
    pub async fn prepare(
        self: Arc<Self>,
        _ctx: ActivityContext,
        request: Preparation,
    ) -> Result<Step<Attempt>, ActivityError> {
        self.logins.prepare(request).await.map_err(retryable)
    }

    /// See [`LoginSteps::exchange`].
    #[activity(name = "exchange")]
    pub async fn exchange(
        self: Arc<Self>,
        _ctx: ActivityContext,
        login: LoginId,
    ) -> Result<Step<()>, ActivityError> {
        self.logins.exchange(login).await.map_err(retryable)
    }

    /// See [`LoginSteps::identify`].
    #[activity(name = "identify")]
    pub async fn identify(
        self: Arc<Self>,
        _ctx: ActivityContext,
        login: LoginId,
    ) -> Result<Step<()>, ActivityError> {
        self.logins.identify(login).await.map_err(retryable)
    }

    /// See [`LoginSteps::persist`].
    #[activity(name = "persist")]
    pub async fn persist(
        self: Arc<Self>,
        _ctx: ActivityContext,
        login: LoginId,
    ) -> Result<Step<Persisted>, ActivityError> {
        self.logins.persist(login).await.map_err(retryable)
    }

    /// See [`LoginSteps::conclude`].
    #[activity(name = "conclude")]
    pub async fn conclude(
        self: Arc<Self>,
        _ctx: ActivityContext,
        conclusion: Conclusion,
    ) -> Result<(), ActivityError> {
        self.logins.conclude(conclusion).await.map_err(retryable)
    }

    /// See [`GrantSteps::refresh`].
    #[activity(name = "refresh")]
    pub async fn refresh(
        self: Arc<Self>,
        _ctx: ActivityContext,
        authorization: AuthorizationId,
    ) -> Result<Refreshed, ActivityError> {
        self.grants.refresh(authorization).await.map_err(retryable)
    }
}
