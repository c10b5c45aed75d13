//! Answers of the token endpoint.

use super::id_token::{bom, deep, latin, utf16};
use super::table::{
    ACCESS_DENIED, ANSWER_LOST, INVALID_CLIENT, INVALID_GRANT, INVALID_RESPONSE, Row, UNAVAILABLE,
    honest, play, row,
};
use anyhow::Result;
use celadon_tests::liar::Lies;
use celadon_tests::liar::Place::Token;
use serde_json::{Value, json};

const RULE: &str = "RFC 6749 5.1";

#[tokio::test]
async fn hostile_token_answers() -> Result<()> {
    let mut rows = vec![honest("honest")];
    rows.extend(tokens());
    rows.extend(lifetimes());
    rows.extend(scopes());
    rows.extend(documents());
    play(rows).await
}

#[tokio::test]
async fn hostile_token_errors() -> Result<()> {
    let mut rows = vec![honest("honest")];
    rows.extend(errors());
    rows.extend(statuses());
    play(rows).await
}

fn member(name: impl Into<String>, rule: &'static str, member: &'static str, value: Value) -> Row {
    row(name, rule, Lies::none().set(Token, member, value))
}

fn tokens() -> Vec<Row> {
    let mut rows = vec![
        row(
            "no-access-token",
            RULE,
            Lies::none().without(Token, "access_token"),
        ),
        row(
            "no-id-token",
            "OIDC Core 3.1.3.3",
            Lies::none().without(Token, "id_token"),
        ),
        row(
            "no-token-type",
            RULE,
            Lies::none().without(Token, "token_type"),
        )
        .signed_in(),
        row(
            "no-refresh-token",
            RULE,
            Lies::none().without(Token, "refresh_token"),
        )
        .signed_in(),
        member("type-lower", "RFC 6749 5.1", "token_type", json!("bearer")).signed_in(),
        member(
            "id-token-in-a-list",
            "OIDC Core 3.1.3.3",
            "id_token",
            json!(["a.b.c"]),
        ),
        member(
            "refresh-token-number",
            "RFC 6749 6",
            "refresh_token",
            json!(7),
        )
        .signed_in(),
        member(
            "refresh-token-null",
            "RFC 6749 6",
            "refresh_token",
            json!(null),
        )
        .signed_in(),
        member(
            "refresh-token-list",
            "RFC 6749 6",
            "refresh_token",
            json!(["x"]),
        )
        .signed_in(),
        row(
            "the-answer-within",
            RULE,
            Lies::none().edit(Token, |answer, _| *answer = json!({"data": answer.clone()})),
        ),
        row(
            "ten-thousand-secrets",
            "RFC 9700 4.15",
            Lies::none().edit(Token, |answer, _| {
                let secrets = (0..10_000).map(|index| format!("secret-{index:08}"));
                answer["x"] = secrets.collect::<Vec<_>>().into();
            }),
        ),
        row(
            "a-long-secret-beside",
            RULE,
            Lies::none().set(Token, "x", json!("x".repeat(200_000))),
        )
        .signed_in(),
        row(
            "odd-names",
            RULE,
            Lies::none().edit(Token, |answer, _| {
                for name in [
                    "",
                    "a/b",
                    "~1",
                    "__proto__",
                    "secret:0/access_token",
                    "\u{0}",
                    "<b>",
                ] {
                    answer[name] = json!("{words}");
                }
            }),
        )
        .signed_in(),
    ];
    for (index, kind) in [
        json!("mac"),
        json!("DPoP"),
        json!("N_A"),
        json!("Bearer "),
        json!("bearer, mac"),
    ]
    .into_iter()
    .enumerate()
    {
        rows.push(member(
            format!("type-{index}"),
            "RFC 6749 7.1",
            "token_type",
            kind,
        ));
    }
    for (index, token) in [
        json!(null),
        json!(""),
        json!(7),
        json!(true),
        json!(["token"]),
        json!({"token": "token"}),
        json!("to\nken"),
        json!("to\u{0}ken"),
        json!("t\u{f6}ken"),
        json!("x".repeat(40_000)),
    ]
    .into_iter()
    .enumerate()
    {
        rows.push(member(
            format!("access-token-{index}"),
            "RFC 6750 2.1",
            "access_token",
            token,
        ));
    }
    rows
}

