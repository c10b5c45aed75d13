//! Keys at rest: rotated under running sign-ins, and lost.

use crate::house::{House, expect_4xx, expect_signed_in};
use anyhow::{Context as _, Result, ensure};
use celadon_tests::{Browser, Celadon, waiting};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// `celadon keys …`: its exit code and all it says.
fn keys(house: &House, arguments: &[&str]) -> Result<(i32, String)> {
    let arguments = [&["keys"], arguments].concat();
    let output = Celadon::run(&house.sandbox, house.celadon.setup(), &arguments)?;
    let text = [output.stdout, output.stderr].concat();
    let code = output.status.code().context("it ended by itself")?;
    Ok((code, String::from_utf8_lossy(&text).into_owned()))
}

/// The ids of the keys, in the order of the file.
fn ids(house: &House) -> Result<Vec<String>> {
    let (code, text) = keys(house, &["list"])?;
    ensure!(code == 0, "{text}");
    let lines = text.lines().skip(1);
    Ok(lines
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect())
}

/// Rotates, and waits until the running program has noticed.
async fn rotate(house: &House) -> Result<()> {
    let noticed = || {
        Ok::<_, anyhow::Error>(
            house
                .celadon
                .logs()?
                .matches("the key ring has changed")
                .count(),
        )
    };
    let before = noticed()?;
    let (code, text) = keys(house, &["rotate"])?;
    ensure!(code == 0, "{text}");
    waiting::until("the rotation is noticed", 10, async || {
        Ok((noticed()? > before).then_some(()))
    })
    .await
}

/// What the store has under each key, as `keys list --usage` says it.
fn usage(house: &House) -> Result<String> {
    let (code, text) = keys(house, &["list", "--usage"])?;
    ensure!(code == 0, "{text}");
    let (_, usage) = text
        .split_once("sealed in the store\n")
        .context("no usage")?;
    Ok(usage.to_owned())
}

async fn expect_resource(house: &House, browser: &mut Browser, status: u16) -> Result<()> {
    let page = browser.open(&house.celadon.url("/resource/op")).await?;
    ensure!(page.status == status, "{}: {}", page.status, page.text);
    Ok(())
}

/// A browser in which this user has signed in.
async fn signed_in(house: &House, user: &str) -> Result<Browser> {
    let mut browser = Browser::new()?;
    let page = browser.sign_in(&house.celadon.login("op"), user).await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    Ok(browser)
}

#[tokio::test]
async fn a_rotation_is_noticed_without_a_restart_and_shuts_nothing() -> Result<()> {
    let mut house = House::new().await?;
    let mut alice = signed_in(&house, "alice").await?;
    let mut carol = Browser::new()?;
    let parked = carol.authorize(&house.celadon.login("op"), "carol").await?;
    rotate(&house).await?;
    let ids = ids(&house)?;
    ensure!(ids.len() == 2, "{ids:?}");
    expect_signed_in(&house.celadon, &mut alice, "Name of alice").await?;
    expect_resource(&house, &mut alice, 200).await?;
    let page = carol.open(parked.as_str()).await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    let mut bob = signed_in(&house, "bob").await?;
    let usage = usage(&house)?;
    for (id, tokens) in [(&ids[0], "tokens 1"), (&ids[1], "tokens 2")] {
        let line = usage.lines().find(|line| line.contains(id.as_str()));
        let line = line.with_context(|| usage.clone())?;
        ensure!(
            line.contains(&format!("authorizations.{tokens}")),
            "{usage}"
        );
    }
    house.celadon.kill9()?;
    house.celadon.restart().await?;
    for (browser, user) in [
        (&mut alice, "alice"),
        (&mut bob, "bob"),
        (&mut carol, "carol"),
    ] {
        expect_signed_in(&house.celadon, browser, &format!("Name of {user}")).await?;
        expect_resource(&house, browser, 200).await?;
    }
    let (code, text) = keys(&house, &["check"])?;
    ensure!(code == 0, "{text}");
    Ok(())
}

