//! The connection to Temporal and the worker in this process.
//!
//! The server may come later than we do: connecting is tried again, with growing pauses, for as
//! long as the program runs. The worker's future cannot leave its thread, so it gets one of its own.

use crate::config;
use crate::seal::PayloadSeal;
use celadon_workflows::activities::Activities;
use celadon_workflows::grant::Grant;
use celadon_workflows::login::Authentication;
use std::time::Duration;
use temporalio_client::{Client, ClientOptions, Connection, ConnectionOptions, GrpcCompression};
use temporalio_common::data_converters::{
    DataConverter, DefaultFailureConverter, PayloadConverter,
};
use temporalio_sdk::runtime::RuntimeOptions;
use temporalio_sdk::{Runtime, Worker, WorkerOptions};
use tokio::sync::watch;
use url::Url;

/// The pause between two tries to connect, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// Workflows that stay in memory between their tasks, about 45 KB each.
const CACHED_WORKFLOWS: usize = 5000;
/// How long activities may go on once the worker is told to stop.
const GRACE: Duration = Duration::from_secs(1);
/// How long a task waits for the worker that knows its workflow. One that was killed never comes,
/// and a browser may be waiting.
const STICKY: Duration = Duration::from_secs(2);

/// Why the worker cannot run at all.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// `[temporal] address` is none.
    #[error("[temporal] address `{0}` is not host:port")]
    Address(String),
    /// The SDK's runtime could not be made.
    #[error("the worker cannot be set up: {0}")]
    SetUp(String),
    /// Its thread could not be started.
    #[error("the worker's thread cannot be started")]
    Thread(#[source] std::io::Error),
}

/// Connects, for as long as it takes.
pub async fn connect(
    settings: &config::Temporal,
    address: &str,
    seal: PayloadSeal,
) -> Result<Client, WorkerError> {
    let target = target(address)?;
    let loopback = matches!(target.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    let mut pause = FIRST_PAUSE;
    loop {
        let connection = ConnectionOptions::new(target.clone())
            .identity(format!("celadon@{}", std::process::id()))
            .connect_timeout(Duration::from_secs(3))
            // Bytes are cheap on loopback, and compressing them is not.
            .grpc_compression(if loopback { GrpcCompression::None } else { GrpcCompression::Gzip })
            .build();
        let options = ClientOptions::new(settings.namespace.clone())
            .data_converter(converter(seal.clone()))
            .build();
        match Connection::connect(connection).await {
            Ok(connection) => {
                return Client::new(connection, options)
                    .map_err(|error| WorkerError::SetUp(error.to_string()));
            }
            Err(error) => {
                tracing::warn!(
                    address,
                    "temporal cannot be reached; trying again in {pause:?}"
                );
                tracing::debug!(error = %error, "temporal cannot be reached");
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// How values become payloads.
pub(super) fn converter(seal: PayloadSeal) -> DataConverter {
    DataConverter::new(
        PayloadConverter::default(),
        // Failures' messages and traces become payloads too, and so are sealed.
        DefaultFailureConverter::new(true),
        seal,
    )
}

fn target(address: &str) -> Result<Url, WorkerError> {
    let text = if address.contains("://") {
        address.to_owned()
    } else {
        format!("http://{address}")
    };
    Url::parse(&text)
        .ok()
        .filter(Url::has_host)
        .ok_or_else(|| WorkerError::Address(address.to_owned()))
}

/// A worker that runs.
pub struct RunningWorker {
    stop: Box<dyn Fn() + Send + Sync>,
    ended: watch::Receiver<bool>,
}

impl RunningWorker {
    /// Starts a worker on a thread of its own.
    pub fn start(
        client: Client,
        task_queue: &str,
        activities: Activities,
    ) -> Result<Self, WorkerError> {
        let set_up = |error: &dyn std::fmt::Display| WorkerError::SetUp(error.to_string());
        let options = RuntimeOptions::builder()
            .build()
            .map_err(|error| set_up(&error))?;
        let runtime = Runtime::from_current_tokio(options).map_err(|error| set_up(&error))?;
        let options = WorkerOptions::new(task_queue)
            .max_cached_workflows(CACHED_WORKFLOWS)
            .graceful_shutdown_period(GRACE)
            .sticky_queue_schedule_to_start_timeout(STICKY)
            .register_workflow::<Authentication>()
            .map_err(|error| set_up(&error))?
            .register_workflow::<Grant>()
            .map_err(|error| set_up(&error))?
            .register_activities(activities)
            .build();
        let (ready, begun) = std::sync::mpsc::channel();
        let (done, ended) = watch::channel(false);
        let tokio = tokio::runtime::Handle::current();
        let run = move || {
            let _inside = tokio.enter();
            let mut worker = match Worker::new(&runtime, client, options) {
                Ok(worker) => worker,
                Err(error) => {
                    ready.send(Err(WorkerError::SetUp(error.to_string()))).ok();
                    return;
                }
            };
            let stop: Box<dyn Fn() + Send + Sync> = Box::new(worker.shutdown_handle());
            ready.send(Ok(stop)).ok();
            if let Err(error) = tokio.block_on(worker.run()) {
                tracing::error!(error = %error, "the worker ended");
            }
            done.send_replace(true);
        };
        std::thread::Builder::new()
            .name("temporal-worker".to_owned())
            .spawn(run)
            .map_err(WorkerError::Thread)?;
        let stop = begun
            .recv()
            .map_err(|_| WorkerError::SetUp("its thread died".to_owned()))??;
        Ok(Self { stop, ended })
    }

    /// Whether it has ended, wanted or not.
    pub fn has_ended(&self) -> bool {
        *self.ended.borrow()
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) {
        self.ended.wait_for(|ended| *ended).await.ok();
    }

    /// Lets running steps finish, then ends it.
    pub async fn stop(mut self) {
        (self.stop)();
        self.ended().await;
    }
}
