//! Metadata that lies, and copies that age.

mod lies;
mod memory;

use super::*;
use crate::egress::Policy;
use crate::oidc::issuer_server::{IssuerServer, Page, loopback, loopback_policy};
use futures::future::join_all;
use memory::MemoryStore;
use serde_json::{Value, json};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

const NOW: Timestamp = 1_800_000_000;
const PATH: &str = "/.well-known/openid-configuration";

struct Scene {
    server: IssuerServer,
    store: Arc<MemoryStore>,
    clock: Arc<AtomicU64>,
    discovery: Discovery<MemoryStore>,
    egress: Egress,
}

impl Scene {
    async fn new() -> Self {
        let store = Arc::new(MemoryStore::default());
        let clock = Arc::new(AtomicU64::new(NOW));
        let scene = Self {
            server: IssuerServer::start().await,
            discovery: discovery(&store, &clock),
            store,
            clock,
            egress: loopback("acme"),
        };
        scene.publish(json!({}));
        scene
    }

    fn document(&self, changes: Value) -> Value {
        let mut document = json!({
            "issuer": self.server.url(""),
            "authorization_endpoint": self.server.url("/authorize"),
            "token_endpoint": self.server.url("/token"),
            "jwks_uri": self.server.url("/keys"),
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            "unknown": {"members": ["are", "ignored"]},
        });
        let members = document.as_object_mut().expect("an object");
        members.extend(changes.as_object().expect("an object").clone());
        document
    }

    fn publish(&self, changes: Value) {
        self.server.put_json(PATH, &self.document(changes));
    }

    fn later(&self, seconds: u64) {
        self.clock.fetch_add(seconds, Ordering::Relaxed);
    }

    async fn read(&self) -> Result<Arc<ProviderMetadata>, Arc<DiscoveryError>> {
        self.read_by(&self.discovery, "acme").await
    }

    async fn read_by(
        &self,
        discovery: &Discovery<MemoryStore>,
        provider: &str,
    ) -> Result<Arc<ProviderMetadata>, Arc<DiscoveryError>> {
        let (url, issuer) = (self.server.url(PATH), self.server.url(""));
        discovery
            .metadata(&ProviderName::new(provider), &url, &issuer, &self.egress)
            .await
    }

    fn hits(&self) -> usize {
        self.server.hits(PATH)
    }

    fn events(&self) -> Vec<String> {
        let events = self.store.events.lock().expect("no test panicked here");
        events
            .iter()
            .map(|event| format!("{}: {}", event.what, event.why))
            .collect()
    }
}

/// The keys of all instances of a fleet.
static KEYS: LazyLock<KeyRing> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    KeyRing::open_or_create(&folder.path().join("keys")).expect("a key ring")
});

fn discovery(store: &Arc<MemoryStore>, clock: &Arc<AtomicU64>) -> Discovery<MemoryStore> {
    let hand = Arc::clone(clock);
    Discovery::with_clock(
        Arc::clone(store),
        KEYS.clone(),
        Arc::new(move || hand.load(Ordering::Relaxed)),
    )
}

#[tokio::test]
async fn many_share_one_fetch() {
    let scene = Scene::new().await;
    let found = join_all((0..50).map(|_| scene.read())).await;
    assert!(found.iter().all(Result::is_ok));
    assert_eq!(scene.hits(), 1);
    scene.later(3599);
    assert!(scene.read().await.is_ok());
    assert_eq!(scene.hits(), 1);
    scene.later(1);
    assert!(scene.read().await.is_ok());
    assert_eq!(scene.hits(), 2);
    assert!(scene.events().is_empty(), "nothing changed");
}

#[tokio::test]
async fn the_fleet_shares_one_copy() {
    let scene = Scene::new().await;
    assert!(scene.read().await.is_ok());
    let other = discovery(&scene.store, &scene.clock);
    assert!(scene.read_by(&other, "acme").await.is_ok());
    assert_eq!(scene.hits(), 1, "the second instance reads the store");
    scene.later(3600);
    assert!(scene.read_by(&other, "acme").await.is_ok());
    assert!(scene.read().await.is_ok());
    assert_eq!(
        scene.hits(),
        2,
        "the first instance finds the second's copy"
    );
}

#[tokio::test]
async fn a_failure_is_shared_and_not_kept() {
    let scene = Scene::new().await;
    scene.server.put(PATH, Page::Answer(503, Vec::new()));
    let failed = join_all((0..20).map(|_| scene.read())).await;
    assert!(failed.iter().all(|outcome| {
        matches!(outcome, Err(error) if matches!(**error, DiscoveryError::Status(503)))
    }));
    assert_eq!(scene.hits(), 1);
    scene.publish(json!({}));
    assert!(scene.read().await.is_ok());
}

