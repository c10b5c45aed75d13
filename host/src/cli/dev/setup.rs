//! The data folder, the component and the configuration of `celadon dev`.

use super::{DATA, DevError, NAMESPACE, Options, PORT};
use crate::config::{
    Config, Grant, Limits, Login, Operators, Provider, Secret, Server, Store, Telemetry, Temporal,
};
use crate::demo::Demo;
use crate::random;
use celadon_workflows::types::ProviderName;
use ipnet::{IpNet, Ipv4Net};
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

/// The demo provider's configured name.
pub(super) const PROVIDER: &str = "demo";
/// The environment variable that names the folder of the built components.
const COMPONENTS: &str = "CELADON_COMPONENTS";

/// What is settled before anything is started.
#[derive(Debug)]
pub(super) struct Setup {
    /// The data folder, absolute.
    pub(super) data: PathBuf,
    component: PathBuf,
    listen: SocketAddr,
}

impl Setup {
    #[expect(
        clippy::disallowed_methods,
        reason = "development has no configuration file"
    )]
    pub(super) fn new(options: &Options) -> Result<Self, DevError> {
        let exe = env::current_exe().ok();
        let named = env::var_os(COMPONENTS).map(PathBuf::from);
        let component = component(named.as_deref(), exe.as_deref()).ok_or(DevError::Component)?;
        let data = data_folder(options.data.as_deref().unwrap_or(Path::new(DATA)))?;
        let listen = listen(options.port)?;
        Ok(Self {
            data,
            component,
            listen,
        })
    }

    /// The port that the demo provider had last time; 0 where it had none. With the port stays its
    /// issuer, and with that who its users are.
    pub(super) fn remembered_demo_port(&self) -> u16 {
        let remembered = fs::read_to_string(self.demo_port());
        remembered
            .ok()
            .and_then(|port| port.trim().parse().ok())
            .unwrap_or(0)
    }

    pub(super) fn remember_demo_port(&self, issuer: &str) -> Result<(), DevError> {
        let port = issuer.rsplit(':').next().unwrap_or_default();
        let path = self.demo_port();
        fs::write(&path, port).map_err(|source| DevError::Data { path, source })
    }

    fn demo_port(&self) -> PathBuf {
        self.data.join("demo-port")
    }

    /// Where the Temporal UI has payloads opened.
    pub(super) fn codec_endpoint(&self) -> String {
        format!("http://{}/codec", self.listen)
    }

    /// The operators' secret, made at the first start and kept for the next ones.
    fn operator_secret(&self) -> Result<String, DevError> {
        let path = self.data.join("operator-secret");
        if let Ok(secret) = fs::read_to_string(&path) {
            return Ok(secret.trim().to_owned());
        }
        let secret = random::token();
        let mut file = fs::OpenOptions::new();
        file.write(true).create_new(true).mode(0o600);
        let written = file
            .open(&path)
            .and_then(|mut file| file.write_all(secret.as_bytes()));
        written.map_err(|source| DevError::Data { path, source })?;
        Ok(secret)
    }

    /// What a `celadon.toml` would say.
    ///
    /// The Temporal UI has no credential to send. Its origin, which no other page can pretend to
    /// have, opens payloads from this machine without one.
    pub(super) fn config(
        &self,
        temporal: &str,
        temporal_ui: &str,
        demo: &Demo,
    ) -> Result<Config, DevError> {
        let name = ProviderName::new(PROVIDER);
        Ok(Config {
            server: Server {
                listen: self.listen,
                public_url: Url::parse(&format!("http://{}", self.listen))?,
                trusted_proxies: Vec::new(),
            },
            store: Store {
                url: format!("sqlite://{}", self.data.join("celadon.db").display()),
                keys: self.data.join("celadon.keys"),
            },
            temporal: Temporal {
                address: Some(temporal.to_owned()),
                namespace: NAMESPACE.to_owned(),
                task_queue: "celadon".to_owned(),
            },
            login: login(),
            providers: BTreeMap::from([(name, self.provider(demo)?)]),
            clients: BTreeMap::new(),
            operators: Some(Operators {
                secret: Secret::Plain(self.operator_secret()?),
                codec_origins: Vec::new(),
                open_codec_origin: Some(Url::parse(temporal_ui)?.origin()),
            }),
            telemetry: Telemetry::default(),
            // Its one component is the one that was built with it.
            lock: None,
        })
    }

    fn provider(&self, demo: &Demo) -> Result<Provider, DevError> {
        let loopback = Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8);
        Ok(Provider {
            component: self.component.clone(),
            title: "Demo".to_owned(),
            client_id: demo.client_id().to_owned(),
            client_secret: Some(Secret::Plain(demo.client_secret().to_owned())),
            client_auth: None,
            client_key: None,
            client_audience: crate::config::ClientAudience::default(),
            scopes: ["openid", "profile", "email", "offline_access"]
                .map(str::to_owned)
                .into(),
            options: serde_json::Map::from_iter([("issuer".to_owned(), demo.issuer().into())]),
            grant: Grant {
                insecure_http: true,
                private_addresses: vec![IpNet::V4(loopback)],
                ..Grant::default()
            },
            limits: Limits::default(),
            resource_url: Some(Url::parse(&demo.resource_url())?),
        })
    }
}

/// The defaults of `[login]`.
fn login() -> Login {
    Login {
        expires_in: Duration::from_secs(10 * 60),
        return_origins: Vec::new(),
        session_lifetime: Duration::from_secs(12 * 3600),
        session_idle: Duration::from_secs(3600),
        max_in_flight: 100_000,
        max_in_flight_per_address: 1_000,
    }
}

