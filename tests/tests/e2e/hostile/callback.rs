//! The way back: what a provider, or who stands between, makes of the callback.

use super::table::{
    ACCESS_DENIED, BAD_REQUEST, FOREIGN_BROWSER, INVALID_RESPONSE, Kind, PROVIDER_REFUSED, Row,
    UNAVAILABLE, UNKNOWN_STATE, honest, play, row,
};
use anyhow::Result;
use celadon_tests::liar::{Lies, Redirect};

const RULE: &str = "RFC 6749 4.1.2";

#[tokio::test]
async fn hostile_callbacks() -> Result<()> {
    let mut rows = vec![
        honest("honest"),
        turned("unknown-parameters", RULE, |way| {
            way.add("session_state", "x");
            way.add("<b>", "call-555-0100-words-of-the-liar");
        })
        .signed_in(),
    ];
    rows.extend(parameters());
    rows.extend(errors());
    rows.extend(encodings());
    play(rows).await
}

fn turned(
    name: impl Into<String>,
    rule: &'static str,
    turn: impl Fn(&mut Redirect) + Send + Sync + 'static,
) -> Row {
    row(name, rule, Lies::none().turn(move |way, _| turn(way)))
}

/// One at which no code may be sent.
fn kept(row: Row, kind: Kind) -> Row {
    row.refused(kind).codes(0)
}

fn parameters() -> Vec<Row> {
    let set = |name: &str, rule, parameter: &'static str, value: &'static str, kind| {
        kept(
            turned(name, rule, move |way| way.set(parameter, value)),
            kind,
        )
    };
    let twice = |name: &str, parameter: &'static str, value: &'static str| {
        let rule = "RFC 6749 3.1";
        kept(
            turned(name, rule, move |way| way.add(parameter, value)),
            BAD_REQUEST,
        )
    };
    let without = |name: &str, rule, parameter: &'static str, kind| {
        kept(turned(name, rule, move |way| way.remove(parameter)), kind)
    };
    vec![
        without("state-missing", "RFC 9700 2.1", "state", BAD_REQUEST),
        set("state-empty", "RFC 9700 2.1", "state", "", BAD_REQUEST),
        set(
            "state-other",
            "RFC 9700 2.1",
            "state",
            "another",
            UNKNOWN_STATE,
        ),
        set("state-nul", "RFC 9700 2.1", "state", "\u{0}", UNKNOWN_STATE),
        kept(
            turned("state-long", "RFC 9700 2.1", |way| {
                way.set("state", &"x".repeat(20_000))
            }),
            UNKNOWN_STATE,
        ),
        without("code-missing", RULE, "code", BAD_REQUEST),
        set(
            "code-not-ascii",
            "RFC 6749 A.11",
            "code",
            "c\u{f6}de",
            BAD_REQUEST,
        ),
        set(
            "code-control",
            "RFC 6749 A.11",
            "code",
            "code\r\nx: y",
            BAD_REQUEST,
        ),
        set("code-empty", RULE, "code", "", BAD_REQUEST),
        kept(
            turned("code-long", RULE, |way| {
                way.set("code", &"x".repeat(10_000))
            }),
            BAD_REQUEST,
        ),
        twice("code-twice", "code", "another"),
        twice("state-twice", "state", "another"),
        twice("iss-twice", "iss", "https://accounts.example.com"),
        twice("error-beside-code", "error", "access_denied"),
        without("iss-missing", "RFC 9207 2.4", "iss", INVALID_RESPONSE),
        set("iss-empty", "RFC 9207 2.4", "iss", "", INVALID_RESPONSE),
        set(
            "iss-other",
            "RFC 9207 2.4",
            "iss",
            "https://accounts.example.com",
            INVALID_RESPONSE,
        ),
        kept(
            turned("iss-with-slash", "RFC 9207 2.4", |way| {
                let iss = way
                    .parameters
                    .iter()
                    .find(|(name, _)| name == "iss")
                    .cloned();
                way.set("iss", &format!("{}/", iss.unwrap_or_default().1));
            }),
            INVALID_RESPONSE,
        ),
        kept(
            turned("another-browser", "RFC 9700 4.7.1", |way| {
                way.foreign = true
            }),
            FOREIGN_BROWSER,
        ),
        kept(
            turned("another-path", "RFC 9700 4.4", |way| {
                way.path = "/callback/honest".into()
            }),
            UNKNOWN_STATE,
        ),
        kept(
            turned("many-parameters", RULE, |way| {
                for index in 0..100 {
                    way.add(&format!("p{index}"), "x");
                }
            }),
            BAD_REQUEST,
        ),
        kept(
            turned("form-post-another-browser", "RFC 9700 4.7.1", |way| {
                way.post = true;
                way.foreign = true;
            }),
            FOREIGN_BROWSER,
        ),
        kept(
            turned("form-post-code-twice", "RFC 6749 3.1", |way| {
                way.post = true;
                way.add("code", "another");
            }),
            BAD_REQUEST,
        ),
    ]
}

fn errors() -> Vec<Row> {
    let mut rows = Vec::new();
    for (index, (error, end)) in [
        ("access_denied", ACCESS_DENIED),
        ("server_error", UNAVAILABLE),
        ("temporarily_unavailable", UNAVAILABLE),
        ("invalid_request", PROVIDER_REFUSED),
        ("unauthorized_client", PROVIDER_REFUSED),
        ("login_required", PROVIDER_REFUSED),
        ("call-555-0100-words-of-the-liar", PROVIDER_REFUSED),
        ("<script>alert(1)</script>", PROVIDER_REFUSED),
        ("a\r\nset-cookie: x=y", PROVIDER_REFUSED),
        ("", PROVIDER_REFUSED),
    ]
    .into_iter()
    .enumerate()
    {
        let row = turned(format!("error-{index}"), "RFC 6749 4.1.2.1", move |way| {
            way.remove("code");
            way.add("error", error);
            way.add("error_description", "call-555-0100-words-of-the-liar");
            way.add(
                "error_uri",
                "https://call-555-0100-words-of-the-liar.example",
            );
        });
        rows.push(kept(row, end));
    }
    rows
}

/// Queries that two parsers may read differently.
fn encodings() -> Vec<Row> {
    let raw = |name: &str, change: fn(String) -> String, kind| {
        let turn = move |way: &mut Redirect| way.raw = Some(change(way.query()));
        kept(turned(name, "WHATWG URL 5.1", turn), kind)
    };
    vec![
        raw("empty-query", |_| String::new(), BAD_REQUEST),
        raw(
            "code-twice-by-escape",
            |query| format!("{query}&c%6fde=x"),
            BAD_REQUEST,
        ),
        raw(
            "code-not-utf-8",
            |query| query.replace("code=", "code=%ff"),
            BAD_REQUEST,
        ),
        raw(
            "parts-by-semicolon",
            |query| query.replace('&', ";"),
            BAD_REQUEST,
        ),
        raw(
            "names-in-capitals",
            |query| query.replace("code=", "CODE="),
            BAD_REQUEST,
        ),
        raw(
            "code-in-brackets",
            |query| query.replace("code=", "code[]="),
            BAD_REQUEST,
        ),
    ]
}
