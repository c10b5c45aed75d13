//! docs/SECURITY-MODEL.md claims nothing that no test holds.

use anyhow::{Context, Result, ensure};
use celadon_tests::text_of;

const PAGE: &str = "docs/SECURITY-MODEL.md";

/// The links of a text to tests: the test's name, and the file below the workspace.
fn links(text: &str) -> Vec<(&str, &str)> {
    let ends = text.match_indices("`](../");
    let link = ends.filter_map(|(at, middle)| {
        let name = text[..at].rsplit("[`").next()?;
        let file = text[at + middle.len()..].split(')').next()?;
        Some((name, file))
    });
    link.collect()
}

/// Whether a source has a test of this name that is run, written out or by the macro that makes one of
/// a line.
fn has_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let function = format!("fn {name}(");
    let written = lines.iter().enumerate().any(|(at, line)| {
        line.trim_start_matches("async ").starts_with(&function) && is_run(&lines[..at])
    });
    let made = source
        .split_once("\nsubjects! {")
        .and_then(|(_, rest)| rest.split_once("\n}"))
        .is_some_and(|(list, _)| list.contains(&format!(" {name},")));
    written || made
}

/// Whether what stands over a function, up to the item before it, makes it a test that is not ignored.
fn is_run(above: &[&str]) -> bool {
    let own = |line: &&&str| !line.is_empty() && !line.ends_with(['}', '{', ';']);
    let own = above.iter().rev().take_while(own);
    let mut test = false;
    for line in own {
        if line.starts_with("#[ignore") {
            return false;
        }
        test |= *line == "#[test]" || line.starts_with("#[tokio::test");
    }
    test
}

#[test]
fn every_test_that_it_names_exists() -> Result<()> {
    let page = text_of(PAGE)?;
    let links = links(&page);
    ensure!(links.len() > 100, "only {} tests are named", links.len());
    for (name, file) in links {
        let source = text_of(file).with_context(|| format!("the file of {name}"))?;
        ensure!(has_test(&source, name), "{file} has no test {name}");
    }
    Ok(())
}

#[test]
fn every_claim_names_a_test() -> Result<()> {
    let page = text_of(PAGE)?;
    let mut held = false;
    for line in page.lines() {
        if !line.starts_with('|') {
            held = false;
        } else if line.ends_with("Held by |") || line.ends_with("Shown by |") {
            held = true;
        } else if held && !line.starts_with("|---") {
            ensure!(!links(line).is_empty(), "nothing holds: {line}");
        }
    }
    Ok(())
}

#[test]
fn a_name_alone_is_no_test() {
    let source = "/// a_claim\nfn a_claim() {}\n#[test]\nfn another() {}\n";
    assert!(has_test(source, "another"));
    assert!(!has_test(source, "a_claim") && !has_test(source, "nowhere"));
}

#[test]
fn what_follows_a_test_or_is_ignored_is_no_test() {
    let follows = "#[test]\nfn short() {}\nfn a_claim() {}\n";
    assert!(has_test(follows, "short") && !has_test(follows, "a_claim"));
    for ignored in ["#[test]\n#[ignore]", "#[ignore = \"slow\"]\n#[tokio::test]"] {
        assert!(!has_test(
            &format!("{ignored}\nfn a_claim() {{}}"),
            "a_claim"
        ));
    }
    let described =
        "/// What.\n#[tokio::test(\nflavor = \"multi_thread\"\n)]\nasync fn a_claim() {";
    assert!(has_test(described, "a_claim"));
}
