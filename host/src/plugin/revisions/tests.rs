use super::*;
use crate::clock::Timestamp;
use crate::plugin::component::ComponentDigest;
use crate::plugin::testing::{self, Hostile, built, built_path};
use crate::store::{RevisionRecord, StoreError};
use async_trait::async_trait;
use serde_json::json;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A store in memory that counts what is written to it.
#[derive(Default)]
struct Kept {
    components: Mutex<HashMap<String, Vec<u8>>>,
    revisions: Mutex<HashMap<RevisionId, RevisionRecord>>,
    component_writes: Mutex<usize>,
}

#[async_trait]
impl Components for Kept {
    async fn put_component(
        &self,
        digest: &str,
        bytes: &[u8],
        _: Timestamp,
    ) -> Result<(), StoreError> {
        *self.component_writes.lock().unwrap() += 1;
        self.components
            .lock()
            .unwrap()
            .insert(digest.to_owned(), bytes.to_vec());
        Ok(())
    }

    async fn component(&self, digest: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.components.lock().unwrap().get(digest).cloned())
    }

    async fn put_revision(&self, revision: &RevisionRecord) -> Result<(), StoreError> {
        self.revisions
            .lock()
            .unwrap()
            .insert(revision.id.clone(), revision.clone());
        Ok(())
    }

    async fn revision(&self, id: &RevisionId) -> Result<Option<RevisionRecord>, StoreError> {
        Ok(self.revisions.lock().unwrap().get(id).cloned())
    }
}

fn provider(component: &Path, issuer: &str) -> config::Provider {
    config::Provider {
        component: component.to_owned(),
        title: "Test".to_owned(),
        client_id: "client".to_owned(),
        client_secret: None,
        client_auth: None,
        client_key: None,
        client_audience: crate::config::ClientAudience::default(),
        scopes: vec!["openid".to_owned()],
        options: json!({ "issuer": issuer }).as_object().unwrap().clone(),
        grant: config::Grant::default(),
        limits: config::Limits {
            // The machine that runs the tests is shared.
            deadline: Duration::from_secs(1),
            ..config::Limits::default()
        },
        resource_url: None,
    }
}

fn name(text: &str) -> ProviderName {
    ProviderName::new(text)
}

async fn load(
    providers: impl IntoIterator<Item = (ProviderName, config::Provider)>,
    store: Arc<Kept>,
) -> (Providers, Vec<ProviderFailure>) {
    let library = testing::library();
    let sandbox = Sandbox::new(library.engines());
    let providers = providers.into_iter().collect();
    let approvals = Approvals {
        bundled: [ComponentDigest::of(&built("oidc"))].into_iter().collect(),
        ..Approvals::default()
    };
    let loader = Loader::new(Some(store), approvals, library, sandbox);
    Providers::load_all(providers, loader).await
}

#[tokio::test]
async fn three_hundred_providers_share_one_component() {
    let path = built_path("oidc");
    let _ = built("oidc");
    let store = Arc::new(Kept::default());
    let many = (0..300).map(|n| {
        (
            name(&format!("p{n}")),
            provider(&path, &format!("https://issuer{n}.example.com")),
        )
    });
    let begun = Instant::now();
    let (providers, failures) = load(many, store.clone()).await;
    let took = begun.elapsed();
    assert!(failures.is_empty(), "{failures:?}");
    assert_eq!(providers.all().count(), 300);
    assert_eq!(store.revisions.lock().unwrap().len(), 300);
    assert_eq!(*store.component_writes.lock().unwrap(), 1);
    let one = providers.active(&name("p0")).unwrap();
    assert!(
        providers
            .all()
            .all(|other| Arc::ptr_eq(&one.component, &other.component))
    );
    assert!(took < Duration::from_secs(30), "{took:?}");
}

