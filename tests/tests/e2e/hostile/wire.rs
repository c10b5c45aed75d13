//! HTTP that is broken: heads, framing and connections.

use super::table::{ANSWER_LOST, INVALID_RESPONSE, Kind, Row, UNAVAILABLE, honest, play, row};
use anyhow::Result;
use celadon_tests::liar::{Lies, Manner, Place};
use std::time::Duration;

/// What fails before the answer is whole says nothing about what the provider did.
const RULE: &str = "RFC 9112 8";

#[tokio::test]
async fn hostile_connections() -> Result<()> {
    let mut rows = vec![honest("honest")];
    for place in [Place::Discovery, Place::Jwks, Place::Token, Place::Userinfo] {
        rows.extend(connections(place));
    }
    play(rows).await
}

#[tokio::test]
async fn hostile_framing() -> Result<()> {
    let mut rows = vec![honest("honest")];
    for place in [Place::Discovery, Place::Jwks, Place::Token, Place::Userinfo] {
        rows.extend(framing(place));
    }
    play(rows).await
}

/// A row whose answer at `place` is sent so.
pub fn broken(place: Place, name: &str, manner: Manner, kind: Kind) -> Row {
    let name = format!("{place:?}-{name}").to_lowercase();
    let row = row(name, RULE, Lies::none().manner(place, manner));
    match place {
        Place::Discovery => row.no_link(kind),
        // Whether the code is spent nobody knows.
        Place::Token if kind == UNAVAILABLE => row.refused(ANSWER_LOST),
        Place::Userinfo => row.refused(kind).asks_userinfo(),
        _ => row.refused(kind),
    }
}

fn connections(place: Place) -> Vec<Row> {
    let fine = |name: &str, manner| {
        let name = format!("{place:?}-{name}").to_lowercase();
        row(name, RULE, Lies::none().manner(place, manner)).signed_in()
    };
    vec![
        fine("then-closed", Manner::ThenClosed),
        fine("and-another", Manner::AndAnother),
        broken(place, "closed", Manner::Closed, UNAVAILABLE),
        broken(place, "reset", Manner::Reset, UNAVAILABLE),
        broken(place, "reset-in-head", Manner::ResetInHead, UNAVAILABLE),
        broken(place, "reset-in-body", Manner::ResetInBody, UNAVAILABLE),
        broken(place, "closed-in-body", Manner::ClosedInBody, UNAVAILABLE),
    ]
}

fn framing(place: Place) -> Vec<Row> {
    let raw =
        |name: &str, text: &[u8]| broken(place, name, Manner::Raw(text.to_vec()), UNAVAILABLE);
    let mut heads = b"HTTP/1.1 200 OK\r\n".to_vec();
    for index in 0..5000 {
        heads.extend(format!("x-{index}: {}\r\n", "y".repeat(100)).into_bytes());
    }
    vec![
        raw("no-http", b"SSH-2.0-OpenSSH_9.9\r\n"),
        raw("http-0-9", b"{}"),
        raw("status-text", b"HTTP/1.1 abc OK\r\n\r\n"),
        raw(
            "length-negative",
            b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{}",
        ),
        raw(
            "lengths-differ",
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}x",
        ),
        raw(
            "length-overflows",
            b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n{}",
        ),
        raw(
            "chunk-size-odd",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        ),
        raw(
            "chunk-overflows",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}",
        ),
        raw(
            "nul-in-head",
            b"HTTP/1.1 200 OK\r\nx: \0\r\ncontent-length: 2\r\n\r\n{}",
        ),
        raw("too-many-headers", &heads),
        broken(
            place,
            "length-huge",
            Manner::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9999999999999\r\n\r\n{}".to_vec()),
            INVALID_RESPONSE,
        ),
    ]
}

/// A pause between two bytes that never come to an end.
pub const PAUSE: Duration = Duration::from_millis(50);
