//! The embedded Temporal dev server: a child process that lives and dies with this one.
//!
//! Owned here: its ports, its database file, its readiness, its restarts and its end. The three
//! parts are `launch` (the command and the lifeline that ends the server even where we are
//! killed), `folder` (one server for a data folder) and the watch kept here.

mod folder;
mod launch;

use super::executable::{self, ExecutableError};
use folder::Folder;
use launch::{Launch, Running};
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// How often a server that dies is started again within [`WINDOW`].
const RESTARTS: usize = 5;
/// The time over which restarts are counted.
const WINDOW: Duration = Duration::from_secs(600);
/// How often ports are chosen anew, where another program was faster to take one.
const ATTEMPTS: usize = 3;

/// What a server is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The data folder. Made where it is missing; holds `temporal.db` and `temporal.log`.
    pub data: PathBuf,
    /// The namespace; made where it is missing.
    pub namespace: String,
    /// The codec server that its UI shows payloads with.
    pub codec_endpoint: Option<String>,
}

/// Why there is no embedded server.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// There is no CLI to run.
    #[error(transparent)]
    Executable(#[from] ExecutableError),
    /// The data folder cannot be used.
    #[error("cannot use {}", path.display())]
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another program runs a server on it.
    #[error("another celadon uses {}: stop it, or choose another data folder", .0.display())]
    InUse(PathBuf),
    /// No free port on the loopback address.
    #[error("no free port on 127.0.0.1")]
    Ports(#[source] io::Error),
    /// The process could not be started.
    #[error("cannot start the Temporal server")]
    Spawn(#[source] io::Error),
    /// It ended before it was ready.
    #[error("the Temporal server ended at once ({status}): see {}", log.display())]
    Died {
        /// How it ended.
        status: ExitStatus,
        /// Where it says why.
        log: PathBuf,
    },
    /// It did not become ready in time.
    #[error("the Temporal server was not ready in time: see {}", .0.display())]
    NotReady(PathBuf),
}

/// A running embedded server. It is stopped by [`Embedded::stop`], when this is dropped, and when
/// the process ends, in whatever way.
#[derive(Debug)]
pub struct Embedded {
    address: String,
    ui_url: String,
    stopping: CancellationToken,
    watch: JoinHandle<()>,
}

impl Embedded {
    /// Starts a server and waits until it takes work.
    ///
    /// # Errors
    /// Where the CLI, the folder or the server fails; see [`EmbeddedError`].
    pub async fn start(settings: Settings) -> Result<Self, EmbeddedError> {
        let folder = Folder::open(&settings.data).await?;
        let program = executable::find_or_install(&settings.data).await?;
        let mut launch = Launch::new(program, settings.namespace, folder)?
            .codec_endpoint(settings.codec_endpoint);
        let mut attempt = 1;
        let running = loop {
            match launch.run().await {
                Ok(running) => break running,
                Err(EmbeddedError::Died { .. }) if attempt < ATTEMPTS => {
                    attempt += 1;
                    launch.choose_ports()?;
                }
                Err(error) => return Err(error),
            }
        };
        let stopping = CancellationToken::new();
        Ok(Self {
            address: launch.address(),
            ui_url: launch.ui_url(),
            watch: tokio::spawn(watch(running, launch, stopping.clone())),
            stopping,
        })
    }

    /// `host:port` of its gRPC front end.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Where its web UI is.
    pub fn ui_url(&self) -> &str {
        &self.ui_url
    }

    /// Stops it: SIGTERM, and SIGKILL after 3 seconds. Returns when it is gone.
    pub async fn stop(mut self) {
        self.stopping.cancel();
        if let Err(error) = (&mut self.watch).await {
            tracing::warn!(%error, "the watch over the Temporal server failed");
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

/// Keeps the server alive until it shall stop, or until it has died too often.
async fn watch(running: Running, launch: Launch, stopping: CancellationToken) {
    let mut running = Some(running);
    let mut deaths = Vec::new();
    loop {
        if let Some(mut alive) = running.take() {
            tokio::select! {
                () = stopping.cancelled() => return alive.stop().await,
                () = alive.ended() => {}
            }
        }
        let log = launch.log();
        let Some(pause) = next_pause(&mut deaths, Instant::now()) else {
            tracing::error!(log = %log.display(), "the Temporal server keeps dying; giving up");
            return;
        };
        tracing::warn!(log = %log.display(), "the Temporal server died; starting it again");
        // On the same ports, since the clients know its address. Where it shall stop meanwhile,
        // dropping what was started ends it.
        running = tokio::select! {
            () = stopping.cancelled() => return,
            started = restart(&launch, pause) => started,
        };
    }
}

async fn restart(launch: &Launch, pause: Duration) -> Option<Running> {
    sleep(pause).await;
    let started = launch.run().await;
    started
        .inspect_err(|error| tracing::warn!(%error, "the Temporal server did not start"))
        .ok()
}

/// How long to wait before the next start; `None`: it has died too often.
fn next_pause(deaths: &mut Vec<Instant>, now: Instant) -> Option<Duration> {
    deaths.retain(|death| now.duration_since(*death) < WINDOW);
    let before = deaths.len();
    deaths.push(now);
    let factor = 1_u32 << before.min(RESTARTS);
    (before < RESTARTS).then(|| Duration::from_millis(250) * factor)
}

#[cfg(test)]
mod tests;
