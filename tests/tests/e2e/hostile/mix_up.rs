//! Mix-up: one provider's answers where another's are due (RFC 9700 section 4.4).

use super::table::{BAD_REQUEST, INVALID_RESPONSE, Row, Stage, UNKNOWN_STATE, honest, row};
use anyhow::Result;
use celadon_tests::liar::Lies;
use celadon_tests::liar::Place::{Claims, Discovery, Jwks, Token};
use serde_json::json;

const RULE: &str = "RFC 9700 4.4, RFC 9207";

#[tokio::test]
async fn hostile_mix_up() -> Result<()> {
    let rows = vec![
        honest("honest"),
        not_sent(
            "iss-of-the-honest",
            Lies::none().turn(|way, scene| {
                way.set("iss", &format!("{}/honest", scene.base));
            }),
            INVALID_RESPONSE,
        ),
        not_sent(
            "callback-of-the-honest",
            Lies::none().turn(|way, _| {
                way.path = "/callback/honest".into();
            }),
            UNKNOWN_STATE,
        ),
        not_sent(
            "callback-and-iss-of-the-honest",
            Lies::none().turn(|way, scene| {
                way.path = "/callback/honest".into();
                way.set("iss", &format!("{}/honest", scene.base));
            }),
            UNKNOWN_STATE,
        ),
        // The user signed in at the honest one, which says so.
        not_sent(
            "authorization-endpoint-of-the-honest",
            Lies::none()
                .set(
                    Discovery,
                    "authorization_endpoint",
                    json!("{base}/honest/authorize"),
                )
                .turn(|way, scene| way.set("iss", &format!("{}/honest", scene.base))),
            INVALID_RESPONSE,
        ),
        not_sent(
            "both-isses",
            Lies::none().turn(|way, scene| {
                way.add("iss", &format!("{}/honest", scene.base));
            }),
            BAD_REQUEST,
        ),
        row(
            "iss-not-promised-and-wrong",
            RULE,
            Lies::none()
                .without(Discovery, "authorization_response_iss_parameter_supported")
                .turn(|way, scene| way.set("iss", &format!("{}/honest", scene.base))),
        )
        .codes(0),
        row(
            "iss-not-promised-and-not-sent",
            RULE,
            Lies::none()
                .without(Discovery, "authorization_response_iss_parameter_supported")
                .turn(|way, _| way.remove("iss")),
        )
        .signed_in(),
        row(
            "id-token-of-the-honest",
            "OIDC Core 3.1.3.7 (2)",
            Lies::none().set(Claims, "iss", json!("{base}/honest")),
        ),
        row(
            "metadata-of-the-honest",
            "OIDC Discovery 4.3",
            Lies::none().edit(Discovery, |metadata, scene| {
                let text = metadata
                    .to_string()
                    .replace("/metadata-of-the-honest", "/honest");
                assert!(text.contains(&format!("{}/honest/token", scene.base)));
                *metadata = serde_json::from_str(&text).expect("still JSON");
            }),
        )
        .no_link(INVALID_RESPONSE),
        row(
            "issuer-of-the-honest-beside-own-endpoints",
            "OIDC Discovery 4.3",
            Lies::none().set(Discovery, "issuer", json!("{base}/honest")),
        )
        .no_link(INVALID_RESPONSE),
        row(
            "keys-of-nobody-and-token-of-the-honest",
            "OIDC Core 3.1.3.7 (2)",
            Lies::none()
                .set(Discovery, "jwks_uri", json!("{base}/honest/jwks"))
                .set(Claims, "iss", json!("{base}/honest")),
        ),
        row(
            "an-access-token-as-id-token",
            "RFC 8725 3.11",
            Lies::none().edit(Token, |answer, _| {
                answer["id_token"] = answer["access_token"].clone()
            }),
        ),
        row(
            "no-keys-at-all",
            "OIDC Core 10.1",
            Lies::none().body(Jwks, "{\"keys\":[]}"),
        ),
    ];
    let (stage, plays) = Stage::set(rows).await?;
    stage.play(plays).await?;
    let seen = stage.liar.seen("honest")?;
    let tokens = seen.iter().filter(|path| *path == "token").count();
    anyhow::ensure!(
        tokens == 1,
        "others' codes came to the honest one: {seen:?}"
    );
    Ok(())
}

fn not_sent(name: &str, lies: Lies, kind: super::table::Kind) -> Row {
    row(name, RULE, lies).refused(kind).codes(0)
}
