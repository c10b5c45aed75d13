//! The same two calls, three ways: native, in a bare wasmtime loop, in Celadon's runtime.

use anyhow::{Context, Result, anyhow, ensure};
use celadon::config::{Grant, Limits, Tier};
use celadon::plugin::bindings::{
    AuthorizationRequest, Evidence, IdentityProvider, IdentityProviderPre, IdentityStep, Parameter,
    Setup,
};
use celadon::plugin::call::{Guest, Sandbox};
use celadon::plugin::component::{self, LoadedComponent};
use celadon::plugin::description::Description;
use celadon::plugin::description::check::Operator;
use celadon::plugin::engine::Engines;
use celadon::plugin::revisions::Revision;
use celadon_provider::{glue, wire};
use celadon_provider_oidc::Oidc;
use celadon_tests::component;
use celadon_workflows::types::{ProviderName, RevisionId};
use serde_json::json;
use std::hint::black_box;
use std::sync::Arc;
use wasmtime::component::{Component, Linker};
use wasmtime::{
    Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig, ResourceLimiter, Store,
};

/// The options of all calls. Userinfo is not asked, so that `identify` ends in one call.
pub fn options() -> String {
    json!({"issuer": "https://op.example.com", "userinfo": false}).to_string()
}

/// Claims of 2 KB, as a workforce provider sends them.
pub fn claims() -> String {
    let groups: Vec<_> = (0..40)
        .map(|group| format!("group-{group:04}-of-the-staff"))
        .collect();
    let claims = json!({
        "iss": "https://op.example.com", "sub": "248289761001", "aud": "celadon",
        "iat": 1_700_000_000, "exp": 1_700_000_300, "auth_time": 1_700_000_000,
        "email": "ada@example.com", "email_verified": true, "name": "Ada Lovelace",
        "given_name": "Ada", "family_name": "Lovelace", "preferred_username": "ada",
        "picture": "https://op.example.com/people/ada.png", "locale": "en-GB", "groups": groups,
        "address": {"street_address": "12 St James's Square", "locality": "London", "country": "UK"},
        "https://example.com/claims/roles": ["reader", "writer", "reviewer"],
        "https://example.com/claims/tenant": "0a1b2c3d-4e5f-6789-abcd-ef0123456789",
        "amr": ["pwd", "otp"], "acr": "urn:mace:incommon:iap:silver",
    });
    let mut claims = claims.to_string();
    let padding = 2048_usize.saturating_sub(claims.len() + 12);
    claims.insert_str(
        claims.len() - 1,
        &format!(r#","note":"{}""#, "n".repeat(padding)),
    );
    claims
}

fn scopes() -> Vec<String> {
    ["openid", "email", "profile"].map(str::to_owned).to_vec()
}

/// The component's code, compiled for this processor like any other Rust.
pub struct Native {
    options: String,
    claims: String,
}

impl Native {
    /// The component's code.
    pub fn new() -> Self {
        Self {
            options: options(),
            claims: claims(),
        }
    }

    fn setup(&self) -> wire::Setup {
        wire::Setup {
            client_id: "celadon".to_owned(),
            options: self.options.clone(),
        }
    }

    /// One call.
    pub fn authorize(&self) -> Result<()> {
        let request = wire::AuthorizationRequest {
            scopes: scopes(),
            hints: vec![wire::Parameter {
                name: "prompt".to_owned(),
                value: "login".to_owned(),
            }],
        };
        let added = glue::authorize::<Oidc>(self.setup(), black_box(request));
        ensure!(added.is_ok_and(|added| added.len() == 1), "not authorized");
        Ok(())
    }

    /// One call.
    pub fn identify(&self) -> Result<()> {
        let evidence = wire::Evidence {
            id_token: Some(self.claims.clone()),
            access_token: None,
            token: "{}".to_owned(),
            callback: Vec::new(),
            scopes: scopes(),
        };
        let step = glue::identify::<Oidc>(self.setup(), black_box(evidence), Vec::new());
        let Ok(wire::IdentityStep::Done(identity)) = step else {
            return Err(anyhow!("not identified"));
        };
        ensure!(identity.groups.len() == 40, "other groups");
        Ok(())
    }
}

/// What an application asks for.
pub fn request() -> AuthorizationRequest {
    AuthorizationRequest {
        scopes: scopes(),
        hints: vec![Parameter {
            name: "prompt".to_owned(),
            value: "login".to_owned(),
        }],
    }
}

/// Evidence with 2 KB of claims.
pub fn evidence() -> Evidence {
    Evidence {
        id_token: Some(claims()),
        access_token: None,
        token: "{}".to_owned(),
        callback: Vec::new(),
        scopes: scopes(),
    }
}

/// Whether that is who the claims speak of.
pub fn check(step: &IdentityStep) -> Result<()> {
    match step {
        IdentityStep::Done(identity) if identity.groups.len() == 40 => Ok(()),
        _ => Err(anyhow!("not identified")),
    }
}

/// The least that a fresh instance for every call costs, with wasmtime's settings as Celadon has
/// them, one limiter, hostcall fuel and an epoch deadline.
pub struct Bare {
    engine: wasmtime::Engine,
    pre: IdentityProviderPre<Limiter>,
    setup: Setup,
    request: AuthorizationRequest,
    evidence: Evidence,
}

/// Wasmtime's error is its own type.
fn told(error: wasmtime::Error) -> anyhow::Error {
    anyhow!("{error:?}")
}

struct Limiter;

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= 32 << 20)
    }

    fn table_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= 10_000)
    }
}

