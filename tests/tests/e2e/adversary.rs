//! Hostile components. One host for each subject, with a provider for every row, and a provider by
//! other people beside them, at which somebody signs in after every single row.
//!
//! Every attack is claimed once: those that a guest can make through the contract in [`claims`],
//! those that are in the binary itself in [`binary`]. Both match their list without a wildcard, so an
//! attack that nobody claims does not compile. What each row is held to beside its own end is what
//! [`hostile`](crate::hostile) holds providers to, and: no credential, in whatever ink, in what the
//! component carried out, in log, session or page; and the next login elsewhere goes well.
//!
//! docs/SECURITY-MODEL.md has the same table; [`the_table_in_the_documentation_is_this_one`].

mod binary;
mod claims;
mod module;

use crate::hostile::guest::Guest;
use crate::hostile::table::{Row, Stage};
use anyhow::{Context, Result, ensure};
use binary::Binary;
use celadon_test_adversary::Attack;
use celadon_tests::{Browser, Celadon, Op, Sandbox, Setup, Temporal, http_client, text_of};
use claims::{Claim, claim};
use std::collections::BTreeSet;
use std::fmt::Write as _;

macro_rules! subjects {
    ($($subject:ident $test:ident,)*) => {
        /// What attacks are about; each subject is played by the test of its name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        enum Subject {
            $($subject,)*
        }

        $(
            #[tokio::test]
            async fn $test() -> Result<()> {
                let attacks = Attack::ALL.iter().map(|attack| claim(*attack));
                let own = attacks.filter(|claim| claim.subject == Subject::$subject);
                play(Sandbox::new()?, own.flat_map(|claim| claim.rows).collect()).await
            }
        )*
    };
}

subjects! {
    Machine a_guest_cannot_harm_the_machine,
    Description a_guest_cannot_describe_more_than_is_granted,
    Link a_guest_cannot_override_the_link,
    Request a_guest_cannot_misuse_a_credential_or_an_address,
    Fields a_guest_cannot_override_a_token_request,
    Identity a_guest_cannot_say_who_somebody_is,
    WayOut a_guest_has_nothing_to_carry_out,
}

async fn play(sandbox: Sandbox, rows: Vec<Row>) -> Result<()> {
    ensure!(!rows.is_empty(), "nothing is played");
    let (stage, plays) = Stage::set_beside(sandbox, rows).await?;
    stage.play(plays).await.map(drop)
}

#[tokio::test]
async fn a_binary_cannot_harm_the_host() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let mut rows = Vec::new();
    for binary in Binary::ALL {
        rows.push(binary.row(&sandbox)?);
    }
    play(sandbox, rows).await
}

/// Components that were damaged on their way: each loads or is refused, and no login elsewhere minds.
#[tokio::test]
async fn damaged_components_harm_nobody() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let (temporal, op) = tokio::try_join!(Temporal::start(&sandbox), Op::start(&sandbox))?;
    let mut setup = Setup::new(&temporal)?.provider("beside", &op).await?;
    let whole = binary::built("oidc")?;
    let mut names = Vec::new();
    for index in 0..24_usize {
        let mut bytes = whole.clone();
        let at = whole.len() * (2 * index + 1) / 48;
        bytes[at] = bytes[at].wrapping_add(u8::try_from(index)? | 1);
        if index % 4 == 3 {
            bytes.truncate(at);
        }
        let name = format!("damaged-{index}");
        let file = sandbox.file(&format!("{name}.wasm"));
        std::fs::write(&file, bytes)?;
        setup = setup.issuer(&name, op.issuer())?.foreign_component(&file);
        names.push(name);
    }
    let celadon = Celadon::start(&sandbox, setup).await?;
    for name in names {
        let login = http_client()?.get(celadon.login(&name)).send().await?;
        ensure!(login.status().as_u16() < 500, "{name}: {}", login.status());
    }
    let mut browser = Browser::new()?;
    let page = browser.sign_in(&celadon.login("beside"), "alice").await?;
    ensure!(page.status == 200, "{} {}", page.status, page.text);
    ensure!(!celadon.logs()?.contains("panicked"), "it panicked");
    Ok(())
}

