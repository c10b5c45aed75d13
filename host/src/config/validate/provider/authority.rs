//! `[providers.<name>.grant]`: what a component may reach.

use crate::config::mistake::Caution;
use crate::config::problem::Problem;
use crate::config::section::{Found, Section};
use crate::config::{Grant, values};
use ipnet::{IpNet, Ipv4Net};
use std::net::Ipv4Addr;
use url::Url;

/// The contract's `relaxation`s.
const RELAXATIONS: [&str; 4] = ["no-pkce", "no-nonce", "secrets-in-query", "hs256-id-token"];

/// Where clouds answer any process of a machine with its credentials.
const LINK_LOCAL: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 0, 0), 16);
const LOOPBACK: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8);

pub(super) fn grant(provider: &str, mut section: Section<'_>) -> Grant {
    let insecure = section.take("insecure_http");
    let place = insecure.as_ref().map(|found| found.node.place.clone());
    let insecure_http = insecure.and_then(Found::boolean).unwrap_or(false);
    if let (true, Some(place)) = (insecure_http, place) {
        let key = format!("{}.insecure_http", section.key);
        section
            .context
            .report
            .warn(&place, &key, Caution::InsecureHttp);
    }
    let origins = section.list("origins", |text| {
        let url = values::origin_with_prefix(text)?;
        check_scheme(provider, insecure_http, &url)?;
        Ok(url)
    });
    let private_addresses = networks(&mut section);
    let relax = section.list("relax", |text| {
        values::word(text, &RELAXATIONS, |name| name).map(str::to_owned)
    });
    section.finish();
    Grant {
        origins: origins.unwrap_or_default(),
        insecure_http,
        private_addresses,
        relax: relax.unwrap_or_default(),
    }
}

fn networks(section: &mut Section<'_>) -> Vec<IpNet> {
    let Some(found) = section.take("private_addresses") else {
        return Vec::new();
    };
    let (key, place) = (found.key.clone(), found.node.place.clone());
    let networks = found.list(values::network).unwrap_or_default();
    for network in networks.iter().copied().filter(is_wide) {
        let caution = Caution::WidePrivateAddresses { network };
        section.context.report.warn(&place, &key, caution);
    }
    networks
}

/// More than one service's network, or a delicate one. This machine's own loopback is neither.
fn is_wide(network: &IpNet) -> bool {
    match network {
        IpNet::V4(network) => {
            let delicate = network.contains(&LINK_LOCAL) || LINK_LOCAL.contains(network);
            delicate || (network.prefix_len() < 16 && !LOOPBACK.contains(network))
        }
        IpNet::V6(network) => network.prefix_len() < 48,
    }
}

/// http only where the operator has allowed it.
pub(super) fn check_scheme(provider: &str, insecure_http: bool, url: &Url) -> Result<(), Problem> {
    if url.scheme() == "http" && !insecure_http {
        return Err(Problem::InsecureGrant {
            provider: provider.to_owned(),
        });
    }
    Ok(())
}