impl Bare {
    /// The loop's fixed parts.
    pub fn new() -> Result<Self> {
        let mut pool = PoolingAllocationConfig::default();
        pool.total_component_instances(64)
            .total_core_instances(512)
            .total_memories(64)
            .total_tables(256)
            .max_memory_size(32 << 20)
            .table_elements(10_000)
            .pagemap_scan(Enabled::Auto)
            .linear_memory_keep_resident(512 << 10)
            .table_keep_resident(64 << 10)
            .max_unused_warm_slots(64);
        let mut config = Config::new();
        config
            .epoch_interruption(true)
            .max_wasm_stack(256 << 10)
            .memory_init_cow(true)
            .wasm_backtrace_max_frames(None)
            .generate_address_map(false)
            .native_unwind_info(false)
            .cranelift_nan_canonicalization(true)
            .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        let engine = wasmtime::Engine::new(&config).map_err(told)?;
        let component = Component::from_file(&engine, component("oidc")?).map_err(told)?;
        let linker = Linker::new(&engine);
        let pre = linker.instantiate_pre(&component).map_err(told)?;
        Ok(Self {
            pre: IdentityProviderPre::new(pre).map_err(told)?,
            engine,
            setup: setup(),
            request: request(),
            evidence: evidence(),
        })
    }

    fn instance(&self) -> Result<(IdentityProvider, Store<Limiter>)> {
        let mut store = Store::new(&self.engine, Limiter);
        store.limiter(|limiter| limiter);
        store.set_hostcall_fuel(1 << 20);
        store.set_epoch_deadline(50);
        store.epoch_deadline_trap();
        let instance = self.pre.instantiate(&mut store).map_err(told)?;
        Ok((instance, store))
    }

    /// One call.
    pub fn authorize(&self) -> Result<()> {
        let (instance, store) = self.instance()?;
        let added =
            instance
                .celadon_provider_provider()
                .call_authorize(store, &self.setup, &self.request);
        let added = added.map_err(told)?;
        ensure!(added.is_ok_and(|added| added.len() == 1), "not authorized");
        Ok(())
    }

