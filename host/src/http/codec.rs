//! `POST /codec/encode` and `POST /codec/decode`: what Temporal keeps sealed, for operators' eyes.
//!
//! This is Temporal's remote codec protocol: payloads in, payloads out, in the same order. The
//! Temporal UI and `temporal --codec-endpoint` speak it. It shows what stands in histories: ids,
//! names of providers, outcomes; codes and tokens never stand there. The caller shows the
//! operators' credential, and a page must be of a configured origin besides (`pages`).

mod pages;
mod wire;

use self::pages::Caller;
use self::wire::Payloads;
use super::address::ClientAddress;
use super::json::Json;
use super::problem::Problem;
use super::{Edge, body, operators};
use crate::seal::PayloadSeal;
use axum::Extension;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use std::sync::Arc;
use temporalio_common::protos::temporal::api::common::v1::Payload;

/// The largest body: Temporal's own limit on a message is 4 MB, in base64 a third more.
const MAX_BODY: usize = 6 << 20;

/// Seals payloads as the worker does.
pub async fn encode(
    State(edge): State<Arc<Edge>>,
    Extension(address): Extension<ClientAddress>,
    request: Request,
) -> Response {
    answer(&edge, address, request, |seal, payload| seal.seal(&payload)).await
}

/// Opens payloads. One that is not sealed, or that does not open, comes back as it is, so that the
/// rest of a history can be read.
pub async fn decode(
    State(edge): State<Arc<Edge>>,
    Extension(address): Extension<ClientAddress>,
    request: Request,
) -> Response {
    answer(&edge, address, request, |seal, payload| {
        seal.open(payload.clone()).unwrap_or_else(|error| {
            tracing::warn!(%error, "a payload stays sealed");
            payload
        })
    })
    .await
}

/// Tells a browser what a page may send
/// ([Fetch, CORS-preflight](https://fetch.spec.whatwg.org/#cors-preflight-fetch)).
pub async fn preflight(
    State(edge): State<Arc<Edge>>,
    Extension(address): Extension<ClientAddress>,
    headers: HeaderMap,
) -> Response {
    match Caller::of(&edge, &headers, address) {
        Ok(caller) => caller.permit(StatusCode::NO_CONTENT.into_response()),
        Err(problem) => problem.into_response(),
    }
}

async fn answer(
    edge: &Edge,
    address: ClientAddress,
    request: Request,
    turn: impl Fn(&PayloadSeal, Payload) -> Payload,
) -> Response {
    let caller = match Caller::of(edge, request.headers(), address) {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    let turned = turned(edge, &caller, address, request, turn).await;
    // A refusal too is for the page to read.
    caller.permit(turned.map(Json).into_response())
}

async fn turned(
    edge: &Edge,
    caller: &Caller,
    address: ClientAddress,
    request: Request,
    turn: impl Fn(&PayloadSeal, Payload) -> Payload,
) -> Result<Payloads, Problem> {
    if !caller.needs_no_credential() {
        operators::require(edge, request.headers(), address)?;
    }
    let payloads: Payloads = body::json_up_to(MAX_BODY, request).await?;
    let seal = PayloadSeal::new((*edge.web.keys).clone());
    Ok(payloads.map(|payload| turn(&seal, payload)))
}
