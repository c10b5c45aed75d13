//! What one provider's client may do, and how a denial says which line would allow it.

use super::addresses::{self, Block};
use crate::config::{Grant, Limits};
use celadon_workflows::types::ProviderName;
use governor::Quota;
use ipnet::IpNet;
use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU32;
use url::{Host, Url};

/// Requests that one provider may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// In the long run.
    pub per_second: NonZeroU32,
    /// At once.
    pub burst: NonZeroU32,
}

impl Rate {
    pub(super) fn quota(self) -> Quota {
        Quota::per_second(self.per_second).allow_burst(self.burst)
    }
}

impl From<&Limits> for Rate {
    fn from(limits: &Limits) -> Self {
        Self {
            per_second: limits.rate,
            burst: limits.burst,
        }
    }
}

impl Default for Rate {
    /// That of a provider without limits of its own: some hundred logins a second, and no flood.
    fn default() -> Self {
        Self::from(&Limits::default())
    }
}

/// What one provider's client may do.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Whose it is; named in denials.
    pub provider: ProviderName,
    /// Whether `http://` may be used.
    pub insecure_http: bool,
    /// Addresses that may be dialled although they are not public.
    pub private_addresses: Vec<IpNet>,
    /// `scheme://host[:port][/prefix]`: where metadata may put endpoints, see
    /// [`crate::oidc::discovery`].
    pub origins: Vec<Url>,
    /// How often it may be asked.
    pub rate: Rate,
}

impl Policy {
    /// The policy that an operator's grant and limits give.
    pub fn of(provider: &ProviderName, grant: &Grant, limits: &Limits) -> Self {
        Self {
            provider: provider.clone(),
            insecure_http: grant.insecure_http,
            private_addresses: grant.private_addresses.clone(),
            origins: grant.origins.clone(),
            rate: limits.into(),
        }
    }

    /// Whether a URL may be asked, as far as can be told without its name being resolved.
    ///
    /// # Errors
    /// Scheme, user, fragment, or an address in the host's place that is not allowed.
    pub fn check_url(&self, url: &Url) -> Result<(), Denial> {
        match url.scheme() {
            "https" => {}
            "http" if self.insecure_http => {}
            "http" => return Err(self.deny(Forbidden::InsecureHttp)),
            _ => return Err(self.deny(Forbidden::Scheme)),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(self.deny(Forbidden::Userinfo));
        }
        if url.fragment().is_some() {
            return Err(self.deny(Forbidden::Fragment));
        }
        match url.host() {
            Some(Host::Ipv4(address)) => self.check_address(address.into()),
            Some(Host::Ipv6(address)) => self.check_address(address.into()),
            Some(Host::Domain(name)) if !name.is_empty() => Ok(()),
            _ => Err(self.deny(Forbidden::Host)),
        }
    }

    /// Whether an address may be dialled.
    ///
    /// # Errors
    /// It is not public, and not in `private_addresses`.
    pub fn check_address(&self, address: IpAddr) -> Result<(), Denial> {
        let Some(block) = addresses::special(address) else {
            return Ok(());
        };
        let granted = self
            .private_addresses
            .iter()
            .any(|net| net.contains(&address));
        if granted && block.kind.grantable() {
            return Ok(());
        }
        Err(self.deny(Forbidden::Address { address, block }))
    }

    fn deny(&self, what: Forbidden) -> Denial {
        Denial {
            provider: self.provider.clone(),
            what,
        }
    }
}

/// Something that the policy forbids. Its text is for the operator and says which lines of the
/// configuration would allow it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Denial {
    /// Whose policy.
    pub provider: ProviderName,
    /// What it forbids.
    pub what: Forbidden,
}

/// What a policy forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forbidden {
    /// `http://` without a grant.
    InsecureHttp,
    /// A scheme that is neither.
    Scheme,
    /// A user or password in the URL.
    Userinfo,
    /// A fragment in the URL.
    Fragment,
    /// No host.
    Host,
    /// An address that is not public.
    Address {
        /// The address.
        address: IpAddr,
        /// Where it belongs.
        block: Block,
    },
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { provider, what } = self;
        match what {
            Forbidden::InsecureHttp => write!(
                f,
                "http is not allowed; to allow it: [providers.{provider}.grant] insecure_http = true"
            ),
            Forbidden::Scheme => f.write_str("only https can be asked"),
            Forbidden::Userinfo => f.write_str("a URL with a user or password cannot be asked"),
            Forbidden::Fragment => f.write_str("a URL with a fragment cannot be asked"),
            Forbidden::Host => f.write_str("a URL without a host cannot be asked"),
            Forbidden::Address { address, block } if block.kind.grantable() => write!(
                f,
                "{address} is {}; to allow it: [providers.{provider}.grant] private_addresses = [\"{}\"]",
                block.kind,
                narrowest(*address, block),
            ),
            Forbidden::Address { address, block } => {
                write!(f, "{address} is {} and cannot be allowed", block.kind)
            }
        }
    }
}

/// What to grant: all of loopback, which is one machine anyway, and else the one address.
fn narrowest(address: IpAddr, block: &Block) -> String {
    match (block.kind, address) {
        (addresses::Kind::Loopback, _) => block.to_string(),
        (_, IpAddr::V4(_)) => format!("{address}/32"),
        (_, IpAddr::V6(_)) => format!("{address}/128"),
    }
}
