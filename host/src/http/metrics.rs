//! `GET /metrics`: numbers for operators.
//!
//! By the operators' credential where one is configured. Otherwise they are for this machine alone:
//! the request must come from a loopback address, be addressed to one, and have passed no proxy,
//! since one on this machine would lend its address to the whole world.

use super::address::ClientAddress;
use super::problem::{Problem, kinds};
use super::{Edge, operators};
use crate::clock;
use crate::metrics;
use axum::Extension;
use axum::extract::State;
use axum::response::IntoResponse;
use http::header::{CONTENT_TYPE, FORWARDED, HOST, VIA};
use http::uri::Authority;
use http::{HeaderMap, HeaderName};
use std::net::IpAddr;
use std::sync::Arc;

/// What proxies add.
const TRACES: [HeaderName; 5] = [
    FORWARDED,
    VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-real-ip"),
];

/// The numbers of this process, and the store's count of logins under way.
pub async fn get(
    State(edge): State<Arc<Edge>>,
    Extension(address): Extension<ClientAddress>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    if edge.web.config.operators.is_some() {
        operators::require(&edge, &headers, address)?;
    } else if !is_of_this_machine(address, &headers) {
        return Err(Problem::new(&kinds::OPERATOR_UNAUTHENTICATED)
            .detail("without [operators], the numbers are for this machine alone"));
    }
    let in_flight = edge.web.store.in_flight(clock::now()).await.ok();
    let text = metrics::text(in_flight)
        .map_err(|error| Problem::new(&kinds::INTERNAL).cause(Arc::new(error) as Arc<_>))?;
    Ok(([(CONTENT_TYPE, metrics::MEDIA_TYPE)], text))
}

fn is_of_this_machine(ClientAddress(address): ClientAddress, headers: &HeaderMap) -> bool {
    address.is_loopback()
        && !TRACES.iter().any(|trace| headers.contains_key(trace))
        && headers.get(HOST).is_some_and(|host| {
            // A name that was made to point here belongs to somebody else's page.
            host.to_str().is_ok_and(names_loopback)
        })
}

fn names_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let host = authority.host().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_machine_are_its_own() {
        for own in [
            "127.0.0.1",
            "127.0.0.1:8080",
            "localhost:1",
            "[::1]:8080",
            "[::1]",
        ] {
            assert!(names_loopback(own), "{own}");
        }
        for other in [
            "",
            "sign-in.example",
            "127.0.0.1.evil.example:8080",
            "localhost.evil.example",
            "0.0.0.0",
            "192.0.2.1:8080",
            "a b",
        ] {
            assert!(!names_loopback(other), "{other}");
        }
    }
}
