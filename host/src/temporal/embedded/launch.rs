//! How the server is started, when it is ready, and how it is stopped.
//!
//! It runs under a small shell script that watches a pipe from us. A death signal by `prctl` would
//! be tied to one thread, need `unsafe`, and exist on Linux alone; a pipe ends with its holder on
//! every Unix, after SIGKILL too. The script has a process group of its own, so that a terminal's
//! Ctrl-C reaches us and not the server, which we still need in order to stop well.

use super::EmbeddedError;
use super::folder::Folder;
use crate::temporal::search;
use std::ffi::OsString;
use std::io;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{Instant, sleep, timeout};

const LIFELINE: &str = include_str!("lifeline.sh");
/// Half a second is usual; a busy machine gets much more.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// The script needs 3 seconds at most.
const STOPPED_WITHIN: Duration = Duration::from_secs(3);

/// Three loopback ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ports {
    grpc: u16,
    ui: u16,
    http: u16,
}

impl Ports {
    /// Free ones. All are held before one is released, so that they differ. Another program may
    /// take one before the server does.
    fn free() -> io::Result<Self> {
        let hold = || TcpListener::bind(("127.0.0.1", 0));
        let (grpc, ui, http) = (hold()?, hold()?, hold()?);
        Ok(Self {
            grpc: grpc.local_addr()?.port(),
            ui: ui.local_addr()?.port(),
            http: http.local_addr()?.port(),
        })
    }
}

/// Everything needed to start the server, again and again.
pub(super) struct Launch {
    program: PathBuf,
    namespace: String,
    codec_endpoint: Option<String>,
    folder: Folder,
    ports: Ports,
}

impl Launch {
    pub(super) fn new(
        program: PathBuf,
        namespace: String,
        folder: Folder,
    ) -> Result<Self, EmbeddedError> {
        let ports = Ports::free().map_err(EmbeddedError::Ports)?;
        Ok(Self {
            program,
            namespace,
            codec_endpoint: None,
            folder,
            ports,
        })
    }

    /// Tells its UI which codec server shows payloads.
    pub(super) fn codec_endpoint(mut self, endpoint: Option<String>) -> Self {
        self.codec_endpoint = endpoint;
        self
    }

    /// Takes other ports.
    pub(super) fn choose_ports(&mut self) -> Result<(), EmbeddedError> {
        self.ports = Ports::free().map_err(EmbeddedError::Ports)?;
        Ok(())
    }

    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.ports.grpc)
    }

    pub(super) fn ui_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.ui)
    }

    pub(super) fn log(&self) -> PathBuf {
        self.folder.log()
    }

    /// Starts the server and waits until it is ready.
    pub(super) async fn run(&self) -> Result<Running, EmbeddedError> {
        let mut running = self.spawn()?;
        let end = Instant::now() + READY_WITHIN;
        loop {
            if self.is_ready().await {
                return Ok(running);
            }
            if let Some(status) = running.status().map_err(EmbeddedError::Spawn)? {
                return Err(EmbeddedError::Died {
                    status,
                    log: self.log(),
                });
            }
            if Instant::now() >= end {
                running.stop().await;
                return Err(EmbeddedError::NotReady(self.log()));
            }
            sleep(Duration::from_millis(25)).await;
        }
    }

    pub(super) fn spawn(&self) -> Result<Running, EmbeddedError> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", LIFELINE, "celadon-temporal"])
            .arg(&self.program)
            .args(self.arguments())
            .stdin(Stdio::piped())
            .stdout(self.folder.output()?)
            .stderr(self.folder.output()?)
            .process_group(0);
        // The CLI takes flags from these too; the server shall be the same everywhere.
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"TEMPORAL_") {
                command.env_remove(name);
            }
        }
        let mut child = command.spawn().map_err(EmbeddedError::Spawn)?;
        let lifeline = child.stdin.take();
        Ok(Running { child, lifeline })
    }

    fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = ["server", "start-dev", "--ip", "127.0.0.1"]
            .map(Into::into)
            .into();
        let mut option = |name: &str, value: OsString| arguments.extend([name.into(), value]);
        option("--port", self.ports.grpc.to_string().into());
        option("--ui-port", self.ports.ui.to_string().into());
        option("--http-port", self.ports.http.to_string().into());
        option("--namespace", self.namespace.clone().into());
        option("--db-filename", self.folder.database().into());
        // With a write-ahead log, `normal` survives the death of the process with nothing lost,
        // and does not wait for the disk at every commit, which would cost four fifths of the rate.
        option("--sqlite-pragma", "journal_mode=wal".into());
        option("--sqlite-pragma", "synchronous=normal".into());
        // At the default of 20 polls a second each dispatch waits 45 ms.
        for queue in ["transfer", "timer"] {
            let key = format!("history.{queue}ProcessorMaxPollRPS=1000");
            option("--dynamic-config-value", key.into());
        }
        for attribute in search::as_arguments() {
            option("--search-attribute", attribute.into());
        }
        if let Some(endpoint) = &self.codec_endpoint {
            option("--ui-codec-endpoint", endpoint.into());
        }
        option("--log-level", "error".into());
        arguments
    }

    /// Whether the front end answers and knows the namespace's task queues, which needs the
    /// services behind it too. An open port alone says neither.
    async fn is_ready(&self) -> bool {
        let path = format!(
            "/api/v1/namespaces/{}/task-queues/readiness",
            self.namespace
        );
        let asked = timeout(Duration::from_secs(2), async {
            TcpStream::connect(("127.0.0.1", self.ports.grpc)).await?;
            answers_ok(self.ports.http, &path).await
        });
        matches!(asked.await, Ok(Ok(true)))
    }
}

/// One GET on loopback, of which the status line alone matters.
async fn answers_ok(port: u16, path: &str) -> io::Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut status = [0; 12];
    stream.read_exact(&mut status).await?;
    Ok(&status == b"HTTP/1.1 200")
}

/// A started server. Dropping it cuts the lifeline, which ends the server.
pub(super) struct Running {
    child: Child,
    /// Kept apart from the child: waiting for a child closes its standard input.
    lifeline: Option<ChildStdin>,
}

impl Running {
    fn status(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Waits until it ends by itself. May be cancelled.
    pub(super) async fn ended(&mut self) {
        if let Err(error) = self.child.wait().await {
            tracing::warn!(%error, "cannot wait for the Temporal server");
        }
    }

    /// Tells the server to end.
    pub(super) fn cut_lifeline(&mut self) {
        self.lifeline = None;
    }

    /// Cuts the lifeline, and waits until the server is gone.
    pub(super) async fn stop(mut self) {
        self.cut_lifeline();
        if timeout(STOPPED_WITHIN, self.child.wait()).await.is_err() {
            tracing::warn!("the Temporal server does not stop; killing what holds it");
            if let Err(error) = self.child.kill().await {
                tracing::warn!(%error, "cannot kill it");
            }
        }
    }
}
