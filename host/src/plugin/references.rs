//! References: how a component uses credentials that it never sees.
//!
//! A [`Vault`] lives for one call series (one `obtain`, `identify` or `revoke` with its transcript).
//! It knows every credential of the login, hands the component names, puts the values in where the
//! host builds a request, and takes them out of everything that goes back to the component.
//! Names are places, not capabilities: they mean something in this vault alone.
//!
//! Which name may go where is decided in `request.rs`; how a value is found again in another
//! encoding, in `scrub.rs`.

use super::scrub::Scrubber;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use zeroize::Zeroizing;

/// Members of a token answer that are no credentials (WIT `response`), by exact name or prefix.
const PUBLIC_NAMES: [&str; 4] = ["token_type", "issued_token_type", "scope", "scopes"];
const PUBLIC_PREFIXES: [&str; 2] = ["error", "expires"];

/// Members that hold a credential wherever they stand.
const CREDENTIAL_NAMES: [&str; 12] = [
    "access_token",
    "refresh_token",
    "id_token",
    "client_secret",
    "client_assertion",
    "assertion",
    "code",
    "code_verifier",
    "device_code",
    "subject_token",
    "actor_token",
    "password",
];

/// How an answer is hidden, by the role of the endpoint it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hiding {
    /// From `token` and `revocation`: every string but the public ones.
    DenyAll,
    /// From others: members with the name of a credential.
    ByName,
}

/// The credentials of one call series.
pub struct Vault {
    named: BTreeMap<String, Zeroizing<String>>,
    answers: Vec<Value>,
    /// The names that the component was given in the place of what stood there.
    given: BTreeSet<String>,
    scrubber: Scrubber,
}

impl Vault {
    /// A vault with credentials that the component may name, and further ones that it may not
    /// (client secret, verifier, state, nonce) but that must not reach it either.
    pub fn new<'a>(
        named: impl IntoIterator<Item = (&'a str, &'a str)>,
        unnamed: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let named: BTreeMap<_, _> = named
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Zeroizing::new(value.to_owned())))
            .collect();
        let mut scrubber = Scrubber::default();
        for (name, value) in &named {
            scrubber.learn(value, name);
        }
        for value in unnamed {
            scrubber.learn(value, "hidden");
        }
        Self {
            named,
            answers: Vec::new(),
            given: BTreeSet::new(),
            scrubber,
        }
    }

    /// The value behind a name, if the name means something here.
    pub fn value(&self, name: &str) -> Option<&str> {
        if let Some(value) = self.named.get(name) {
            return Some(value);
        }
        let (answer, pointer) = parse_secret(name)?;
        self.answers.get(answer)?.pointer(pointer)?.as_str()
    }

    /// Whether the component got this name in the place of a value. What else a name points at it
    /// may have read: a place that is revealed, or public by its name.
    pub fn hides(&self, name: &str) -> bool {
        self.given.contains(name)
    }

    /// The whole answer in this place of the transcript, as the provider sent it.
    pub fn answer(&self, place: usize) -> Option<&Value> {
        self.answers.get(place)
    }

    /// Keeps a further credential from the component, one that it may not name.
    pub fn hide_text(&mut self, credential: &str) {
        self.scrubber.learn(credential, "hidden");
    }

    /// Takes in the next answer and gives back what the component may see of it.
    pub fn admit(&mut self, answer: Value, hiding: Hiding, reveal: &[String]) -> Value {
        let place = self.answers.len();
        let mut shown = answer.clone();
        self.hide(&mut shown, place, hiding, reveal);
        self.answers.push(answer);
        self.scrub(&mut shown);
        shown
    }

    /// What the component sees of an answer of an earlier series, hidden in the same way. Its
    /// names mean nothing in this vault.
    pub fn show(&mut self, answer: &Value, hiding: Hiding, reveal: &[String]) -> Value {
        let mut shown = answer.clone();
        self.hide(&mut shown, usize::MAX, hiding, reveal);
        self.scrub(&mut shown);
        shown
    }

    /// Removes every known credential, in every known encoding, from text and member names.
    pub fn scrub(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.scrub_text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.scrub(item)),
            Value::Object(members) => {
                let old = std::mem::take(members);
                *members = old
                    .into_iter()
                    .map(|(mut name, mut member)| {
                        self.scrub_text(&mut name);
                        self.scrub(&mut member);
                        (name, member)
                    })
                    .collect();
            }
            Value::Number(number) => {
                let mut text = number.to_string();
                self.scrub_text(&mut text);
                if text != number.to_string() {
                    *value = Value::String(text);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// Removes every known credential from a text.
    pub fn scrub_text(&self, text: &mut String) {
        if let Some(clean) = self.scrubber.scrub(text) {
            *text = clean;
        }
    }

    /// Hides the credentials of an answer and learns them.
    fn hide(&mut self, shown: &mut Value, place: usize, hiding: Hiding, reveal: &[String]) {
        let mut found = Vec::new();
        let mut walk = Walk {
            place,
            hiding,
            reveal,
            found: &mut found,
        };
        walk.value(shown, &mut String::new(), false);
        for (name, value) in found {
            self.scrubber.learn(&value, &name);
            self.given.insert(name);
        }
    }
}

/// `secret:N/POINTER`, taken apart.
pub fn parse_secret(name: &str) -> Option<(usize, &str)> {
    let rest = name.strip_prefix("secret:")?;
    let slash = rest.find('/')?;
    let (place, pointer) = rest.split_at(slash);
    let canonical = !place.starts_with('0') || place == "0";
    let place = place.bytes().all(|b| b.is_ascii_digit()).then_some(place)?;
    canonical.then_some((place.parse().ok()?, pointer))
}

/// A walk over an answer that replaces credentials by their names.
struct Walk<'a> {
    place: usize,
    hiding: Hiding,
    reveal: &'a [String],
    found: &'a mut Vec<(String, String)>,
}

