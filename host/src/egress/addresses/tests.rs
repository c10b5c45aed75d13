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
