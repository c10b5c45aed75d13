//! The configuration as the rest of the program sees it: validated, with every path absolute and
//! every default filled in. How it is read from `celadon.toml` and the environment is in
//! [`load`]; which names and defaults the file has is in docs/CONFIGURATION.md.
//!
//! The way from text to [`Config`]: `tree` parses, each value with its line; `environment` lays
//! `CELADON_SECTION__KEY` over it; `section` takes values out by name and type; `validate` has one
//! file a section and knows the rules. All of them write what is wrong into one report, so that
//! an operator sees every mistake at once. A value is never repeated in a message: it may be a
//! secret in the wrong place.
//!
//! What a component thinks of its options is not known here: that is [`crate::plugin`]'s part.

mod environment;
mod key;
mod limits;
mod load;
mod mistake;
mod problem;
mod secret;
mod section;
mod tree;
mod validate;
mod values;

#[cfg(test)]
mod tests;

pub use environment::Environment;
pub use limits::{Limits, Tier};
pub use load::{DEFAULT_FILE, load};
pub use mistake::{Caution, ConfigErrors, Mistake, Place, Warning};
pub use problem::Problem;
pub use secret::{Secret, SecretError};
pub use values::is_name as is_provider_name;

use celadon_workflows::types::ProviderName;
use ipnet::IpNet;
use std::collections::BTreeMap;
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
    /// `[operators]`; `None`: the operators' pages and API are off.
    pub operators: Option<Operators>,
    /// `[telemetry]`
    pub telemetry: Telemetry,
    /// Where the operator's approvals are. `None`: `celadon dev`, which has no file to stand beside.
    pub lock: Option<LockPlace>,
}

/// Where `celadon.lock` is, and the configuration that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockPlace {
    /// The lock, in the folder of the configuration file. It may be missing.
    pub path: PathBuf,
    /// The configuration file, absolute. `None`: there is none, all of it is in the environment.
    pub configuration: Option<PathBuf>,
}

/// `[server]`: where Celadon listens and how the world calls it.
#[derive(Clone, Debug)]
pub struct Server {
    /// `listen`
    pub listen: SocketAddr,
    /// `public_url`: an origin, nothing more. [`Server::at`] makes the URLs below it.
    pub public_url: Url,
    /// `trusted_proxies`: whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
}

impl Server {
    /// The absolute URL of one of Celadon's own paths: `at("/callback/google")`. Only the origin
    /// is kept of `public_url`, which has no path of its own.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.public_url.origin().ascii_serialization())
    }
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
    /// `client_key.file`: the private key (JWK) for `private_key_jwt` and `signed_secret`.
    pub client_key: Option<PathBuf>,
    /// `client_audience`: to whom assertions of `private_key_jwt` and `client_secret_jwt` speak. Default: the issuer.
    pub client_audience: ClientAudience,
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

/// How Celadon authenticates at a token endpoint (OIDC Core section 9, RFC 6749 section 2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// `none`: a public client.
    None,
    /// `client_secret_basic`
    Basic,
    /// `client_secret_post`
    Post,
    /// `client_secret_jwt`: an assertion under the client secret.
    SecretJwt,
    /// `private_key_jwt`
    PrivateKeyJwt,
    /// `signed_secret`: a JWT in the secret's place.
    SignedSecret,
}

impl ClientAuth {
    /// Every method, in the order in which the documentation lists them.
    pub const ALL: [Self; 6] = [
        Self::Basic,
        Self::Post,
        Self::SecretJwt,
        Self::PrivateKeyJwt,
        Self::SignedSecret,
        Self::None,
    ];

    /// The method as it is written in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Basic => "client_secret_basic",
            Self::Post => "client_secret_post",
            Self::SecretJwt => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::SignedSecret => "signed_secret",
        }
    }
}

/// `aud` of the assertions of `private_key_jwt` and `client_secret_jwt`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientAudience {
    /// `issuer`: its identifier. An assertion for one server is then of no use at another.
    #[default]
    Issuer,
    /// `token_endpoint`: its URL, for servers that take nothing else.
    TokenEndpoint,
}

impl ClientAudience {
    /// Both, the default first.
    pub const ALL: [Self; 2] = [Self::Issuer, Self::TokenEndpoint];

    /// As it is written in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Issuer => "issuer",
            Self::TokenEndpoint => "token_endpoint",
        }
    }
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

/// `[clients.<name>]`: an application that calls the API.
#[derive(Clone, Debug)]
pub struct Client {
    /// `secret`: presented as `Authorization: Basic` (name, secret) or `Bearer` secret.
    pub secret: Secret,
    /// `title`: what a user reads when this application asks them to sign in. Default: the name.
    pub title: String,
}

/// `[operators]`: who may use the operators' pages and API.
#[derive(Clone, Debug)]
pub struct Operators {
    /// `secret`: the admin credential.
    pub secret: Secret,
    /// `codec_origins`: whose pages may call `/codec/…` with it.
    pub codec_origins: Vec<url::Origin>,
    /// The one origin whose pages may call `/codec/…` without it, from this machine: the Temporal
    /// UI that `celadon dev` starts. No file can say this.
    pub open_codec_origin: Option<url::Origin>,
}

/// `[telemetry]`: where traces go.
#[derive(Clone, Debug)]
pub struct Telemetry {
    /// `otlp`: a collector that takes OTLP over gRPC, as an origin; `None`: nothing is traced.
    pub otlp: Option<Url>,
    /// `service_name`: `service.name` of the traces. Default `celadon`.
    pub service_name: String,
    /// `sample`: which part of all logins is traced, from 0 to 1. Default 1.
    pub sample: f64,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            otlp: None,
            service_name: "celadon".to_owned(),
            sample: 1.0,
        }
    }
}
