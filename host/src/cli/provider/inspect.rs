//! `celadon provider inspect`: what the bytes of a component tell. Nothing of it is compiled or run,
//! and no configuration is read. All of it is the component's word but for size and digest.

use super::{Kind, ProviderError, read, verdict};
use crate::cli::CliError;
use crate::cli::check::{line, or_none};
use crate::config::Limits;
use crate::plain;
use crate::plugin::approval::bundled;
use crate::plugin::component::inspect::INTERFACE_VERSION;
use crate::plugin::component::manifest::Manifest;
use crate::plugin::component::outline::Outline;
use crate::plugin::component::{ComponentDigest, ComponentError};
use crate::plugin::json;
use serde_json::json;
use std::io::{self, Write};
use std::path::PathBuf;

/// What stands below `celadon provider inspect --help`.
pub(super) const HELP: &str = "\
Nothing of the component is compiled or run. What it may do is in its description, which only
`celadon provider check` asks it for.

Exit codes: 0 it is a provider of this Celadon's contract, 1 it is not or cannot be read, 2 wrong
arguments.";

/// Entries of a list, and characters of a text, that are shown.
const SHOWN: usize = 64;
const LONGEST: usize = 300;

/// `celadon provider inspect`
#[derive(Debug, clap::Args)]
pub(crate) struct Inspect {
    /// The component
    file: PathBuf,
    #[command(flatten)]
    kind: Kind,
    /// Print one JSON object, in ASCII
    #[arg(long)]
    json: bool,
}

/// What was found out.
struct Found<'a> {
    size: usize,
    digest: ComponentDigest,
    bundled: bool,
    /// `None`: it is no WebAssembly that can be taken apart.
    outline: Option<Outline<'a>>,
    manifest: Option<Manifest>,
    verdict: Result<(), ComponentError>,
}

pub(super) fn run(inspect: &Inspect) -> Result<(), CliError> {
    let bytes = read(&inspect.file)?;
    let found = find(&bytes, &inspect.kind.limits())?;
    let mut out = io::stdout().lock();
    let written = if inspect.json {
        let text = serde_json::to_string_pretty(&to_json(&found)).unwrap_or_default();
        writeln!(out, "{}", json::ascii(&text))
    } else {
        write(&mut out, inspect, &found)
    };
    // A reader that has seen enough is no failure.
    let _ = written.and_then(|()| out.flush());
    if found.verdict.is_err() {
        let path = inspect.file.clone();
        return Err(ProviderError::Unusable { path }.into());
    }
    Ok(())
}

fn find<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Found<'a>, CliError> {
    let digest = ComponentDigest::of(bytes);
    let bundled =
        bundled::beside_this_program().map_err(crate::plugin::approval::ApprovalError::from)?;
    let outline = Outline::of(bytes).ok();
    let manifest = outline.as_ref().and_then(|outline| {
        let [section] = outline.manifests.as_slice() else {
            return None;
        };
        Manifest::parse(section).ok()
    });
    Ok(Found {
        size: bytes.len(),
        bundled: bundled.has(&digest),
        digest,
        outline,
        manifest,
        verdict: verdict(bytes, limits)?,
    })
}

fn reason(found: &Found<'_>) -> Option<String> {
    let error = found.verdict.as_ref().err()?;
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    Some(plain::line(&text, 2000))
}

fn contract<'a>(found: &Found<'a>) -> Option<&'a str> {
    found.outline.as_ref()?.contract_version()
}

fn write(out: &mut impl Write, inspect: &Inspect, found: &Found<'_>) -> io::Result<()> {
    let safe = |text: &str| plain::line(text, LONGEST);
    line(out, "file", &safe(&inspect.file.to_string_lossy()))?;
    line(out, "size", &format_args!("{} bytes", found.size))?;
    line(out, "sha256", &found.digest)?;
    let bundled = if found.bundled {
        "yes: it came with this program and needs no approval"
    } else {
        "no: the operator has to approve it"
    };
    line(out, "bundled", &bundled)?;
    let version = contract(found).map_or("none".to_owned(), safe);
    let speaks = format!("{version}; this Celadon speaks {INTERFACE_VERSION}");
    line(out, "contract", &speaks)?;
    if let Some(outline) = &found.outline {
        line(out, "kind", &outline.kind())?;
        line(out, "imports", &imports(found, outline))?;
        line(out, "exports", &names(&outline.exports))?;
        line(out, "core modules", &outline.modules)?;
        let sections = outline.customs.iter().take(SHOWN);
        let sections = sections.map(|(name, size)| format!("{} ({size})", plain::word(name)));
        line(out, "custom sections", &or_none(sections))?;
    }
    match &found.manifest {
        Some(manifest) => self::manifest(out, manifest)?,
        None => line(out, "manifest", &"none that can be read")?,
    }
    match reason(found) {
        None => line(out, "usable", &"yes"),
        Some(reason) => line(out, "usable", &format_args!("no: {reason}")),
    }
}

fn manifest(out: &mut impl Write, manifest: &Manifest) -> io::Result<()> {
    let facts = [
        ("says its name", &manifest.name),
        ("its version", &manifest.version),
        ("its contract", &manifest.contract),
        ("its SDK", &manifest.sdk),
        ("of itself", &manifest.documentation),
    ];
    for (what, fact) in facts {
        if let Some(fact) = fact {
            line(out, what, &plain::line(fact, LONGEST))?;
        }
    }
    let Some(options) = &manifest.options else {
        return line(out, "options", &"it does not tell");
    };
    for (name, spec) in options.iter().take(SHOWN) {
        let need = if spec.required {
            "required"
        } else {
            "optional"
        };
        let text = format!(
            "{} ({}, {need}) {}",
            plain::word(name),
            spec.kind,
            plain::line(&spec.description, LONGEST)
        );
        line(out, "option", &text)?;
    }
    if let Some(more @ 1..) = options.len().checked_sub(SHOWN) {
        line(out, "option", &format_args!("and {more} more"))?;
    }
    Ok(())
}

/// A usable component imports types at most: see [`inspect`](mod@crate::plugin::component::inspect).
fn imports(found: &Found<'_>, outline: &Outline<'_>) -> String {
    let names = names(&outline.imports);
    if found.verdict.is_ok() && !outline.imports.is_empty() {
        format!("no function; the types of {names}")
    } else {
        names
    }
}

fn names(names: &[&str]) -> String {
    let mut shown: Vec<String> = names
        .iter()
        .take(SHOWN)
        .map(|name| plain::word(name))
        .collect();
    if let Some(more @ 1..) = names.len().checked_sub(SHOWN) {
        shown.push(format!("and {more} more"));
    }
    or_none(shown)
}

fn to_json(found: &Found<'_>) -> serde_json::Value {
    let outline = found.outline.as_ref();
    let sections = outline.map(|outline| {
        let customs = outline.customs.iter().take(SHOWN);
        customs
            .map(|(name, size)| json!({ "name": name, "bytes": size }))
            .collect::<Vec<_>>()
    });
    json!({
        "size": found.size,
        "sha256": found.digest.as_str(),
        "bundled": found.bundled,
        "usable": found.verdict.is_ok(),
        "reason": reason(found),
        "contract": contract(found),
        "celadon_contract": INTERFACE_VERSION,
        "kind": outline.map(Outline::kind),
        "imports": outline.map(|outline| &outline.imports),
        "exports": outline.map(|outline| &outline.exports),
        "core_modules": outline.map(|outline| outline.modules),
        "custom_sections": sections,
        "manifest": found.manifest,
    })
}
