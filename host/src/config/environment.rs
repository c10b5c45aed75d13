//! Configuration by environment variables: `CELADON_SECTION__KEY[__SUB…]=value`.
//!
//! - Two underscores part the keys; letters are lower-cased.
//! - A value that reads as TOML (number, boolean, list, inline table, quoted string) is that, and
//!   anything else is text. A key that wants text takes the variable as it was set.
//! - The names of providers and clients have no underscore, so an underscore in one stands for a
//!   hyphen: `CELADON_PROVIDERS__MY_IDP__CLIENT_ID` is `providers.my-idp.client_id`.
//! - A name without two underscores (`CELADON_CONFIG`, `CELADON_LOG`) is not configuration.

use super::mistake::{Place, Report};
use super::problem::Problem;
use super::tree::{self, Node, Table, Value};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

const PREFIX: &str = "CELADON_";

/// More than any key of the configuration has; options may be nested a little.
const DEEPEST: usize = 16;

/// Environment variables: those of the process, or a test's.
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// The process's own.
    pub fn of_process() -> Self {
        std::env::vars_os().collect()
    }

    /// One variable.
    pub fn variable(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// Whether any key of the configuration is set here.
    pub(super) fn configures(&self) -> bool {
        self.0.keys().any(|name| key_of(name).is_some())
    }

    /// Lays the variables over what the file says.
    pub(super) fn overlay(&self, root: &mut Table, report: &Report) {
        let mut settings = Vec::new();
        for (name, value) in &self.0 {
            let Some(key) = key_of(name) else { continue };
            let place = Place::Environment {
                variable: name.to_string_lossy().into_owned(),
            };
            match (key.and_then(|key| segments(&key)), value.to_str()) {
                (Err(problem), _) => report.mistake(&place, "", problem),
                (_, None) => report.mistake(&place, "", Problem::NotUnicode),
                (Ok(path), Some(value)) => settings.push((path, place, value.to_owned())),
            }
        }
        // Whole tables before the keys in them.
        settings.sort_by(|(one, ..), (other, ..)| one.cmp(other));
        for (path, place, value) in settings {
            let node = tree::parse_variable(value, &place);
            insert(root, &path, node);
        }
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self(
            variables
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

/// The key's part of a variable's name, if it is configuration.
fn key_of(name: &OsStr) -> Option<Result<String, Problem>> {
    let text = name.to_string_lossy();
    let key = text.strip_prefix(PREFIX)?;
    key.contains("__").then(|| match name.to_str() {
        Some(_) => Ok(key.to_ascii_lowercase()),
        None => Err(Problem::NotUnicode),
    })
}

fn segments(key: &str) -> Result<Vec<String>, Problem> {
    let mut path: Vec<_> = key.split("__").map(str::to_owned).collect();
    if path.len() > DEEPEST || path.iter().any(String::is_empty) {
        return Err(Problem::VariableName);
    }
    if let [section, name, ..] = path.as_mut_slice()
        && (section == "providers" || section == "clients")
    {
        *name = name.replace('_', "-");
    }
    Ok(path)
}

/// Sets one value. The environment wins: what stands in the way of a table is replaced.
fn insert(table: &mut Table, path: &[String], node: Node) {
    let Some((segment, rest)) = path.split_first() else {
        return;
    };
    let key = existing(table, segment).unwrap_or_else(|| segment.clone());
    if rest.is_empty() {
        table.insert(key, node);
        return;
    }
    let place = node.place.clone();
    let next = table.entry(key).or_insert_with(|| empty(place.clone()));
    if !matches!(next.value, Value::Table(_)) {
        *next = empty(place);
    }
    if let Value::Table(inner) = &mut next.value {
        insert(inner, rest, node);
    }
}

/// A key that the table has already and that a variable can only write in this way: a component's
/// option may have capitals or hyphens.
fn existing(table: &Table, segment: &str) -> Option<String> {
    if table.contains_key(segment) {
        return None;
    }
    table
        .keys()
        .find(|key| key.to_ascii_lowercase().replace('-', "_") == segment)
        .cloned()
}

fn empty(place: Place) -> Node {
    Node {
        value: Value::Table(Table::new()),
        place,
        raw: None,
    }
}