fn lifetimes() -> Vec<Row> {
    let rule = "RFC 6749 4.2.2";
    let mut rows = Vec::new();
    for (index, seconds) in [
        json!(null),
        json!(0),
        json!(-1),
        json!("3600"),
        json!("soon"),
        json!("NaN"),
        json!("-1"),
        json!(""),
        json!(3600.7),
        json!(1e300),
        json!(u64::MAX),
        json!([3600]),
        json!({}),
        json!(true),
    ]
    .into_iter()
    .enumerate()
    {
        rows.push(member(format!("expires-in-{index}"), rule, "expires_in", seconds).signed_in());
    }
    for (name, number) in [
        ("nan", "NaN"),
        ("infinite", "Infinity"),
        ("beyond-floats", "1e400"),
    ] {
        let lies = Lies::none()
            .set(Token, "expires_in", json!("HERE"))
            .replace(Token, "\"HERE\"", number);
        rows.push(row(format!("expires-in-{name}"), "RFC 8259 6", lies));
    }
    let digits = Lies::none()
        .set(Token, "expires_in", json!("HERE"))
        .replace(Token, "\"HERE\"", "99999999999999999999999999");
    rows.push(row("expires-in-26-digits", rule, digits).signed_in());
    rows
}

fn scopes() -> Vec<Row> {
    let rule = "RFC 6749 3.3";
    vec![
        row("scope-missing", RULE, Lies::none().without(Token, "scope")).signed_in(),
        member("scope-list", rule, "scope", json!(["openid", "email"])).signed_in(),
        member("scope-less", rule, "scope", json!("openid")).signed_in_as("alice"),
        member("scope-number", rule, "scope", json!(7)).signed_in(),
        member("scope-control", rule, "scope", json!("openid e\u{7}mail")),
        member("scope-nul", rule, "scope", json!("openid\u{0}")),
        member("scope-line", rule, "scope", json!("openid\r\nx: y")),
        member("scope-quote", rule, "scope", json!("openid \"x\"")),
        member("scope-not-ascii", rule, "scope", json!("openid \u{e9}mail")),
    ]
}

fn documents() -> Vec<Row> {
    let lies = Lies::none;
    vec![
        row("empty", RULE, lies().body(Token, "")),
        row("null", RULE, lies().body(Token, "null")),
        row("a-list", RULE, lies().body(Token, "[]")),
        row("a-text", RULE, lies().body(Token, "\"{words}\"")),
        row(
            "html",
            RULE,
            lies().body(Token, "<html>call-555-0100-words-of-the-liar</html>"),
        ),
        row(
            "cut-off",
            "RFC 8259 2",
            lies().bytes(Token, |text| text[..text.len() - 1].into()),
        ),
        row(
            "two-documents",
            "RFC 8259 2",
            lies().bytes(Token, |text| text.repeat(2)),
        ),
        row(
            "access-token-twice",
            "RFC 8259 4",
            lies().replace(
                Token,
                "\"access_token\":",
                "\"access_token\":\"x\",\"access_token\":",
            ),
        ),
        row(
            "id-token-twice",
            "RFC 8259 4",
            lies().replace(
                Token,
                "\"id_token\":",
                "\"id_token\":\"a.b.c\",\"id_token\":",
            ),
        ),
        row("bom", "RFC 8259 8.1", lies().bytes(Token, bom)),
        row("utf-16", "RFC 8259 8.1", lies().bytes(Token, utf16)),
        row("latin", "RFC 8259 8.1", lies().bytes(Token, latin)),
        row(
            "deep",
            "RFC 8259 9",
            lies().edit(Token, |it, _| it["x"] = deep(120)),
        ),
        row(
            "many-values",
            "RFC 8259 9",
            lies().edit(Token, |it, _| it["x"] = json!(vec![0; 100_000])),
        ),
        row(
            "as-html",
            RULE,
            lies().head(Token, "content-type", "text/html"),
        )
        .signed_in(),
        row(
            "as-nothing",
            RULE,
            lies().head(Token, "content-type", "\u{1}"),
        )
        .refused(ANSWER_LOST),
        row(
            "a-form-without-tokens",
            RULE,
            lies()
                .head(Token, "content-type", "application/x-www-form-urlencoded")
                .body(Token, "error_description=call-555-0100-words-of-the-liar"),
        ),
        row(
            "a-form-twice",
            RULE,
            lies()
                .head(Token, "content-type", "application/x-www-form-urlencoded")
                .body(Token, "access_token=x&access_token=y&token_type=bearer"),
        ),
    ]
}