/// Makes the folder, closed to others, and hides it from git: it holds keys.
fn data_folder(path: &Path) -> Result<PathBuf, DevError> {
    use std::os::unix::fs::DirBuilderExt;
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| DevError::Data { path, source }
    };
    let path = std::path::absolute(path).map_err(failed(path))?;
    if !path.is_dir() {
        let made = fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path);
        made.map_err(failed(&path))?;
        let ignore = path.join(".gitignore");
        fs::write(&ignore, "*\n").map_err(failed(&ignore))?;
    }
    Ok(path)
}

/// The address to listen on. A port that was asked for must be free; the default one need not be.
fn listen(asked: Option<u16>) -> Result<SocketAddr, DevError> {
    let port = asked.unwrap_or(PORT);
    match free(port) {
        Err(_) if asked.is_none() => free(0),
        found => found,
    }
    .map_err(|source| DevError::Port { port, source })
}

/// Whether it can be had: it is let go again, for the program to take.
fn free(port: u16) -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))?.local_addr()
}

/// `oidc.wasm`: in the folder that the environment names; else where the build leaves it, seen from
/// `target/debug/celadon`; else beside the program.
fn component(named: Option<&Path>, exe: Option<&Path>) -> Option<PathBuf> {
    let folders = match (named, exe.and_then(Path::parent)) {
        (Some(named), _) => vec![named.to_owned()],
        (None, Some(beside)) => {
            let built = beside.parent().map(|target| target.join("components"));
            let installed = [beside.join("components"), beside.to_owned()];
            built.into_iter().chain(installed).collect()
        }
        (None, None) => Vec::new(),
    };
    folders
        .into_iter()
        .filter_map(|folder| std::path::absolute(folder.join("oidc.wasm")).ok())
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::dev::DevOnly;
    use crate::demo;

    fn touch(path: &Path) {
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, "").expect("written");
    }

    #[test]
    fn the_component_is_found_where_the_build_leaves_it() {
        let root = tempfile::tempdir().expect("a folder");
        let exe = root.path().join("target/debug/celadon");
        assert_eq!(component(None, Some(&exe)), None);
        let beside = root.path().join("target/debug/oidc.wasm");
        touch(&beside);
        assert_eq!(component(None, Some(&exe)), Some(beside));
        let built = root.path().join("target/components/oidc.wasm");
        touch(&built);
        assert_eq!(component(None, Some(&exe)), Some(built));
        let named = root.path().join("mine");
        assert_eq!(
            component(Some(&named), Some(&exe)),
            None,
            "what is named must be there"
        );
        touch(&named.join("oidc.wasm"));
        assert_eq!(
            component(Some(&named), Some(&exe)),
            Some(named.join("oidc.wasm"))
        );
    }

    #[test]
    fn a_taken_port_is_refused_when_asked_for() {
        let taken = TcpListener::bind(("127.0.0.1", 0)).expect("bound");
        let port = taken.local_addr().expect("an address").port();
        let error = listen(Some(port)).expect_err("it is taken");
        assert!(error.to_string().contains("--port"), "{error}");
        assert!(listen(None).expect("one is free").ip().is_loopback());
    }

    #[test]
    fn the_data_folder_is_closed_to_others_and_to_git() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().expect("a folder");
        let data = data_folder(&root.path().join("a/b")).expect("made");
        let mode = data.metadata().expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        assert_eq!(
            fs::read_to_string(data.join(".gitignore")).expect("there"),
            "*\n"
        );
        assert_eq!(data_folder(&data).expect("as it is"), data);
        let file = data.join(".gitignore");
        assert!(
            matches!(data_folder(&file), Err(DevError::Data { .. })),
            "a file is no folder"
        );
    }

    #[tokio::test]
    async fn the_configuration_reaches_the_demo_provider_and_nothing_else() {
        let root = tempfile::tempdir().expect("a folder");
        let setup = Setup {
            data: root.path().to_owned(),
            component: root.path().join("oidc.wasm"),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
        };
        assert_eq!(setup.remembered_demo_port(), 0);
        let demo = demo::start(DevOnly::for_test(), 0).await.expect("started");
        setup.remember_demo_port(demo.issuer()).expect("written");
        let port = setup.remembered_demo_port();
        assert_eq!(demo.issuer(), format!("http://127.0.0.1:{port}"));

        let ui = "http://127.0.0.1:8233";
        let config = setup.config("127.0.0.1:7233", ui, &demo).expect("composed");
        assert_eq!(config.server.public_url.as_str(), "http://127.0.0.1:8080/");
        assert_eq!(config.temporal.address.as_deref(), Some("127.0.0.1:7233"));
        let provider = &config.providers[&ProviderName::new("demo")];
        assert_eq!(provider.options["issuer"], demo.issuer());
        assert_eq!(
            provider.grant.private_addresses,
            ["127.0.0.0/8".parse().expect("a network")]
        );
        assert!(provider.grant.origins.is_empty() && provider.grant.relax.is_empty());
        assert!(!format!("{config:?}").contains(demo.client_secret()));

        let operators = config.operators.expect("operators");
        let origin = operators.open_codec_origin.expect("an origin");
        assert_eq!(origin.ascii_serialization(), ui);
        let secret = operators.secret.read().expect("a secret");
        assert_eq!(setup.operator_secret().expect("kept"), *secret);
        assert!(secret.len() >= 32 && !format!("{:?}", operators.secret).contains(&**secret));
    }
}
