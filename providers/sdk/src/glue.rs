//! Between the generated exports and a [`Provider`]. Used by [`export!`](crate::export) and by
//! components that wrap another provider; not part of the stable interface.
#![allow(
    missing_docs,
    reason = "hidden; each function is the export of the same name"
)]

use crate::wire::{
    self, Failure, FailureKind, IdentityStep, OptionError, Parameter, RevokeStep, TokenStep,
};
use crate::{AuthorizationRequest, Evidence, Http, Provider, Request, Setup, Stop};

pub fn describe<P: Provider>(setup: wire::Setup) -> Result<wire::Description, Vec<OptionError>> {
    let setup = Setup::read(setup, &P::MANIFEST)?;
    P::describe(&setup).map(crate::Description::into_wire)
}

pub fn authorize<P: Provider>(
    setup: wire::Setup,
    request: wire::AuthorizationRequest,
) -> Result<Vec<Parameter>, Failure> {
    P::authorize(&read::<P>(setup)?, &AuthorizationRequest::new(request))
}

pub fn obtain<P: Provider>(
    setup: wire::Setup,
    grant: wire::Grant,
    transcript: Vec<wire::Response>,
) -> Result<TokenStep, Failure> {
    let setup = read::<P>(setup)?;
    match P::obtain(&setup, &grant, &mut Http::new(transcript)) {
        Ok(tokens) => Ok(TokenStep::Done(tokens.into_wire())),
        Err(stop) => Ok(TokenStep::Send(requests(stop)?)),
    }
}

pub fn identify<P: Provider>(
    setup: wire::Setup,
    evidence: wire::Evidence,
    transcript: Vec<wire::Response>,
) -> Result<IdentityStep, Failure> {
    let setup = read::<P>(setup)?;
    let evidence = Evidence::new(evidence);
    match P::identify(&setup, &evidence, &mut Http::new(transcript)) {
        Ok(identity) => Ok(IdentityStep::Done(identity.into_wire())),
        Err(stop) => Ok(IdentityStep::Send(requests(stop)?)),
    }
}

pub fn revoke<P: Provider>(
    setup: wire::Setup,
    token: String,
    transcript: Vec<wire::Response>,
) -> Result<RevokeStep, Failure> {
    let setup = read::<P>(setup)?;
    match P::revoke(&setup, &token, &mut Http::new(transcript)) {
        Ok(()) => Ok(RevokeStep::Done),
        Err(stop) => Ok(RevokeStep::Send(requests(stop)?)),
    }
}

/// The options were checked by `describe`, so a mistake here is the host's.
fn read<P: Provider>(setup: wire::Setup) -> Result<Setup<P::Options>, Failure> {
    Setup::read(setup, &P::MANIFEST)
        .map_err(|_| Failure::new(FailureKind::Unsupported, "the options were never described"))
}

fn requests(stop: Stop) -> Result<Vec<wire::Request>, Failure> {
    match stop {
        Stop::Send(requests) => Ok(requests.into_iter().map(Request::into_wire).collect()),
        Stop::Fail(failure) => Err(failure),
    }
}
