//! A house to test the endpoints in: a real store and key ring, and logins that answer what a
//! test tells them to.

mod desk;

pub use desk::{Desk, Panics};

use crate::clock;
use crate::config;
use crate::http::ready::Readiness;
use crate::http::{Web, router};
use crate::seal::{Context, KeyRing};
use crate::sessions::{Lifetimes, Sessions};
use crate::store::{self, Admission, InFlight, NewAttempt, NewGrant, PersistOutcome};
use axum::Router;
use axum::body::Body;
use celadon_workflows::types::{LoginId, Persisted, ProviderName, RevisionId};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use std::sync::Arc;
use tempfile::TempDir;
use tower::ServiceExt;

/// A login's id.
pub const LOGIN: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A response, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("ascii"))
    }

    pub fn cookies(&self) -> Vec<&str> {
        let all = self.headers.get_all("set-cookie").iter();
        all.map(|value| value.to_str().expect("ascii")).collect()
    }
}

pub struct House {
    pub web: Web,
    pub desk: Arc<Desk>,
    router: Router,
    _folder: TempDir,
}

impl House {
    /// A house with https and one provider, `demo`.
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("celadon.toml");
        std::fs::write(folder.path().join("oidc.wasm"), "\0asm").expect("written");
        std::fs::write(&path, CONFIGURATION).expect("written");
        let environment = std::iter::empty::<(&str, &str)>().collect();
        let (config, _) = config::load(Some(&path), environment).expect("a configuration");
        let url = format!("sqlite://{}", folder.path().join("celadon.db").display());
        let store = store::open(&url).await.expect("a store");
        let keys = KeyRing::open_or_create(&folder.path().join("keys")).expect("keys");
        let desk = Arc::new(Desk::default());
        let web = Web {
            sessions: Sessions::new(store.clone(), Lifetimes::from(&config.login)),
            config: Arc::new(config),
            logins: desk.clone(),
            store,
            keys: Arc::new(keys),
            readiness: Readiness::new(),
            resources: desk.clone(),
        };
        let router = router(web.clone());
        Self {
            web,
            desk,
            router,
            _folder: folder,
        }
    }

    /// Changes a part of the house.
    pub fn rebuild(&mut self, change: impl FnOnce(&mut Web)) {
        change(&mut self.web);
        self.router = router(self.web.clone());
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self
            .router
            .clone()
            .oneshot(request)
            .await
            .expect("infallible");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).expect("text"),
        }
    }

    /// Sends `METHOD /path`, headers as `name: value`, and a body.
    pub async fn ask(&self, line: &str, headers: &[&str], body: &str) -> Answer {
        let (method, path) = line.split_once(' ').expect("a method and a path");
        let mut request = Request::builder().method(method).uri(path);
        for header in headers {
            let (name, value) = header.split_once(": ").expect("a name and a value");
            request = request.header(name, value);
        }
        self.send(
            request
                .body(Body::from(body.to_owned()))
                .expect("a request"),
        )
        .await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path}"), &[], "").await
    }

    /// Signs somebody in and answers the header with their cookie.
    pub async fn sign_in(&self) -> String {
        let persisted = self.persist().await;
        let provider = ProviderName::new("demo");
        let sessions = &self.web.sessions;
        let begun = sessions
            .begin(&persisted.user, &persisted.identity, &provider)
            .await;
        format!(
            "cookie: __Host-celadon-session={}",
            begun.expect("a session")
        )
    }

    async fn persist(&self) -> Persisted {
        let context = Context::profile_of("demo", "https://idp.example", "alice");
        let profile = serde_json::json!({ "name": "Alice <b>", "groups": ["staff"] });
        let attempt = attempt();
        let bound = InFlight {
            total: 10,
            per_address: 10,
        };
        let admitted = self
            .web
            .store
            .insert_attempt(&attempt, bound)
            .await
            .expect("a store");
        assert_eq!(admitted, Admission::Admitted);
        let grant = NewGrant {
            login: attempt.id,
            provider: attempt.provider,
            issuer: "https://idp.example".to_owned(),
            subject: "alice".to_owned(),
            email: Some("alice@example.com".to_owned()),
            email_verified: true,
            profile: self.web.keys.seal_json(&context, &profile).expect("sealed"),
            client: None,
            tokens: self.web.keys.seal(&Context::new("t", "t"), b"tokens"),
            renewable: false,
            scope: "openid email".to_owned(),
            token_type: "Bearer".to_owned(),
            expires_at: None,
            now: clock::now(),
        };
        match self.web.store.persist_grant(&grant).await.expect("a store") {
            PersistOutcome::Persisted(persisted) => persisted,
            other => panic!("{other:?}"),
        }
    }
}

const CONFIGURATION: &str = r#"
[server]
listen = "127.0.0.1:0"
public_url = "https://sign-in.example"
[store]
url = "sqlite://celadon.db"
[temporal]
address = "127.0.0.1:7233"
[providers.demo]
component = "oidc.wasm"
title = "Demo & Co"
client_id = "celadon"
options = { issuer = "https://idp.example" }
resource_url = "https://idp.example/resource"
[clients.app]
secret = "a-long-and-random-secret-of-the-app"
title = "The <App>"
"#;

fn attempt() -> NewAttempt {
    NewAttempt {
        id: LoginId::new(LOGIN),
        workflow_id: format!("login-{LOGIN}"),
        provider: ProviderName::new("demo"),
        revision: RevisionId::new("r"),
        client: None,
        user: None,
        return_to: "/".to_owned(),
        binding: None,
        address: None,
        created_at: clock::now(),
        expires_at: clock::now() + 600,
        secrets: crate::seal::Sealed::default(),
    }
}
