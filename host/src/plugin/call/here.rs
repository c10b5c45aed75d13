//! Calls on the caller's own thread, without admission, numbers and traces: what a call costs by
//! itself. For benchmarks; a thread that serves the network must never make one.

use super::{Answered, Confinement, Guest, Sandbox, execute};
use crate::plugin::bindings::{AuthorizationRequest, Evidence, IdentityStep, Parameter, Response};
use crate::plugin::revisions::Revision;

impl Sandbox {
    /// [`Sandbox::authorize`], here.
    ///
    /// # Errors
    /// See [`CallError`](super::CallError).
    pub fn authorize_here(
        &self,
        revision: &Revision,
        request: &AuthorizationRequest,
    ) -> Answered<Vec<Parameter>> {
        let Guest {
            component,
            setup,
            limits,
            ..
        } = revision.guest();
        let store = Confinement::store(component.engine(), limits);
        execute(component, setup, store, |provider, store, setup| {
            provider
                .celadon_provider_provider()
                .call_authorize(store, setup, request)
        })
    }

    /// [`Sandbox::identify`], here.
    ///
    /// # Errors
    /// See [`CallError`](super::CallError).
    pub fn identify_here(
        &self,
        revision: &Revision,
        evidence: &Evidence,
        transcript: &[Response],
    ) -> Answered<IdentityStep> {
        let Guest {
            component,
            setup,
            limits,
            ..
        } = revision.guest();
        let store = Confinement::store(component.engine(), limits);
        execute(component, setup, store, |provider, store, setup| {
            provider
                .celadon_provider_provider()
                .call_identify(store, setup, evidence, transcript)
        })
    }
}
