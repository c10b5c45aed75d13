//! Metadata.

use super::id_token::{bom, deep, latin, utf16};
use super::table::{INVALID_RESPONSE, Row, UNAVAILABLE, honest, play, row};
use anyhow::Result;
use celadon_tests::liar::Lies;
use celadon_tests::liar::Place::Discovery;
use serde_json::{Value, json};

const RULE: &str = "OIDC Discovery 4.3";

#[tokio::test]
async fn hostile_discovery() -> Result<()> {
    let mut rows = vec![honest("honest")];
    rows.extend(issuers());
    rows.extend(endpoints());
    rows.extend(members());
    rows.extend(documents());
    rows.extend(statuses());
    play(rows).await
}

/// One that gets no link.
fn denied(name: impl Into<String>, rule: &'static str, lies: Lies) -> Row {
    row(name, rule, lies).no_link(INVALID_RESPONSE)
}

fn member(name: impl Into<String>, rule: &'static str, member: &'static str, value: Value) -> Row {
    denied(name, rule, Lies::none().set(Discovery, member, value))
}

fn issuers() -> Vec<Row> {
    let mut rows = vec![denied(
        "issuer-missing",
        RULE,
        Lies::none().without(Discovery, "issuer"),
    )];
    for (index, issuer) in [
        json!("https://accounts.example.com"),
        json!("{issuer}/"),
        json!("{base}"),
        json!("{base}/honest"),
        json!("{issuer}?"),
        json!("{issuer}#"),
        json!(" {issuer}"),
        json!("{base}//issuer-7"),
        json!("{base}/x/../issuer-8"),
        json!("http://localhost:{port}/issuer-9"),
        json!("HTTP://127.0.0.1:{port}/issuer-10"),
        json!("http://2130706433:{port}/issuer-11"),
        json!("{base}/ISSUER-12"),
        json!("{base}/%69ssuer-13"),
        json!(["{issuer}"]),
        json!(null),
        json!(7),
        json!(""),
    ]
    .into_iter()
    .enumerate()
    {
        rows.push(member(format!("issuer-{index}"), RULE, "issuer", issuer));
    }
    rows
}

fn endpoints() -> Vec<Row> {
    let mut rows = Vec::new();
    for (index, url) in [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/token",
        "http://192.168.1.1/token",
        "http://[::1]:{port}/trap",
        "http://2130706433:{port}/endpoint-4/trap",
        "http://0x7f.1:{port}/endpoint-5/trap",
        "http://0177.0.0.1:{port}/endpoint-6/trap",
        "http://0.0.0.0:{port}/endpoint-7/trap",
        "http://localhost:{port}/endpoint-8/trap",
        "http://user:word@127.0.0.1:{port}/endpoint-9/trap",
        "http://127.0.0.1:{port}@10.0.0.1/trap",
        "http://127.0.0.2:{port}/trap",
        "http://127.0.0.1:1/trap",
        "http://accounts.example.com/token",
        "{issuer}/trap#fragment",
        "{issuer}/../trap",
        "{issuer}\\trap",
        "file:///etc/passwd",
        "gopher://127.0.0.1:{port}/trap",
        "ftp://127.0.0.1/trap",
        "javascript:alert(1)",
        "data:application/json,{}",
        "//127.0.0.1:{port}/endpoint-22/trap",
        "/endpoint-23/trap",
        "trap",
        " {issuer}/trap",
        "{issuer}/tr\u{0}ap",
        "{issuer}/trap\r\nx: y",
        "",
    ]
    .into_iter()
    .enumerate()
    {
        let rule = "RFC 9700 4.1, RFC 8414 6.2";
        let places = [
            "token_endpoint",
            "jwks_uri",
            "userinfo_endpoint",
            "authorization_endpoint",
        ];
        let place = places[index % places.len()];
        rows.push(member(format!("endpoint-{index}"), rule, place, json!(url)));
    }
    for (index, url) in [json!(7), json!(["{issuer}/token"]), json!({}), json!(true)]
        .into_iter()
        .enumerate()
    {
        rows.push(member(
            format!("endpoint-type-{index}"),
            RULE,
            "token_endpoint",
            url,
        ));
    }
    let long = format!("{{issuer}}/{}", "x".repeat(5000));
    rows.push(member("endpoint-long", RULE, "jwks_uri", json!(long)));
    rows
}

