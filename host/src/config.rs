//! The configuration as the rest of the program sees it: validated, with every path absolute and
//! every default filled in. How it is read from `celadon.toml` and the environment is in
//! [`load`]; which names and defaults the file has is in docs/CONFIGURATION.md.

use celadon_workflows::types::ProviderName;
use ipnet::IpNet;
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// Everything an operator can say.
#[derive(Clone, Debug)]
pub struct Config {
    /// `[server]`
    pub server: Server,
    /// `[store]`
    pub store: Store,
    /// `[temporal]`
    pub temporal: Temporal,
    /// `[login]`
    pub login: Login,
    /// `[providers.<name>]`
    pub providers: BTreeMap<ProviderName, Provider>,
    /// `[clients.<name>]`
    pub clients: BTreeMap<String, Client>,
}

/// `[server]`: where Celadon listens and how the world calls it.
#[derive(Clone, Debug)]
pub struct Server {
    /// `listen`
    pub listen: SocketAddr,
    /// `public_url`, without a trailing slash: redirect URIs are this + `/callback/<provider>`.
    pub public_url: Url,
    /// `trusted_proxies`: whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
}

/// `[store]`
#[derive(Clone, Debug)]
pub struct Store {
    /// `url`: `sqlite://…`, its path absolute.
    pub url: String,
    /// `keys.file`: the key ring, made at first start where it is missing.
    pub keys: PathBuf,
}

/// `[temporal]`
#[derive(Clone, Debug)]
pub struct Temporal {
    /// `address`; `None`: an embedded dev server is started and stopped.
    pub address: Option<String>,
    /// `namespace`
    pub namespace: String,
    /// `task_queue`
    pub task_queue: String,
}

/// `[login]`
#[derive(Clone, Debug)]
pub struct Login {
    /// `expires_in`: how long a user has to come back. Default 10 minutes.
    pub expires_in: Duration,
    /// `return_origins`: origins other than our own that `return_to` may name.
    pub return_origins: Vec<url::Origin>,
    /// `session_lifetime`: the longest a session lives. Default 12 hours.
    pub session_lifetime: Duration,
    /// `session_idle`: a session that is not used this long ends. Default 1 hour.
    pub session_idle: Duration,
    /// `max_in_flight`: logins under way in all. Default 100,000.
    pub max_in_flight: u32,
    /// `max_in_flight_per_address`: logins under way from one address. Default 1,000.
    pub max_in_flight_per_address: u32,
}

/// `[providers.<name>]`
#[derive(Clone, Debug)]
pub struct Provider {
    /// `component`: the file.
    pub component: PathBuf,
    /// `title`: what the button says. Default: the name.
    pub title: String,
    /// `client_id`
    pub client_id: String,
    /// `client_secret`
    pub client_secret: Option<Secret>,
    /// `client_auth`: overrides the component's first choice.
    pub client_auth: Option<ClientAuth>,
    /// `scopes`
    pub scopes: Vec<String>,
    /// `options`: goes to the component.
    pub options: serde_json::Map<String, serde_json::Value>,
    /// `[providers.<name>.grant]`
    pub grant: Grant,
    /// `[providers.<name>.limits]`
    pub limits: Limits,
    /// `resource_url`: the protected resource that the home page shows.
    pub resource_url: Option<Url>,
}

/// Where a secret comes from. Read anew when it is needed, so that a rotated one is found.
#[derive(Clone)]
pub enum Secret {
    /// In the configuration itself. `check` warns.
    Plain(String),
    /// `{ env = "NAME" }`
    Env(String),
    /// `{ file = "path" }`: one trailing newline is cut off.
    File(PathBuf),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(_) => f.write_str("Plain(…)"),
            Self::Env(name) => f.debug_tuple("Env").field(name).finish(),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

/// How Celadon authenticates at a token endpoint (OIDC Core section 9, RFC 6749 section 2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// `none`: a public client.
    None,
    /// `client_secret_basic`
    Basic,
    /// `client_secret_post`
    Post,
    /// `private_key_jwt`
    PrivateKeyJwt,
    /// `signed_secret`: a JWT in the secret's place.
    SignedSecret,
}

/// `[providers.<name>.grant]`: what this component may do beyond its approved description.
#[derive(Clone, Debug, Default)]
pub struct Grant {
    /// `origins`: `scheme://host[:port][/prefix]`
    pub origins: Vec<Url>,
    /// `insecure_http`
    pub insecure_http: bool,
    /// `private_addresses`
    pub private_addresses: Vec<IpNet>,
    /// `relax`: `no-pkce`, `no-nonce`, `secrets-in-query`, `hs256-id-token`.
    pub relax: Vec<String>,
}

/// `[providers.<name>.limits]`
#[derive(Clone, Debug)]
pub struct Limits {
    /// `deadline`: CPU time of one call. Default 50 ms.
    pub deadline: Duration,
    /// `memory`: bytes of linear memory. Default 32 MiB.
    pub memory: usize,
    /// `output`: bytes a call may answer with. Default 1 MiB.
    pub output: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deadline: Duration::from_millis(50),
            memory: 32 << 20,
            output: 1 << 20,
        }
    }
}

/// `[clients.<name>]`: an application that calls the API.
#[derive(Clone, Debug)]
pub struct Client {
    /// `secret`: presented as `Authorization: Basic` (name, secret) or `Bearer` secret.
    pub secret: Secret,
    /// `title`: what a user reads when this application asks them to sign in. Default: the name.
    pub title: String,
}
