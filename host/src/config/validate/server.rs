//! `[server]`

use crate::config::mistake::Caution;
use crate::config::problem::Problem;
use crate::config::section::Section;
use crate::config::{Server, values};
use std::net::SocketAddr;
use url::Url;

const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);

pub(super) fn read(mut section: Section<'_>) -> Option<Server> {
    let listen = match section.take("listen") {
        Some(found) => found.parsed(values::socket_address),
        None => Some(DEFAULT_LISTEN),
    };
    let public_url = match section.take("public_url") {
        Some(found) => found.parsed(values::own_origin),
        None => listen.and_then(|listen| default_url(&section, listen)),
    };
    let trusted_proxies = section.list("trusted_proxies", values::network);
    let trusted_proxies = trusted_proxies.unwrap_or_default();
    if trusted_proxies.iter().any(|network| network.prefix_len() == 0) {
        let key = "server.trusted_proxies";
        section.context.report.warn(&section.place, key, Caution::TrustsEverybody);
    }
    section.finish();
    Some(Server { listen: listen?, public_url: public_url?, trusted_proxies })
}

/// Only a loopback address is also what a browser can use.
fn default_url(section: &Section<'_>, listen: SocketAddr) -> Option<Url> {
    let url = values::own_origin(&format!("http://{listen}")).ok();
    if url.is_none() {
        section.mistake("public_url", Problem::NoPublicUrl);
    }
    url
}