    /// One call.
    pub fn identify(&self) -> Result<()> {
        let (instance, store) = self.instance()?;
        let step = instance.celadon_provider_provider().call_identify(
            store,
            &self.setup,
            &self.evidence,
            &[],
        );
        let step = step.map_err(told)?;
        check(&step.map_err(|_| anyhow!("a failure"))?)
    }
}

fn setup() -> Setup {
    Setup {
        client_id: "celadon".to_owned(),
        options: options(),
    }
}

/// Celadon's own way.
pub struct Runtime {
    tokio: tokio::runtime::Runtime,
    sandbox: Sandbox,
    revision: Revision,
    request: AuthorizationRequest,
    evidence: Evidence,
}

impl Runtime {
    /// A sandbox with the generic component.
    pub fn new() -> Result<Self> {
        let tokio = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let engines = Engines::usual()?;
        let engine = engines.of(Tier::Compact)?;
        let component = component::load(&engine, &std::fs::read(component("oidc")?)?)?;
        let sandbox = Sandbox::new(&engines);
        let revision = tokio.block_on(revision(&sandbox, "bench", Arc::new(component)))?;
        Ok(Self {
            tokio,
            sandbox,
            revision,
            request: request(),
            evidence: evidence(),
        })
    }

    /// One call, as a login makes it.
    pub fn authorize(&self) -> Result<()> {
        let call = self.sandbox.authorize(&self.revision, self.request.clone());
        let added = self.tokio.block_on(call)?;
        ensure!(added.is_ok_and(|added| added.len() == 1), "not authorized");
        Ok(())
    }

    /// One call, as a login makes it.
    pub fn identify(&self) -> Result<()> {
        let call = self
            .sandbox
            .identify(&self.revision, self.evidence.clone(), Vec::new());
        let step = self.tokio.block_on(call)?;
        check(&step.map_err(|_| anyhow!("a failure"))?)
    }

    /// One call without the way to another thread and back.
    pub fn authorize_here(&self) -> Result<()> {
        let added = self.sandbox.authorize_here(&self.revision, &self.request)?;
        ensure!(added.is_ok_and(|added| added.len() == 1), "not authorized");
        Ok(())
    }

    /// One call without the way to another thread and back.
    pub fn identify_here(&self) -> Result<()> {
        let step = self
            .sandbox
            .identify_here(&self.revision, &self.evidence, &[])?;
        check(&step.map_err(|_| anyhow!("a failure"))?)
    }

    /// What going to another thread and back costs.
    pub fn hop(&self) -> Result<()> {
        let hop = async { tokio::task::spawn_blocking(|| black_box(())).await };
        Ok(self.tokio.block_on(hop)?)
    }
}

/// A revision of a component, as the generic one is configured.
pub async fn revision(
    sandbox: &Sandbox,
    name: &str,
    component: Arc<LoadedComponent>,
) -> Result<Revision> {
    configured(sandbox, name, component, &options()).await
}

/// A revision of a component with these options.
pub async fn configured(
    sandbox: &Sandbox,
    name: &str,
    component: Arc<LoadedComponent>,
    options: &str,
) -> Result<Revision> {
    let provider = ProviderName::new(name);
    let setup = Arc::new(Setup {
        client_id: "celadon".to_owned(),
        options: options.to_owned(),
    });
    let limits = Limits::default();
    let guest = Guest {
        provider: &provider,
        component: &component,
        setup: &setup,
        limits: &limits,
    };
    let described = sandbox.describe(guest).await?;
    let described = described.map_err(|_| anyhow!("the options are refused"))?;
    let operator = Operator {
        provider: &provider,
        grant: &Grant::default(),
    };
    let description = Description::check(described, operator)
        .map_err(|mistakes| anyhow!("{mistakes:?}"))
        .context("the description")?;
    Ok(Revision {
        id: RevisionId::new(name),
        provider,
        component,
        setup,
        scopes: scopes(),
        description: Arc::new(description),
        limits,
    })
}
