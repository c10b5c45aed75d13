//! What a provider makes of the evidence. Its own word, except for the e-mail, which Celadon reads.

use crate::wire;
use serde_json::{Map, Value};

/// At most so many groups are handed on.
const MOST_GROUPS: usize = 1024;
/// The longest text that the contract lets through, in bytes.
const LONGEST: usize = 1024;

/// What is known of a user beyond the subject.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Identity {
    email: Option<wire::Place>,
    username: Option<String>,
    name: Option<String>,
    picture: Option<String>,
    locale: Option<String>,
    groups: Vec<String>,
    attributes: Map<String, Value>,
}

impl Identity {
    /// An identity of which nothing is known but its subject.
    pub fn new() -> Self {
        Self::default()
    }

    /// The place of the e-mail address: one that the description's e-mail sources match.
    pub fn email(mut self, source: &str, at: &str) -> Self {
        self.email = Some(wire::Place {
            source: source.to_owned(),
            at: at.to_owned(),
        });
        self
    }

    /// The name to sign in with; it may be reassigned. What is too long is cut.
    pub fn username(mut self, username: Option<&str>) -> Self {
        self.username = username.map(cut);
        self
    }

    /// The name to show. What is too long is cut.
    pub fn name(mut self, name: Option<&str>) -> Self {
        self.name = name.map(cut);
        self
    }

    /// The address of a picture, unless it is too long.
    pub fn picture(mut self, picture: Option<&str>) -> Self {
        self.picture = picture
            .filter(|text| text.len() <= LONGEST)
            .map(str::to_owned);
        self
    }

    /// The language, as a BCP 47 tag, unless it is too long.
    pub fn locale(mut self, locale: Option<&str>) -> Self {
        self.locale = locale
            .filter(|text| text.len() <= LONGEST)
            .map(str::to_owned);
        self
    }

    /// The groups; those beyond the contract's 1024, and those that are too long, are left out.
    pub fn groups(mut self, groups: impl IntoIterator<Item = String>) -> Self {
        self.groups = groups
            .into_iter()
            .filter(|group| group.len() <= LONGEST)
            .take(MOST_GROUPS)
            .collect();
        self
    }

    /// Anything else, by name.
    pub fn attribute(mut self, name: &str, value: Value) -> Self {
        self.attributes.insert(name.to_owned(), value);
        self
    }

    pub(crate) fn into_wire(self) -> wire::Identity {
        wire::Identity {
            email: self.email,
            username: self.username,
            name: self.name,
            picture: self.picture,
            locale: self.locale,
            groups: self.groups,
            attributes: Value::Object(self.attributes).to_string(),
        }
    }
}

/// As much of a text as the contract lets through: nobody is refused for a long name.
fn cut(text: &str) -> String {
    text[..text.floor_char_boundary(LONGEST)].to_owned()
}
