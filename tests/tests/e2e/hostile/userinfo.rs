//! Answers of the userinfo endpoint. The ID token is good in all of them.

use super::id_token::{bom, deep, latin, utf16};
use super::table::{ACCESS_DENIED, INVALID_RESPONSE, Row, UNAVAILABLE, honest, play, row};
use anyhow::Result;
use celadon_tests::liar::Lies;
use celadon_tests::liar::Place::{Claims, Userinfo};
use serde_json::{Value, json};

const RULE: &str = "OIDC Core 5.3.2";

#[tokio::test]
async fn hostile_userinfo() -> Result<()> {
    let mut rows = vec![honest("honest")];
    rows.extend(subjects());
    rows.extend(claims());
    rows.extend(documents());
    rows.extend(statuses());
    play(rows).await
}

/// One that is refused for what userinfo says.
fn bad(name: impl Into<String>, rule: &'static str, lies: Lies) -> Row {
    row(name, rule, lies).asks_userinfo()
}

fn subjects() -> Vec<Row> {
    let mut rows = vec![
        bad("sub-missing", RULE, Lies::none().without(Userinfo, "sub")),
        bad(
            "sub-twice",
            "RFC 8259 4",
            Lies::none().replace(Userinfo, "\"sub\":", "\"sub\":\"bob\",\"sub\":"),
        ),
        bad(
            "sub-number-beside-text",
            RULE,
            Lies::none()
                .set(Claims, "sub", json!("42"))
                .set(Userinfo, "sub", json!(42)),
        ),
    ];
    for (index, sub) in [
        json!("bob"),
        json!("Alice"),
        json!("alice "),
        json!("alice\u{0}"),
        json!("\u{430}lice"),
        json!(""),
        json!(null),
        json!(["alice"]),
        json!({"sub": "alice"}),
        json!(true),
    ]
    .into_iter()
    .enumerate()
    {
        let lies = Lies::none().set(Userinfo, "sub", sub);
        rows.push(bad(format!("sub-{index}"), RULE, lies));
    }
    rows
}

/// Optional claims that cannot be used are dropped or cleaned, and nobody is refused for them.
fn claims() -> Vec<Row> {
    let mut rows = Vec::new();
    for (index, name) in [
        json!("<script>alert(1)</script>"),
        json!("\"><img src=x onerror=alert(1)>"),
        json!("Ali\u{0}ce"),
        json!("\u{202e}ecilA"),
        json!("A\u{200b}lice"),
        json!("x".repeat(100_000)),
        json!(7),
        json!(null),
        json!(["Alice"]),
        json!({"given": "Alice"}),
    ]
    .into_iter()
    .enumerate()
    {
        let lies = Lies::none().set(Userinfo, "name", name);
        rows.push(row(format!("name-{index}"), "OIDC Core 5.1", lies).signed_in());
    }
    for (index, email) in [
        json!("<script>@example.com"),
        json!("alice@example.com\r\nbcc: bob@example.com"),
        json!("alice@example.com\u{0}"),
        json!("alice"),
        json!(""),
        json!(7),
        json!(["alice@example.com"]),
        json!(format!("{}@example.com", "a".repeat(300))),
    ]
    .into_iter()
    .enumerate()
    {
        let lies = Lies::none().set(Userinfo, "email", email);
        rows.push(
            row(
                format!("email-{index}"),
                "OIDC Core 5.1, RFC 5322 3.4.1",
                lies,
            )
            .signed_in(),
        );
    }
    for (index, picture) in [
        json!("javascript:alert(1)"),
        json!("http://127.0.0.1:{port}/picture-1/trap"),
        json!("{issuer}/trap"),
        json!("data:text/html,<script>"),
    ]
    .into_iter()
    .enumerate()
    {
        let lies = Lies::none().set(Userinfo, "picture", picture);
        rows.push(row(format!("picture-{index}"), "OIDC Core 5.1", lies).signed_in());
    }
    rows
}

fn documents() -> Vec<Row> {
    let lies = Lies::none;
    let whole = |body: &str| lies().body(Userinfo, body);
    vec![
        bad("empty", RULE, whole("")),
        bad("null", RULE, whole("null")),
        bad("a-list", RULE, whole("[]")),
        bad(
            "html",
            RULE,
            whole("<html>call-555-0100-words-of-the-liar</html>"),
        ),
        bad(
            "a-jwt-nobody-signed",
            RULE,
            whole("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.").head(
                Userinfo,
                "content-type",
                "application/jwt",
            ),
        ),
        bad("bom", "RFC 8259 8.1", lies().bytes(Userinfo, bom)),
        bad("utf-16", "RFC 8259 8.1", lies().bytes(Userinfo, utf16)),
        bad("latin", "RFC 8259 8.1", lies().bytes(Userinfo, latin)),
        bad(
            "deep",
            "RFC 8259 9",
            lies().edit(Userinfo, |it, _| it["x"] = deep(120)),
        ),
        bad(
            "cut-off",
            "RFC 8259 2",
            lies().bytes(Userinfo, |text| text[..text.len() - 1].into()),
        ),
        row(
            "digits",
            "RFC 8259 6",
            lies().set(Userinfo, "x", json!("HERE")).replace(
                Userinfo,
                "\"HERE\"",
                "123456789012345678901234567890",
            ),
        )
        .signed_in(),
    ]
}

fn statuses() -> Vec<Row> {
    let error = |code: Value| json!({"error": code, "error_description": "{words}"}).to_string();
    let mut rows = vec![
        row("404", "OIDC Core 5.3", Lies::none().status(Userinfo, 404)).signed_in(),
        bad(
            "200-with-error",
            RULE,
            Lies::none().body(Userinfo, error(json!("invalid_token"))),
        ),
    ];
    for (status, end) in [
        (400, INVALID_RESPONSE),
        (401, INVALID_RESPONSE),
        (403, ACCESS_DENIED),
        (500, UNAVAILABLE),
        (503, UNAVAILABLE),
    ] {
        let lies = Lies::none().status(Userinfo, status).body(Userinfo, "{}");
        rows.push(bad(format!("bare-{status}"), "RFC 9110 15", lies).refused(end));
    }
    for wait in ["9999999999", "18446744073709551615"] {
        let lies = Lies::none()
            .status(Userinfo, 429)
            .head(Userinfo, "retry-after", wait);
        rows.push(bad(format!("429-{wait}"), "RFC 6585 4", lies).refused(UNAVAILABLE));
    }
    for status in [301, 302, 303, 307, 308] {
        let name = format!("redirect-{status}");
        let lies = Lies::none().status(Userinfo, status).head(
            Userinfo,
            "location",
            &format!("/{name}/trap"),
        );
        rows.push(bad(name, "RFC 9700 4.12", lies));
    }
    rows
}
