//! What the program asks of Temporal: start a login, answer it, cancel it, renew a grant.
//!
//! The server may be away when the program starts and whenever it likes. Every call here is
//! bounded and says in its error that Temporal is missing, and nothing else.

use crate::traces;
use celadon_workflows::grant::Grant;
use celadon_workflows::login::Authentication;
use celadon_workflows::search;
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

impl TemporalError {
    /// What kind of failure it is, in a word of a closed list.
    pub fn class(&self) -> &'static str {
        match self {
            Self::NotConnected => "not_connected",
            Self::TimedOut => "timed_out",
            Self::NotFound => "not_found",
            Self::Refused => "refused",
            Self::Start(_) => "start",
            Self::Update(_) => "update",
            Self::Result(_) => "result",
            Self::Cancel(_) => "cancel",
        }
    }
}

/// A connection to Temporal.
#[derive(Clone)]
pub struct Connected {
    /// The client.
    pub client: Client,
    /// Whether the namespace has the search attributes of [`celadon_workflows::search`].
    pub searchable: bool,
}

/// A client that may not be connected yet. Cheap to clone.
#[derive(Clone)]
pub struct Temporal {
    connected: watch::Receiver<Option<Connected>>,
    task_queue: String,
}

impl Temporal {
    /// A client that is there once `connected` holds it.
    pub fn new(connected: watch::Receiver<Option<Connected>>, task_queue: String) -> Self {
        Self {
            connected,
            task_queue,
        }
    }

    fn connection(&self) -> Result<Connected, TemporalError> {
        self.connected
            .borrow()
            .clone()
            .ok_or(TemporalError::NotConnected)
    }

    fn client(&self) -> Result<Client, TemporalError> {
        self.connection().map(|connected| connected.client)
    }

    /// Whether there is a connection to ask over.
    pub fn connected(&self) -> Result<(), TemporalError> {
        self.connection().map(drop)
    }

    /// Starts a login's workflow. Its id is taken once and never again.
    pub async fn start_login(
        &self,
        workflow_id: &str,
        input: AuthenticationInput,
    ) -> Result<(), TemporalError> {
        let Connected { client, searchable } = self.connection()?;
        let options = WorkflowStartOptions::new(self.task_queue.clone(), workflow_id)
            .id_reuse_policy(WorkflowIdReusePolicy::RejectDuplicate)
            .enable_eager_workflow_start(true)
            .task_timeout(TASK)
            .maybe_search_attributes(searchable.then(|| search::begun(&input.provider)))
            .build();
        let started = client.start_workflow(Authentication::run, input, options);
        let started = within(START, started, TemporalError::Start);
        traces::temporal_call("StartWorkflow:Authentication", started).await?;
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
        let answered = within(patience, answered, |error| match error {
            WorkflowUpdateError::NotFound(_) => TemporalError::NotFound,
            WorkflowUpdateError::Failed(_) => TemporalError::Refused,
            other => TemporalError::Update(other),
        });
        traces::temporal_call("UpdateWorkflow:callback", answered).await
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
        let ended = handle.get_result(WorkflowGetResultOptions::default());
        Ok(tokio::time::timeout(patience, ended).await.is_ok())
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
        let cancelled = within(START, handle.cancel(options), TemporalError::Cancel);
        traces::temporal_call("CancelWorkflow:Authentication", cancelled).await
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
        let renewed = async {
            let handle = client
                .start_workflow(Grant::run, authorization.clone(), options)
                .await
                .map_err(TemporalError::Start)?;
            handle
                .get_result(WorkflowGetResultOptions::default())
                .await
                .map_err(TemporalError::Result)
        };
        let renewed = within(patience, renewed, |error| error);
        traces::temporal_call("StartWorkflow:Grant", renewed).await
    }
}

/// The work's end, or that it took too long.
async fn within<T, E>(
    patience: Duration,
    work: impl Future<Output = Result<T, E>>,
    failed: impl FnOnce(E) -> TemporalError,
) -> Result<T, TemporalError> {
    match tokio::time::timeout(patience, work).await {
        Ok(result) => result.map_err(failed),
        Err(_) => Err(TemporalError::TimedOut),
    }
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
