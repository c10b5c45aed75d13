//! Client authentication by a key: the provider, which others wrote, verifies what Celadon signs.

use crate::house::{expect_signed_in, expect_signed_out};
use anyhow::{Context as _, Result, ensure};
use celadon_tests::{Browser, Celadon, Op, Sandbox, Setup, Temporal, waiting};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use std::process::Command;

/// The provider's access tokens live this many seconds.
const LIFETIME: u64 = 4;

/// A private JWK and its public half, made by node.
fn key(kind: &str, options: &str) -> Result<(Value, Value)> {
    let script = format!(
        "const pair = require('crypto').generateKeyPairSync('{kind}', {options});\
         const jwk = (key) => key.export({{ format: 'jwk' }});\
         console.log(JSON.stringify([jwk(pair.privateKey), jwk(pair.publicKey)]));"
    );
    let output = Command::new("node").args(["-e", &script]).output()?;
    Ok(serde_json::from_slice(&output.stdout)?)
}

struct Signed {
    celadon: Celadon,
    op: Op,
    #[expect(dead_code, reason = "held: the server ends when this is dropped")]
    temporal: Temporal,
}

/// Celadon with this key, at a provider that knows `public`.
async fn start(sandbox: &Sandbox, private: &Value, public: &Value, more: &str) -> Result<Signed> {
    let settings = json!({"ttl": {"AccessToken": LIFETIME, "RefreshToken": 600}});
    let (temporal, op) =
        tokio::try_join!(Temporal::start(sandbox), Op::start_with(sandbox, settings))?;
    std::fs::write(sandbox.file("key.jwk"), private.to_string())?;
    let setup = Setup::new(&temporal)?.provider("op", &op).await?;
    op.register_key(&[setup.redirect_uri("op")], public).await?;
    let setup = setup.credential(&format!("client_key = {{ file = \"key.jwk\" }}\n{more}"));
    let celadon = Celadon::start(sandbox, setup).await?;
    Ok(Signed {
        celadon,
        op,
        temporal,
    })
}

fn claims(assertion: &str) -> Result<Value> {
    let claims = assertion.split('.').nth(1).context("no JWT")?;
    Ok(serde_json::from_slice(
        &BASE64URL_NOPAD.decode(claims.as_bytes())?,
    )?)
}

