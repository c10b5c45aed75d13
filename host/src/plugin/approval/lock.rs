//! `celadon.lock`: the operator's approvals, one entry a provider, as they stand on the disk.
//!
//! JSON with sorted names, one fact a line and ASCII alone, so that a comparison in version control
//! shows what changed and nothing in it can hide. An entry holds the canonical form of a description,
//! its digest, and, for information, the digest of the component that gave it. A lock that is not
//! exactly that is an error and never ignored: what it would have refused could load.

mod disk;

pub use self::disk::{change, read};

use crate::plain::Foreign;
use crate::plugin::component::ComponentDigest;
use crate::plugin::description::Description;
use crate::plugin::json;
use crate::random;
use celadon_workflows::types::ProviderName;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// The version of the format.
const VERSION: u64 = 1;
/// Descriptions are at most 32 deep, and stand three deep.
const MAX_DEPTH: usize = 48;

/// Why a lock cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The lock.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It is larger than a lock can be.
    #[error(
        "{} is larger than {limit} bytes, so it is no lock of approvals: put back an earlier one, from \
         version control for instance; or remove it, and approve every provider anew",
        path.display()
    )]
    TooLarge {
        /// The lock.
        path: PathBuf,
        /// The largest size.
        limit: u64,
    },
    /// With what was to be written it could not be read again. It stays as it was.
    #[error(
        "with these approvals {} would be larger than {limit} bytes, and nothing could read it again; \
         nothing was written: approve fewer providers at a time to find the one that describes itself \
         at such length, or forget others by --prune",
        path.display()
    )]
    Full {
        /// The lock.
        path: PathBuf,
        /// The largest size.
        limit: u64,
    },
    /// It is a folder, a pipe or a device.
    #[error("{} is no regular file: put the lock there, or remove what is there", path.display())]
    NoFile {
        /// The lock.
        path: PathBuf,
    },
    /// It is a link to nothing. What it meant may have approvals.
    #[error(
        "{} is a link to a file that does not exist: put that file back, or remove the link and \
         approve every provider anew",
        path.display()
    )]
    Dangling {
        /// The lock.
        path: PathBuf,
    },
    /// It is not what `celadon provider approve` writes.
    #[error(
        "{}:{line}: {flaw}: put back the file as `celadon provider approve` wrote it, from version \
         control for instance; or remove it, and approve every provider anew",
        path.display()
    )]
    Broken {
        /// The lock.
        path: PathBuf,
        /// Where.
        line: usize,
        /// What is wrong.
        flaw: Flaw,
    },
}

/// What is wrong with a lock's text.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Flaw(Foreign<serde_json::Error>);

/// One approval.
#[derive(Clone, Debug, PartialEq)]
pub struct Approved {
    component: ComponentDigest,
    digest: String,
    canonical: String,
    description: Value,
}

impl Approved {
    /// Approves what a component says of itself.
    pub fn new(component: ComponentDigest, description: &Description) -> Self {
        Self::of(component, description.to_value())
    }

    fn of(component: ComponentDigest, description: Value) -> Self {
        let canonical = json::canonical(&description);
        Self {
            component,
            digest: random::sha256_hex(canonical.as_bytes()),
            canonical,
            description,
        }
    }

    /// Whether it is this description that was approved, all of it.
    pub fn is(&self, description: &Description) -> bool {
        self.canonical == description.canonical()
    }

    /// The component that described itself so.
    pub fn component(&self) -> &ComponentDigest {
        &self.component
    }

    /// The SHA-256 of the description's canonical form, in hex.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The description as it was approved.
    pub fn description(&self) -> &Value {
        &self.description
    }
}

/// All approvals, by provider.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lock {
    providers: BTreeMap<ProviderName, Approved>,
}

impl Lock {
    /// What is approved for a provider.
    pub fn get(&self, provider: &ProviderName) -> Option<&Approved> {
        self.providers.get(provider)
    }

    /// The providers that have an approval.
    pub fn providers(&self) -> impl Iterator<Item = &ProviderName> {
        self.providers.keys()
    }

    /// Approves, in the place of what was approved before.
    pub fn insert(&mut self, provider: ProviderName, approved: Approved) {
        self.providers.insert(provider, approved);
    }

    /// Forgets an approval.
    pub fn remove(&mut self, provider: &ProviderName) {
        self.providers.remove(provider);
    }

    /// Reads a lock's text. The error knows its line.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        // Once for what readers of JSON disagree on, once for the form.
        json::parse_strictly(text, MAX_DEPTH)?;
        let form: Form = serde_json::from_str(text)?;
        Ok(Self {
            providers: form.providers,
        })
    }

    /// The text.
    pub fn render(&self) -> String {
        let providers: BTreeMap<&str, EntryForm> = self
            .providers
            .iter()
            .map(|(name, approved)| {
                let entry = EntryForm {
                    component: approved.component.as_str().to_owned(),
                    description: sorted(&approved.description),
                    description_digest: approved.digest.clone(),
                };
                (name.as_str(), entry)
            })
            .collect();
        let whole = serde_json::json!({ "version": VERSION, "providers": providers });
        // Only a map whose keys are no strings could fail, and there is none.
        let text = serde_json::to_string_pretty(&whole).expect("all keys are strings");
        json::ascii(&text) + "\n"
    }
}

/// Names in order, whatever order the library keeps.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Object(members) => {
            let ordered: BTreeMap<_, _> = members.iter().collect();
            let ordered = ordered
                .into_iter()
                .map(|(name, member)| (name.clone(), sorted(member)));
            Value::Object(ordered.collect())
        }
        scalar => scalar.clone(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    #[serde(deserialize_with = "version", rename = "version")]
    _version: (),
    #[serde(deserialize_with = "entries")]
    providers: BTreeMap<ProviderName, Approved>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryForm {
    component: String,
    description: Value,
    description_digest: String,
}

impl EntryForm {
    fn check(self) -> Result<Approved, &'static str> {
        let component = ComponentDigest::parse(&self.component)
            .ok_or("its `component` is not a SHA-256 in lower-case hex")?;
        if !self.description.is_object() {
            return Err("its `description` is not an object");
        }
        let approved = Approved::of(component, self.description);
        if approved.digest != self.description_digest {
            return Err(
                "its `description_digest` is not that of its description, so one of them was \
                 changed by hand or by a merge",
            );
        }
        Ok(approved)
    }
}

fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    match u64::deserialize(deserializer)? {
        VERSION => Ok(()),
        other => Err(de::Error::custom(format_args!(
            "this is version {other} of the format, and this Celadon knows version {VERSION}"
        ))),
    }
}

fn entries<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<ProviderName, Approved>, D::Error> {
    struct Entries;
    impl<'de> Visitor<'de> for Entries {
        type Value = BTreeMap<ProviderName, Approved>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("approvals by the name of their provider")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
            let mut entries = BTreeMap::new();
            while let Some(name) = members.next_key::<String>()? {
                if !crate::config::is_provider_name(&name) {
                    return Err(de::Error::custom(format_args!(
                        "{name:?} is no name of a provider"
                    )));
                }
                let approved = members.next_value::<EntryForm>()?.check();
                let approved = approved.map_err(|flaw| {
                    de::Error::custom(format_args!("the approval of `{name}`: {flaw}"))
                })?;
                entries.insert(ProviderName::new(&name), approved);
            }
            Ok(entries)
        }
    }
    deserializer.deserialize_map(Entries)
}

#[cfg(test)]
mod tests;
