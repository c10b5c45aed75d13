//! Where requests may go, by address, by name and by rebinding.

use super::*;
use crate::egress::policy::Denial;
use crate::egress::resolver::CheckedResolver;
use reqwest::dns::{Name, Resolve};
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[tokio::test]
async fn private_addresses_need_a_grant() {
    let server = Server::start(Behaviour::Answer(b"HTTP/1.1 200 OK\r\n\r\n".to_vec())).await;
    let port = server.address.port();
    let closed = Egress::new(policy(&[], true)).expect("a client");
    for host in [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "0.0.0.0",
        "169.254.169.254",
        "10.0.0.1",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[64:ff9b::7f00:1]",
        "100.100.100.200",
        "255.255.255.255",
    ] {
        let outgoing = post(&format!("http://{host}:{port}/"));
        let error = closed.send(outgoing).await.expect_err(host);
        assert!(matches!(error, EgressError::Denied(_)), "{host}: {error:?}");
        assert!(error.nothing_sent());
    }
    assert_eq!(server.requests().len(), 0);
    for host in ["127.0.0.1", "localhost", "127.1"] {
        assert!(
            loopback()
                .send(get(&format!("http://{host}:{port}/")))
                .await
                .is_ok(),
            "{host}"
        );
    }
}

#[tokio::test]
async fn what_is_no_single_host_cannot_be_granted() {
    let open = Egress::new(policy(&["0.0.0.0/0", "::/0"], true)).expect("a client");
    for host in [
        "0.0.0.0",
        "[::]",
        "224.0.0.1",
        "255.255.255.255",
        "[ff02::1]",
    ] {
        let error = open
            .send(get(&format!("http://{host}/")))
            .await
            .expect_err(host);
        assert!(matches!(error, EgressError::Denied(_)), "{host}: {error:?}");
        assert!(error.to_string().contains("cannot be allowed"), "{error}");
    }
}

#[tokio::test]
async fn a_name_is_dialled_where_it_was_checked() {
    fn metadata(_: &str) -> std::io::Result<Vec<SocketAddr>> {
        Ok(vec![
            ([169, 254, 169, 254], 0).into(),
            ([10, 0, 0, 1], 0).into(),
        ])
    }
    fn mixed(_: &str) -> std::io::Result<Vec<SocketAddr>> {
        Ok(vec![([10, 0, 0, 1], 0).into(), ([127, 0, 0, 1], 0).into()])
    }
    let egress = Egress::with_lookup(policy(&["127.0.0.0/8"], true), metadata).expect("a client");
    let error = egress
        .send(post("http://rebound.example/"))
        .await
        .expect_err("denied");
    assert!(matches!(error, EgressError::Denied(_)), "{error:?}");
    assert!(
        error
            .to_string()
            .contains("private_addresses = [\"169.254.169.254/32\"]"),
        "{error}"
    );

    let server = Server::start(Behaviour::Answer(b"HTTP/1.1 200 OK\r\n\r\n".to_vec())).await;
    let egress = Egress::with_lookup(policy(&["127.0.0.0/8"], true), mixed).expect("a client");
    let url = format!("http://mixed.example:{}/", server.address.port());
    assert!(egress.send(get(&url)).await.is_ok());
}

/// DNS rebinding: the first answer is a good address, every further one the cloud's metadata.
#[tokio::test]
async fn a_name_that_is_good_first_and_private_then_is_asked_once_a_connection() {
    static LOOKUPS: AtomicUsize = AtomicUsize::new(0);
    fn rebinding(_: &str) -> std::io::Result<Vec<SocketAddr>> {
        let first = LOOKUPS.fetch_add(1, Ordering::SeqCst) == 0;
        let address = if first {
            [127, 0, 0, 1]
        } else {
            [169, 254, 169, 254]
        };
        Ok(vec![(address, 0).into()])
    }
    let server = Server::start(Behaviour::Answer(b"HTTP/1.1 200 OK\r\n\r\n".to_vec())).await;
    // Loopback stands for the public address: nothing here leaves this machine.
    let egress = Egress::with_lookup(policy(&["127.0.0.0/8"], true), rebinding).expect("a client");
    let url = format!("http://rebinding.example:{}/", server.address.port());
    egress.send(get(&url)).await.expect("the good address");
    assert_eq!(LOOKUPS.load(Ordering::SeqCst), 1, "checked and dialled");
    for _ in 0..2 {
        let error = egress.send(post(&url)).await.expect_err("denied");
        assert!(matches!(error, EgressError::Denied(_)), "{error:?}");
        assert!(error.nothing_sent());
    }
    assert_eq!(server.requests().len(), 1);
}

/// The same with an address that is public, which no test dials.
#[tokio::test]
async fn each_lookup_of_a_name_is_checked_anew() {
    static LOOKUPS: AtomicUsize = AtomicUsize::new(0);
    fn rebinding(_: &str) -> std::io::Result<Vec<SocketAddr>> {
        let private: [u8; 4] = match LOOKUPS.fetch_add(1, Ordering::SeqCst) {
            0 => [93, 184, 215, 14],
            1 => [10, 0, 0, 1],
            _ => [127, 0, 0, 1],
        };
        Ok(vec![(private, 0).into(), ([169, 254, 169, 254], 0).into()])
    }
    let resolver = CheckedResolver::new(Arc::new(policy(&[], false)), rebinding);
    let name = || Name::from_str("rebinding.example").expect("a name");
    let found = resolver.resolve(name()).await.expect("one is public");
    let public: Vec<SocketAddr> = vec![([93, 184, 215, 14], 0).into()];
    assert_eq!(
        found.collect::<Vec<_>>(),
        public,
        "and the other is left out"
    );
    for _ in 0..2 {
        let denied = resolver
            .resolve(name())
            .await
            .err()
            .expect("none is public");
        assert!(denied.downcast_ref::<Denial>().is_some(), "{denied}");
    }
}

#[tokio::test]
async fn a_denial_says_what_would_allow_it() {
    let egress = Egress::new(policy(&[], false)).expect("a client");
    for (url, expected) in [
        (
            "http://example.com/",
            "[providers.acme.grant] insecure_http = true",
        ),
        (
            "https://127.0.0.1/",
            "[providers.acme.grant] private_addresses = [\"127.0.0.0/8\"]",
        ),
        (
            "https://10.1.2.3/",
            "[providers.acme.grant] private_addresses = [\"10.1.2.3/32\"]",
        ),
        (
            "https://[fd00::1]/",
            "[providers.acme.grant] private_addresses = [\"fd00::1/128\"]",
        ),
        ("https://user@example.com/", "user"),
        ("https://example.com/#f", "fragment"),
        ("ftp://example.com/", "only https"),
    ] {
        let error = egress.send(get(url)).await.expect_err(url);
        assert!(matches!(error, EgressError::Denied(_)), "{url}: {error:?}");
        assert!(error.to_string().contains(expected), "{url}: {error}");
    }
}
