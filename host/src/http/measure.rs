//! Counting and tracing requests by route, and the routes' names for that.

use crate::metrics;
use crate::traces;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::Method;
use std::time::Instant;

/// The routes, as `router` has them. A path that is none of these is counted under `other`, so that
/// nobody who makes paths up makes numbers up.
const ROUTES: [&str; 19] = [
    "/",
    "/login/{provider}",
    "/callback/{provider}",
    "/resource/{provider}",
    "/logout",
    "/assets/{file}",
    "/v1/providers",
    "/v1/session",
    "/v1/sessions",
    "/v1/logins",
    "/v1/logins/{id}",
    "/v1/logins/{id}/events",
    "/v1/logins/{id}/result",
    "/codec/encode",
    "/codec/decode",
    "/healthz",
    "/readyz",
    "/metrics",
    "/admin",
];
const NO_ROUTE: &str = "other";

/// Counts a request when its response's head is there.
pub async fn count(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let route = route(request.uri().path());
    let method = method(request.method());
    let response = traces::request(route, method, next.run(request)).await;
    metrics::http(route, method, response.status().as_u16(), begun.elapsed());
    response
}

fn route(path: &str) -> &'static str {
    let route = ROUTES.into_iter().find(|route| is(route, path));
    route.unwrap_or(NO_ROUTE)
}

/// Whether a path is one of a route's: segment by segment.
fn is(route: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (route.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(name), Some(any)) if name.starts_with('{') && !any.is_empty() => {}
            (Some(name), Some(segment)) if name == segment => {}
            _ => return false,
        }
    }
}

fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => NO_ROUTE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_counted_under_its_route() {
        for (path, expected) in [
            ("/", "/"),
            ("/login/google", "/login/{provider}"),
            ("/login/", NO_ROUTE),
            ("/login", NO_ROUTE),
            ("/login/a/b", NO_ROUTE),
            ("/v1/logins/abc", "/v1/logins/{id}"),
            ("/v1/logins/abc/result", "/v1/logins/{id}/result"),
            ("/wp-admin.php", NO_ROUTE),
            ("", NO_ROUTE),
        ] {
            assert_eq!(route(path), expected, "{path}");
        }
    }

    #[test]
    fn every_route_of_the_router_is_named() {
        let router = include_str!("../http.rs");
        let mut found = 0;
        for after in router.split(".route(").skip(1) {
            let path = after.split('"').nth(1).expect("a path");
            assert!(ROUTES.contains(&path), "ROUTES lacks {path}");
            found += 1;
        }
        assert!(found >= 16, "{found}");
    }
}
