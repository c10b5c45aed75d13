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

/// Whether a source has a test of this name, written out or by the macro that makes one of a line.
fn has_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let function = format!("fn {name}(");
    let written = lines.iter().enumerate().any(|(at, line)| {
        let before = &lines[at.saturating_sub(4)..at];
        let is_test =
            |line: &&str| line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        line.trim_start_matches("async ").starts_with(&function) && before.iter().any(is_test)
    });
    let made = source
        .split_once("\nsubjects! {")
        .and_then(|(_, rest)| rest.split_once("\n}"))
        .is_some_and(|(list, _)| list.contains(&format!(" {name},")));
    written || made
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
