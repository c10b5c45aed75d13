//! Starting, and saying what is wrong with a configuration.

use anyhow::{Result, ensure};
use celadon_tests::{Celadon, Sandbox, Setup, Temporal, free_port};
use std::time::Instant;

#[tokio::test]
async fn it_starts_before_temporal_and_is_ready_once_temporal_is() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let port = free_port()?;
    let setup = Setup::with_temporal_at(&format!("127.0.0.1:{port}"))?
        .issuer("op", "http://127.0.0.1:9")?;
    let mut celadon = Celadon::launch(&sandbox, setup)?;
    celadon_tests::waiting::until("it listens", 20, async || {
        Ok(celadon
            .get("/healthz")
            .await
            .ok()
            .filter(|page| page.status == 200))
    })
    .await?;
    ensure!(
        celadon.get("/readyz").await?.status == 503,
        "ready without Temporal"
    );
    let begin = celadon.get("/login/op").await?;
    ensure!(
        begin.status == 503,
        "a login without Temporal is {}",
        begin.status
    );
    let _temporal = Temporal::start_at(&sandbox, port).await?;
    celadon.ready(20).await
}

#[tokio::test]
async fn three_hundred_providers_of_one_component_are_ready_within_a_minute() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let temporal = Temporal::start(&sandbox).await?;
    let mut setup = Setup::new(&temporal)?;
    for number in 0..300 {
        setup = setup.issuer(
            &format!("issuer-{number}"),
            &format!("https://issuer-{number}.example.test"),
        )?;
    }
    let begin = Instant::now();
    let mut celadon = Celadon::launch(&sandbox, setup)?;
    celadon.ready(60).await?;
    eprintln!("ready after {:?}", begin.elapsed());
    let listed = celadon.get("/v1/providers").await?.text;
    ensure!(
        listed.contains("issuer-0") && listed.contains("issuer-299"),
        "not all are there"
    );
    Ok(())
}

#[tokio::test]
async fn check_says_what_each_provider_may_do() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let setup = Setup::with_temporal_at("127.0.0.1:9")?.issuer("op", "http://127.0.0.1:9")?;
    let (good, text) = check(&sandbox, &setup)?;
    ensure!(good, "a good configuration is refused: {text}");
    for word in ["op", "127.0.0.0/8", "http://127.0.0.1:9"] {
        ensure!(text.contains(word), "it does not say {word}: {text}");
    }
    ensure!(
        !text.contains("a-secret-for-any-provider"),
        "it shows the client secret"
    );
    Ok(())
}

#[tokio::test]
async fn a_mistake_names_the_file_the_key_and_the_mend() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let base = || Setup::with_temporal_at("127.0.0.1:9")?.issuer("op", "http://127.0.0.1:9");
    let provider = |line: &str| {
        format!("[providers.two]\ncomponent = \"none.wasm\"\nclient_id = \"x\"\n{line}\n")
    };
    for (setup, words) in [
        (
            base()?.login("expire_in = \"3s\""),
            &["expire_in", "expires_in"][..],
        ),
        (base()?.login("expires_in = \"soon\""), &["expires_in"]),
        (base()?.text("[servre]\n"), &["servre", "server"]),
        (base()?.text(&provider("")), &["two", "none.wasm"]),
        (
            base()?.text(&provider("client_secrit = \"x\"")),
            &["client_secrit", "client_secret"],
        ),
        (
            base()?.issuer("Upper_Case", "http://127.0.0.1:9")?,
            &["Upper_Case"],
        ),
        (base()?.option("isuer", "x".into()), &["isuer", "issuer"]),
    ] {
        let (good, text) = check(&sandbox, &setup)?;
        ensure!(!good, "accepted, though {words:?}");
        for word in words.iter().chain(&["celadon.toml"]) {
            ensure!(text.contains(word), "no {word} in: {text}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_named() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let setup = Setup::with_temporal_at("127.0.0.1:9")?
        .issuer("op", "http://127.0.0.1:9")?
        .text("[clients.shop]\nsecret = { env = \"NOBODY_SET_THIS\" }\n");
    let (good, text) = check(&sandbox, &setup)?;
    ensure!(
        !good && text.contains("NOBODY_SET_THIS"),
        "not named: {text}"
    );
    Ok(())
}

/// `celadon check`: whether it is content, and all it says.
fn check(sandbox: &Sandbox, setup: &Setup) -> Result<(bool, String)> {
    let output = Celadon::run(sandbox, setup, &["check"])?;
    let text = [output.stdout, output.stderr].concat();
    Ok((
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    ))
}
