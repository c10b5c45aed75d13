//! Hides credentials in answers, as the contract says of `response`.

use serde_json::Value;

/// Names under which any endpoint's strings are credentials.
const CREDENTIALS: &[&str] = &[
    "access_token",
    "refresh_token",
    "id_token",
    "client_secret",
    "client_assertion",
    "code",
    "code_verifier",
    "device_code",
];

/// What is public in an answer.
pub(super) enum Rule<'a> {
    /// From `token` and `revocation`: nothing but public names and what the description reveals.
    Tokens {
        /// The description's `reveal`.
        reveal: &'a [String],
    },
    /// From others: everything but strings with a credential's name.
    Data,
}

/// Replaces the credentials of answer `index` by their names.
pub(super) fn hide(body: &mut Value, index: usize, rule: &Rule<'_>) {
    walk(body, index, rule, "", "");
}

fn walk(value: &mut Value, index: usize, rule: &Rule<'_>, name: &str, at: &str) {
    match value {
        Value::String(_) => {
            if !rule.shows(name, at) {
                *value = Value::String(format!("secret:{index}{at}"));
            }
        }
        Value::Array(list) => {
            for (position, item) in list.iter_mut().enumerate() {
                walk(item, index, rule, name, &format!("{at}/{position}"));
            }
        }
        Value::Object(members) => {
            for (member, item) in members.iter_mut() {
                let segment = member.replace('~', "~0").replace('/', "~1");
                walk(item, index, rule, member, &format!("{at}/{segment}"));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl Rule<'_> {
    fn shows(&self, name: &str, at: &str) -> bool {
        match self {
            Self::Data => !CREDENTIALS.contains(&name),
            Self::Tokens { reveal } => {
                name.starts_with("error")
                    || name.starts_with("expires")
                    || ["token_type", "issued_token_type", "scope", "scopes"].contains(&name)
                    || reveal.iter().any(|pointer| matches(pointer, at))
            }
        }
    }
}

/// Whether a pointer with at most one `*` stands for this place.
fn matches(pointer: &str, at: &str) -> bool {
    let mut segments = at.split('/');
    let same = pointer.split('/').all(|wanted| {
        segments.next().is_some_and(|segment| {
            let index = !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_digit());
            wanted == segment || (wanted == "*" && index)
        })
    });
    same && segments.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn token_answers_show_public_names_only() {
        let mut body = json!({
            "access_token": "a", "odd": {"t~/x": ["b"]}, "token_type": "Bearer", "expires_in": "9",
            "error_uri": "u", "team": {"id": "T1"}, "n": 1,
        });
        let reveal = [String::from("/team/id")];
        hide(&mut body, 2, &Rule::Tokens { reveal: &reveal });
        assert_eq!(
            body,
            json!({
                "access_token": "secret:2/access_token",
                "odd": {"t~/x": ["secret:2/odd/t~0~1x/0"]}, "token_type": "Bearer",
                "expires_in": "9", "error_uri": "u", "team": {"id": "T1"}, "n": 1,
            })
        );
    }

    #[test]
    fn other_answers_hide_the_names_of_credentials() {
        let mut body = json!([{"access_token": "a", "name": "n"}]);
        hide(&mut body, 0, &Rule::Data);
        assert_eq!(
            body,
            json!([{"access_token": "secret:0/0/access_token", "name": "n"}])
        );
    }

    #[test]
    fn a_star_is_one_index() {
        assert!(matches("/a/*/b", "/a/10/b"));
        for other in ["/a/x/b", "/a//b", "/a/1", "/a/1/b/c", "/b/1/b"] {
            assert!(!matches("/a/*/b", other), "{other}");
        }
    }
}