impl Walk<'_> {
    /// `pointer` is where `value` stands; `named` is whether a member above has the name of a
    /// credential.
    fn value(&mut self, value: &mut Value, pointer: &mut String, named: bool) {
        match value {
            Value::String(text) => {
                let hidden = match self.hiding {
                    Hiding::DenyAll => true,
                    Hiding::ByName => named,
                };
                if hidden
                    && !text.is_empty()
                    && !self.reveal.iter().any(|place| covers(place, pointer))
                {
                    let name = self.name(pointer);
                    self.found
                        .push((name.clone(), std::mem::replace(text, name)));
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.below(pointer, &index.to_string(), |walk, pointer| {
                        walk.value(item, pointer, named);
                    });
                }
            }
            Value::Object(members) => self.members(members, pointer, named),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn members(&mut self, members: &mut Map<String, Value>, pointer: &mut String, named: bool) {
        for (name, member) in members {
            if self.hiding == Hiding::DenyAll && is_public(name) && !member.is_object() {
                continue;
            }
            let named = named || is_credential(name);
            let segment = name.replace('~', "~0").replace('/', "~1");
            self.below(pointer, &segment, |walk, pointer| {
                walk.value(member, pointer, named);
            });
        }
    }

    fn below(
        &mut self,
        pointer: &mut String,
        segment: &str,
        visit: impl FnOnce(&mut Self, &mut String),
    ) {
        let length = pointer.len();
        pointer.push('/');
        pointer.push_str(segment);
        visit(self, pointer);
        pointer.truncate(length);
    }

    fn name(&self, pointer: &str) -> String {
        if self.place == usize::MAX {
            return "hidden".to_owned();
        }
        format!("secret:{}{pointer}", self.place)
    }
}

/// Whether an approved place, in which one segment may be `*` (any array index), is this pointer.
fn covers(place: &str, pointer: &str) -> bool {
    let index = |segment: &str| !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_digit());
    place.split('/').count() == pointer.split('/').count()
        && place
            .split('/')
            .zip(pointer.split('/'))
            .all(|(place, found)| place == found || (place == "*" && index(found)))
}

