//! What nobody has approved is not used: components by strangers, `celadon.lock`, and the commands that
//! look at components. The spy stands for the stranger; nothing that comes with the program is one.

use crate::house::expect_signed_in;
use anyhow::{Context, Result, ensure};
use celadon_tests::{Browser, Celadon, Op, Sandbox, Setup, Temporal};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

/// Exit code, and all that was said.
fn told(output: &Output) -> Result<(i32, String)> {
    let code = output.status.code().context("it ended by itself")?;
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    Ok((code, String::from_utf8(text)?))
}

fn run(sandbox: &Sandbox, setup: &Setup, arguments: &[&str]) -> Result<(i32, String)> {
    told(&Celadon::run(sandbox, setup, arguments)?)
}

fn expect(got: &(i32, String), code: i32, parts: &[&str]) -> Result<()> {
    ensure!(got.0 == code, "{} and not {code}: {}", got.0, got.1);
    for part in parts {
        ensure!(got.1.contains(part), "it lacks {part:?}: {}", got.1);
    }
    Ok(())
}

/// A configuration of strangers that nobody talks to.
fn strangers(names: &[&str], issuer: &str) -> Result<Setup> {
    let mut setup = Setup::with_temporal_at("127.0.0.1:9")?.unapproved();
    for name in names {
        setup = setup.issuer(name, issuer)?.component("test/spy")?;
    }
    Ok(setup)
}

const ISSUER: &str = "https://id.example.com";

/// The spy with other bytes in it, in a file of its own.
fn spy(sandbox: &Sandbox, name: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Result<PathBuf> {
    let file = sandbox.file(name);
    fs::write(&file, change(fs::read(Setup::built("test/spy")?)?))?;
    Ok(file)
}

/// Adds a custom section, which means nothing to anybody.
fn with_a_section(mut component: Vec<u8>) -> Vec<u8> {
    component.extend_from_slice(b"\x00\x05\x04more");
    component
}

fn replaced(mut bytes: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len(), "offsets must hold");
    let mut found = 0;
    for at in 0..bytes.len().saturating_sub(from.len()) {
        if bytes[at..].starts_with(from.as_bytes()) {
            bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
            found += 1;
        }
    }
    assert!(found > 0, "{from} is not there");
    bytes
}

fn is_one_safe_text(text: &str) -> bool {
    text.chars().all(|char| {
        char == '\n' || !(char.is_control() || "\u{202e}\u{2066}\u{200b}".contains(char))
    })
}

#[tokio::test]
async fn a_strangers_component_is_used_once_it_is_approved_and_harms_no_other() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let (temporal, op) = tokio::try_join!(Temporal::start(&sandbox), Op::start(&sandbox))?;
    let setup = Setup::new(&temporal)?.provider("op", &op).await?;
    let setup = setup.provider("stranger", &op).await?;
    let setup = setup.component("test/spy")?.unapproved();
    let mut celadon = Celadon::start(&sandbox, setup.clone()).await?;

    let mut browser = Browser::new()?;
    browser.sign_in(&celadon.login("op"), "alice").await?;
    expect_signed_in(&celadon, &mut browser, "alice").await?;
    let page = celadon.get("/login/stranger").await?;
    ensure!(page.status >= 400, "{}: {}", page.status, page.text);
    let logs = celadon.logs()?;
    for part in [
        "nobody has approved what the component says of itself",
        "+ subject from id-token at /sub",
        "to approve it: celadon provider approve stranger --config /",
    ] {
        ensure!(logs.contains(part), "the log lacks {part:?}: {logs}");
    }

    let checked = run(&sandbox, &setup, &["check"])?;
    expect(
        &checked,
        2,
        &["providers.stranger.component: nobody has approved"],
    )?;
    let lock = sandbox.file("celadon.lock");
    let asked = run(&sandbox, &setup, &["provider", "approve"])?;
    let unknown = "none yet, so nothing tells who signed in by it before";
    expect(&asked, 1, &[unknown, "+ users are those of", "--yes"])?;
    ensure!(!asked.1.contains("provider op"), "{}", asked.1);
    ensure!(!lock.exists(), "nobody has approved anything");

    let approved = run(&sandbox, &setup, &["provider", "approve", "--yes"])?;
    expect(&approved, 0, &["approved stranger in "])?;
    let checked = run(&sandbox, &setup, &["check"])?;
    let (bundled, locked) = ("came with this program", "approved in celadon.lock");
    expect(&checked, 0, &[bundled, locked])?;
    let again = run(&sandbox, &setup, &["provider", "approve"])?;
    expect(&again, 0, &["nothing is left to approve"])?;

    celadon.sigterm().await?;
    celadon.restart().await?;
    let mut browser = Browser::new()?;
    browser.sign_in(&celadon.login("stranger"), "bob").await?;
    expect_signed_in(&celadon, &mut browser, "bob").await
}

