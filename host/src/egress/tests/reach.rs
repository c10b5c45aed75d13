//! Where requests may go, by address, by name and by rebinding.

use super::*;
use std::net::SocketAddr;

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
