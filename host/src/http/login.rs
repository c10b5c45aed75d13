//! `GET /login/{provider}`: begins a login in a browser, or opens one that an application started.
//!
//! A login that an application started (`?login=<id>`) is bound to the first browser that opens
//! it. A person must see which application asks before the provider does: a link may have been
//! sent by somebody who is up to no good. So whoever reads HTML gets a page that names the
//! application, with a link onward: nothing goes on before it is followed, since whoever was sent the
//! link by a stranger must have time to read. `Link: rel="next"` tells programs the same. A client that does not ask for HTML has nobody to show a page to: it
//! is redirected at once. Requests that no person made by opening the address (an image in a
//! foreign page, a prefetch) are refused, so that nobody's browser is bound behind their back.

use super::address::ClientAddress;
use super::problem::{Problem, accept, kinds};
use super::{Edge, query};
use crate::clock;
use crate::logins::{Begun, BrowserLogin};
use crate::web;
use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use celadon_workflows::types::LoginId;
use http::header::{LINK, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use std::sync::Arc;

/// Parameters of OIDC Core section 3.1.2.1 that a caller may pass on to the provider.
const HINTS: [&str; 5] = [
    "prompt",
    "login_hint",
    "ui_locales",
    "max_age",
    "acr_values",
];
/// Seconds that a browser stays bound after its login's expiry: as long as the store remembers it.
const AFTERLIFE: u64 = 3600;
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const SEC_PURPOSE: HeaderName = HeaderName::from_static("sec-purpose");

/// Begins or opens a login.
pub async fn get(
    State(edge): State<Arc<Edge>>,
    Extension(address): Extension<ClientAddress>,
    Path(provider): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    edge.limits.browser(address.0)?;
    require_navigation(&headers)?;
    if edge.provider(&provider).is_none() {
        return Err(Problem::new(&kinds::UNKNOWN_PROVIDER));
    }
    let pairs = query::of_query(raw.as_deref())?;
    match query::single(&pairs, "login")? {
        Some(login) => open(&edge, &provider, &login, &headers).await,
        None => begin(&edge, provider, &pairs, address, &headers).await,
    }
}

async fn begin(
    edge: &Edge,
    provider: String,
    pairs: &query::Pairs,
    address: ClientAddress,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let mut hints = Vec::new();
    for name in HINTS {
        hints.extend(query::single(pairs, name)?.map(|value| (name.to_owned(), value)));
    }
    let wish = BrowserLogin {
        provider: provider.clone(),
        return_to: query::single(pairs, "return_to")?,
        hints,
        address: address.0,
    };
    let begun = edge.web.logins.begin(wish).await;
    let begun = begun.map_err(|error| Problem::from(error).again(&provider))?;
    redirect(edge, &begun, headers)
}

async fn open(
    edge: &Edge,
    provider: &str,
    login: &str,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let login = login_id(login)?;
    let invitation = edge.web.logins.invitation(provider, &login).await?;
    let name = edge.cookies.binding_name(&login);
    let bindings = edge.cookies.bindings(headers);
    let binding = bindings.into_iter().find(|(found, _)| *found == name);
    let binding = binding.map(|(_, value)| value);
    let begun = edge.web.logins.accept(provider, &login, binding).await?;
    if !accept::names_html(headers) {
        return redirect(edge, &begun, headers);
    }
    let mut response = web::html(&web::Invitation {
        client: invitation.client,
        provider: invitation.provider,
        location: begun.location.to_string(),
    });
    let link = HeaderValue::try_from(format!("<{}>; rel=\"next\"", begun.location));
    response
        .headers_mut()
        .extend(link.ok().map(|link| (LINK, link)));
    bind(edge, &begun, headers, response.headers_mut());
    Ok(response)
}

/// The id of a login as it stands in paths and queries; what has another form is not known.
pub fn login_id(text: &str) -> Result<LoginId, Problem> {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() == 64 && text.bytes().all(hex) {
        Ok(LoginId::new(text))
    } else {
        Err(Problem::new(&kinds::UNKNOWN_LOGIN))
    }
}

fn redirect(edge: &Edge, begun: &Begun, request: &HeaderMap) -> Result<Response, Problem> {
    let location = HeaderValue::try_from(begun.location.as_str())
        .map_err(|error| Problem::new(&kinds::INTERNAL).cause(Arc::new(error) as Arc<_>))?;
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(LOCATION, location);
    bind(edge, begun, request, response.headers_mut());
    Ok(response)
}

/// Sets the binding cookie, and lets the oldest go where there are too many.
fn bind(edge: &Edge, begun: &Begun, request: &HeaderMap, response: &mut HeaderMap) {
    for surplus in edge.cookies.surplus(request) {
        edge.cookies.clear(response, &surplus);
    }
    // Longer than the login: who comes back late is told so, and one that was answered in time may
    // be fetched late.
    let left = begun.expires_at.saturating_sub(clock::now());
    let seconds = left.saturating_add(AFTERLIFE);
    edge.cookies
        .set_binding(response, &begun.login, &begun.binding, seconds);
}

/// A login changes what a browser holds, so it begins only where a person opens its address: not
/// as an image or frame of another page, and not in advance. Programs send neither header.
fn require_navigation(headers: &HeaderMap) -> Result<(), Problem> {
    let embedded = headers
        .get(SEC_FETCH_DEST)
        .is_some_and(|dest| dest != "document");
    if embedded || headers.contains_key(SEC_PURPOSE) {
        return Err(Problem::new(&kinds::FOREIGN_ORIGIN)
            .detail("a login begins where a person opens its address"));
    }
    Ok(())
}