fn errors() -> Vec<Row> {
    let words = "call-555-0100-words-of-the-liar";
    let error = |status: u16, code: Value| {
        let body = json!({"error": code, "error_description": words, "error_uri": words});
        Lies::none()
            .status(Token, status)
            .body(Token, body.to_string())
    };
    let mut rows = Vec::new();
    for status in [200, 400] {
        for (code, end) in [
            ("invalid_grant", INVALID_GRANT),
            ("invalid_client", INVALID_CLIENT),
            ("access_denied", ACCESS_DENIED),
            ("temporarily_unavailable", UNAVAILABLE),
        ] {
            let name = format!("error-{status}-{}", code.replace('_', "-"));
            rows.push(row(name, "RFC 6749 5.2", error(status, json!(code))).refused(end));
        }
    }
    let mut odd = vec![
        json!(words),
        json!("<script>alert(1)</script>"),
        json!({"code": words, "message": words}),
        json!([words]),
        json!(7),
        json!(true),
        json!("x".repeat(50_000)),
        json!(""),
    ];
    odd.push(json!({"type": words, "code": 190}));
    for (index, code) in odd.into_iter().enumerate() {
        let lies = error(400, code);
        rows.push(
            row(format!("error-odd-{index}"), "RFC 6749 5.2", lies).refused(INVALID_RESPONSE),
        );
    }
    for (code, end) in [
        ("unauthorized_client", INVALID_CLIENT),
        ("invalid_request", INVALID_RESPONSE),
        ("invalid_scope", INVALID_RESPONSE),
    ] {
        let name = format!("error-{}", code.replace('_', "-"));
        rows.push(row(name, "RFC 6749 5.2", error(400, json!(code))).refused(end));
    }
    rows
}

fn statuses() -> Vec<Row> {
    let mut rows = vec![
        row(
            "401",
            "RFC 6749 5.2",
            Lies::none().status(Token, 401).body(Token, "no"),
        )
        .refused(INVALID_CLIENT),
        row("tokens-with-500", RULE, Lies::none().status(Token, 500)).refused(UNAVAILABLE),
        row("tokens-with-400", RULE, Lies::none().status(Token, 400)),
        row("tokens-with-201", RULE, Lies::none().status(Token, 201)).signed_in(),
    ];
    for (status, end) in [
        (204, INVALID_RESPONSE),
        (400, INVALID_RESPONSE),
        (403, ACCESS_DENIED),
        (404, INVALID_RESPONSE),
        (418, INVALID_RESPONSE),
        (500, UNAVAILABLE),
        (502, UNAVAILABLE),
        (503, UNAVAILABLE),
    ] {
        let lies = Lies::none().status(Token, status).body(Token, "");
        rows.push(row(format!("bare-{status}"), "RFC 9110 15", lies).refused(end));
    }
    for (index, wait) in [
        "9999999999",
        "18446744073709551615",
        "18446744073709551616",
        "-1",
        "1e9",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "\u{e9}",
    ]
    .into_iter()
    .enumerate()
    {
        let lies = Lies::none()
            .status(Token, 503)
            .head(Token, "retry-after", wait);
        rows.push(
            row(format!("retry-after-{index}"), "RFC 9110 10.2.3", lies).refused(UNAVAILABLE),
        );
    }
    for wait in ["9999999999", "18446744073709551615"] {
        let lies = Lies::none()
            .status(Token, 429)
            .head(Token, "retry-after", wait);
        rows.push(row(format!("429-{wait}"), "RFC 6585 4", lies).refused(UNAVAILABLE));
    }
    for status in [301, 302, 303, 307, 308] {
        let name = format!("redirect-{status}");
        let lies =
            Lies::none()
                .status(Token, status)
                .head(Token, "location", &format!("/{name}/trap"));
        rows.push(row(name, "RFC 9700 4.12", lies));
    }
    rows
}
