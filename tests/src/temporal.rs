//! A real Temporal dev server for one test, in memory unless it has to outlive itself; and its command line as a witness of what
//! stands in histories.

use crate::children::Child;
use crate::places::{built, free_port, on_path};
use crate::{Sandbox, waiting};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A running dev server.
pub struct Temporal {
    server: Child,
    port: u16,
    command: Command,
    log: PathBuf,
}

impl Temporal {
    /// Starts one on a free port and waits until it answers.
    pub async fn start(sandbox: &Sandbox) -> Result<Self> {
        Self::start_at(sandbox, free_port()?).await
    }

    /// Starts one on a port that others know already.
    pub async fn start_at(sandbox: &Sandbox, port: u16) -> Result<Self> {
        Self::start_with(sandbox, port, &[]).await
    }

    /// Starts one whose workflows stand in a file, so that it may be killed and started again.
    pub async fn start_lasting(sandbox: &Sandbox) -> Result<Self> {
        let file = sandbox.file("temporal.db").to_string_lossy().into_owned();
        let lasting = [
            "--db-filename",
            &file,
            "--sqlite-pragma",
            "journal_mode=wal",
        ];
        let quick = ["--sqlite-pragma", "synchronous=off"];
        Self::start_with(
            sandbox,
            free_port()?,
            &[lasting.as_slice(), &quick].concat(),
        )
        .await
    }

    /// Starts one whose namespace has the search attributes of logins.
    pub async fn start_searchable(sandbox: &Sandbox) -> Result<Self> {
        let attributes = [
            "--search-attribute",
            "CeladonProvider=Keyword",
            "--search-attribute",
            "CeladonOutcome=Keyword",
        ];
        Self::start_with(sandbox, free_port()?, &attributes).await
    }

    async fn start_with(sandbox: &Sandbox, port: u16, further: &[&str]) -> Result<Self> {
        let mut command = Command::new(executable()?);
        command
            .args(["server", "start-dev", "--headless", "--ip", "127.0.0.1", "--log-level", "error"])
            .args(["--port", &port.to_string()])
            // The dev server polls its queues 20 times a second; more, and a login takes a third.
            .args(["--dynamic-config-value", "history.transferProcessorMaxPollRPS=1000"])
            .args(["--dynamic-config-value", "history.timerProcessorMaxPollRPS=1000"])
            .args(further)
            .env("HOME", sandbox.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let log = sandbox.file("temporal.log");
        let server = Child::start(&mut command, &log)?;
        let temporal = Self {
            server,
            port,
            command,
            log,
        };
        temporal.answers().await?;
        Ok(temporal)
    }

    /// SIGKILL.
    pub fn kill9(&mut self) -> Result<()> {
        self.server.kill()
    }

    /// Starts it again where it was, with what is left in its file.
    pub async fn start_again(&mut self) -> Result<()> {
        self.server = Child::start(&mut self.command, &self.log)?;
        self.answers().await
    }

    async fn answers(&self) -> Result<()> {
        waiting::until("the Temporal dev server answers", 60, async || {
            Ok(self.ask(&["operator", "cluster", "health"]).ok().map(drop))
        })
        .await
    }

    /// `host:port` of its gRPC service.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// All executions, as the server lists them: type, id, status, search attributes, memo.
    pub fn list(&self) -> Result<Value> {
        let text = self.ask(&["workflow", "list", "--output", "json"])?;
        serde_json::from_str(&text).context("the list of workflows is JSON")
    }

    /// The executions that a query of Temporal's finds.
    pub fn list_where(&self, query: &str) -> Result<Value> {
        let text = self.ask(&["workflow", "list", "--output", "json", "--query", query])?;
        serde_json::from_str(&text).context("the list of workflows is JSON")
    }

    /// One execution's description, memo and search attributes included.
    pub fn describe(&self, workflow: &str) -> Result<Value> {
        let text = self.ask(&[
            "workflow",
            "describe",
            "--output",
            "json",
            "--workflow-id",
            workflow,
        ])?;
        serde_json::from_str(&text).context("a workflow's description is JSON")
    }

    /// One execution's raw history: payloads as they are stored, base64 of what the worker wrote.
    pub fn history(&self, workflow: &str) -> Result<String> {
        self.ask(&[
            "workflow",
            "show",
            "--output",
            "json",
            "--workflow-id",
            workflow,
        ])
    }

    /// One execution's history, its payloads opened by a codec server.
    pub fn history_opened(&self, workflow: &str, codec: &str, auth: &str) -> Result<String> {
        self.ask(&[
            "workflow",
            "show",
            "--output",
            "json",
            "--workflow-id",
            workflow,
            "--codec-endpoint",
            codec,
            "--codec-auth",
            auth,
        ])
    }

    /// Whether an execution has ended; it must exist.
    pub fn has_ended(&self, workflow: &str) -> Result<bool> {
        let described = self.describe(workflow)?;
        let status = &described["workflowExecutionInfo"]["status"];
        let status = status.as_str().context("a description has a status")?;
        Ok(status != "WORKFLOW_EXECUTION_STATUS_RUNNING")
    }

    /// Starts `Authentication` as a foreign client does: plain JSON, no attempt.
    pub fn start_authentication(&self, workflow: &str, input: &Value) -> Result<()> {
        self.ask(&[
            "workflow",
            "start",
            "--type",
            "Authentication",
            "--task-queue",
            "celadon",
            "--workflow-id",
            workflow,
            "--input",
            &input.to_string(),
        ])?;
        Ok(())
    }

    /// What `Authentication` answers to the query `status`, as a client without keys reads it.
    pub fn status(&self, workflow: &str) -> Result<Value> {
        let text = self.ask(&[
            "workflow",
            "query",
            "--output",
            "json",
            "--type",
            "status",
            "--workflow-id",
            workflow,
        ])?;
        let answer: Value = serde_json::from_str(&text)?;
        Ok(answer["queryResult"][0].clone())
    }

    /// Cancels an execution.
    pub fn cancel(&self, workflow: &str) -> Result<()> {
        self.ask(&["workflow", "cancel", "--workflow-id", workflow])?;
        Ok(())
    }

    /// Terminates an execution: it gets to know nothing of that.
    pub fn terminate(&self, workflow: &str) -> Result<()> {
        self.ask(&["workflow", "terminate", "--workflow-id", workflow])?;
        Ok(())
    }

    fn ask(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new(executable()?)
            .args(arguments)
            .args(["--address", &self.address(), "--command-timeout", "5s"])
            .stdin(Stdio::null())
            .output()?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "temporal {}: {errors}",
            arguments.join(" ")
        );
        String::from_utf8(output.stdout).context("the temporal CLI writes UTF-8")
    }
}

/// `CELADON_TEMPORAL_CLI`, else what the test command installs, else what is on `PATH`.
fn executable() -> Result<PathBuf> {
    built("CELADON_TEMPORAL_CLI", "tools/venv/bin/temporal")
        .or_else(|missing| on_path("temporal").ok_or(missing))
}
