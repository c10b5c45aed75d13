//! A `celadon.toml` for a test.

use crate::places::{component, free_port};
use crate::{MockOp, Op, Temporal};
use anyhow::Result;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The client secret of providers of which only the issuer is known.
pub(crate) const SECRET_OF_ANY: &str = "a-secret-for-any-provider";

/// What Celadon is configured with. Relative paths are in the test's sandbox.
#[derive(Clone, Debug)]
pub struct Setup {
    port: u16,
    /// `host:port` as browsers know it.
    public: String,
    temporal: String,
    providers: Vec<(String, Provider)>,
    login: String,
    clients: Vec<(String, String)>,
    rest: String,
    environment: Vec<(String, String)>,
    approves: bool,
}

#[derive(Clone, Debug)]
struct Provider {
    component: PathBuf,
    /// Whether the component came with the program, so that nobody needs to approve it.
    bundled: bool,
    client_id: String,
    /// The environment variable that holds the client secret.
    secret: String,
    /// What stands in the place of the client secret.
    credential: Option<String>,
    scopes: Vec<String>,
    options: Vec<(String, Value)>,
    resource_url: Option<String>,
}

impl Setup {
    /// A server on a free port, with this Temporal server and no provider yet.
    pub fn new(temporal: &Temporal) -> Result<Self> {
        Self::with_temporal_at(&temporal.address())
    }