#[tokio::test]
async fn one_bad_provider_stops_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let hostile = folder.path().join("hostile.wasm");
    let describe = testing::ENDLESS;
    std::fs::write(
        &hostile,
        Hostile {
            describe,
            ..Hostile::default()
        }
        .component(),
    )
    .unwrap();
    let text = folder.path().join("text.wasm");
    std::fs::write(&text, "no wasm").unwrap();
    let oidc = built_path("oidc");
    let mut loops = provider(&hostile, "x");
    loops.limits.deadline = Duration::from_millis(5);
    let mut unknown = provider(&oidc, "https://a.example");
    unknown.options.insert("isuer".to_owned(), json!("x"));
    let providers = [
        (name("bad-file"), provider(&text, "x")),
        (name("bad-option"), unknown),
        (name("good"), provider(&oidc, "https://a.example")),
        (name("http"), provider(&oidc, "http://a.example")),
        (name("loops"), loops),
        (
            name("missing"),
            provider(&folder.path().join("none.wasm"), "x"),
        ),
    ];
    let (providers, failures) = load(providers, Arc::default()).await;
    assert!(providers.active(&name("good")).is_some());
    let failed: Vec<&str> = failures
        .iter()
        .map(|failure| failure.provider.as_str())
        .collect();
    assert_eq!(
        failed,
        ["bad-file", "bad-option", "http", "loops", "missing"]
    );
    let told = |index: usize| failures[index].to_string();
    assert!(
        told(1).contains("is no option of this component: `issuer`?"),
        "{}",
        told(1)
    );
    assert!(told(2).contains("insecure_http = true"), "{}", told(2));
    assert!(told(3).contains("within its deadline"), "{}", told(3));
}

#[tokio::test]
async fn an_old_revision_is_loaded_by_another_instance() {
    let store = Arc::new(Kept::default());
    let path = built_path("oidc");
    let _ = built("oidc");
    let (old, _) = load(
        [(name("a"), provider(&path, "https://old.example"))],
        store.clone(),
    )
    .await;
    let old = old.active(&name("a")).unwrap();
    let (now, _) = load(
        [(name("a"), provider(&path, "https://new.example"))],
        store.clone(),
    )
    .await;
    assert_ne!(now.active(&name("a")).unwrap().id, old.id);

    let again = now.revision(&old.id).await.unwrap().unwrap();
    assert_eq!(again.id, old.id);
    assert_eq!(again.description, old.description);
    assert!(Arc::ptr_eq(
        &again,
        &now.revision(&old.id).await.unwrap().unwrap()
    ));
    assert!(
        now.revision(&RevisionId::new("none"))
            .await
            .unwrap()
            .is_none()
    );

    let (gone, _) = load([], store.clone()).await;
    assert!(matches!(
        gone.revision(&old.id).await,
        Err(RevisionError::ProviderGone)
    ));
    store
        .components
        .lock()
        .unwrap()
        .values_mut()
        .for_each(|bytes| bytes.push(0));
    let (damaged, _) = load([], store.clone()).await;
    assert!(damaged.revision(&old.id).await.is_err());
}

#[tokio::test]
async fn what_is_kept_must_be_what_was_kept() {
    let store = Arc::new(Kept::default());
    let path = built_path("oidc");
    let _ = built("oidc");
    let (first, _) = load(
        [(name("a"), provider(&path, "https://old.example"))],
        store.clone(),
    )
    .await;
    let id = first.active(&name("a")).unwrap().id.clone();
    if let Some(record) = store.revisions.lock().unwrap().get_mut(&id) {
        record.configuration = record.configuration.replace("old.example", "evil.example");
    }
    let (second, _) = load(
        [(name("a"), provider(&path, "https://new.example"))],
        store.clone(),
    )
    .await;
    assert!(matches!(
        second.revision(&id).await,
        Err(RevisionError::Damaged)
    ));
}

#[tokio::test]
async fn the_current_grant_counts_for_old_revisions_too() {
    let store = Arc::new(Kept::default());
    let path = built_path("oidc");
    let _ = built("oidc");
    let mut granted = provider(&path, "http://127.0.0.1:9");
    granted.grant.insecure_http = true;
    let (first, failures) = load([(name("a"), granted)], store.clone()).await;
    assert!(failures.is_empty(), "{failures:?}");
    let id = first.active(&name("a")).unwrap().id.clone();
    let (second, _) = load(
        [(name("a"), provider(&path, "https://new.example"))],
        store.clone(),
    )
    .await;
    assert!(matches!(
        second.revision(&id).await,
        Err(RevisionError::Load(LoadError::Description(_)))
    ));
}

