//! `GET` and `POST /callback/{provider}`: the browser comes back from the provider.
//!
//! The provider's form_post ([OAuth 2.0 Form Post Response Mode](https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html))
//! comes from another site, so the browser leaves our Lax cookies out. Its fields are sealed, kept
//! for a few minutes, and the browser is sent to this same address with a one-time handle; that
//! request has the cookies and is checked like any other. What the parameters mean, doubled ones
//! included, is for [`crate::logins`].

use super::address::ClientAddress;
use super::problem::{Problem, kinds};
use super::{Edge, body, query};
use crate::logins::{CallbackRequest, LoginError, SignedIn};
use crate::seal::Context;
use crate::{clock, random};
use axum::Extension;
use axum::extract::{Path, RawQuery, Request, State};
use axum::response::{IntoResponse, Response};
use celadon_workflows::types::LoginId;
use http::header::LOCATION;
use http::{HeaderMap, HeaderValue, StatusCode};
use query::Pairs;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Seconds that a browser has to come back with its handle.
const HANDOFF: u64 = 300;

/// A form on its way to the same callback by GET.
#[derive(Serialize, Deserialize)]
struct Handoff {
    provider: String,
    fields: Pairs,
}

/// Answers a callback whose parameters, or their handle, are in the query.
pub async fn get(
    State(edge): State<Arc<Edge>>,
    Extension(address): Extension<ClientAddress>,
    Path(provider): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    edge.limits.browser(address.0)?;
    let pairs = query::of_query(raw.as_deref())?;
    let handle = query::single(&pairs, "handle")?;
    let parameters = match &handle {
        None => pairs,
        Some(_) if pairs.len() > 1 => {
            let detail = "a handle comes without other parameters";
            return Err(Problem::new(&kinds::BAD_REQUEST).detail(detail));
        }
        Some(handle) => take(&edge, &provider, handle).await?,
    };
    let callback = CallbackRequest {
        provider: provider.clone(),
        parameters: parameters.clone(),
        bindings: edge.cookies.bindings(&headers),
    };
    match edge.web.logins.callback(callback).await {
        Ok(signed_in) => finish(&edge, &signed_in, &headers).await,
        Err(error) => {
            let worth_a_reload = matches!(
                error,
                LoginError::StillRunning(_) | LoginError::Unavailable(..)
            );
            if let Some(handle) = handle.as_ref().filter(|_| worth_a_reload) {
                // The page asks for a reload, and the handle is in its address.
                keep(&edge, provider.clone(), parameters.clone(), handle).await?;
            }
            Ok(fail(&edge, &provider, error, &parameters))
        }
    }
}

/// Takes in a form_post.
pub async fn post(
    State(edge): State<Arc<Edge>>,
    Extension(address): Extension<ClientAddress>,
    Path(provider): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    edge.limits.browser(address.0)?;
    if edge.provider(&provider).is_none() {
        return Err(Problem::new(&kinds::UNKNOWN_PROVIDER));
    }
    let fields = body::form(request).await?;
    let handle = random::token();
    let location = format!("/callback/{provider}?handle={handle}");
    keep(&edge, provider, fields, &handle).await?;
    see_other(&location)
}

async fn keep(edge: &Edge, provider: String, fields: Pairs, handle: &str) -> Result<(), Problem> {
    let hash = random::sha256_hex(handle.as_bytes());
    let sealed = edge
        .web
        .keys
        .seal_json(&context(&hash), &Handoff { provider, fields })?;
    let expires_at = clock::now().saturating_add(HANDOFF);
    Ok(edge
        .web
        .store
        .put_handoff(&hash, &sealed, expires_at)
        .await?)
}

async fn take(edge: &Edge, provider: &str, handle: &str) -> Result<Pairs, Problem> {
    let hash = random::sha256_hex(handle.as_bytes());
    let sealed = edge.web.store.take_handoff(&hash, clock::now()).await?;
    let sealed = sealed.ok_or_else(|| Problem::new(&kinds::UNKNOWN_STATE))?;
    let handoff: Handoff = edge.web.keys.open_json(&context(&hash), &sealed)?;
    if handoff.provider != provider {
        return Err(Problem::new(&kinds::UNKNOWN_STATE));
    }
    Ok(handoff.fields)
}

fn context(hash: &str) -> Context {
    Context::new("handoff.fields", hash)
}

/// Sets the session, forgets the binding, and goes where the login was to end.
async fn finish(edge: &Edge, signed: &SignedIn, request: &HeaderMap) -> Result<Response, Problem> {
    let mut response = see_other(&signed.return_to)?;
    if let Some(session) = &signed.session {
        // The session that this one replaces would otherwise live on unseen.
        if let Some(previous) = edge.cookies.session(request).filter(|it| it != session) {
            edge.web.sessions.end(&previous).await?;
        }
        edge.cookies.set_session(response.headers_mut(), session);
    }
    let binding = edge.cookies.binding_name(&signed.login);
    edge.cookies.clear(response.headers_mut(), &binding);
    Ok(response)
}

/// The problem, without the binding cookie where the login is over for good.
fn fail(edge: &Edge, provider: &str, error: LoginError, parameters: &Pairs) -> Response {
    let over = matches!(
        error,
        LoginError::Refused(..) | LoginError::Expired | LoginError::Cancelled
    );
    let mut response = Problem::from(error).again(provider).into_response();
    let state = parameters.iter().find(|(name, _)| name == "state");
    if let (true, Some((_, state))) = (over, state) {
        let login = LoginId::new(random::sha256_hex(state.as_bytes()));
        let binding = edge.cookies.binding_name(&login);
        edge.cookies.clear(response.headers_mut(), &binding);
    }
    response
}

/// 303 to `location`.
pub fn see_other(location: &str) -> Result<Response, Problem> {
    let location = HeaderValue::try_from(location)
        .map_err(|error| Problem::new(&kinds::INTERNAL).cause(Arc::new(error) as Arc<_>))?;
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}
