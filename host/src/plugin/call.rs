//! Calls into components.
//!
//! Each call gets a store and an instance of its own, made from a compiled component and thrown
//! away after it; it runs on a thread that serves no network, under limits of memory, tables, stack,
//! CPU time and size of answer. What a call answers is within the contract's bounds when it leaves
//! this module. What it *means* is judged elsewhere: descriptions in [`super::description`],
//! requests and results where transcripts are run.
//!
//! That a component failed, that it asked for too much, and that the host had no room are different
//! things and stay so: see [`CallError`].

mod admission;
mod answer;
mod confinement;
mod diagnosis;
mod error;
mod here;

pub use self::answer::{Answer, Breach};
pub(super) use self::confinement::Confinement;
pub use self::confinement::Limit;
pub use self::error::CallError;

use self::admission::{Admission, Permit};
use self::diagnosis::{Diagnosis, Failed};
use self::error::failure;
use super::bindings::{
    AuthorizationRequest, Description, Evidence, Failure, Grant, IdentityProvider, IdentityStep,
    OptionError, Parameter, Response, RevokeStep, Setup, TokenStep,
};
use super::component::{Library, LoadedComponent};
use super::engine::Engines;
use super::revisions::Revision;
use crate::config::{Limits, Tier};
use crate::metrics;
use crate::traces;
use celadon_workflows::types::ProviderName;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasmtime::Store;

/// How long a call waits for room.
pub const ADMISSION_WAIT: Duration = Duration::from_secs(2);

/// What a call answers within its [`Result`]: the component's result, or the failure it reports.
pub type Answered<T> = Result<Result<T, Failure>, CallError>;

/// A component as one provider uses it.
#[derive(Clone, Copy, Debug)]
pub struct Guest<'a> {
    /// The provider, for the log.
    pub provider: &'a ProviderName,
    /// What is called.
    pub component: &'a Arc<LoadedComponent>,
    /// The first argument of every call.
    pub setup: &'a Arc<Setup>,
    /// How much a call may use.
    pub limits: &'a Limits,
}

/// Where calls run. Cheap to clone.
#[derive(Clone)]
pub struct Sandbox {
    compact: Admission,
    large: Admission,
    diagnosis: Option<Arc<Diagnosis>>,
    wait: Duration,
}

impl Sandbox {
    /// A sandbox on these engines. Fewer calls are let in than their pools have slots, so that a flood
    /// queues here, where it is answered in words, and never finds a pool empty.
    pub fn new(engines: &Engines) -> Self {
        Self {
            compact: Admission::new(engines.options(Tier::Compact).calls()),
            large: Admission::new(engines.options(Tier::Large).calls()),
            diagnosis: None,
            wait: ADMISSION_WAIT,
        }
    }

    /// One whose failed calls are looked into, with components of this library.
    pub fn with_diagnosis(library: &Library) -> Self {
        Self {
            diagnosis: Some(Arc::new(Diagnosis::new(library.clone()))),
            ..Self::new(library.engines())
        }
    }

    fn room(&self, tier: Tier) -> &Admission {
        match tier {
            Tier::Compact => &self.compact,
            Tier::Large => &self.large,
        }
    }

    /// `describe`: what the component wants to be, or what is wrong with its options.
    pub async fn describe(
        &self,
        guest: Guest<'_>,
    ) -> Result<Result<Description, Vec<OptionError>>, CallError> {
        self.run(guest, "describe", |provider, store, setup| {
            provider
                .celadon_provider_provider()
                .call_describe(store, setup)
        })
        .await
    }

    /// `authorize`: parameters to add to the link.
    pub async fn authorize(
        &self,
        revision: &Revision,
        request: AuthorizationRequest,
    ) -> Answered<Vec<Parameter>> {
        self.run(
            revision.guest(),
            "authorize",
            move |provider, store, setup| {
                provider
                    .celadon_provider_provider()
                    .call_authorize(store, setup, &request)
            },
        )
        .await
    }

    /// `obtain`: the next requests for tokens, or the tokens.
    pub async fn obtain(
        &self,
        revision: &Revision,
        grant: Grant,
        transcript: Vec<Response>,
    ) -> Answered<TokenStep> {
        self.run(revision.guest(), "obtain", move |provider, store, setup| {
            provider
                .celadon_provider_provider()
                .call_obtain(store, setup, &grant, &transcript)
        })
        .await
    }

