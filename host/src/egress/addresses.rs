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
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kind(text: &str) -> Option<Kind> {
        special(text.parse().expect("a test address")).map(|block| block.kind)
    }

    #[test]
    fn names_every_special_address() {
        for (text, expected) in [
            ("127.0.0.1", Kind::Loopback),
            ("127.255.255.254", Kind::Loopback),
            ("10.0.0.1", Kind::Private),
            ("172.16.0.1", Kind::Private),
            ("172.31.255.255", Kind::Private),
            ("192.168.1.1", Kind::Private),
            ("169.254.169.254", Kind::LinkLocal),
            ("100.64.0.1", Kind::Shared),
            ("100.100.100.200", Kind::Shared),
            ("168.63.129.16", Kind::Metadata),
            ("0.0.0.0", Kind::Unspecified),
            ("0.1.2.3", Kind::Reserved),
            ("192.0.0.192", Kind::Reserved),
            ("192.0.2.7", Kind::Documentation),
            ("192.88.99.1", Kind::Translated),
            ("198.19.255.255", Kind::Benchmarking),
            ("198.51.100.1", Kind::Documentation),
            ("203.0.113.9", Kind::Documentation),
            ("224.0.0.1", Kind::Multicast),
            ("239.255.255.250", Kind::Multicast),
            ("240.0.0.1", Kind::Reserved),
            ("255.255.255.255", Kind::Broadcast),
            ("::", Kind::Unspecified),
            ("::1", Kind::Loopback),
            ("::ffff:127.0.0.1", Kind::Embedded),
            ("::ffff:8.8.8.8", Kind::Embedded),
            ("::ffff:0:8.8.8.8", Kind::Translated),
            ("::127.0.0.1", Kind::Embedded),
            ("64:ff9b::a9fe:a9fe", Kind::Translated),
            ("64:ff9b:1::1", Kind::Translated),
            ("fc00::1", Kind::UniqueLocal),
            ("fd00:ec2::254", Kind::UniqueLocal),
            ("fec0::1", Kind::UniqueLocal),
            ("fe80::1", Kind::LinkLocal),
            ("ff02::1", Kind::Multicast),
            ("2001::1", Kind::Translated),
            ("2001:2::1", Kind::Benchmarking),
            ("2001:db8::1", Kind::Documentation),
            ("2001:20::1", Kind::Reserved),
            ("2002:7f00:1::", Kind::Translated),
            ("3fff::1", Kind::Documentation),
            ("100::1", Kind::Reserved),
            ("5f00::1", Kind::Reserved),
            ("4000::1", Kind::Reserved),
        ] {
            assert_eq!(kind(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn leaves_public_addresses_alone() {
        for text in [
            "8.8.8.8",
            "1.1.1.1",
            "172.15.255.255",
            "172.32.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "169.253.255.255",
            "192.0.1.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "2001:4860:4860::8888",
            "2001:200::1",
            "2003::1",
        ] {
            assert_eq!(kind(text), None, "{text}");
        }
    }

    proptest! {
        /// What the standard library knows to be special is special here too.
        #[test]
        fn is_at_least_as_strict_as_the_standard_library(bits: u32) {
            let address = Ipv4Addr::from_bits(bits);
            if address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_multicast()
                || address.is_broadcast()
                || address.is_documentation()
                || address.is_unspecified()
            {
                prop_assert!(special(address.into()).is_some());
            }
            prop_assert!(special(address.to_ipv6_mapped().into()).is_some());
            prop_assert!(special(address.to_ipv6_compatible().into()).is_some());
        }

        #[test]
        fn opens_nothing_outside_global_unicast(bits: u128) {
            let address = Ipv6Addr::from_bits(bits);
            if special(address.into()).is_none() {
                prop_assert_eq!(address.segments()[0] & 0xe000, 0x2000);
            }
        }
    }
}
