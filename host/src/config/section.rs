//! Taking values out of a table by name and type. What nobody asked for is an unknown key, and what
//! was asked for is what a suggestion can name, so the two cannot drift apart.

use super::environment::Environment;
use super::key::{join, nearest};
use super::mistake::{Caution, Place, Report};
use super::problem::Problem;
use super::tree::{Node, Table, Value};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// What every reader of a section needs.
pub(super) struct Context {
    pub(super) report: Report,
    /// Where relative paths start: absolute.
    pub(super) folder: PathBuf,
    pub(super) environment: Environment,
}

impl Context {
    /// A path as it stands in the file, made absolute.
    pub(super) fn path(&self, written: &str) -> PathBuf {
        self.folder.join(Path::new(written))
    }
}

/// A table that is being read.
pub(super) struct Section<'c> {
    pub(super) context: &'c Context,
    pub(super) key: String,
    pub(super) place: Place,
    entries: Table,
    known: Vec<&'static str>,
}

/// Keys that stand one level deeper than they are often written.
const DEEPER: [(&str, &[&str]); 2] = [
    (
        "grant",
        &["origins", "insecure_http", "private_addresses", "relax"],
    ),
    ("limits", &super::limits::KEYS),
];

impl<'c> Section<'c> {
    pub(super) fn new(context: &'c Context, key: String, place: Place, entries: Table) -> Self {
        Self {
            context,
            key,
            place,
            entries,
            known: Vec::new(),
        }
    }

    /// One value, of whatever type.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Found<'c>> {
        self.known.push(key);
        let node = self.entries.remove(key)?;
        Some(self.found(key, node))
    }

    /// Every entry, for tables whose keys are the operator's.
    pub(super) fn take_all(&mut self) -> Vec<(String, Found<'c>)> {
        std::mem::take(&mut self.entries)
            .into_iter()
            .map(|(key, node)| {
                let found = self.found(&key, node);
                (key, found)
            })
            .collect()
    }

    /// A table in this one; an empty one where there is none.
    pub(super) fn section(&mut self, key: &'static str) -> Section<'c> {
        self.take(key).and_then(Found::section).unwrap_or_else(|| {
            Section::new(
                self.context,
                join(&self.key, key),
                self.place.clone(),
                Table::new(),
            )
        })
    }

    /// A text that means a `T`.
    pub(super) fn parsed<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Problem>,
    ) -> Option<T> {
        self.take(key)?.parsed(parse)
    }

    /// As [`Section::parsed`], for a key without a default; `mend` says what to write.
    pub(super) fn required<T>(
        &mut self,
        key: &'static str,
        mend: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Problem>,
    ) -> Option<T> {
        match self.take(key) {
            Some(found) => found.parsed(parse),
            None => {
                self.mistake(key, Problem::Missing { mend });
                None
            }
        }
    }

    /// A list of texts, each of which means a `T`.
    pub(super) fn list<T: PartialEq>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, Problem>,
    ) -> Option<Vec<T>> {
        self.take(key)?.list(parse)
    }

    /// A whole number.
    pub(super) fn number(&mut self, key: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        self.take(key)?.number(range)
    }

    /// A number from 0 to 1.
    pub(super) fn ratio(&mut self, key: &'static str) -> Option<f64> {
        self.take(key)?.ratio()
    }

    /// A mistake at a key of this section that is not there or was read already.
    pub(super) fn mistake(&self, key: &str, problem: Problem) {
        self.context
            .report
            .mistake(&self.place, &join(&self.key, key), problem);
    }

    /// Reports what nobody has taken.
    pub(super) fn finish(self) {
        for (key, node) in &self.entries {
            let mend = self.mend(key);
            let problem = Problem::UnknownKey { mend };
            self.context
                .report
                .mistake(&node.place, &join(&self.key, key), problem);
        }
    }

    fn mend(&self, key: &str) -> String {
        if let Some(near) = nearest(key, self.known.iter().copied()) {
            return format!("did you mean `{near}`?");
        }
        let deeper = DEEPER
            .iter()
            .find(|(section, keys)| self.known.contains(section) && keys.contains(&key));
        if let Some((section, _)) = deeper {
            return format!("it belongs in [{}]", join(&self.key, section));
        }
        format!("known here: {}", self.known.join(", "))
    }

    fn found(&self, key: &str, node: Node) -> Found<'c> {
        Found {
            context: self.context,
            key: join(&self.key, key),
            node,
        }
    }
}