#[test]
fn another_description_is_refused_and_shown_and_another_code_is_not() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let setup = strangers(&["a"], ISSUER)?;
    let yes = ["provider", "approve", "--yes"];
    expect(&run(&sandbox, &setup, &yes)?, 0, &["approved a in "])?;

    let other_code = spy(&sandbox, "other.wasm", with_a_section)?;
    let same = setup.clone().foreign_component(&other_code);
    expect(
        &run(&sandbox, &same, &["check"])?,
        0,
        &["this one describes itself the same"],
    )?;

    let collector = "https://collector.example/collect";
    let more = same.option("collector", collector.into());
    let reaches = "+ reaches https://collector.example: sends the access token";
    let command = "to approve it: celadon provider approve a --config ";
    let refused = run(&sandbox, &more, &["check"])?;
    expect(
        &refused,
        2,
        &["describe itself as it was approved", reaches, command],
    )?;
    ensure!(!refused.1.contains("- "), "nothing went: {}", refused.1);
    expect(
        &run(&sandbox, &more, &yes)?,
        0,
        &[reaches, "  subject from id-token"],
    )?;
    let fewer = run(&sandbox, &setup, &["check"])?;
    expect(&fewer, 2, &["\n  - reaches https://collector.example"])
}

#[test]
fn who_a_user_is_is_never_changed_by_yes_alone() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let yes = ["provider", "approve", "--yes"];
    let setup = strangers(&["a"], ISSUER)?;
    expect(&run(&sandbox, &setup, &yes)?, 0, &[])?;
    let before = fs::read(sandbox.file("celadon.lock"))?;
    let moved = strangers(&["a", "b"], "https://other.example.com")?;
    let refused = run(&sandbox, &moved, &yes)?;
    let change =
        "this changes who a user is: the issuer: was https://id.example.com, is https://other";
    expect(&refused, 1, &[change, "--migrate", "approved b in "])?;
    let lock: Value = serde_json::from_slice(&fs::read(sandbox.file("celadon.lock"))?)?;
    let before: Value = serde_json::from_slice(&before)?;
    ensure!(lock["providers"]["a"] == before["providers"]["a"], "{lock}");
    let migrated = run(
        &sandbox,
        &moved,
        &["provider", "approve", "--yes", "--migrate"],
    )?;
    expect(&migrated, 0, &["approved a in "])?;
    let back = run(&sandbox, &setup, &["provider", "approve", "a", "--migrate"])?;
    expect(&back, 1, &["--yes"])
}

#[test]
fn a_broken_lock_stops_the_start_and_names_its_line() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let setup = strangers(&["a"], ISSUER)?;
    expect(
        &run(&sandbox, &setup, &["provider", "approve", "--yes"])?,
        0,
        &[],
    )?;
    let file = sandbox.file("celadon.lock");
    let good = fs::read_to_string(&file)?;
    let forged = good.replacen("\"/sub\"", "\"/email\"", 1);
    let conflict = good.replacen("  \"version\"", "<<<<<<< HEAD\n  \"version\"", 1);
    let unknown = good.replacen("\"version\": 1", "\"version\": 1,\n  \"x\": 1", 1);
    let cut = good.get(..good.len() / 2).context("ASCII")?.to_owned();
    for broken in [forged, conflict, unknown, cut, String::new()] {
        ensure!(broken != good, "nothing was broken");
        fs::write(&file, &broken)?;
        for command in [
            &["serve"][..],
            &["check"],
            &["provider", "approve", "--yes"],
        ] {
            let output = run(&sandbox, &setup, command)?;
            expect(&output, 2, &["celadon.lock:", "version control"])?;
        }
        ensure!(fs::read_to_string(&file)? == broken, "it was written to");
    }
    Ok(())
}

