//! `[clients.<name>]` and `[operators]`: who may call Celadon, and by which secret.

use super::secret_source;
use crate::config::problem::Problem;
use crate::config::section::{Found, Section};
use crate::config::{Client, Operators, Secret, values};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// A caller's secret is made by a machine: a shorter one is a password.
const SHORTEST: usize = 16;

const LONGEST_TITLE: usize = 100;

pub(super) fn read(
    clients: Vec<(String, Section<'_>)>,
    operators: Option<Found<'_>>,
) -> (Option<BTreeMap<String, Client>>, Option<Operators>) {
    let mut seen = Vec::new();
    let clients: Vec<_> = clients
        .into_iter()
        .map(|(name, mut section)| {
            let secret = secret(&mut section, &mut seen);
            let title = section.parsed("title", values::text(LONGEST_TITLE));
            section.finish();
            let title = title.unwrap_or_else(|| name.clone());
            Some((
                name,
                Client {
                    secret: secret?,
                    title,
                },
            ))
        })
        .collect();
    let operators = operators.and_then(Found::section).and_then(|mut section| {
        let secret = secret(&mut section, &mut seen);
        let codec_origins = section.list("codec_origins", |text| {
            values::own_origin(text).map(|url| url.origin())
        });
        section.finish();
        Some(Operators {
            secret: secret?,
            codec_origins: codec_origins.unwrap_or_default(),
            open_codec_origin: None,
        })
    });
    (clients.into_iter().collect(), operators)
}

/// A secret of this caller alone: it is also what tells callers apart.
fn secret(
    section: &mut Section<'_>,
    seen: &mut Vec<(Zeroizing<String>, String)>,
) -> Option<Secret> {
    let Some(found) = section.take("secret") else {
        let mend = "secret = { env = \"NAME\" } or { file = \"path\" }";
        section.mistake("secret", Problem::Missing { mend });
        return None;
    };
    let (key, place) = (found.key.clone(), found.node.place.clone());
    let secret = secret_source::read(found, SHORTEST)?;
    match seen.iter().find(|(value, _)| *value == secret.value) {
        Some((_, other)) => {
            let problem = Problem::SecretShared {
                other: other.clone(),
            };
            section.context.report.mistake(&place, &key, problem);
        }
        None => seen.push((secret.value, key)),
    }
    Some(secret.source)
}
