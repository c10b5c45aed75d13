//! What a component is given. The component `spy` shows every argument of every call, covered (each
//! byte XOR 0x5A, in hex), so that a host which strikes out secrets cannot hide that it gave them.

use anyhow::{Context, Result, ensure};
use celadon_tests::{Browser, Celadon, Op, Sandbox, Setup, Temporal, waiting};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

fn uncover(covered: &str) -> Result<String> {
    let mut bytes = HEXLOWER.decode(covered.as_bytes())?;
    bytes.iter_mut().for_each(|byte| *byte ^= 0x5a);
    Ok(String::from_utf8(bytes)?)
}

/// Everything that the spy has shown so far, as (call, arguments).
async fn shown(op: &Op) -> Result<Vec<(String, String)>> {
    let mut shown = Vec::new();
    for request in op.requests().await? {
        if request.path == "/auth" {
            let covered = request.query.get("spy").context("the link shows nothing")?;
            shown.push(("authorize".to_owned(), uncover(covered)?));
        } else if request.path == "/collect" {
            let report: Value = serde_json::from_str(&request.body)?;
            let call = report["call"].as_str().context("a call")?;
            let saw = report["saw"].as_str().context("what it saw")?;
            shown.push((call.to_owned(), uncover(saw)?));
        }
    }
    Ok(shown)
}

#[tokio::test]
async fn a_component_is_never_given_a_credential() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let settings = json!({"ttl": {"AccessToken": 4}});
    let (temporal, op) = tokio::try_join!(
        Temporal::start(&sandbox),
        Op::start_with(&sandbox, settings)
    )?;
    let collector = format!("{}/collect", op.issuer());
    let setup = Setup::new(&temporal)?.provider("op", &op).await?;
    let setup = setup
        .component("test/spy")?
        .option("collector", collector.into());
    let celadon = Celadon::start(&sandbox, setup).await?;
    let mut browser = Browser::new()?;
    let page = browser.sign_in(&celadon.login("op"), "alice").await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    // A refresh is one more series of calls, with a transcript and credentials of its own.
    waiting::until("a refresh is shown", 20, async || {
        browser.open(&celadon.url("/resource/op")).await?;
        let refreshes = shown(&op)
            .await?
            .into_iter()
            .filter(|(call, _)| call == "obtain");
        Ok((refreshes.count() >= 2).then_some(()))
    })
    .await?;
    let shown = shown(&op).await?;
    for call in ["authorize", "obtain", "identify"] {
        let saw = shown.iter().find(|(name, _)| name == call);
        let (_, saw) = saw.with_context(|| format!("{call} showed nothing"))?;
        ensure!(
            saw.contains(op.issuer()),
            "{call} does not show its options: {saw}"
        );
    }
    let kinds = [
        "client_secret",
        "code",
        "code_verifier",
        "state",
        "access_token",
        "refresh_token",
        "id_token",
    ];
    // The nonce is a claim of the verified ID token, which a component may read.
    let needles = op.needles().await?.without("nonce").expecting(&kinds);
    for (call, saw) in shown {
        let found = needles.found_in(saw.as_bytes())?;
        ensure!(found.is_empty(), "{call} was given {found:?}: {saw}");
    }
    Ok(())
}
