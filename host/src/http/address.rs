//! Which network address a request comes from.
//!
//! The socket says it, unless the peer is a trusted proxy: then it is the rightmost address of
//! `X-Forwarded-For` that is no trusted proxy. What stands further left was written by the client
//! and is worth nothing.

use super::Edge;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Who is connected to us. The server puts it into every request.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// Finds the client's address and puts it into the request.
pub async fn find(State(edge): State<Arc<Edge>>, mut request: Request, next: Next) -> Response {
    // Without a peer, which only tests do, all requests count as one client's.
    let peer = request
        .extensions()
        .get::<Peer>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    let client = client(
        peer,
        request.headers(),
        &edge.web.config.server.trusted_proxies,
    );
    request.extensions_mut().insert(ClientAddress(client));
    next.run(request).await
}

/// The client's address, from the peer's and the header.
pub fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let mut nearest = peer.to_canonical();
    let forwarded: Vec<&str> = headers
        .get_all(FORWARDED_FOR)
        .iter()
        .flat_map(|value| value.to_str().unwrap_or_default().split(','))
        .collect();
    for hop in forwarded.into_iter().rev() {
        if !trusted.iter().any(|net| net.contains(&nearest)) {
            break;
        }
        match parse(hop.trim()) {
            Some(address) => nearest = address,
            None => break,
        }
    }
    nearest
}

/// An address, with or without a port: proxies write both.
fn parse(text: &str) -> Option<IpAddr> {
    let address = text.parse::<IpAddr>().ok();
    let address = address.or_else(|| text.parse::<SocketAddr>().ok().map(|found| found.ip()));
    let bare = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    address.or_else(bare).map(|found| found.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn from(peer: &str, forwarded: &[&str]) -> IpAddr {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(
                FORWARDED_FOR,
                HeaderValue::from_str(value).expect("a value"),
            );
        }
        client(
            ip(peer),
            &headers,
            &["10.0.0.0/8".parse().expect("a network")],
        )
    }

    #[test]
    fn a_stranger_cannot_choose_an_address() {
        assert_eq!(from("203.0.113.9", &["192.0.2.1"]), ip("203.0.113.9"));
    }

    #[test]
    fn behind_a_proxy_the_rightmost_stranger_counts() {
        assert_eq!(
            from("10.0.0.1", &["192.0.2.66, 192.0.2.1"]),
            ip("192.0.2.1")
        );
        assert_eq!(
            from("10.0.0.1", &["192.0.2.66", "192.0.2.1, 10.0.0.2"]),
            ip("192.0.2.1")
        );
        assert_eq!(from("10.0.0.1", &["192.0.2.1:4711"]), ip("192.0.2.1"));
        assert_eq!(from("10.0.0.1", &["[2001:db8::1]:4711"]), ip("2001:db8::1"));
        assert_eq!(
            from("::ffff:10.0.0.1", &["::ffff:192.0.2.1"]),
            ip("192.0.2.1")
        );
    }

    #[test]
    fn what_is_no_address_ends_the_search() {
        assert_eq!(
            from("10.0.0.1", &["192.0.2.1, unknown, 10.0.0.2"]),
            ip("10.0.0.2")
        );
        assert_eq!(from("10.0.0.1", &[]), ip("10.0.0.1"));
    }

    proptest! {
        #[test]
        fn the_answer_is_the_peer_or_was_written_by_a_trusted_hop(
            bytes in proptest::collection::vec(any::<u8>(), 0..100),
        ) {
            let mut headers = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                headers.insert(FORWARDED_FOR, value);
            }
            prop_assert_eq!(client(ip("203.0.113.9"), &headers, &[]), ip("203.0.113.9"));
            let all = ["0.0.0.0/0".parse().expect("a network")];
            client(ip("203.0.113.9"), &headers, &all);
        }
    }
}