/// A value with its place, about to get a type.
pub(super) struct Found<'c> {
    pub(super) context: &'c Context,
    pub(super) key: String,
    pub(super) node: Node,
}

impl<'c> Found<'c> {
    pub(super) fn section(self) -> Option<Section<'c>> {
        match self.node.value {
            Value::Table(entries) => Some(Section::new(
                self.context,
                self.key,
                self.node.place,
                entries,
            )),
            _ => self.wrong_type("a table, as in { key = \"value\" } or a [section]"),
        }
    }

    /// The text itself. An environment variable is text whatever it looks like.
    pub(super) fn text(mut self) -> Result<(Self, String), ()> {
        let value = std::mem::replace(&mut self.node.value, Value::Huge);
        match (value, self.node.raw.take()) {
            (Value::Text(text), _) | (_, Some(text)) => Ok((self, text)),
            (value, None) => {
                self.node.value = value;
                self.wrong_type::<()>("a string in quotes");
                Err(())
            }
        }
    }

    pub(super) fn parsed<T>(self, parse: impl FnOnce(&str) -> Result<T, Problem>) -> Option<T> {
        let (found, text) = self.text().ok()?;
        let parsed = if text.is_empty() {
            Err(Problem::Empty)
        } else {
            parse(&text)
        };
        parsed.map_err(|problem| found.mistake(problem)).ok()
    }

    pub(super) fn list<T: PartialEq>(
        self,
        parse: impl Fn(&str) -> Result<T, Problem>,
    ) -> Option<Vec<T>> {
        let elements = match self.node.value {
            Value::List(elements) => elements,
            _ => return self.wrong_type("a list, as in [\"one\", \"two\"]"),
        };
        let mut list = Vec::with_capacity(elements.len());
        for (index, node) in elements.into_iter().enumerate() {
            let key = format!("{}[{index}]", self.key);
            let place = node.place.clone();
            let Some(element) = (Found {
                context: self.context,
                key: key.clone(),
                node,
            })
            .parsed(&parse) else {
                continue;
            };
            if list.contains(&element) {
                self.context.report.mistake(&place, &key, Problem::Twice);
            } else {
                list.push(element);
            }
        }
        Some(list)
    }

    fn number(self, range: RangeInclusive<u32>) -> Option<u32> {
        let Value::Integer(integer) = self.node.value else {
            return self.wrong_type("a whole number");
        };
        let number = u32::try_from(integer)
            .ok()
            .filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = (u64::from(*range.start()), u64::from(*range.end()));
            self.mistake(Problem::NumberRange { least, most });
        }
        number
    }

    fn ratio(self) -> Option<f64> {
        let ratio = match self.node.value {
            Value::Float(ratio) => ratio,
            Value::Integer(0) => 0.0,
            Value::Integer(1) => 1.0,
            Value::Integer(_) => f64::NAN,
            _ => return self.wrong_type("a number, as in 0.1"),
        };
        if (0.0..=1.0).contains(&ratio) {
            return Some(ratio);
        }
        self.mistake(Problem::NotRatio);
        None
    }

    pub(super) fn boolean(self) -> Option<bool> {
        match self.node.value {
            Value::Boolean(boolean) => Some(boolean),
            _ => self.wrong_type("true or false, without quotes"),
        }
    }

    pub(super) fn mistake(&self, problem: Problem) {
        self.context
            .report
            .mistake(&self.node.place, &self.key, problem);
    }

    pub(super) fn warn(&self, caution: Caution) {
        self.context
            .report
            .warn(&self.node.place, &self.key, caution);
    }

    pub(super) fn wrong_type<T>(&self, expected: &'static str) -> Option<T> {
        let found = self.node.value.kind();
        self.mistake(Problem::WrongType { expected, found });
        None
    }
}