fn members() -> Vec<Row> {
    let without = |name: &str, member| row(name, RULE, Lies::none().without(Discovery, member));
    vec![
        without("no-authorization-endpoint", "authorization_endpoint").no_link(INVALID_RESPONSE),
        without("no-token-endpoint", "token_endpoint"),
        without("no-jwks-uri", "jwks_uri"),
        without("no-userinfo-endpoint", "userinfo_endpoint").signed_in_as("alice"),
        without("no-algorithms", "id_token_signing_alg_values_supported").signed_in(),
        member(
            "algorithms-text",
            RULE,
            "id_token_signing_alg_values_supported",
            json!("RS256"),
        ),
        member(
            "algorithms-numbers",
            RULE,
            "id_token_signing_alg_values_supported",
            json!([1]),
        ),
        member(
            "algorithms-endless",
            RULE,
            "id_token_signing_alg_values_supported",
            json!(vec!["RS256"; 10_000]),
        ),
        row(
            "algorithms-none-alone",
            "RFC 8725 3.2",
            Lies::none().set(
                Discovery,
                "id_token_signing_alg_values_supported",
                json!(["none"]),
            ),
        ),
        row(
            "algorithms-mac-alone",
            "RFC 8725 3.1",
            Lies::none().set(
                Discovery,
                "id_token_signing_alg_values_supported",
                json!(["HS256"]),
            ),
        ),
        member(
            "iss-flag-text",
            "RFC 9207 3",
            "authorization_response_iss_parameter_supported",
            json!("true"),
        ),
        row(
            "auth-methods-unknown",
            "RFC 8414 2",
            Lies::none().set(
                Discovery,
                "token_endpoint_auth_methods_supported",
                json!(["x"]),
            ),
        )
        .signed_in(),
        row(
            "pkce-not-listed",
            "RFC 9700 2.1.1",
            Lies::none().set(
                Discovery,
                "code_challenge_methods_supported",
                json!(["plain"]),
            ),
        )
        .signed_in(),
        row(
            "null-members",
            RULE,
            Lies::none()
                .set(Discovery, "revocation_endpoint", json!(null))
                .set(Discovery, "end_session_endpoint", json!(null)),
        )
        .signed_in(),
    ]
}

fn documents() -> Vec<Row> {
    let lies = Lies::none;
    vec![
        denied("empty", RULE, lies().body(Discovery, "")),
        denied("a-list", RULE, lies().body(Discovery, "[]")),
        denied("null", RULE, lies().body(Discovery, "null")),
        denied("html", RULE, lies().body(Discovery, "<html>{words}</html>")),
        denied(
            "cut-off",
            "RFC 8259 2",
            lies().bytes(Discovery, |text| text[..text.len() - 1].into()),
        ),
        denied(
            "two-documents",
            "RFC 8259 2",
            lies().bytes(Discovery, |text| text.repeat(2)),
        ),
        denied(
            "issuer-twice",
            "RFC 8259 4",
            lies().replace(Discovery, "\"issuer\":", "\"issuer\":\"x\",\"issuer\":"),
        ),
        denied(
            "token-endpoint-twice",
            "RFC 8259 4",
            lies().replace(
                Discovery,
                "\"token_endpoint\":",
                "\"token_endpoint\":\"http://127.0.0.1:1/\",\"token_endpoint\":",
            ),
        ),
        denied("bom", "RFC 8259 8.1", lies().bytes(Discovery, bom)),
        denied("utf-16", "RFC 8259 8.1", lies().bytes(Discovery, utf16)),
        denied("latin", "RFC 8259 8.1", lies().bytes(Discovery, latin)),
        denied(
            "deep",
            "RFC 8259 9",
            lies().edit(Discovery, |it, _| it["x"] = deep(120)),
        ),
        denied(
            "deeper",
            "RFC 8259 9",
            lies().bytes(Discovery, |_| b"{\"a\":".repeat(40_000)),
        ),
        denied(
            "beyond-floats",
            "RFC 8259 6",
            lies()
                .set(Discovery, "x", json!("HERE"))
                .replace(Discovery, "\"HERE\"", "1e400"),
        ),
        denied(
            "many-values",
            "RFC 8259 9",
            lies().edit(Discovery, |it, _| it["x"] = json!(vec![0; 100_000])),
        ),
        row(
            "as-text",
            RULE,
            lies().head(Discovery, "content-type", "text/plain"),
        )
        .signed_in(),
    ]
}

fn statuses() -> Vec<Row> {
    let mut rows = Vec::new();
    for (status, end) in [
        (201, INVALID_RESPONSE),
        (204, INVALID_RESPONSE),
        (400, INVALID_RESPONSE),
        (403, INVALID_RESPONSE),
        (404, INVALID_RESPONSE),
        (429, UNAVAILABLE),
        (500, UNAVAILABLE),
        (503, UNAVAILABLE),
        (599, UNAVAILABLE),
    ] {
        let lies = Lies::none().status(Discovery, status);
        rows.push(row(format!("status-{status}"), "RFC 9110 15", lies).no_link(end));
    }
    for status in [301, 302, 303, 307, 308] {
        let name = format!("redirect-{status}");
        let lies = Lies::none().status(Discovery, status).head(
            Discovery,
            "location",
            &format!("/{name}/trap"),
        );
        rows.push(denied(name, "RFC 9700 4.12", lies));
    }
    rows
}