    /// `identify`: the next requests for evidence, or the identity.
    pub async fn identify(
        &self,
        revision: &Revision,
        evidence: Evidence,
        transcript: Vec<Response>,
    ) -> Answered<IdentityStep> {
        self.run(
            revision.guest(),
            "identify",
            move |provider, store, setup| {
                provider.celadon_provider_provider().call_identify(
                    store,
                    setup,
                    &evidence,
                    &transcript,
                )
            },
        )
        .await
    }

    /// `revoke`: the next requests to withdraw the token of that name, or that it is done.
    pub async fn revoke(
        &self,
        revision: &Revision,
        token: String,
        transcript: Vec<Response>,
    ) -> Answered<RevokeStep> {
        self.run(revision.guest(), "revoke", move |provider, store, setup| {
            provider
                .celadon_provider_provider()
                .call_revoke(store, setup, &token, &transcript)
        })
        .await
    }

    async fn run<A, F>(
        &self,
        guest: Guest<'_>,
        function: &'static str,
        call: F,
    ) -> Result<A, CallError>
    where
        A: Answer + Send + 'static,
        F: Fn(&IdentityProvider, &mut Store<Confinement>, &Setup) -> wasmtime::Result<A>
            + Send
            + Sync
            + 'static,
    {
        let measured = self.run_measured(guest, function, call);
        traces::plugin_call(guest.provider, function, measured, outcome).await
    }

    async fn run_measured<A, F>(
        &self,
        guest: Guest<'_>,
        function: &'static str,
        call: F,
    ) -> Result<A, CallError>
    where
        A: Answer + Send + 'static,
        F: Fn(&IdentityProvider, &mut Store<Confinement>, &Setup) -> wasmtime::Result<A>
            + Send
            + Sync
            + 'static,
    {
        let call = Arc::new(call);
        let permit = self.admit(guest).await;
        let begun = Instant::now();
        let result = match permit {
            Some(permit) => run_admitted(permit, guest, call.clone()).await,
            None => Err(CallError::Busy),
        };
        let took = begun.elapsed();
        let outcome = outcome(&result);
        metrics::plugin_call(guest.provider, function, outcome, took);
        tracing::debug!(
            provider = %guest.provider,
            component = %guest.component.digest(),
            function,
            micros = took.as_micros() as u64,
            outcome,
            "plugin call"
        );
        if let (Err(error), Some(diagnosis)) = (&result, &self.diagnosis) {
            diagnosis.report(Failed::new(guest, function, call), error);
        }
        result
    }

    async fn admit(&self, guest: Guest<'_>) -> Option<Permit> {
        let _waiting = metrics::plugin_call_waits();
        let room = self.room(guest.component.engine().options().tier);
        room.admit(guest.provider, self.wait).await
    }
}

async fn run_admitted<A, F>(permit: Permit, guest: Guest<'_>, call: Arc<F>) -> Result<A, CallError>
where
    A: Answer + Send + 'static,
    F: Fn(&IdentityProvider, &mut Store<Confinement>, &Setup) -> wasmtime::Result<A>
        + Send
        + Sync
        + 'static,
{
    let component = guest.component.clone();
    let setup = guest.setup.clone();
    let store = Confinement::store(component.engine(), guest.limits);
    let task = move || {
        // The place is free when the instance is gone, even if nobody waits for the answer
        // any more: so the permit goes last.
        let _permit = permit;
        execute(&component, &setup, store, &*call)
    };
    tokio::task::spawn_blocking(task)
        .await
        .map_err(CallError::Host)?
}

/// One call, on this thread, from its instance to its checked answer.
fn execute<A: Answer>(
    component: &LoadedComponent,
    setup: &Setup,
    mut store: Store<Confinement>,
    call: impl Fn(&IdentityProvider, &mut Store<Confinement>, &Setup) -> wasmtime::Result<A>,
) -> Result<A, CallError> {
    Confinement::arm(&mut store);
    let instance = component
        .pre()
        .instantiate(&mut store)
        .map_err(|error| failure(&error, Breach::Functions))?;
    let answer =
        call(&instance, &mut store, setup).map_err(|error| failure(&error, Breach::Types))?;
    answer.check().map_err(CallError::Contract)?;
    Ok(answer)
}

/// How a call went, in a word.
fn outcome<A: Answer>(result: &Result<A, CallError>) -> &'static str {
    match result {
        Ok(answer) if answer.is_failure() => "failure",
        Ok(_) => metrics::PLUGIN_OK,
        Err(error) => error.outcome(),
    }
}

#[cfg(test)]
mod tests;