/// Thirty browsers at once at a provider whose component never answers, and somebody at another one.
#[tokio::test]
async fn a_flood_at_one_provider_is_no_harm_to_another() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let (temporal, op) = tokio::try_join!(Temporal::start(&sandbox), Op::start(&sandbox))?;
    let setup = Setup::new(&temporal)?
        .provider("beside", &op)
        .await?
        .issuer("flooded", op.issuer())?
        .component("test/adversary")?
        .option("attack", Attack::LoopInAuthorize.name().into());
    let celadon = Celadon::start(&sandbox, setup).await?;
    let flood: Vec<_> = (0..30)
        .map(|_| {
            let login = celadon.login("flooded");
            tokio::spawn(
                async move { anyhow::Ok(http_client()?.get(login).send().await?.status()) },
            )
        })
        .collect();
    let mut browser = Browser::new()?;
    let page = browser.sign_in(&celadon.login("beside"), "alice").await?;
    ensure!(page.status == 200, "{} {}", page.status, page.text);
    for login in flood {
        let status = login.await??.as_u16();
        // The component's fault, or no room for it within two seconds.
        ensure!(matches!(status, 424 | 503), "{status}");
    }
    Ok(())
}

/// `celadon check` is read by an operator at a terminal: what a component says there is harmless.
#[tokio::test]
async fn check_refuses_an_adversary_and_writes_no_escape() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let mut setup = Setup::with_temporal_at("127.0.0.1:9")?;
    for attack in [
        Attack::WordsInOptionErrors,
        Attack::LoopInDescribe,
        Attack::Relaxations,
    ] {
        setup = setup
            .issuer(attack.name(), "http://127.0.0.1:9/x")?
            .component("test/adversary")?
            .option("attack", attack.name().into());
    }
    let output = Celadon::run(&sandbox, &setup, &["check"])?;
    ensure!(!output.status.success(), "it is content");
    for text in [output.stdout, output.stderr] {
        let text = String::from_utf8(text)?;
        let odd = text.chars().find(|c| c.is_control() && *c != '\n');
        ensure!(odd.is_none(), "{odd:?} in {text:?}");
    }
    Ok(())
}

#[test]
fn no_two_rows_have_one_name() -> Result<()> {
    let mut names = BTreeSet::new();
    for row in Attack::ALL.iter().flat_map(|attack| claim(*attack).rows) {
        ensure!(names.insert(row.name().to_owned()), "{}", row.name());
    }
    Ok(())
}

#[test]
fn the_table_in_the_documentation_is_this_one() -> Result<()> {
    let page = text_of("docs/SECURITY-MODEL.md")?;
    let begin = "<!-- attacks: begin -->\n";
    let (_, rest) = page.split_once(begin).context("where it begins")?;
    let (there, _) = rest
        .split_once("<!-- attacks: end -->")
        .context("where it ends")?;
    let table = table()?;
    ensure!(
        there == table,
        "docs/SECURITY-MODEL.md should have\n{table}"
    );
    Ok(())
}

/// The table of all attacks, as the documentation has it.
fn table() -> Result<String> {
    let mut table = String::from("| Attack | Tries | Contained by | Ends |\n|---|---|---|---|\n");
    for attack in Attack::ALL {
        let Claim {
            contained_by, rows, ..
        } = claim(*attack);
        let mut ends: Vec<String> = Vec::new();
        for row in rows {
            let ending = row.ending();
            if !ends.contains(&ending) {
                ends.push(ending);
            }
        }
        let (name, tries) = (attack.name(), attack.tries());
        let ends = ends.join("; ");
        writeln!(table, "| {name} | {tries} | {contained_by} | {ends} |")?;
    }
    for binary in Binary::ALL {
        let (name, tries, by) = (binary.name(), binary.tries(), binary.contained_by());
        let ends = format!("not available, “{}”", binary.says());
        writeln!(table, "| {name} | {tries} | {by} | {ends} |")?;
    }
    Ok(table)
}

/// The adversary that the build makes, with this attack.
fn adversary(attack: Attack) -> Guest {
    Guest::built("test/adversary").option("attack", attack.name())
}
