//! For tests: an issuer's web server on loopback that answers what a test says.

use crate::egress::{Egress, Policy, Rate};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use celadon_workflows::types::ProviderName;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

/// What stands at a path.
#[derive(Clone)]
pub(crate) enum Page {
    Answer(u16, Vec<u8>),
    /// Answered only when the test ends.
    Never,
}

#[derive(Default)]
struct Site {
    pages: HashMap<String, Page>,
    hits: HashMap<String, usize>,
}

/// The server; it ends with the test's runtime.
pub(crate) struct IssuerServer {
    address: SocketAddr,
    site: Arc<Mutex<Site>>,
}

impl IssuerServer {
    pub(crate) async fn start() -> Self {
        let site = Arc::new(Mutex::new(Site::default()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new().fallback(answer).with_state(Arc::clone(&site));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, site }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn put(&self, path: &str, page: Page) {
        let mut site = self.site.lock().expect("no test panicked here");
        site.pages.insert(path.to_owned(), page);
    }

    pub(crate) fn put_json(&self, path: &str, document: &serde_json::Value) {
        self.put(path, Page::Answer(200, document.to_string().into_bytes()));
    }

    pub(crate) fn hits(&self, path: &str) -> usize {
        let site = self.site.lock().expect("no test panicked here");
        site.hits.get(path).copied().unwrap_or(0)
    }
}

async fn answer(State(site): State<Arc<Mutex<Site>>>, uri: Uri) -> (StatusCode, Vec<u8>) {
    let page = {
        let mut site = site.lock().expect("no test panicked here");
        *site.hits.entry(uri.path().to_owned()).or_default() += 1;
        site.pages.get(uri.path()).cloned()
    };
    match page {
        Some(Page::Answer(status, body)) => {
            let status = StatusCode::from_u16(status).expect("a status");
            (status, body)
        }
        Some(Page::Never) => std::future::pending().await,
        None => (StatusCode::NOT_FOUND, Vec::new()),
    }
}

/// A policy that reaches servers on this machine.
pub(crate) fn loopback_policy(provider: &str) -> Policy {
    Policy {
        provider: ProviderName::new(provider),
        insecure_http: true,
        private_addresses: vec!["127.0.0.0/8".parse().expect("a network")],
        origins: Vec::new(),
        rate: Rate::default(),
    }
}

/// A client under that policy.
pub(crate) fn loopback(provider: &str) -> Egress {
    Egress::new(loopback_policy(provider)).expect("a client")
}
