//! Google, as far as it can be had on one machine: its component against an emulation of its
//! addresses and habits (tests/npm/google.mjs).

use crate::house::{expect_4xx, expect_signed_in, expect_signed_out, session};
use anyhow::{Context as _, Result, ensure};
use celadon_tests::{Browser, Celadon, Op, Sandbox, Setup, Temporal, waiting};
use serde_json::{Value, json};

/// The provider's access tokens live this many seconds.
const LIFETIME: u64 = 4;

struct Google {
    celadon: Celadon,
    op: Op,
    #[expect(dead_code, reason = "held: the server ends when this is dropped")]
    temporal: Temporal,
    sandbox: Sandbox,
}

/// Celadon with `google`, where every account has these claims.
async fn start(claims: Value, change: impl FnOnce(Setup) -> Setup) -> Result<Google> {
    let sandbox = Sandbox::new()?;
    let settings = json!({
        "google": true, "claims": claims, "claims_in_id_token": true,
        "ttl": {"AccessToken": LIFETIME, "RefreshToken": 600},
    });
    let (temporal, op) = tokio::try_join!(
        Temporal::start(&sandbox),
        Op::start_with(&sandbox, settings)
    )?;
    let setup = Setup::new(&temporal)?.provider("google", &op).await?;
    let celadon = Celadon::start(&sandbox, change(setup.as_google()?)).await?;
    Ok(Google {
        celadon,
        op,
        temporal,
        sandbox,
    })
}

#[tokio::test]
async fn a_workspace_account_signs_in_and_the_link_asks_as_google_wants_it() -> Result<()> {
    let google = start(json!({"hd": "Example.com"}), |setup| {
        setup
            .option("hosted_domain", "example.com".into())
            .option("include_granted_scopes", true.into())
            .option("offline_access", true.into())
    })
    .await?;
    let mut browser = Browser::new()?;
    let page = browser
        .sign_in(&google.celadon.login("google"), "ada")
        .await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    expect_signed_in(&google.celadon, &mut browser, "ada@example.test").await?;
    let json = session(&google.celadon, &mut browser).await?.json()?;
    ensure!(
        json["identity"]["attributes"]["hosted_domain"] == "Example.com",
        "{json}"
    );
    let requests = google.op.requests().await?;
    let link = requests.iter().find(|r| r.path == "/o/oauth2/v2/auth");
    let link = &link.context("no request to Google's address")?.query;
    for (name, value) in [
        ("access_type", "offline"),
        ("prompt", "consent"),
        ("include_granted_scopes", "true"),
        ("hd", "example.com"),
        ("scope", "openid email profile"),
    ] {
        ensure!(
            link.get(name).map(String::as_str) == Some(value),
            "{name}: {link:?}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn an_account_of_another_domain_is_refused_whatever_the_link_says() -> Result<()> {
    for claims in [json!({"hd": "evil.example"}), json!({})] {
        let google = start(claims, |setup| {
            setup.option("hosted_domain", "example.com".into())
        })
        .await?;
        let mut browser = Browser::new()?;
        let page = browser
            .sign_in(&google.celadon.login("google"), "mallory")
            .await?;
        expect_4xx(&page)?;
        expect_signed_out(&google.celadon, &mut browser).await?;
    }
    Ok(())
}

#[tokio::test]
async fn refreshes_keep_the_one_refresh_token_that_google_gives() -> Result<()> {
    let google = start(json!({}), |setup| {
        setup.option("offline_access", true.into())
    })
    .await?;
    let mut browser = Browser::new()?;
    let page = browser
        .sign_in(&google.celadon.login("google"), "ada")
        .await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    let resource = google.celadon.url("/resource/google");
    let refreshes = waiting::until("two refreshes", 8 * LIFETIME, async || {
        // On a slow machine a token of this lifetime may expire on its way.
        let page = browser.open(&resource).await?;
        ensure!(
            matches!(page.status, 200 | 424),
            "{}: {}",
            page.status,
            page.text
        );
        let sent = google.op.token_requests("refresh_token").await?;
        Ok((page.status == 200 && sent.len() >= 2).then_some(sent))
    })
    .await?;
    for refresh in &refreshes {
        ensure!(
            refresh.form.get("refresh_token") == refreshes[0].form.get("refresh_token"),
            "another refresh token"
        );
        ensure!(
            !refresh.issued.contains_key("refresh_token"),
            "it gave a new one"
        );
    }
    Ok(())
}

#[tokio::test]
async fn without_offline_access_no_refresh_token_is_asked_for() -> Result<()> {
    let google = start(json!({}), |setup| setup).await?;
    let mut browser = Browser::new()?;
    let page = browser
        .sign_in(&google.celadon.login("google"), "ada")
        .await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    let answers = google.op.token_requests("authorization_code").await?;
    ensure!(answers.len() == 1 && !answers[0].issued.contains_key("refresh_token"));
    let resource = google.celadon.url("/resource/google");
    let page = waiting::until("the token's end", 5 * LIFETIME, async || {
        let page = browser.open(&resource).await?;
        Ok((page.status != 200).then_some(page))
    })
    .await?;
    ensure!(page.status == 409, "{}: {}", page.status, page.text);
    Ok(())
}

#[tokio::test]
async fn check_warns_of_an_emulator_in_googles_place() -> Result<()> {
    let google = start(json!({}), |setup| setup).await?;
    let output = Celadon::run(&google.sandbox, google.celadon.setup(), &["check"])?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "{text}");
    let warned = text.lines().any(|line| {
        line.contains("celadon.toml: providers.google:") && line.contains(google.op.issuer())
    });
    ensure!(warned, "{text}");
    Ok(())
}