#[test]
fn what_cannot_be_said_changes_no_exit_code() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let setup = strangers(&["a"], ISSUER)?;
    let unheard = |arguments: &[&str], code| {
        let got = Celadon::run_unheard(&sandbox, &setup, arguments)?;
        ensure!(got == Some(code), "{arguments:?}: {got:?} and not {code}");
        Ok(())
    };
    unheard(&["check"], 2)?;
    unheard(&["provider", "approve"], 1)?;
    unheard(&["provider", "approve", "--yes"], 0)?;
    ensure!(sandbox.file("celadon.lock").exists(), "it was approved");
    unheard(&["provider", "approve", "a"], 0)?;
    unheard(&["check"], 0)?;
    unheard(&["provider", "check", "/nowhere.wasm"], 1)
}

#[test]
fn who_writes_nothing_waits_for_nobody() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let setup = strangers(&["a"], ISSUER)?;
    let lock = sandbox.file("celadon.lock");
    let folder = fs::File::open(lock.parent().context("it is in a folder")?)?;
    folder.lock()?;
    let asked = run(&sandbox, &setup, &["provider", "approve"])?;
    expect(&asked, 1, &["--yes"])?;
    folder.unlock()?;
    expect(
        &run(&sandbox, &setup, &["provider", "approve", "--yes"])?,
        0,
        &[],
    )?;
    folder.lock()?;
    let again = run(&sandbox, &setup, &["provider", "approve"])?;
    expect(&again, 0, &["nothing is left to approve"])
}

#[test]
fn approvals_at_the_same_time_are_all_kept_and_old_ones_go_when_told() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let setup = strangers(&["a", "b", "c"], ISSUER)?;
    expect(&run(&sandbox, &setup, &["check"])?, 2, &[])?;
    let outputs = std::thread::scope(|scope| {
        let runs = ["a", "b", "c"].map(|name| {
            let arguments = ["provider", "approve", name, "--yes"];
            let (sandbox, setup) = (&sandbox, &setup);
            scope.spawn(move || Celadon::run_again(sandbox, setup, &arguments))
        });
        runs.map(|run| run.join().expect("it ended"))
    });
    for output in outputs {
        expect(&told(&output?)?, 0, &["approved "])?;
    }
    expect(&run(&sandbox, &setup, &["check"])?, 0, &[])?;

    let fewer = strangers(&["a"], ISSUER)?;
    let told = run(&sandbox, &fewer, &["provider", "approve"])?;
    expect(
        &told,
        0,
        &["b is approved and not in this configuration: --prune forgets it"],
    )?;
    let pruned = run(&sandbox, &fewer, &["provider", "approve", "--prune"])?;
    expect(&pruned, 0, &["forgot b,", "forgot c,"])?;
    expect(
        &run(&sandbox, &setup, &["check"])?,
        2,
        &["providers.b.component"],
    )?;
    let unknown = run(&sandbox, &fewer, &["provider", "approve", "b"])?;
    expect(
        &unknown,
        2,
        &["no provider \"b\" in the configuration; it has: a"],
    )
}

#[test]
fn a_list_of_bundled_components_counts_beside_the_program_alone() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let component = spy(&sandbox, "mine.wasm", with_a_section)?;
    let path = component.to_string_lossy().into_owned();
    let listed = told(&Celadon::run_alone(&["provider", "bundle", &path])?)?;
    expect(&listed, 0, &["  mine.wasm\n"])?;
    fs::write(sandbox.file("celadon.bundled"), &listed.1)?;
    let setup = strangers(&["a"], ISSUER)?.foreign_component(&component);
    expect(
        &run(&sandbox, &setup, &["check"])?,
        2,
        &["nobody has approved"],
    )?;

    let folder = sandbox.file("bin");
    fs::create_dir(&folder)?;
    let program = Celadon::copy_program(&folder)?;
    let without = told(&Celadon::run_copy(&program, &sandbox, &setup, &["check"])?)?;
    expect(&without, 2, &["no celadon.bundled beside the program"])?;
    fs::write(folder.join("celadon.bundled"), &listed.1)?;
    let with = told(&Celadon::run_copy(&program, &sandbox, &setup, &["check"])?)?;
    expect(&with, 0, &["came with this program"])?;
    fs::write(folder.join("celadon.bundled"), format!("{}x\n", listed.1))?;
    let broken = told(&Celadon::run_copy(&program, &sandbox, &setup, &["check"])?)?;
    expect(&broken, 2, &["celadon.bundled:2: "])
}

/// What a hostile author writes where the spy says what it is.
const SAID: &str = "Shows everything it was given. For tests.";
const HOSTILE: &str = r"\u001b[2J\r\nusable yes\u202e\u2066Mine!!";

