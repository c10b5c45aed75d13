//! Writing problems: as a page for people, as problem details for programs. Also the one place
//! where failures are logged.

use super::{Problem, accept, kinds};
use crate::http::Edge;
use crate::http::json::Json;
use crate::web;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, REFRESH};
use http::{HeaderMap, HeaderValue, Method};
use std::error::Error;
use std::fmt::Write as _;
use std::sync::Arc;

/// Paths under which only programs ask.
const FOR_PROGRAMS: [&str; 6] = [
    "/v1/",
    "/codec/",
    "/.well-known/",
    "/healthz",
    "/readyz",
    "/metrics",
];

/// Gives every failure its body. A failure that no [`Problem`] describes came from a library: its
/// own text is thrown away.
pub async fn render(State(edge): State<Arc<Edge>>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let as_json = for_programs(&path) || accept::prefers_json(request.headers());
    let mut response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let problem = response
        .extensions_mut()
        .remove::<Problem>()
        .unwrap_or_else(|| Problem::of_status(status));
    log(&problem, &method, &path);
    write(&edge, &problem, as_json, response.headers())
}

fn for_programs(path: &str) -> bool {
    FOR_PROGRAMS.iter().any(|start| path.starts_with(start))
}

fn write(edge: &Edge, problem: &Problem, as_json: bool, kept: &HeaderMap) -> Response {
    let mut response = if as_json {
        let mut json = Json(problem.details()).into_response();
        let media_type = HeaderValue::from_static("application/problem+json");
        json.headers_mut().insert(CONTENT_TYPE, media_type);
        json
    } else {
        let again = problem
            .0
            .again
            .as_deref()
            .filter(|name| edge.provider(name).is_some());
        page(problem, again)
    };
    *response.status_mut() = problem.0.kind.status;
    for (name, value) in kept {
        if name != CONTENT_TYPE && name != CONTENT_LENGTH {
            response.headers_mut().append(name, value.clone());
        }
    }
    response
}

/// The problem for people. A login that is still under way is looked at again by itself.
fn page(problem: &Problem, again: Option<&str>) -> Response {
    let (kind, login) = (problem.0.kind, problem.0.login.as_ref());
    let mut page = web::html(&web::Failure::new(kind, login, again));
    if let Some(seconds) = problem
        .0
        .retry_after
        .filter(|_| *kind == kinds::STILL_RUNNING)
    {
        let headers = page.headers_mut();
        headers.insert(REFRESH, HeaderValue::from(seconds));
    }
    page
}

/// Our own failures are errors, a refused login is worth a line, the rest is noise. The query is
/// never logged: it may hold a code.
fn log(problem: &Problem, method: &Method, path: &str) {
    let (status, kind) = (problem.0.kind.status.as_u16(), problem.0.kind.name);
    let login = problem.0.login.as_ref().map(tracing::field::display);
    let detail = problem.0.detail.as_deref();
    // Not being ready is the answer that was asked for.
    let asked = kind == kinds::NOT_READY.name;
    if problem.0.kind.status.is_server_error() && !asked {
        let cause = problem.0.cause.as_deref().map(chain);
        tracing::error!(%method, path, status, problem = kind, login, detail, cause, "request failed");
    } else if problem.0.members.contains_key("reason") {
        tracing::warn!(%method, path, status, problem = kind, login, detail, "login refused");
    } else {
        tracing::debug!(%method, path, status, problem = kind, login, detail, "request refused");
    }
}

/// An error with all its causes, on one line.
fn chain(error: &(dyn Error + Send + Sync)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        // Writing to a String cannot fail.
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}

/// A page without a request: what the server answers to bytes that are no HTTP request.
pub fn bare(status: http::StatusCode) -> (http::StatusCode, String) {
    let problem = Problem::of_status(status);
    (
        problem.0.kind.status,
        web::text(&web::Failure::new(problem.0.kind, None, None)),
    )
}
