//! All wiring and shutdown in one place.
//!
//! What is built when, what runs beside the requests (`background`), and in which order it ends:
//! requests in flight first, then the worker's steps, then the embedded Temporal.

mod background;
mod error;
mod signals;

pub use self::error::AppError;

use self::background::Background;
use crate::config::Config;
use crate::http::ready::{Part, Readiness};
use crate::http::{self, Web, server};
use crate::logins::Logins;
use crate::oidc::discovery::Discovery;
use crate::oidc::jwks::KeySets;
use crate::plugin::approval::Approvals;
use crate::plugin::component::{CodeCache, Compiler, Library};
use crate::plugin::engine::{EngineError, Engines};
use crate::plugin::{Providers, Sandbox};
use crate::seal::KeyRing;
use crate::sessions::Sessions;
use crate::steps::Steps;
use crate::steps::provider::Provider;
use crate::steps::resource::ProtectedResources;
use crate::store::{self, SharedStore};
use crate::temporal::{Connected, Embedded, Settings, Temporal};
use crate::traces;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How long the last traces may take to be sent, at the end.
const LAST_TRACES: Duration = Duration::from_secs(2);

/// What is known once Celadon listens.
#[derive(Clone, Debug)]
pub struct Started {
    /// The address that it listens on: the port is known even where 0 was asked for.
    pub address: SocketAddr,
    /// Configured providers that can be used.
    pub available: usize,
}

/// Runs Celadon until it is told to stop by SIGTERM or SIGINT.
///
/// # Errors
/// It cannot start, or something that it cannot do without has failed.
pub async fn run(config: Config, started: impl FnOnce(Started)) -> Result<(), AppError> {
    // Asked for first, so that a signal during a long start is not lost.
    let stop = signals::stop()?;
    traces::start(&config.telemetry).map_err(AppError::Traces)?;
    tokio::pin!(stop);
    let app = tokio::select! {
        biased;
        // Components may take long to compile. What is under way ends with it.
        () = &mut stop => return Ok(()),
        app = App::build(config) => app?,
    };
    let address = app
        .listener
        .local_addr()
        .map_err(|source| AppError::Listen {
            address: app.config.server.listen,
            source,
        })?;
    let available = app.available;
    started(Started { address, available });
    app.serve(stop).await
}

/// Celadon, put together.
pub struct App {
    config: Arc<Config>,
    listener: TcpListener,
    available: usize,
    web: Web,
    steps: Arc<Steps>,
    client: watch::Sender<Option<Connected>>,
    embedded: Option<Embedded>,
    temporal_address: String,
}

impl App {
    /// Builds everything that needs nobody else: no provider and no Temporal is contacted.
    async fn build(config: Config) -> Result<Self, AppError> {
        let config = Arc::new(config);
        let approvals = Approvals::read(&config).map_err(AppError::Approvals)?;
        let listener = listen(&config).await?;
        let keys = KeyRing::open_or_create(&config.store.keys).map_err(AppError::Keys)?;
        let store = store::open(&config.store.url)
            .await
            .map_err(AppError::Store)?;
        let readiness = Readiness::new();
        readiness.set(Part::Store, true);
        let (revisions, available) = load_providers(&config, approvals, &store, &keys).await?;
        readiness.set(Part::Plugins, true);
        let steps = Arc::new(Steps {
            providers: providers(&config)?,
            discovery: Discovery::new(Arc::clone(&store), keys.clone()),
            signing_keys: KeySets::new(),
            revisions: Arc::new(revisions),
            config: Arc::clone(&config),
            store: Arc::clone(&store),
            keys: keys.clone(),
        });
        let (client, connected) = watch::channel(None);
        let temporal = Temporal::new(connected, config.temporal.task_queue.clone());
        let sessions = Sessions::new(Arc::clone(&store), (&config.login).into());
        let web = Web {
            logins: Arc::new(Logins::new(
                Arc::clone(&steps),
                temporal.clone(),
                sessions.clone(),
            )),
            resources: Arc::new(ProtectedResources {
                steps: Arc::clone(&steps),
                temporal,
            }),
            config: Arc::clone(&config),
            keys: Arc::new(keys),
            sessions,
            store,
            readiness,
        };
        let (embedded, temporal_address) = embed(&config).await?;
        Ok(Self {
            config,
            listener,
            available,
            web,
            steps,
            client,
            embedded,
            temporal_address,
        })
    }

