//! The OpenID provider that the tests sign in with: npm `oidc-provider`, run by
//! `tests/npm/oidc-provider.mjs`, which documents its settings and faults.

use crate::children::Child;
use crate::places::{built, workspace};
use crate::{Needles, Sandbox};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

/// A running provider.
pub struct Op {
    #[expect(dead_code, reason = "held: the server ends when this is dropped")]
    server: Child,
    issuer: String,
    client_id: String,
    client_secret: String,
    http: reqwest::Client,
}

/// A request that reached the provider, and what it gave away in answer.
#[derive(Clone, Debug, Deserialize)]
pub struct Request {
    /// `GET`, `POST`.
    pub method: String,
    /// The path: `/token`, `/me`, `/jwks`, `/auth`, `/resource`.
    pub path: String,
    /// The query.
    pub query: BTreeMap<String, String>,
    /// The body.
    pub body: String,
    /// The form in the body.
    pub form: BTreeMap<String, String>,
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The answer's status; `None` where no answer was given.
    pub status: Option<u16>,
    /// `code`, `access_token`, `refresh_token`, `id_token`.
    pub issued: BTreeMap<String, String>,
    /// The error code of a refusing token answer.
    #[serde(default)]
    pub error: Option<String>,
}

impl Op {
    /// Starts one on a free port.
    pub async fn start(sandbox: &Sandbox) -> Result<Self> {
        Self::start_with(sandbox, json!({})).await
    }

    /// Starts one with settings, among them `port`.
    pub async fn start_with(sandbox: &Sandbox, settings: Value) -> Result<Self> {
        let mut command = Command::new("node");
        command
            .arg(workspace().join("tests/npm/oidc-provider.mjs"))
            .arg(settings.to_string())
            .env(
                "CELADON_NODE_MODULES",
                built("CELADON_NODE_MODULES", "tools/npm/node_modules")?,
            )
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut server = Child::start(&mut command, &sandbox.file("op.log"))?;
        let output = server.stdout().context("its output is piped")?;
        let line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(output).read_line(&mut line).map(|_| line)
        })
        .await??;
        let announced: Value = serde_json::from_str(&line).context("the provider did not start")?;
        let issuer = announced["issuer"]
            .as_str()
            .context("it names its issuer")?;
        Ok(Self {
            server,
            issuer: issuer.to_owned(),
            client_id: "celadon".to_owned(),
            client_secret: "wq8Zr2-client-secret-of-the-black-box-tests".to_owned(),
            http: crate::http_client()?,
        })
    }

    /// Its issuer, the origin of all its endpoints.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Its port, to start another one in its place.
    pub fn port(&self) -> Result<u16> {
        url::Url::parse(&self.issuer)?
            .port()
            .context("its issuer has a port")
    }

    /// What Celadon calls itself here.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Celadon's secret here.
    pub fn client_secret(&self) -> &str {
        &self.client_secret
    }

    /// The protected resource, which takes this provider's access tokens.
    pub fn resource_url(&self) -> String {
        format!("{}/resource", self.issuer)
    }

    /// Registers Celadon with these redirect URIs.
    pub async fn register(&self, redirect_uris: &[String]) -> Result<()> {
        self.control(
            "client",
            json!({
                "client_id": self.client_id,
                "client_secret": self.client_secret,
                "redirect_uris": redirect_uris,
                "grant_types": ["authorization_code", "refresh_token"],
            }),
        )
        .await
    }

    /// Registers Celadon as a client that signs with its secret and never sends it.
    pub async fn register_signing_secret(&self, redirect_uris: &[String]) -> Result<()> {
        self.control(
            "client",
            json!({
                "client_id": self.client_id,
                "client_secret": self.client_secret,
                "redirect_uris": redirect_uris,
                "grant_types": ["authorization_code", "refresh_token"],
                "token_endpoint_auth_method": "client_secret_jwt",
            }),
        )
        .await
    }

    /// Registers Celadon as a client that signs with this key, a public JWK, and has no secret.
    pub async fn register_key(&self, redirect_uris: &[String], jwk: &Value) -> Result<()> {
        self.control(
            "client",
            json!({
                "client_id": self.client_id,
                "redirect_uris": redirect_uris,
                "grant_types": ["authorization_code", "refresh_token"],
                "token_endpoint_auth_method": "private_key_jwt",
                "jwks": {"keys": [jwk]},
            }),
        )
        .await
    }

    /// Makes a path misbehave: `{"status": 500}`, `{"hang": true}`, `{"drop": true}`,
    /// `{"wait": true}`, with `times` and `after`.
    pub async fn fault(&self, path: &str, mut fault: Value) -> Result<()> {
        fault["path"] = path.into();
        self.control("fault", fault).await
    }

    /// Ends all misbehaviour.
    pub async fn heal(&self) -> Result<()> {
        self.control("heal", json!({})).await
    }

    /// Signs with new keys from now on, under new key ids.
    pub async fn rotate_keys(&self) -> Result<()> {
        self.control("rotate-keys", json!({})).await
    }

    /// Withdraws every grant and token, as a user does who removes the application.
    pub async fn revoke_everything(&self) -> Result<()> {
        self.control("revoke", json!({})).await
    }

    /// All requests so far, in the order they came.
    pub async fn requests(&self) -> Result<Vec<Request>> {
        let text = self
            .http
            .get(format!("{}/control/log", self.issuer))
            .send()
            .await?
            .text()
            .await?;
        serde_json::from_str(&text).context("the provider's log has this shape")
    }

    /// The requests to the token endpoint with this `grant_type`.
    pub async fn token_requests(&self, grant_type: &str) -> Result<Vec<Request>> {
        let mut requests = self.requests().await?;
        requests.retain(|r| {
            r.path == "/token" && r.form.get("grant_type").map(String::as_str) == Some(grant_type)
        });
        Ok(requests)
    }

    /// How often a code came to the token endpoint, redeemed or not.
    pub async fn codes_received(&self) -> Result<usize> {
        Ok(self.token_requests("authorization_code").await?.len())
    }

    /// Every secret that passed: client secret, codes, verifiers, states, nonces, tokens.
    pub async fn needles(&self) -> Result<Needles> {
        let mut needles = Needles::default();
        needles.add("client_secret", &self.client_secret);
        for request in self.requests().await? {
            let fields = request
                .query
                .iter()
                .chain(&request.form)
                .chain(&request.issued);
            for (name, value) in fields {
                if SECRET_FIELDS.contains(&name.as_str()) {
                    needles.add(name, value);
                }
            }
        }
        Ok(needles)
    }

    async fn control(&self, what: &str, body: Value) -> Result<()> {
        let answer = self
            .http
            .post(format!("{}/control/{what}", self.issuer))
            .body(body.to_string())
            .send()
            .await?;
        ensure!(
            answer.status().is_success(),
            "control/{what}: {}",
            answer.status()
        );
        Ok(())
    }
}

const SECRET_FIELDS: &[&str] = &[
    "code",
    "code_verifier",
    "state",
    "nonce",
    "client_secret",
    "access_token",
    "refresh_token",
    "id_token",
    "token",
];
