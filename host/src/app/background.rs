//! What runs beside the requests: the connection to Temporal with its worker, a look at whether
//! the parts are up, and the sweeping of what is over.

use crate::clock;
use crate::config::{self, Config};
use crate::http::ready::{Part, Readiness};
use crate::seal::{KeyRing, PayloadSeal};
use crate::steps::Steps;
use crate::temporal::worker::{self, RunningWorker};
use crate::temporal::{Connected, search};
use celadon_workflows::activities::Activities;
use celadon_workflows::ports::{GrantSteps, LoginSteps};
use std::error;
use std::sync::Arc;
use std::time::Duration;
use temporalio_client::Client;
use temporalio_common::protos::temporal::api::workflowservice::v1::GetSystemInfoRequest;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Between two looks at the parts.
const LOOK: Duration = Duration::from_secs(1);
/// How long a part may take to answer one.
const ANSWER: Duration = Duration::from_secs(2);
/// Between two sweeps.
const SWEEP: Duration = Duration::from_secs(60);
/// Rows that one sweep deletes at most: it holds the store's writer.
const SWEPT_AT_ONCE: u32 = 300;
/// How long the worker may take to end.
const WORKER_END: Duration = Duration::from_secs(2);

/// The tasks.
pub(super) struct Background {
    stopping: watch::Sender<bool>,
    temporal: JoinHandle<()>,
    others: Vec<JoinHandle<()>>,
}

impl Background {
    pub(super) fn start(
        config: &Arc<Config>,
        address: String,
        steps: Arc<Steps>,
        client: watch::Sender<Option<Connected>>,
        readiness: Readiness,
    ) -> Self {
        let stopping = watch::Sender::new(false);
        let watched = client.subscribe();
        let worker = Worker {
            settings: config.temporal.clone(),
            address,
            steps: Arc::clone(&steps),
            client,
            readiness: readiness.clone(),
        };
        Self {
            temporal: tokio::spawn(worker.run(stopping.subscribe())),
            others: vec![
                tokio::spawn(look(Arc::clone(&steps), watched, readiness)),
                tokio::spawn(follow_keys(steps.keys.clone())),
                tokio::spawn(sweep(steps)),
            ],
            stopping,
        }
    }

    /// Lets the worker's steps finish, for a few seconds at most, and ends the rest.
    pub(super) async fn stop(self) {
        self.stopping.send_replace(true);
        if tokio::time::timeout(WORKER_END, self.temporal)
            .await
            .is_err()
        {
            tracing::warn!("the worker was cut off: its steps will be run again by another");
        }
        for task in self.others {
            task.abort();
        }
    }
}

/// The worker and what it takes to have one.
struct Worker {
    settings: config::Temporal,
    address: String,
    steps: Arc<Steps>,
    client: watch::Sender<Option<Connected>>,
    readiness: Readiness,
}

impl Worker {
    /// Connects, works, and begins again where the worker has died.
    async fn run(self, mut stopping: watch::Receiver<bool>) {
        let stop = stopping.clone();
        let stopped = || *stop.borrow();
        while !stopped() {
            let seal = PayloadSeal::new(self.steps.keys.clone());
            let client = tokio::select! {
                () = told(&mut stopping) => return,
                client = worker::connect(&self.settings, &self.address, seal) => match client {
                    Ok(client) => client,
                    Err(error) => {
                        tracing::error!(error = %error, "temporal cannot be used");
                        return;
                    }
                },
            };
            let searchable =
                search::has_attributes(&client, &self.address, &self.settings.namespace).await;
            self.client.send_replace(Some(Connected {
                client: client.clone(),
                searchable,
            }));
            self.work(client, &mut stopping).await;
            self.readiness.set(Part::Worker, false);
        }
    }

    async fn work(&self, client: Client, stopping: &mut watch::Receiver<bool>) {
        let logins: Arc<dyn LoginSteps> = self.steps.clone();
        let grants: Arc<dyn GrantSteps> = self.steps.clone();
        let activities = Activities::new(logins, grants);
        let mut running = match RunningWorker::start(client, &self.settings.task_queue, activities)
        {
            Ok(running) => running,
            Err(error) => {
                tracing::error!(error = %error, "the worker cannot run; trying again");
                tokio::time::sleep(ANSWER).await;
                return;
            }
        };
        self.readiness.set(Part::Worker, true);
        tracing::info!(address = self.address, "connected to temporal");
        tokio::select! {
            () = told(stopping) => {}
            () = running.ended() => {
                tracing::error!("the worker ended; starting another");
                return;
            }
        }
        running.stop().await;
    }
}

/// Ends when it is time to stop.
async fn told(stopping: &mut watch::Receiver<bool>) {
    stopping.wait_for(|stopping| *stopping).await.ok();
}

/// Says of store and Temporal whether they answer.
async fn look(steps: Arc<Steps>, client: watch::Receiver<Option<Connected>>, readiness: Readiness) {
    loop {
        let store = tokio::time::timeout(ANSWER, steps.store.ping()).await;
        readiness.set(Part::Store, matches!(store, Ok(Ok(()))));
        let connected = client.borrow().clone();
        let answers = match connected {
            Some(connected) => answers(&connected.client).await,
            None => false,
        };
        readiness.set(Part::Temporal, answers);
        tokio::time::sleep(LOOK).await;
    }
}

async fn answers(client: &Client) -> bool {
    let mut service = client.connection().workflow_service();
    let request = temporalio_client::tonic::Request::new(GetSystemInfoRequest::default());
    let asked = service.get_system_info(request);
    matches!(tokio::time::timeout(ANSWER, asked).await, Ok(Ok(_)))
}

/// Follows the key file, so that a rotation needs no restart.
async fn follow_keys(keys: KeyRing) {
    loop {
        tokio::time::sleep(LOOK).await;
        let looking = keys.clone();
        match tokio::task::spawn_blocking(move || looking.reload()).await {
            Ok(Ok(true)) => tracing::info!(keys = ?keys, "the key ring has changed"),
            Ok(Ok(false)) => {}
            Ok(Err(error)) => tracing::error!(
                error = %error,
                cause = error::Error::source(&error).map(tracing::field::display),
                "the key file has changed and cannot be used; the keys stay as they were"
            ),
            // The program ends.
            Err(_) => return,
        }
    }
}

/// Deletes what is over.
async fn sweep(steps: Arc<Steps>) {
    loop {
        match steps.store.sweep(clock::now(), SWEPT_AT_ONCE).await {
            // There may be more.
            Ok(swept) if swept >= u64::from(SWEPT_AT_ONCE) => {
                tokio::time::sleep(LOOK).await;
                continue;
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(error = %error, "the store could not be swept"),
        }
        tokio::time::sleep(SWEEP).await;
    }
}
