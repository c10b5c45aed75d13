//! `GET, POST /authorize`: the form, and what the user decides
//! ([RFC 6749 section 4.1.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1)).
//!
//! Nothing is kept between the two: the form carries the request, which is checked again. There is
//! no session that another site's form could ride on; one that a browser knows to be foreign is
//! refused all the same, lest a page signs somebody in unseen.

use super::fields::Fields;
use super::grants::{Consent, has_scope};

use super::page::{self, Form};
use super::user::User;
use super::{Idp, keys};
use crate::clock;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use url::Url;

/// Scopes that mean something here. Others are dropped.
pub(super) const SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// An authorization request that may be answered by a redirect.
pub(super) struct AuthorizationRequest {
    pub(super) redirect_uri: Url,
    /// The `redirect_uri` as it came: it is compared so.
    pub(super) named_redirect_uri: String,
    pub(super) state: Option<String>,
    pub(super) scope: String,
    pub(super) nonce: Option<String>,
    pub(super) code_challenge: String,
    pub(super) login_hint: Option<String>,
}

/// Why there is no form to show.
#[derive(Debug, thiserror::Error)]
pub(super) enum AuthorizeError {
    /// It is not known to whom the error could be told, so the user reads it.
    #[error("{0}")]
    Unaddressed(&'static str),
    /// The client reads it.
    #[error("{error}: {description}")]
    Redirected {
        redirect_uri: Url,
        state: Option<String>,
        error: &'static str,
        description: &'static str,
    },
}

/// Shows the form.
pub(super) async fn show(State(idp): State<Arc<Idp>>, RawQuery(query): RawQuery) -> Response {
    let checked = Fields::parse(query.unwrap_or_default().as_bytes())
        .map_err(|_| AuthorizeError::Unaddressed("A parameter of the link is repeated."))
        .and_then(|fields| check(&idp, &fields));
    match checked {
        Ok(request) => page::form(&Form::new(&idp, &request, None)),
        Err(error) => refuse(&idp, error),
    }
}

/// Takes the user's decision.
pub(super) async fn decide(
    State(idp): State<Arc<Idp>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if is_foreign(&idp, &headers) {
        let error = AuthorizeError::Unaddressed("This form was sent by another site.");
        return refuse(&idp, error);
    }
    let checked = Fields::parse(&body)
        .map_err(|_| AuthorizeError::Unaddressed("A field of the form is repeated."))
        .and_then(|fields| check(&idp, &fields).map(|request| (request, fields)));
    let (request, fields) = match checked {
        Ok(checked) => checked,
        Err(error) => return refuse(&idp, error),
    };
    if fields.get("decision") == Some("deny") {
        let denied = refusal(
            &request.redirect_uri,
            request.state,
            "access_denied",
            "the user refused",
        );
        return refuse(&idp, denied);
    }
    match User::named(fields.get("user").unwrap_or_default()) {
        Some(user) => allow(&idp, request, user),
        None => page::form(&Form::new(
            &idp,
            &request,
            Some("Type a name of up to 64 characters."),
        )),
    }
}

fn allow(idp: &Idp, request: AuthorizationRequest, user: User) -> Response {
    let now = clock::now();
    let consent = Consent {
        user,
        scope: request.scope,
        nonce: request.nonce,
        redirect_uri: request.named_redirect_uri,
        code_challenge: request.code_challenge,
        auth_time: now,
    };
    let code = idp.grants().issue_code(consent, now);
    redirect(idp, request.redirect_uri, request.state, &[("code", &code)])
}

/// The checks of a request. First those without which nothing may be sent anywhere.
fn check(idp: &Idp, fields: &Fields) -> Result<AuthorizationRequest, AuthorizeError> {
    use AuthorizeError::Unaddressed;
    if fields.get("client_id") != Some(idp.client.id()) {
        return Err(Unaddressed(
            "No application of this client_id is known here.",
        ));
    }
    let named = fields.get("redirect_uri").unwrap_or_default();
    if !idp.client.may_receive_at(named) {
        return Err(Unaddressed(
            "The redirect_uri is not one of the application's.",
        ));
    }
    let redirect_uri =
        Url::parse(named).map_err(|_| Unaddressed("The redirect_uri is not a URL."))?;
    let state = fields.get("state").map(str::to_owned);
    if let Some((error, description)) = flaw(fields) {
        return Err(refusal(&redirect_uri, state, error, description));
    }
    let asked = fields.get("scope").unwrap_or_default();
    let scope: Vec<_> = SCOPES
        .into_iter()
        .filter(|scope| has_scope(asked, scope))
        .collect();
    Ok(AuthorizationRequest {
        redirect_uri,
        named_redirect_uri: named.to_owned(),
        state,
        scope: scope.join(" "),
        nonce: fields.get("nonce").map(str::to_owned),
        code_challenge: fields.get("code_challenge").unwrap_or_default().to_owned(),
        login_hint: fields.get("login_hint").map(str::to_owned),
    })
}

/// What is wrong with a request, in the words of RFC 6749 section 4.1.2.1 and OpenID Connect Core
/// section 3.1.2.6.
fn flaw(fields: &Fields) -> Option<(&'static str, &'static str)> {
    let challenge = fields.get("code_challenge").unwrap_or_default();
    // The length and alphabet of a challenge are those that S256 makes.
    let is_challenge = challenge.len() == keys::code_challenge("").len()
        && challenge
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if fields.get("response_type") != Some("code") {
        Some((
            "unsupported_response_type",
            "only response_type=code is supported",
        ))
    } else if !matches!(fields.get("response_mode"), None | Some("query")) {
        Some(("invalid_request", "only response_mode=query is supported"))
    } else if fields.get("request").is_some() {
        Some(("request_not_supported", "request objects are not supported"))
    } else if fields.get("request_uri").is_some() {
        Some(("request_uri_not_supported", "request_uri is not supported"))
    } else if fields.get("code_challenge_method") != Some("S256") || !is_challenge {
        Some(("invalid_request", "PKCE with S256 is required"))
    } else if fields.get("prompt") == Some("none") {
        Some(("login_required", "nobody stays signed in here"))
    } else {
        None
    }
}

fn refusal(
    redirect_uri: &Url,
    state: Option<String>,
    error: &'static str,
    description: &'static str,
) -> AuthorizeError {
    AuthorizeError::Redirected {
        redirect_uri: redirect_uri.clone(),
        state,
        error,
        description,
    }
}

fn refuse(idp: &Idp, error: AuthorizeError) -> Response {
    match error {
        AuthorizeError::Unaddressed(why) => page::error(why),
        AuthorizeError::Redirected {
            redirect_uri,
            state,
            error,
            description,
        } => {
            let parameters = [("error", error), ("error_description", description)];
            redirect(idp, redirect_uri, state, &parameters)
        }
    }
}

/// Sends the browser back, with `state`, and `iss` against mix-up
/// ([RFC 9207](https://www.rfc-editor.org/rfc/rfc9207#section-2)).
fn redirect(
    idp: &Idp,
    mut redirect_uri: Url,
    state: Option<String>,
    parameters: &[(&str, &str)],
) -> Response {
    redirect_uri
        .query_pairs_mut()
        .extend_pairs(parameters)
        .extend_pairs(state.map(|state| ("state", state)))
        .append_pair("iss", &idp.issuer);
    (
        StatusCode::SEE_OTHER,
        [(header::LOCATION, String::from(redirect_uri))],
    )
        .into_response()
}

/// Whether a browser says that another site sent this. What is no browser says nothing.
fn is_foreign(idp: &Idp, headers: &HeaderMap) -> bool {
    let other_origin = headers
        .get(header::ORIGIN)
        .is_some_and(|origin| origin.as_bytes() != idp.issuer.as_bytes());
    let other_site = headers
        .get("sec-fetch-site")
        .is_some_and(|site| site.as_bytes() != b"same-origin");
    other_origin || other_site
}