#[tokio::test]
async fn everything_that_differs_makes_another_revision() {
    let path = built_path("oidc");
    let _ = built("oidc");
    let base = || provider(&path, "https://a.example");
    let mut other_client = base();
    other_client.client_id = "other".to_owned();
    let mut other_scopes = base();
    other_scopes.scopes.push("email".to_owned());
    let other_issuer = provider(&path, "https://b.example");
    let mut same_but_for_grant = base();
    same_but_for_grant.grant.relax = vec!["no-pkce".to_owned()];
    let mut ids = Vec::new();
    for configured in [
        base(),
        other_client,
        other_scopes,
        other_issuer,
        same_but_for_grant,
    ] {
        let (providers, failures) = load([(name("a"), configured)], Arc::default()).await;
        assert!(failures.is_empty(), "{failures:?}");
        ids.push(providers.active(&name("a")).unwrap().id.clone());
    }
    assert_eq!(ids[0], ids[4], "what is granted is no part of a revision");
    ids.truncate(4);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4);
}

#[tokio::test]
async fn the_oidc_component_goes_all_the_way() {
    use crate::plugin::bindings::{
        AuthorizationRequest, Evidence, Grant, IdentityStep, Parameter, Response, RevokeStep,
        TokenStep,
    };
    let path = built_path("oidc");
    let _ = built("oidc");
    let configured = [(name("a"), provider(&path, "https://issuer.example.com"))];
    let (providers, _) = load(configured, Arc::default()).await;
    let revision = providers.active(&name("a")).unwrap();
    let sandbox = providers.sandbox();

    let prompt = Parameter {
        name: "prompt".to_owned(),
        value: "login".to_owned(),
    };
    let request = AuthorizationRequest {
        scopes: vec![],
        hints: vec![prompt.clone()],
    };
    let extra = sandbox
        .authorize(&revision, request)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(extra, [prompt]);

    let code = || Grant::Code(vec![]);
    let step = sandbox
        .obtain(&revision, code(), vec![])
        .await
        .unwrap()
        .unwrap();
    let TokenStep::Send(requests) = step else {
        panic!("{step:?}")
    };
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].endpoint, "token");
    let answer = Response {
        status: 200,
        headers: vec![],
        body: json!({ "access_token": "secret:0/access_token", "id_token": "secret:0/id_token",
            "token_type": "Bearer", "expires_in": 60 })
        .to_string(),
    };
    let step = sandbox
        .obtain(&revision, code(), vec![answer.clone()])
        .await
        .unwrap()
        .unwrap();
    let TokenStep::Done(tokens) = step else {
        panic!("{step:?}")
    };
    assert_eq!(tokens.tokens[0].access, "secret:0/access_token");
    assert_eq!(tokens.id_token.as_deref(), Some("secret:0/id_token"));

    let evidence = Evidence {
        id_token: Some(
            json!({ "sub": "1", "email": "a@example.com", "email_verified": true,
            "name": "Ada", "preferred_username": "ada", "groups": ["a"] })
            .to_string(),
        ),
        access_token: None,
        token: answer.body,
        callback: vec![],
        scopes: vec![],
    };
    let step = sandbox
        .identify(&revision, evidence, vec![])
        .await
        .unwrap()
        .unwrap();
    let IdentityStep::Done(identity) = step else {
        panic!("{step:?}")
    };
    assert_eq!(identity.name.as_deref(), Some("Ada"));
    assert_eq!(identity.email.unwrap().source, "id-token");

    let step = sandbox
        .revoke(&revision, String::new(), vec![])
        .await
        .unwrap()
        .unwrap();
    let RevokeStep::Send(requests) = step else {
        panic!("{step:?}")
    };
    assert!(
        requests
            .iter()
            .all(|request| request.endpoint == "revocation")
    );
}