fn is_public(name: &str) -> bool {
    PUBLIC_NAMES.contains(&name)
        || PUBLIC_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

fn is_credential(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    CREDENTIAL_NAMES.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TOKEN: &str = "2YotnFZFEjr1zCsicMWpAA";

    fn vault() -> Vault {
        Vault::new(
            [("code", "SplxlOBeZQQYbYS6WxSbIA")],
            ["client-secret-7Fjfp0ZBr1KtDRbnfVdmIw"],
        )
    }

    #[test]
    fn a_token_answer_is_hidden_by_default() {
        let mut vault = vault();
        let answer = json!({
            "access_token": TOKEN, "odd": {"name": ["refresh-me-now"]}, "expires_in": 3600,
            "scope": "openid", "token_type": "Bearer", "error_hint": "none",
        });
        let shown = vault.admit(answer, Hiding::DenyAll, &[]);
        assert_eq!(
            shown,
            json!({
                "access_token": "secret:0/access_token", "odd": {"name": ["secret:0/odd/name/0"]},
                "expires_in": 3600, "scope": "openid", "token_type": "Bearer", "error_hint": "none",
            })
        );
        assert_eq!(vault.value("secret:0/access_token"), Some(TOKEN));
        assert_eq!(vault.value("secret:0/odd/name/0"), Some("refresh-me-now"));
    }

    #[test]
    fn a_revealed_place_is_shown_and_still_scrubbed() {
        let mut vault = vault();
        let answer = json!({"team": {"id": "T1"}, "note": "SplxlOBeZQQYbYS6WxSbIA"});
        let reveal = ["/team/id".to_owned(), "/note".to_owned()];
        let shown = vault.admit(answer, Hiding::DenyAll, &reveal);
        assert_eq!(shown, json!({"team": {"id": "T1"}, "note": "code"}));
    }

    #[test]
    fn a_public_name_cannot_smuggle_an_object_or_a_known_token() {
        let mut vault = vault();
        let answer = json!({"access_token": TOKEN, "scope": {"inner": "hide-me"}, "error": TOKEN});
        let shown = vault.admit(answer, Hiding::DenyAll, &[]);
        assert_eq!(shown["scope"]["inner"], "secret:0/scope/inner");
        assert_eq!(shown["error"], "secret:0/access_token");
    }

    #[test]
    fn other_answers_lose_credentials_by_name_and_by_value() {
        let mut vault = vault();
        let answer = json!({
            "sub": "u1", "Access-Token": {"v": "another-token-value"}, "echo": format!("x{}y", "SplxlOBeZQQYbYS6WxSbIA"),
            "client-secret-7Fjfp0ZBr1KtDRbnfVdmIw": 1,
        });
        let shown = vault.admit(answer, Hiding::ByName, &[]);
        assert_eq!(
            shown,
            json!({"sub": "u1", "Access-Token": {"v": "secret:0/Access-Token/v"}, "echo": "xcodey", "hidden": 1})
        );
    }

    #[test]
    fn names_are_places_of_this_transcript() {
        let vault = vault();
        for forged in [
            "secret:0/access_token",
            "secret:00/x",
            "secret:+0/x",
            "secret:/x",
            "Code",
            "code ",
            "",
            "secret:0",
        ] {
            assert_eq!(vault.value(forged), None, "{forged}");
        }
        assert_eq!(vault.value("code"), Some("SplxlOBeZQQYbYS6WxSbIA"));
    }

    #[test]
    fn only_what_was_hidden_is_hidden() {
        let mut vault = vault();
        let answer =
            json!({"access_token": TOKEN, "ticket": "a-revealed-ticket", "scope": "openid"});
        vault.admit(answer, Hiding::DenyAll, &["/ticket".to_owned()]);
        assert!(vault.hides("secret:0/access_token"));
        for read in ["secret:0/ticket", "secret:0/scope", "secret:1/x", "code"] {
            assert!(!vault.hides(read), "{read}");
        }
    }

    #[test]
    fn pointers_escape_odd_member_names() {
        let mut vault = vault();
        let shown = vault.admit(json!({"a/b~c": "some-hidden-value"}), Hiding::DenyAll, &[]);
        let name = shown["a/b~c"].as_str().expect("hidden, so a name");
        assert_eq!(vault.value(name), Some("some-hidden-value"));
    }
}
