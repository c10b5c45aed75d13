//! A configuration before it has a meaning: values, each with the place where it stands. Built from
//! TOML here; [`super::environment`] lays its variables over it.

use super::mistake::{Place, Report};
use super::problem::Problem;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use toml::de::{DeTable, DeValue};

/// Keys with their values. No Debug: a value may be a secret.
pub(super) type Table = BTreeMap<String, Node>;

/// A value and where it stands.
pub(super) struct Node {
    pub(super) value: Value,
    /// The key's line, or the element's in a list.
    pub(super) place: Place,
    /// An environment variable as it was set: what looks like a number may be meant as text.
    pub(super) raw: Option<String>,
}

/// A TOML value.
pub(super) enum Value {
    Text(String),
    Integer(i64),
    /// An integer beyond 64 bits, which nothing takes.
    Huge,
    Float(f64),
    Boolean(bool),
    Date(String),
    List(Vec<Node>),
    Table(Table),
}

impl Value {
    /// What it is, for a message.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Huge => "an integer beyond 64 bits",
            Self::Float(_) => "a float",
            Self::Boolean(_) => "a boolean",
            Self::Date(_) => "a date",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

/// Parses a file. Where it is no TOML, every syntax mistake is reported and nothing is returned:
/// what a half-read file lacks would only mislead.
pub(super) fn parse(text: &str, path: &Arc<Path>, report: &Report) -> Option<Table> {
    let lines = Lines::of(text);
    let at = |offset| Place::File {
        path: Arc::clone(path),
        line: Some(lines.at(offset)),
    };
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        // Never its Display, which quotes the line.
        let message = error.message().to_owned();
        let place = at(error.span().map_or(0, |span| span.start));
        report.mistake(&place, "", Problem::Syntax { message });
    }
    errors.is_empty().then(|| table(document.into_inner(), &at))
}

/// The value that the text of an environment variable is: TOML if it parses as a value, else the
/// text itself.
pub(super) fn parse_variable(raw: String, place: &Place) -> Node {
    let value = match DeValue::parse(&raw) {
        Ok(parsed) => value(parsed.into_inner(), &|_| place.clone()),
        Err(_) => Value::Text(raw.clone()),
    };
    Node {
        value,
        place: place.clone(),
        raw: Some(raw),
    }
}

fn table(table: DeTable<'_>, at: &dyn Fn(usize) -> Place) -> Table {
    table
        .into_iter()
        .map(|(key, node)| {
            let place = at(key.span().start);
            let value = value(node.into_inner(), at);
            (
                key.into_inner().into_owned(),
                Node {
                    value,
                    place,
                    raw: None,
                },
            )
        })
        .collect()
}

fn value(parsed: DeValue<'_>, at: &dyn Fn(usize) -> Place) -> Value {
    match parsed {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
            .map_or(Value::Huge, Value::Integer),
        // TOML's floats are Rust's, but for the plus of `+nan`.
        DeValue::Float(float) => Value::Float(float.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(boolean) => Value::Boolean(boolean),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(elements) => Value::List(
            elements
                .into_iter()
                .map(|element| Node {
                    place: at(element.span().start),
                    value: value(element.into_inner(), at),
                    raw: None,
                })
                .collect(),
        ),
        DeValue::Table(entries) => Value::Table(table(entries, at)),
    }
}

/// Where each line begins.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(
            text.match_indices('\n')
                .map(|(offset, _)| offset + 1)
                .collect(),
        )
    }

    /// The line of a byte offset, counted from 1.
    fn at(&self, offset: usize) -> usize {
        1 + self.0.partition_point(|start| *start <= offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_from_one() {
        let lines = Lines::of("a\nbc\n\nd");
        let at: Vec<_> = (0..7).map(|offset| lines.at(offset)).collect();
        assert_eq!(at, [1, 1, 2, 2, 2, 3, 4]);
    }
}