#[tokio::test]
async fn an_old_copy_serves_for_a_day() {
    let scene = Scene::new().await;
    scene.read().await.expect("metadata");
    scene.server.put(PATH, Page::Answer(500, Vec::new()));
    scene.later(3600);
    for _ in 0..5 {
        assert!(scene.read().await.is_ok());
    }
    assert_eq!(scene.hits(), 2, "the next try waits a minute");
    scene.later(60);
    assert!(scene.read().await.is_ok());
    assert_eq!(scene.hits(), 3);
    scene.later(USABLE);
    assert!(scene.read().await.is_err());
    scene.publish(json!({}));
    assert!(scene.read().await.is_ok());
}

#[tokio::test]
async fn a_copy_from_the_future_is_no_copy() {
    let scene = Scene::new().await;
    scene.clock.store(NOW + 10_000_000, Ordering::Relaxed);
    assert!(scene.read().await.is_ok());
    scene.clock.store(NOW, Ordering::Relaxed);
    assert!(scene.read().await.is_ok());
    assert_eq!(scene.hits(), 2);
}

#[tokio::test]
async fn changes_are_taken_over_with_an_event() {
    let scene = Scene::new().await;
    scene.read().await.expect("metadata");
    scene.publish(json!({
        "token_endpoint": scene.server.url("/token2"),
        "id_token_signing_alg_values_supported": ["ES256", "RS256"],
        "unknown": 1,
    }));
    scene.later(3600);
    let metadata = scene.read().await.expect("metadata");
    let endpoint = metadata.token_endpoint.as_ref().expect("an endpoint");
    assert_eq!(endpoint.path(), "/token2");
    assert_eq!(
        scene.events(),
        ["metadata.changed: the provider changed token_endpoint"]
    );
}

#[tokio::test]
async fn a_new_origin_is_not_taken_over() {
    let scene = Scene::new().await;
    scene.read().await.expect("metadata");
    scene.publish(json!({"token_endpoint": "https://elsewhere.example/token"}));
    scene.later(3600);
    let metadata = scene.read().await.expect("the old copy");
    let endpoint = metadata.token_endpoint.as_ref().expect("an endpoint");
    assert_eq!(endpoint.as_str(), scene.server.url("/token"));
    assert!(scene.events().is_empty());

    scene.later(USABLE);
    let error = scene.read().await.expect_err("the old copy is too old");
    assert!(matches!(
        *error,
        DiscoveryError::Moved {
            name: "token_endpoint",
            ..
        }
    ));
    let text = error.to_string();
    assert!(
        text.contains("[providers.acme.grant] origins = [\"https://elsewhere.example\"]"),
        "{text}"
    );

    let granted = Policy {
        origins: vec![Url::parse("https://elsewhere.example").expect("a URL")],
        ..loopback_policy("acme")
    };
    let scene = Scene {
        egress: Egress::new(granted).expect("a client"),
        ..scene
    };
    let metadata = scene.read().await.expect("the operator allowed it");
    let endpoint = metadata.token_endpoint.as_ref().expect("an endpoint");
    assert_eq!(endpoint.as_str(), "https://elsewhere.example/token");
}

#[tokio::test]
async fn no_provider_waits_for_another() {
    let scene = Scene::new().await;
    let slow = Scene::new().await;
    slow.server.put(PATH, Page::Never);
    let (url, issuer) = (slow.server.url(PATH), slow.server.url(""));
    let name = ProviderName::new("slow");
    let mut stuck = std::pin::pin!(scene.discovery.metadata(&name, &url, &issuer, &slow.egress));
    while slow.hits() == 0 {
        assert!(futures::poll!(stuck.as_mut()).is_pending());
        tokio::task::yield_now().await;
    }
    assert!(scene.read().await.is_ok());
    assert!(futures::poll!(stuck.as_mut()).is_pending());
}

#[tokio::test]
async fn a_copy_that_a_stranger_changed_is_fetched_anew() {
    let scene = Scene::new().await;
    assert!(scene.read().await.is_ok());
    scene.store.change(|record| record.fetched_at += 1);
    let other = discovery(&scene.store, &scene.clock);
    assert!(scene.read_by(&other, "acme").await.is_ok());
    assert_eq!(scene.hits(), 2);
}

#[tokio::test]
async fn providers_do_not_share_copies() {
    let scene = Scene::new().await;
    assert!(scene.read_by(&scene.discovery, "acme").await.is_ok());
    assert!(scene.read_by(&scene.discovery, "other").await.is_ok());
    assert_eq!(scene.hits(), 2);
}

/// The program's own store fits, and its futures may move between threads.
#[test]
fn fits_the_program() {
    fn movable<F: Future + Send>(_: impl Fn(crate::store::SharedStore) -> F) {}
    movable(|store| async move {
        let (name, egress) = (ProviderName::new("acme"), loopback("acme"));
        let discovery = Discovery::new(store, KEYS.clone());
        discovery.metadata(&name, "", "", &egress).await
    });
}
