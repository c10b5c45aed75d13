//! `celadon dev` as a child process: the program, its Temporal server and the demo provider.

use super::binary;
use crate::children::Child;
use crate::places::free_port;
use crate::{Sandbox, waiting};
use anyhow::{Result, bail};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A running `celadon dev`. All of it ends when this is dropped.
pub struct Dev {
    child: Child,
    port: u16,
    log: PathBuf,
}

impl Dev {
    /// Starts it and waits until it is ready.
    pub async fn start(sandbox: &Sandbox) -> Result<Self> {
        let (port, log) = (free_port()?, sandbox.file("dev.log"));
        let mut command = Command::new(binary()?);
        command
            .args(["dev", "--port", &port.to_string(), "--data"])
            .arg(sandbox.file("dev"))
            .stdin(Stdio::null())
            .stdout(std::fs::File::create(sandbox.file("dev.out"))?);
        let child = Child::start(&mut command, &log)?;
        let mut dev = Self { child, port, log };
        let (http, readyz) = (crate::http_client()?, dev.url("/readyz"));
        waiting::until("celadon dev is ready", 50, async || {
            if let Some(status) = dev.child.ended()? {
                bail!("celadon dev ended ({status})");
            }
            let answer = http.get(&readyz).send().await;
            Ok(answer
                .ok()
                .filter(|answer| answer.status() == 200)
                .map(drop))
        })
        .await?;
        Ok(dev)
    }

    /// An address of it.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

impl Drop for Dev {
    /// As with [`super::Celadon`]: seen where a test fails.
    fn drop(&mut self) {
        eprintln!("{}", std::fs::read_to_string(&self.log).unwrap_or_default());
    }
}
