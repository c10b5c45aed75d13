//! A second OpenID provider by other people: PyPI `oidc-provider-mock` (Python, Authlib). What only
//! works with one implementation shows here.

use crate::children::Child;
use crate::places::{built, free_port};
use crate::{Sandbox, waiting};
use anyhow::Result;
use std::process::{Command, Stdio};

/// A running provider that takes any client.
pub struct MockOp {
    #[expect(dead_code, reason = "held: the server ends when this is dropped")]
    server: Child,
    issuer: String,
}

impl MockOp {
    /// Starts one on a free port and waits until it answers.
    pub async fn start(sandbox: &Sandbox) -> Result<Self> {
        let port = free_port()?;
        let mut command = Command::new(built(
            "CELADON_MOCK_OP",
            "tools/venv/bin/oidc-provider-mock",
        )?);
        command
            .args(["--port", &port.to_string(), "--host", "127.0.0.1"])
            .env("PYTHONWARNINGS", "ignore")
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let server = Child::start(&mut command, &sandbox.file("mock-op.log"))?;
        let issuer = format!("http://127.0.0.1:{port}");
        let http = crate::http_client()?;
        let metadata = format!("{issuer}/.well-known/openid-configuration");
        waiting::until("the mock provider answers", 20, async || {
            Ok(http
                .get(&metadata)
                .send()
                .await
                .ok()
                .filter(|r| r.status().is_success()))
        })
        .await?;
        Ok(Self { server, issuer })
    }

    /// Its issuer.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }
}
