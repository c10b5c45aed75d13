//! Which addresses belong to the public Internet: the registries of special-purpose addresses
//! ([RFC 6890], as IANA keeps them), and what clouds added beside them.
//!
//! IPv4 is public unless listed. IPv6 is the other way round: only 2000::/3 is public, less what
//! is listed, so that a block that is assigned later stays closed.
//!
//! [RFC 6890]: https://www.rfc-editor.org/rfc/rfc6890

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is not public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// This machine.
    Loopback,
    /// RFC 1918.
    Private,
    /// One cable; on clouds also the metadata service.
    LinkLocal,
    /// A cloud's metadata or control service at a public-looking address.
    Metadata,
    /// Carrier-grade NAT (RFC 6598).
    Shared,
    /// RFC 4193, and the site-local addresses before it.
    UniqueLocal,
    /// Many receivers.
    Multicast,
    /// "This host": dialled, it reaches this machine.
    Unspecified,
    /// Everybody on the cable.
    Broadcast,
    /// Examples in books.
    Documentation,
    /// RFC 2544, RFC 5180.
    Benchmarking,
    /// An IPv4 address in IPv6 clothes: mapped or compatible.
    Embedded,
    /// 6to4, Teredo, NAT64: IPv6 that a relay turns into IPv4.
    Translated,
    /// Set aside, or assigned to a protocol.
    Reserved,
}

impl Kind {
    /// Whether an operator may open addresses of this kind. What is no single host stays closed.
    pub fn grantable(self) -> bool {
        !matches!(self, Self::Multicast | Self::Unspecified | Self::Broadcast)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loopback => "a loopback address",
            Self::Private => "a private address",
            Self::LinkLocal => "a link-local address",
            Self::Metadata => "a cloud's metadata address",
            Self::Shared => "a shared (carrier-grade NAT) address",
            Self::UniqueLocal => "a unique local address",
            Self::Multicast => "a multicast address",
            Self::Unspecified => "the unspecified address",
            Self::Broadcast => "the broadcast address",
            Self::Documentation => "a documentation address",
            Self::Benchmarking => "a benchmarking address",
            Self::Embedded => "an IPv4 address written as IPv6",
            Self::Translated => "an address that is translated to IPv4",
            Self::Reserved => "a reserved address",
        })
    }
}

/// A block of addresses that are not public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// What they are.
    pub kind: Kind,
    first: IpAddr,
    prefix: u8,
}

/// The block that keeps `address` from being public; `None`: it is public.
///
/// The address is taken as it is: `::ffff:8.8.8.8` is an embedded address, whatever it embeds.
pub fn special(address: IpAddr) -> Option<Block> {
    match address {
        IpAddr::V4(address) => V4
            .iter()
            .find(|(first, prefix, _)| {
                prefix_of(address.to_bits().into(), *prefix, 32)
                    == prefix_of(first.to_bits().into(), *prefix, 32)
            })
            .map(|(first, prefix, kind)| Block::new((*first).into(), *prefix, *kind)),
        IpAddr::V6(address) => V6
            .iter()
            .find(|(first, prefix, _)| {
                prefix_of(address.to_bits(), *prefix, 128)
                    == prefix_of(first.to_bits(), *prefix, 128)
            })
            .map(|(first, prefix, kind)| Block::new((*first).into(), *prefix, *kind))
            .or_else(|| outside_global_unicast(address)),
    }
}

impl Block {
    const fn new(first: IpAddr, prefix: u8, kind: Kind) -> Self {
        Self {
            kind,
            first,
            prefix,
        }
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

fn outside_global_unicast(address: Ipv6Addr) -> Option<Block> {
    let reserved = Block::new(Ipv6Addr::UNSPECIFIED.into(), 0, Kind::Reserved);
    (address.segments()[0] >> 13 != 1).then_some(reserved)
}

fn prefix_of(bits: u128, prefix: u8, width: u8) -> u128 {
    bits.checked_shr(u32::from(width - prefix)).unwrap_or(0)
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8, kind: Kind) -> (Ipv4Addr, u8, Kind) {
    (Ipv4Addr::new(a, b, c, d), prefix, kind)
}

const fn v6(first: [u16; 4], prefix: u8, kind: Kind) -> (Ipv6Addr, u8, Kind) {
    let [a, b, c, d] = first;
    (Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), prefix, kind)
}

/// First match wins.
const V4: &[(Ipv4Addr, u8, Kind)] = &[
    v4(127, 0, 0, 0, 8, Kind::Loopback),
    v4(10, 0, 0, 0, 8, Kind::Private),
    v4(172, 16, 0, 0, 12, Kind::Private),
    v4(192, 168, 0, 0, 16, Kind::Private),
    v4(169, 254, 0, 0, 16, Kind::LinkLocal),
    v4(100, 64, 0, 0, 10, Kind::Shared),
    // Azure's platform services, reachable from every virtual machine there.
    v4(168, 63, 129, 16, 32, Kind::Metadata),
    v4(0, 0, 0, 0, 32, Kind::Unspecified),
    v4(0, 0, 0, 0, 8, Kind::Reserved),
    v4(192, 0, 0, 0, 24, Kind::Reserved),
    v4(192, 0, 2, 0, 24, Kind::Documentation),
    v4(192, 88, 99, 0, 24, Kind::Translated),
    v4(198, 18, 0, 0, 15, Kind::Benchmarking),
    v4(198, 51, 100, 0, 24, Kind::Documentation),
    v4(203, 0, 113, 0, 24, Kind::Documentation),
    v4(224, 0, 0, 0, 4, Kind::Multicast),
    v4(255, 255, 255, 255, 32, Kind::Broadcast),
    v4(240, 0, 0, 0, 4, Kind::Reserved),
];

/// First match wins.
const V6: &[(Ipv6Addr, u8, Kind)] = &[
    (Ipv6Addr::LOCALHOST, 128, Kind::Loopback),
    (Ipv6Addr::UNSPECIFIED, 128, Kind::Unspecified),
    (
        Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0),
        96,
        Kind::Embedded,
    ),
    (
        Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0),
        96,
        Kind::Translated,
    ),
    v6([0, 0, 0, 0], 96, Kind::Embedded),
    v6([0x64, 0xff9b, 0, 0], 96, Kind::Translated),
    v6([0x64, 0xff9b, 1, 0], 48, Kind::Translated),
    v6([0xfc00, 0, 0, 0], 7, Kind::UniqueLocal),
    v6([0xfec0, 0, 0, 0], 10, Kind::UniqueLocal),
    v6([0xfe80, 0, 0, 0], 10, Kind::LinkLocal),
    v6([0xff00, 0, 0, 0], 8, Kind::Multicast),
    v6([0x2001, 0, 0, 0], 32, Kind::Translated),
    v6([0x2001, 2, 0, 0], 48, Kind::Benchmarking),
    v6([0x2001, 0xdb8, 0, 0], 32, Kind::Documentation),
    v6([0x2001, 0, 0, 0], 23, Kind::Reserved),
    v6([0x2002, 0, 0, 0], 16, Kind::Translated),
    v6([0x3fff, 0, 0, 0], 20, Kind::Documentation),
];

#[cfg(test)]
mod tests;
