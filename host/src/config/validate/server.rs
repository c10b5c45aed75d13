//! `[server]`

use crate::config::mistake::Caution;
use crate::config::problem::Problem;
use crate::config::section::{Found, Section};
use crate::config::{Server, values};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use url::Url;

const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

pub(super) fn read(mut section: Section<'_>) -> Option<Server> {
    let listen = match section.take("listen") {
        Some(found) => found.parsed(values::socket_address),
        None => Some(DEFAULT_LISTEN),
    };
    let public_url = match section.take("public_url") {
        Some(found) => found.parsed(values::own_origin),
        None => listen.and_then(|listen| default_url(&section, listen)),
    };
    let trusted_proxies = section
        .take("trusted_proxies")
        .map_or_else(Vec::new, proxies);
    section.finish();
    Some(Server {
        listen: listen?,
        public_url: public_url?,
        trusted_proxies,
    })
}

fn proxies(found: Found<'_>) -> Vec<IpNet> {
    let (context, key, place) = (found.context, found.key.clone(), found.node.place.clone());
    let networks = found.list(values::network).unwrap_or_default();
    if networks.iter().any(|network| network.prefix_len() == 0) {
        context.report.warn(&place, &key, Caution::TrustsEverybody);
    }
    networks
}

/// Only a loopback address is also what a browser can use.
fn default_url(section: &Section<'_>, listen: SocketAddr) -> Option<Url> {
    let url = values::own_origin(&format!("http://{listen}")).ok();
    if url.is_none() {
        section.mistake("public_url", Problem::NoPublicUrl);
    }
    url
}