    /// Serves until `stop`, then ends everything in order.
    async fn serve(self, stop: impl Future<Output = ()>) -> Result<(), AppError> {
        let background = Background::start(
            &self.config,
            self.temporal_address,
            Arc::clone(&self.steps),
            self.client,
            self.web.readiness.clone(),
        );
        let router = http::router(self.web);
        server::serve(self.listener, router, stop)
            .await
            .map_err(AppError::Serve)?;
        tracing::info!("stopping: the requests in flight have ended");
        background.stop().await;
        let embedded = async {
            if let Some(embedded) = self.embedded {
                embedded.stop().await;
            }
        };
        tokio::join!(traces::stop(LAST_TRACES), embedded);
        tracing::info!("stopped");
        Ok(())
    }
}

async fn listen(config: &Config) -> Result<TcpListener, AppError> {
    let address = config.server.listen;
    TcpListener::bind(address)
        .await
        .map_err(|source| AppError::Listen { address, source })
}

/// The components, and how many providers have theirs. One that cannot be loaded is reported and takes
/// no other with it.
async fn load_providers(
    config: &Config,
    approvals: Approvals,
    store: &SharedStore,
    keys: &KeyRing,
) -> Result<(Providers, usize), AppError> {
    let engines = Engines::usual().map_err(AppError::Engine)?;
    let compiler = Compiler::children()
        .map_err(EngineError::Compiler)
        .map_err(AppError::Engine)?;
    let key = keys.keyed_key("compiled code");
    let cache = CodeCache::open(cache_folder(config), &key);
    if let Err(error) = &cache {
        tracing::warn!(error = %error, "compiled components are not kept on disk");
    }
    let library = Library::new(engines, cache.ok(), compiler);
    let sandbox = Sandbox::with_diagnosis(&library);
    let store: Arc<dyn store::Components> = Arc::clone(store) as _;
    let (providers, failures) = Providers::load(config, approvals, store, library, sandbox).await;
    let available = config.providers.len().saturating_sub(failures.len());
    for failure in failures {
        tracing::error!(provider = %failure.provider, error = %failure, "a provider is not available");
    }
    Ok((providers, available))
}

/// Beside the key ring: both are this host's alone.
fn cache_folder(config: &Config) -> PathBuf {
    let beside = config.store.keys.parent().unwrap_or_else(|| Path::new("."));
    beside.join(".celadon-compiled")
}

fn providers(
    config: &Config,
) -> Result<BTreeMap<celadon_workflows::types::ProviderName, Arc<Provider>>, AppError> {
    config
        .providers
        .iter()
        .map(|(name, provider)| {
            let set_up = Provider::new(name.clone(), provider.clone());
            Ok((name.clone(), Arc::new(set_up.map_err(AppError::Egress)?)))
        })
        .collect()
}

/// The configured Temporal, or a dev server of our own beside the key ring.
async fn embed(config: &Config) -> Result<(Option<Embedded>, String), AppError> {
    if let Some(address) = &config.temporal.address {
        return Ok((None, address.clone()));
    }
    let beside = config.store.keys.parent().unwrap_or_else(|| Path::new("."));
    let settings = Settings {
        data: beside.join(".celadon-temporal"),
        namespace: config.temporal.namespace.clone(),
        codec_endpoint: None,
    };
    let embedded = Embedded::start(settings)
        .await
        .map_err(AppError::Temporal)?;
    tracing::info!(
        address = embedded.address(),
        ui = embedded.ui_url(),
        "temporal dev server started"
    );
    let address = embedded.address().to_owned();
    Ok((Some(embedded), address))
}
