//! `client_secret`, `secret`, `client_key`: where a secret comes from, and that it is there.

use crate::config::Secret;
use crate::config::mistake::Caution;
use crate::config::problem::Problem;
use crate::config::section::{Found, Section};
use crate::config::tree::Value;
use crate::oidc::client_key::ClientKey;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Sources that are named already and still to come.
const LATER: [(&str, &str); 4] = [
    ("vault", "reading secrets from Vault"),
    ("aws", "reading secrets from AWS"),
    ("azure", "reading secrets from Azure"),
    ("dapr", "reading secrets through Dapr"),
];

/// A secret that can be read now.
pub(super) struct Readable {
    pub(super) source: Secret,
    pub(super) value: Zeroizing<String>,
}

/// `secret = "…"`, `{ env = … }` or `{ file = … }`. Where `least` is not 0, a shorter one is a mistake.
pub(super) fn read(found: Found<'_>, least: usize) -> Option<Readable> {
    let (context, key, place) = (found.context, found.key.clone(), found.node.place.clone());
    let source = source(found)?;
    let problem = match source.read_in(&context.environment) {
        Ok(value) if value.chars().count() >= least => return Some(Readable { source, value }),
        Ok(_) => Problem::SecretTooShort { least },
        Err(error) => Problem::Secret(error),
    };
    context.report.mistake(&place, &key, problem);
    None
}

/// `client_key = { file = … }`
pub(super) fn key_file(found: Found<'_>) -> Option<PathBuf> {
    let Value::Table(_) = found.node.value else {
        return found.wrong_type("where it is, as in { file = \"key.jwk\" }");
    };
    let mut section = found.section()?;
    let context = section.context;
    let path = section.required("file", "file = \"key.jwk\"", |text| {
        let path = context.path(text);
        // Read to see that it can sign, and gone again at once.
        ClientKey::read(&path).map_err(Problem::ClientKey)?;
        Ok(path)
    });
    section.finish();
    path
}

fn source(found: Found<'_>) -> Option<Secret> {
    match found.node.value {
        Value::Table(_) => from_table(found.section()?),
        Value::Text(_) => plain(found),
        _ if found.node.raw.is_some() => plain(found),
        _ => found.wrong_type("{ env = \"NAME\" } or { file = \"path\" }"),
    }
}

fn plain(found: Found<'_>) -> Option<Secret> {
    let from_file = found.node.raw.is_none();
    let (found, text) = found.text().ok()?;
    if from_file {
        found.warn(Caution::PlainSecret);
    }
    Some(Secret::Plain(text))
}

fn from_table(mut section: Section<'_>) -> Option<Secret> {
    let context = section.context;
    let mut sources = Vec::new();
    sources.extend(
        section
            .take("env")
            .map(|found| found.parsed(variable).map(Secret::Env)),
    );
    sources.extend(
        section
            .take("file")
            .map(|found| found.parsed(|text| Ok(Secret::File(context.path(text))))),
    );
    for (name, store) in LATER {
        if let Some(found) = section.take(name) {
            found.mistake(Problem::SecretStore { store });
            sources.push(None);
        }
    }
    let (key, place) = (section.key.clone(), section.place.clone());
    section.finish();
    if let [source] = sources.as_mut_slice() {
        return source.take();
    }
    let problem = Problem::NotOneSource {
        count: sources.len(),
        sources: "env, file",
    };
    context.report.mistake(&place, &key, problem);
    None
}

fn variable(text: &str) -> Result<String, Problem> {
    if text.contains(['=', '\0']) {
        Err(Problem::NotVariable)
    } else {
        Ok(text.to_owned())
    }
}
