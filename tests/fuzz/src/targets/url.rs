//! URLs that a provider or a component gives.

use celadon::config::{Grant, Limits};
use celadon::egress::{Policy, strict_url};
use celadon_workflows::types::ProviderName;
use url::Host;

/// What may be asked without a grant is https, by name or at a public address, in one spelling.
pub fn url(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let Ok(url) = strict_url(text) else { return };
    assert_eq!(strict_url(url.as_str()).expect("canonical"), url);
    assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
    let policy = Policy::of(
        &ProviderName::new("op"),
        &Grant::default(),
        &Limits::default(),
    );
    if policy.check_url(&url).is_err() {
        return;
    }
    assert_eq!(url.scheme(), "https");
    match url.host().expect("a host") {
        Host::Ipv4(address) => {
            let private = address.is_private() || address.is_loopback() || address.is_link_local();
            let special =
                address.is_unspecified() || address.is_broadcast() || address.is_multicast();
            assert!(!private && !special, "{address}");
        }
        Host::Ipv6(address) => {
            let special =
                address.is_loopback() || address.is_unspecified() || address.is_multicast();
            let private = address.is_unique_local() || address.is_unicast_link_local();
            let mapped = address
                .to_ipv4_mapped()
                .is_some_and(|inner| inner.is_loopback());
            assert!(!special && !private && !mapped, "{address}");
        }
        Host::Domain(name) => {
            assert!(!name.is_empty() && !name.ends_with('.'), "{name}");
        }
    }
}