#[test]
fn what_a_component_says_moves_no_cursor_and_begins_no_line() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let file = spy(&sandbox, "hostile.wasm", |bytes| {
        replaced(bytes, SAID, HOSTILE)
    })?;
    let path = file.to_string_lossy().into_owned();
    let inspected = told(&Celadon::run_alone(&["provider", "inspect", &path])?)?;
    expect(
        &inspected,
        0,
        &["\\u{1b}[2J\\u{d}\\u{a}usable yes\\u{202e}\\u{2066}Mine!!"],
    )?;
    ensure!(is_one_safe_text(&inspected.1), "{:?}", inspected.1);
    ensure!(
        inspected
            .1
            .lines()
            .filter(|line| line.starts_with("  usable"))
            .count()
            == 1
    );
    let json = Celadon::run_alone(&["provider", "inspect", "--json", &path])?;
    ensure!(
        json.stdout.is_ascii(),
        "{:?}",
        String::from_utf8_lossy(&json.stdout)
    );
    let found: Value = serde_json::from_slice(&json.stdout)?;
    let said = found["manifest"]["documentation"].as_str();
    ensure!(said.is_some_and(|said| said.contains('\u{1b}')), "{found}");

    // Text in an error is no better: an unknown kind of option is quoted.
    let file = spy(&sandbox, "type.wasm", |bytes| {
        replaced(bytes, "\"type\":\"string\"", "\"type\":\"\\u001b\"")
    })?;
    let path = file.to_string_lossy().into_owned();
    for command in ["inspect", "check"] {
        let refused = told(&Celadon::run_alone(&["provider", command, &path])?)?;
        expect(&refused, 1, &["unknown variant"])?;
        ensure!(is_one_safe_text(&refused.1), "{:?}", refused.1);
    }
    Ok(())
}

#[test]
fn inspect_tells_what_the_bytes_tell_and_runs_nothing() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let inspect = |path: &Path| {
        let path = path.to_string_lossy().into_owned();
        told(&Celadon::run_alone(&["provider", "inspect", &path])?)
    };
    let oidc = inspect(&Setup::built("oidc")?)?;
    let parts = [
        "bundled           yes",
        "imports           no function",
        "usable            yes",
        "issuer (a string, required)",
    ];
    expect(&oidc, 0, &parts)?;
    expect(
        &inspect(&Setup::built("test/spy")?)?,
        0,
        &["bundled           no"],
    )?;

    let newer = spy(&sandbox, "newer.wasm", |bytes| {
        let bytes = replaced(
            bytes,
            "celadon:provider/provider@0.1.0",
            "celadon:provider/provider@0.2.0",
        );
        replaced(
            bytes,
            "celadon:provider/types@0.1.0",
            "celadon:provider/types@0.2.0",
        )
    })?;
    let versions = [
        "contract celadon:provider/provider@0.2.0",
        "@0.1.0",
        "use a Celadon that speaks 0.2.0",
    ];
    expect(&inspect(&newer)?, 1, &versions)?;
    let text = sandbox.file("text.wasm");
    fs::write(&text, "no wasm at all")?;
    expect(&inspect(&text)?, 1, &["not valid WebAssembly"])?;
    expect(&inspect(&sandbox.file("none"))?, 1, &["cannot read"])?;
    expect(
        &told(&Celadon::run_alone(&["provider", "inspect"])?)?,
        2,
        &["FILE"],
    )
}

#[test]
fn check_of_a_component_tells_what_it_asks_for() -> Result<()> {
    let spy = Setup::built("test/spy")?.to_string_lossy().into_owned();
    let check = |options: &str| {
        told(&Celadon::run_alone(&[
            "provider",
            "check",
            &spy,
            "--options",
            options,
        ])?)
    };
    let quiet = check(r#"{"issuer": "https://id.example.com"}"#)?;
    expect(
        &quiet,
        0,
        &[
            "subject from id-token at /sub",
            "It asks for no grant.",
            "approval          needed",
        ],
    )?;
    let near = check(r#"{"issuer": "http://127.0.0.1:1", "collector": "http://10.0.0.7/c"}"#)?;
    let lines = [
        "[providers.<name>.grant]\n",
        "insecure_http = true\n",
        "private_addresses = [\"10.0.0.7/32\", \"127.0.0.0/8\"]\n",
    ];
    expect(&near, 0, &lines)?;
    expect(&check("{}")?, 1, &["options.issuer: is missing"])?;
    expect(&check("[]")?, 2, &["must be a JSON object"])?;
    expect(&check("{")?, 2, &["not JSON"])
}
