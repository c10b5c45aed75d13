//! What the component says of a user beside the evidence: kept as its word, within bounds.

use crate::plugin::bindings::Identity;
use crate::plugin::references::Vault;
use crate::plugin::transcript::{Stop, fault};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The longest name, in characters.
const LONGEST_NAME: usize = 256;
/// The longest picture address and locale, in bytes.
const LONGEST_URL: usize = 2048;
/// Groups of one user, and the longest name of one.
const MOST_GROUPS: usize = 1024;
const LONGEST_GROUP: usize = 256;
/// Bytes of all attributes.
const MOST_ATTRIBUTES: usize = 64 << 10;

/// The component's word on a user.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// `preferred_username` or the like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// An https address of a picture. Never fetched by the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// A BCP 47 tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Groups.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Whatever else.
    #[serde(default)]
    pub attributes: Map<String, Value>,
}

/// The identity without any known credential in it.
pub(super) fn scrubbed(mut identity: Identity, vault: &Vault) -> Identity {
    for text in [
        &mut identity.username,
        &mut identity.name,
        &mut identity.picture,
        &mut identity.locale,
    ]
    .into_iter()
    .flatten()
    {
        vault.scrub_text(text);
    }
    identity
        .groups
        .iter_mut()
        .for_each(|group| vault.scrub_text(group));
    if let Ok(mut attributes) = serde_json::from_str::<Value>(&identity.attributes) {
        vault.scrub(&mut attributes);
        identity.attributes = attributes.to_string();
    }
    identity
}

/// The profile; optional things that cannot be used are dropped or cleaned.
pub(super) fn of(identity: Identity) -> Result<Profile, Stop> {
    let attributes = match serde_json::from_str::<Value>(&identity.attributes) {
        Ok(Value::Object(attributes)) if identity.attributes.len() <= MOST_ATTRIBUTES => attributes,
        Ok(Value::Object(_)) => return Err(fault("its attributes are larger than 64 KiB")),
        _ => return Err(fault("its attributes are no JSON object")),
    };
    let groups = identity
        .groups
        .into_iter()
        .filter(|group| group.chars().count() <= LONGEST_GROUP)
        .filter_map(|group| clean(&group))
        .take(MOST_GROUPS)
        .collect();
    Ok(Profile {
        username: identity.username.and_then(|name| clean(&name)),
        name: identity.name.and_then(|name| clean(&name)),
        picture: identity.picture.filter(|url| is_picture(url)),
        locale: identity.locale.filter(|tag| is_language_tag(tag)),
        groups,
        attributes,
    })
}

/// A line of text: control characters and those that turn the writing direction are removed, so
/// that a name cannot rearrange the page or the log it stands in.
fn clean(text: &str) -> Option<String> {
    let kept: String = text
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'))
        .take(LONGEST_NAME)
        .collect();
    let kept = kept.trim();
    (!kept.is_empty()).then(|| kept.to_owned())
}

fn is_picture(url: &str) -> bool {
    url.len() <= LONGEST_URL
        && url::Url::parse(url)
            .is_ok_and(|url| url.scheme() == "https" && url.username().is_empty())
}

fn is_language_tag(tag: &str) -> bool {
    tag.len() <= 35
        && !tag.is_empty()
        && tag
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}