#[tokio::test]
async fn a_fleet_adds_a_key_before_it_is_used() -> Result<()> {
    let house = House::new().await?;
    signed_in(&house, "alice").await?;
    let (code, text) = keys(&house, &["add"])?;
    ensure!(code == 0 && text.contains("not used yet"), "{text}");
    let ids = ids(&house)?;
    let (code, text) = keys(&house, &["activate", &ids[1]])?;
    ensure!(code == 0 && text.contains(&ids[1]), "{text}");
    let (code, text) = keys(&house, &["activate", "0000000000000000"])?;
    ensure!(
        code == 1 && text.contains("no key 0000000000000000"),
        "{text}"
    );
    let (code, text) = keys(&house, &["activate", "nonsense"])?;
    ensure!(code == 2, "{text}");
    let (code, text) = keys(&house, &["--help"])?;
    ensure!(code == 0 && text.contains("keys activate ID"), "{text}");
    Ok(())
}

/// Takes the first key out of the ring.
fn lose_first_key(house: &House) -> Result<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    let path = house.sandbox.file("celadon.keys");
    let text = fs::read_to_string(&path)?;
    let mut parts: Vec<&str> = text.split("[[key]]").collect();
    parts.remove(1);
    let draft = house.sandbox.file("celadon.keys.edited");
    fs::write(&draft, parts.join("[[key]]"))?;
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o600))?;
    fs::rename(&draft, &path)?;
    Ok(path)
}

#[tokio::test]
async fn a_lost_key_costs_what_it_sealed_and_users_sign_in_again() -> Result<()> {
    let mut house = House::new().await?;
    let mut alice = signed_in(&house, "alice").await?;
    let mut carol = Browser::new()?;
    let parked = carol.authorize(&house.celadon.login("op"), "carol").await?;
    let lost = ids(&house)?.remove(0);
    rotate(&house).await?;
    let mut bob = signed_in(&house, "bob").await?;
    lose_first_key(&house)?;
    house.celadon.kill9()?;
    house.celadon.restart().await?;

    let (code, text) = keys(&house, &["check"])?;
    ensure!(code == 1, "{code}: {text}");
    for words in [
        format!("{lost}  NOT IN THE RING"),
        "authorizations.tokens 1: tokens of users".to_owned(),
        "identities.profile 1: names".to_owned(),
        "attempts.secrets 1: sign-ins under way".to_owned(),
    ] {
        ensure!(text.contains(&words), "no {words:?} in {text}");
    }

    // Who is signed in stays so; what was sealed is asked for again.
    let home = alice.open(&house.celadon.url("/")).await?;
    ensure!(
        home.status == 200 && home.text.contains("alice@example.test"),
        "{}",
        home.text
    );
    expect_signed_in(&house.celadon, &mut alice, "alice@example.test").await?;
    let page = alice.open(&house.celadon.url("/resource/op")).await?;
    ensure!(
        page.status == 409 && page.text.contains("/login/op"),
        "{}: {}",
        page.status,
        page.text
    );
    expect_resource(&house, &mut bob, 200).await?;

    // A sign-in that was under way ends at once and says what to do.
    let begin = Instant::now();
    let page = carol.open(parked.as_str()).await?;
    expect_4xx(&page)?;
    ensure!(
        page.text.contains("/login/op"),
        "no way to begin again: {}",
        page.text
    );
    ensure!(
        begin.elapsed() < Duration::from_secs(5),
        "{:?}",
        begin.elapsed()
    );
    house.expect_codes(2).await?;

    let page = alice.sign_in(&house.celadon.login("op"), "alice").await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    expect_resource(&house, &mut alice, 200).await?;
    let usage = usage(&house)?;
    let (_, lost) = usage
        .split_once("NOT IN THE RING")
        .with_context(|| usage.clone())?;
    ensure!(
        !lost.contains("authorizations") && !lost.contains("identities"),
        "{usage}"
    );
    Ok(())
}
