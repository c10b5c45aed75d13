//! What the program asks of Temporal: start a login, answer it, cancel it, renew a grant.
//!
//! The server may be away when the program starts and whenever it likes. Every call here is
//! bounded and says in its error that Temporal is missing, and nothing else.

use celadon_workflows::grant::Grant;
use celadon_workflows::login::Authentication;
use celadon_workflows::types::{
    AuthenticationInput, AuthorizationId, CallbackDigest, Outcome, Refreshed,
};
use std::time::Duration;
use temporalio_client::errors::{WorkflowGetResultError, WorkflowStartError, WorkflowUpdateError};
use temporalio_client::{
    Client, RetryOptions, RpcOptions, WorkflowCancelOptions, WorkflowExecuteUpdateOptions,
    WorkflowGetResultOptions, WorkflowIdConflictPolicy, WorkflowIdReusePolicy,
    WorkflowStartOptions,
};
use tokio::sync::watch;

/// How long a login's start may take. A browser waits for it.
const START: Duration = Duration::from_secs(5);
/// A workflow task that is lost with its process is given to another after this long. Steps run
/// within the task, and the SDK renews one after four fifths of its time; a renewal that meets an
/// update ends the SDK's worker (`Trying to send a new WFT for a run which already has one`), and
/// all logins in flight with it. So no login's steps, which have 17 seconds, may last to a renewal.
const TASK: Duration = Duration::from_secs(22);

/// Why Temporal did not do it.
#[derive(Debug, thiserror::Error)]
pub enum TemporalError {
    /// There has been no connection yet.
    #[error("temporal has not been reached yet")]
    NotConnected,
    /// It did not answer in time.
    #[error("temporal did not answer in time")]
    TimedOut,
    /// No workflow of this id runs.
    #[error("no such workflow runs")]
    NotFound,
    /// The workflow's validator refuses the update, or it ended without answering.
    #[error("the workflow refuses")]
    Refused,
    /// The workflow could not be started.
    #[error("the workflow could not be started")]
    Start(#[source] WorkflowStartError),
    /// The update could not be sent.
    #[error("the update could not be sent")]
    Update(#[source] WorkflowUpdateError),
    /// The result could not be had.
    #[error("the workflow's result could not be had")]
    Result(#[source] WorkflowGetResultError),
    /// The cancellation could not be sent.
    #[error("the cancellation could not be sent")]
    Cancel(#[source] temporalio_client::errors::WorkflowInteractionError),
}

/// A client that may not be connected yet. Cheap to clone.
#[derive(Clone)]
pub struct Temporal {
    client: watch::Receiver<Option<Client>>,
    task_queue: String,
}

impl Temporal {
    /// A client that is there once `client` holds it.
    pub fn new(client: watch::Receiver<Option<Client>>, task_queue: String) -> Self {
        Self { client, task_queue }
    }

    fn client(&self) -> Result<Client, TemporalError> {
        self.client
            .borrow()
            .clone()
            .ok_or(TemporalError::NotConnected)
    }

    /// Whether there is a connection to ask over.
    pub fn connected(&self) -> Result<(), TemporalError> {
        self.client().map(drop)
    }

    /// Starts a login's workflow. Its id is taken once and never again.
    pub async fn start_login(
        &self,
        workflow_id: &str,
        input: AuthenticationInput,
    ) -> Result<(), TemporalError> {
        let options = WorkflowStartOptions::new(self.task_queue.clone(), workflow_id)
            .id_reuse_policy(WorkflowIdReusePolicy::RejectDuplicate)
            .enable_eager_workflow_start(true)
            .task_timeout(TASK)
            .build();
        let client = self.client()?;
        let started = client.start_workflow(Authentication::run, input, options);
        within(START, started)
            .await?
            .map_err(TemporalError::Start)?;
        Ok(())
    }

    /// Hands a callback to its workflow and waits for the login's outcome.
    pub async fn answer_login(
        &self,
        workflow_id: &str,
        callback: CallbackDigest,
        patience: Duration,
    ) -> Result<Outcome, TemporalError> {
        let options = WorkflowExecuteUpdateOptions::builder()
            .update_id(callback.digest.clone())
            .rpc_options(briefly(patience))
            .build();
        let handle = self
            .client()?
            .get_workflow_handle::<Authentication>(workflow_id);
        let answered = handle.execute_update(Authentication::callback, callback, options);
        within(patience, answered)
            .await?
            .map_err(|error| match error {
                WorkflowUpdateError::NotFound(_) => TemporalError::NotFound,
                WorkflowUpdateError::Failed(_) => TemporalError::Refused,
                other => TemporalError::Update(other),
            })
    }

    /// Waits until a login has ended, at most `patience`. Answers whether it has.
    pub async fn await_login(
        &self,
        workflow_id: &str,
        patience: Duration,
    ) -> Result<bool, TemporalError> {
        let handle = self
            .client()?
            .get_workflow_handle::<Authentication>(workflow_id);
        match within(
            patience,
            handle.get_result(WorkflowGetResultOptions::default()),
        )
        .await
        {
            Ok(_) => Ok(true),
            Err(TemporalError::TimedOut) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Cancels a login that waits for its user.
    pub async fn cancel_login(&self, workflow_id: &str) -> Result<(), TemporalError> {
        let options = WorkflowCancelOptions::builder()
            .reason("cancelled by its client")
            .rpc_options(briefly(START))
            .build();
        let handle = self
            .client()?
            .get_workflow_handle::<Authentication>(workflow_id);
        within(START, handle.cancel(options))
            .await?
            .map_err(TemporalError::Cancel)
    }

    /// Renews a grant's tokens: starts its workflow or joins the one that runs.
    pub async fn refresh(
        &self,
        authorization: &AuthorizationId,
        patience: Duration,
    ) -> Result<Refreshed, TemporalError> {
        let id = authorization.workflow_id();
        let options = WorkflowStartOptions::new(self.task_queue.clone(), id.clone())
            .id_reuse_policy(WorkflowIdReusePolicy::AllowDuplicate)
            .id_conflict_policy(WorkflowIdConflictPolicy::UseExisting)
            .enable_eager_workflow_start(true)
            .task_timeout(TASK)
            .build();
        let client = self.client()?;
        within(patience, async {
            let handle = client
                .start_workflow(Grant::run, authorization.clone(), options)
                .await
                .map_err(TemporalError::Start)?;
            handle
                .get_result(WorkflowGetResultOptions::default())
                .await
                .map_err(TemporalError::Result)
        })
        .await?
    }
}

async fn within<T>(patience: Duration, work: impl Future<Output = T>) -> Result<T, TemporalError> {
    tokio::time::timeout(patience, work)
        .await
        .map_err(|_| TemporalError::TimedOut)
}

/// Repeats a call that the server could not take, but not beyond the browser's patience.
fn briefly(patience: Duration) -> RpcOptions {
    RpcOptions::builder()
        .retry_options(
            RetryOptions::builder()
                .max_elapsed_time(Some(patience))
                .max_interval(Duration::from_secs(1))
                // As often as the time above allows.
                .max_retries(0)
                .build(),
        )
        .build()
}