#[tokio::test]
async fn assertions_by_each_kind_of_key_sign_in_and_refresh() -> Result<()> {
    for (kind, options, alg) in [
        ("ec", "{ namedCurve: 'P-256' }", "ES256"),
        ("rsa", "{ modulusLength: 2048 }", "PS256"),
        ("ed25519", "{}", "EdDSA"),
    ] {
        let sandbox = Sandbox::new()?;
        let (mut private, mut public) = key(kind, options)?;
        for half in [&mut private, &mut public] {
            half["kid"] = "k1".into();
            half["alg"] = alg.into();
        }
        let house = start(&sandbox, &private, &public, "").await?;
        let mut browser = Browser::new()?;
        let page = browser.sign_in(&house.celadon.login("op"), "alice").await?;
        ensure!(page.status == 200, "{alg}: {} {}", page.status, page.text);
        expect_signed_in(&house.celadon, &mut browser, "alice").await?;
        let resource = house.celadon.url("/resource/op");
        let refreshes = waiting::until("a refresh", 5 * LIFETIME, async || {
            let page = browser.open(&resource).await?;
            ensure!(page.status == 200, "{alg}: {} {}", page.status, page.text);
            let sent = house.op.token_requests("refresh_token").await?;
            Ok((!sent.is_empty()).then_some(sent))
        })
        .await?;
        let codes = house.op.token_requests("authorization_code").await?;
        let mut seen = Vec::new();
        for request in codes.iter().chain(&refreshes) {
            ensure!(!request.form.contains_key("client_secret") && request.authorization.is_none());
            let assertion = request
                .form
                .get("client_assertion")
                .context("no assertion")?;
            let claims = claims(assertion)?;
            ensure!(claims["aud"] == house.op.issuer(), "{claims}");
            ensure!(!seen.contains(&claims["jti"]), "an assertion is sent twice");
            seen.push(claims["jti"].clone());
            ensure!(
                !house.celadon.logs()?.contains(assertion.as_str()),
                "it is logged"
            );
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_secret_signs_in_without_being_sent() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let (temporal, op) = tokio::try_join!(Temporal::start(&sandbox), Op::start(&sandbox))?;
    let setup = Setup::new(&temporal)?.provider("op", &op).await?;
    op.register_signing_secret(&[setup.redirect_uri("op")])
        .await?;
    let setup = setup.credential(
        "client_secret = { env = \"SECRET_OF_OP\" }\nclient_auth = \"client_secret_jwt\"",
    );
    let celadon = Celadon::start(&sandbox, setup).await?;
    let mut browser = Browser::new()?;
    let page = browser.sign_in(&celadon.login("op"), "alice").await?;
    ensure!(page.status == 200, "{} {}", page.status, page.text);
    expect_signed_in(&celadon, &mut browser, "alice").await?;
    for request in op.token_requests("authorization_code").await? {
        let assertion = request.form.get("client_assertion");
        let claims = claims(assertion.context("no assertion")?)?;
        ensure!(claims["aud"] == op.issuer(), "{claims}");
        let sent = format!("{request:?}");
        ensure!(!sent.contains(op.client_secret()), "the secret was sent");
    }
    Ok(())
}

#[tokio::test]
async fn an_assertion_may_speak_to_the_token_endpoint_where_the_operator_says_so() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let (private, public) = key("ec", "{ namedCurve: 'P-256' }")?;
    let more = "client_audience = \"token_endpoint\"\nclient_auth = \"private_key_jwt\"";
    let house = start(&sandbox, &private, &public, more).await?;
    let mut browser = Browser::new()?;
    let page = browser.sign_in(&house.celadon.login("op"), "alice").await?;
    ensure!(page.status == 200, "{} {}", page.status, page.text);
    let codes = house.op.token_requests("authorization_code").await?;
    let claims = claims(
        codes[0]
            .form
            .get("client_assertion")
            .context("no assertion")?,
    )?;
    let endpoint = format!("{}/token", house.op.issuer());
    ensure!(claims["aud"] == endpoint.as_str(), "{claims}");
    Ok(())
}

#[tokio::test]
async fn a_key_that_the_provider_does_not_know_signs_nobody_in_and_a_new_one_needs_no_restart()
-> Result<()> {
    let sandbox = Sandbox::new()?;
    let (wrong, _) = key("ec", "{ namedCurve: 'P-256' }")?;
    let (private, public) = key("ec", "{ namedCurve: 'P-256' }")?;
    let house = start(&sandbox, &wrong, &public, "").await?;
    let mut browser = Browser::new()?;
    let page = browser.sign_in(&house.celadon.login("op"), "alice").await?;
    ensure!(page.status >= 400, "{}", page.status);
    expect_signed_out(&house.celadon, &mut browser).await?;
    std::fs::write(sandbox.file("key.jwk"), private.to_string())?;
    let page = browser.sign_in(&house.celadon.login("op"), "alice").await?;
    ensure!(page.status == 200, "{} {}", page.status, page.text);
    Ok(())
}

#[tokio::test]
async fn check_names_what_is_wrong_with_a_key_and_never_shows_it() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let (private, public) = key("ec", "{ namedCurve: 'P-256' }")?;
    let setup = Setup::with_temporal_at("127.0.0.1:9")?.issuer("op", "http://127.0.0.1:9")?;
    let setup = setup.credential("client_key = { file = \"key.jwk\" }");
    let secret = private["d"].as_str().context("a private half")?;
    for (key, good, word) in [
        (private.clone(), true, "ES256"),
        (public, false, "it has no `d`"),
        (json!({"keys": [private]}), false, "key set"),
    ] {
        std::fs::write(sandbox.file("key.jwk"), key.to_string())?;
        let output = Celadon::run(&sandbox, &setup, &["check"])?;
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        ensure!(output.status.success() == good, "{text}");
        ensure!(
            text.contains(word) && !text.contains(secret),
            "{word}: {text}"
        );
    }
    Ok(())
}