    /// As [`Self::new`], for a Temporal server that may not be there yet.
    pub fn with_temporal_at(address: &str) -> Result<Self> {
        let port = free_port()?;
        Ok(Self {
            port,
            public: format!("127.0.0.1:{port}"),
            temporal: address.to_owned(),
            providers: Vec::new(),
            login: String::new(),
            clients: Vec::new(),
            rest: String::new(),
            environment: Vec::new(),
            approves: true,
        })
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Adds `op` under this name, its protected resource included, and registers Celadon there.
    pub async fn provider(mut self, name: &str, op: &Op) -> Result<Self> {
        let variable = format!("SECRET_OF_{}", name.to_uppercase().replace('-', "_"));
        self.environment
            .push((variable.clone(), op.client_secret().to_owned()));
        self.providers.push((
            name.to_owned(),
            Provider {
                component: component("oidc")?,
                bundled: true,
                client_id: op.client_id().to_owned(),
                secret: variable,
                credential: None,
                scopes: ["openid", "email", "profile", "offline_access"]
                    .map(str::to_owned)
                    .to_vec(),
                options: vec![("issuer".to_owned(), op.issuer().into())],
                resource_url: Some(op.resource_url()),
            },
        ));
        let names = self
            .providers
            .iter()
            .map(|(name, _)| self.redirect_uri(name));
        op.register(&names.collect::<Vec<_>>()).await?;
        Ok(self)
    }

    /// Adds the other people's provider.
    pub fn mock_provider(mut self, name: &str, op: &MockOp) -> Result<Self> {
        self.environment.push((
            "SECRET_OF_MOCK".to_owned(),
            "a-secret-that-the-mock-takes".to_owned(),
        ));
        self.providers.push((
            name.to_owned(),
            Provider {
                component: component("oidc")?,
                bundled: true,
                client_id: "celadon".to_owned(),
                secret: "SECRET_OF_MOCK".to_owned(),
                credential: None,
                scopes: ["openid", "email"].map(str::to_owned).to_vec(),
                options: vec![("issuer".to_owned(), op.issuer().into())],
                resource_url: None,
            },
        ));
        Ok(self)
    }

    /// Adds a provider of which only the issuer is known.
    pub fn issuer(mut self, name: &str, issuer: &str) -> Result<Self> {
        self.environment
            .push(("SECRET_OF_ANY".to_owned(), SECRET_OF_ANY.to_owned()));
        self.providers.push((
            name.to_owned(),
            Provider {
                component: component("oidc")?,
                bundled: true,
                client_id: "celadon".to_owned(),
                secret: "SECRET_OF_ANY".to_owned(),
                credential: None,
                scopes: vec!["openid".to_owned()],
                options: vec![("issuer".to_owned(), issuer.into())],
                resource_url: None,
            },
        ));
        Ok(self)
    }

    /// Changes the scopes of the provider added last.
    #[must_use]
    pub fn scopes(mut self, scopes: &[&str]) -> Self {
        if let Some((_, provider)) = self.providers.last_mut() {
            provider.scopes = scopes.iter().map(ToString::to_string).collect();
        }
        self
    }

    /// Changes the component of the provider added last to another one that the build has made,
    /// such as `test/spy`.
    pub fn component(self, name: &str) -> Result<Self> {
        let file = component(name)?;
        Ok(self.component_file(&file, !name.starts_with("test/")))
    }

    /// The file of a component that the build has made.
    pub fn built(name: &str) -> Result<PathBuf> {
        component(name)
    }

    /// Changes the component of the provider added last to one that the build has not made.
    #[must_use]
    pub fn foreign_component(self, file: &Path) -> Self {
        self.component_file(file, false)
    }

    fn component_file(mut self, file: &Path, bundled: bool) -> Self {
        if let Some((_, provider)) = self.providers.last_mut() {
            provider.component = file.to_owned();
            provider.bundled = bundled;
        }
        self
    }

    /// Approves no component before the program is started. Without this, all that are not bundled
    /// are, by `celadon provider approve`.
    #[must_use]
    pub fn unapproved(self) -> Self {
        Self {
            approves: false,
            ..self
        }
    }

    /// Whether somebody has to approve something before the program is started.
    pub(super) fn needs_approval(&self) -> bool {
        self.approves && self.providers.iter().any(|(_, provider)| !provider.bundled)
    }

    /// Signs in at the provider added last as at Google, which it emulates.
    pub fn as_google(mut self) -> Result<Self> {
        self = self.component("google")?;
        if let Some((_, provider)) = self.providers.last_mut() {
            for (name, _) in &mut provider.options {
                if name == "issuer" {
                    *name = "emulator".to_owned();
                }
            }
            // Google refuses offline_access.
            provider.scopes.retain(|scope| scope != "offline_access");
        }
        Ok(self)
    }

    /// Lines of TOML in the place of the client secret of the provider added last.
    #[must_use]
    pub fn credential(mut self, lines: &str) -> Self {
        if let Some((_, provider)) = self.providers.last_mut() {
            provider.credential = Some(lines.to_owned());
        }
        self
    }

    /// Gives the component of the provider added last a further option.
    #[must_use]
    pub fn option(mut self, name: &str, value: Value) -> Self {
        if let Some((_, provider)) = self.providers.last_mut() {
            provider.options.push((name.to_owned(), value));
        }
        self
    }

    /// Adds a line to `[login]`.
    #[must_use]
    pub fn login(mut self, line: &str) -> Self {
        self.login += line;
        self.login.push('\n');
        self
    }

    /// Adds an application that may call the API.
    #[must_use]
    pub fn client(mut self, name: &str, secret: &str) -> Self {
        let variable = format!("SECRET_OF_CLIENT_{}", name.to_uppercase());
        self.environment.push((variable.clone(), secret.to_owned()));
        self.clients.push((name.to_owned(), variable));
        self
    }

    /// Sets a variable of the program's environment.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a provider that is like the one added last, but for its name and component.
    #[must_use]
    pub fn twin(mut self, name: &str, component: &Path) -> Self {
        if let Some((_, last)) = self.providers.last().cloned() {
            let component = component.to_owned();
            let twin = Provider { component, ..last };
            self.providers.push((name.to_owned(), twin));
        }
        self
    }

    /// Adds text at the end of the file.
    #[must_use]
    pub fn text(mut self, toml: &str) -> Self {
        self.rest += toml;
        self
    }

    /// A second instance beside this one: the same store, Temporal and public address, another port.
    pub fn beside(&self) -> Result<Self> {
        Ok(Self {
            port: free_port()?,
            ..self.clone()
        })
    }

    /// Lets browsers come by a proxy on this port. To be said before providers are added.
    #[must_use]
    pub fn public_at(self, public_port: u16) -> Self {
        Self {
            public: format!("127.0.0.1:{public_port}"),
            ..self
        }
    }

    /// Stops at a fault point, the first time it is come to, and makes the file `reached` there.
    #[must_use]
    pub fn stopping_at(self, point: &str, reached: &Path) -> Self {
        self.variable("CELADON_FAULT_POINT", point)
            .variable("CELADON_FAULT_FILE", &reached.to_string_lossy())
    }

    /// Makes it known as `localhost`, to a browser another site than providers on 127.0.0.1. To be
    /// said before providers are added.
    #[must_use]
    pub fn on_localhost(mut self) -> Self {
        self.public = format!("localhost:{}", self.port);
        self
    }

    /// The address that browsers know, without a slash at its end.
    pub fn public_url(&self) -> String {
        format!("http://{}", self.public)
    }

    /// What the provider sends a browser back to.
    pub fn redirect_uri(&self, provider: &str) -> String {
        format!("{}/callback/{provider}", self.public_url())
    }

    pub(super) fn environment(&self) -> Vec<(String, String)> {
        self.environment.clone()
    }

    pub(super) fn toml(&self) -> Result<String> {
        let mut text = format!(
            "[server]\nlisten = \"127.0.0.1:{}\"\npublic_url = \"{}\"\n\n\
             [store]\nurl = \"sqlite://celadon.db\"\nkeys = {{ file = \"celadon.keys\" }}\n\n\
             [temporal]\naddress = \"{}\"\n\n[login]\n{}\n",
            self.port,
            self.public_url(),
            self.temporal,
            self.login,
        );
        for (name, variable) in &self.clients {
            writeln!(
                text,
                "[clients.{name}]\nsecret = {{ env = \"{variable}\" }}\n"
            )?;
        }
        for (name, provider) in &self.providers {
            provider.write(name, &mut text)?;
        }
        Ok(text + &self.rest)
    }
}

impl Provider {
    // JSON's strings and arrays of strings are TOML's too.
    fn write(&self, name: &str, text: &mut String) -> Result<()> {
        writeln!(
            text,
            "[providers.{name}]\ncomponent = {}",
            json!(self.component)
        )?;
        writeln!(text, "client_id = {}", json!(self.client_id))?;
        match &self.credential {
            Some(lines) => writeln!(text, "{lines}")?,
            None => writeln!(text, "client_secret = {{ env = \"{}\" }}", self.secret)?,
        }
        writeln!(text, "scopes = {}", json!(self.scopes))?;
        let options: Vec<_> = self
            .options
            .iter()
            .map(|(n, v)| format!("{n} = {v}"))
            .collect();
        writeln!(text, "options = {{ {} }}", options.join(", "))?;
        if let Some(resource) = &self.resource_url {
            writeln!(text, "resource_url = {}", json!(resource))?;
        }
        writeln!(text, "[providers.{name}.grant]\ninsecure_http = true")?;
        writeln!(text, "private_addresses = [\"127.0.0.0/8\"]\n")?;
        Ok(())
    }
}
