//! Which `iss` means which issuer: an identifier, its aliases, and templates such as
//! `https://login.microsoftonline.com/{tid}/v2.0` whose one `{claim}` the token itself fills in.

use serde_json::{Map, Value};

/// The rules of a description's `issuer`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IssuerRules {
    /// The `iss` of ID tokens, byte for byte; it may hold one `{claim}`.
    pub identifier: String,
    /// Further values of `iss` that mean the same issuer; each may hold one `{claim}`.
    pub aliases: Vec<String>,
    /// Values that the `{claim}` may have. Empty: every one that is not denied.
    pub allow: Vec<String>,
    /// Values that the `{claim}` may not have.
    pub deny: Vec<String>,
}

/// Why an `iss` is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuerFault {
    /// It is none of the right ones.
    Mismatch,
    /// The claim of the template is missing, or cannot stand in an issuer.
    Template,
    /// The claim of the template has a value that is denied, or not allowed.
    NotAllowed,
}

impl IssuerRules {
    /// Checks `iss` against the claims of the same token and answers the issuer to record: the
    /// identifier, its `{claim}` filled in. An alias is recorded as the identifier.
    ///
    /// # Errors
    /// See [`IssuerFault`].
    pub fn check(&self, iss: &str, claims: &Map<String, Value>) -> Result<String, IssuerFault> {
        let recorded = self.fill(&self.identifier, claims);
        if recorded.as_deref() == Ok(iss) {
            return recorded;
        }
        for alias in &self.aliases {
            if self.fill(alias, claims).as_deref() == Ok(iss) {
                return recorded;
            }
        }
        // Where the template could not be filled in, that is the reason to tell.
        recorded.and(Err(IssuerFault::Mismatch))
    }

    fn fill(&self, template: &str, claims: &Map<String, Value>) -> Result<String, IssuerFault> {
        let Some((before, rest)) = template.split_once('{') else {
            return Ok(template.to_owned());
        };
        let (claim, after) = rest.split_once('}').ok_or(IssuerFault::Template)?;
        // A second placeholder would need a rule of its own.
        if after.contains(['{', '}']) || before.contains('}') {
            return Err(IssuerFault::Template);
        }
        let value = claims
            .get(claim)
            .and_then(Value::as_str)
            .filter(|value| is_segment(value))
            .ok_or(IssuerFault::Template)?;
        let listed = |list: &[String]| list.iter().any(|entry| entry == value);
        if listed(&self.deny) || !(self.allow.is_empty() || listed(&self.allow)) {
            return Err(IssuerFault::NotAllowed);
        }
        Ok(format!("{before}{value}{after}"))
    }
}

/// Whether a value can stand in a URL without changing what is around it.
fn is_segment(value: &str) -> bool {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=255).contains(&value.len())
        && value.bytes().all(safe)
        && !value.bytes().all(|byte| byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn entra() -> IssuerRules {
        IssuerRules {
            identifier: "https://login.example/{tid}/v2.0".into(),
            aliases: vec![
                "https://sts.example/{tid}/".into(),
                "https://old.example".into(),
            ],
            allow: Vec::new(),
            deny: vec!["consumers".into()],
        }
    }

    fn check(rules: &IssuerRules, iss: &str, tid: Value) -> Result<String, IssuerFault> {
        let claims = Map::from_iter([("tid".to_owned(), tid)]);
        rules.check(iss, &claims)
    }

    #[test]
    fn a_template_is_filled_from_the_same_token() {
        let rules = entra();
        let recorded = "https://login.example/t-1/v2.0";
        for iss in [recorded, "https://sts.example/t-1/", "https://old.example"] {
            assert_eq!(
                check(&rules, iss, json!("t-1")).as_deref(),
                Ok(recorded),
                "{iss}"
            );
        }
        for iss in [
            "https://login.example/t-2/v2.0",
            "https://login.example/{tid}/v2.0",
            "https://login.example/t-1/v2.0/",
            "https://login.example//v2.0",
            "",
        ] {
            assert_eq!(
                check(&rules, iss, json!("t-1")),
                Err(IssuerFault::Mismatch),
                "{iss}"
            );
        }
    }

    #[test]
    fn a_templates_value_is_bounded() {
        for tid in [
            json!(""),
            json!("."),
            json!(".."),
            json!("a/b"),
            json!("a%2fb"),
            json!("a?b"),
            json!("a b"),
            json!("é"),
            json!("{tid}"),
            json!("@evil"),
            json!(7),
            json!(["t"]),
            json!(null),
            json!("x".repeat(256)),
        ] {
            let iss = format!("https://login.example/{}/v2.0", tid.as_str().unwrap_or("7"));
            assert_eq!(
                check(&entra(), &iss, tid.clone()),
                Err(IssuerFault::Template),
                "{tid}"
            );
        }
        assert_eq!(entra().check("x", &Map::new()), Err(IssuerFault::Template));
    }

    #[test]
    fn allow_and_deny_decide() {
        let denied = check(
            &entra(),
            "https://login.example/consumers/v2.0",
            json!("consumers"),
        );
        assert_eq!(denied, Err(IssuerFault::NotAllowed));
        let rules = IssuerRules {
            allow: vec!["t-1".into(), "consumers".into()],
            ..entra()
        };
        assert!(check(&rules, "https://login.example/t-1/v2.0", json!("t-1")).is_ok());
        for tid in ["t-2", "consumers", "T-1"] {
            let iss = format!("https://login.example/{tid}/v2.0");
            assert_eq!(
                check(&rules, &iss, json!(tid)),
                Err(IssuerFault::NotAllowed)
            );
        }
    }

    #[test]
    fn an_alias_does_not_pass_by_the_denied() {
        let denied = check(&entra(), "https://old.example", json!("consumers"));
        assert_eq!(denied, Err(IssuerFault::NotAllowed));
    }

    #[test]
    fn two_placeholders_are_none() {
        for identifier in [
            "https://{a}{b}/",
            "https://{a}/{tid}",
            "https://{tid",
            "a}{tid}",
        ] {
            let rules = IssuerRules {
                identifier: identifier.into(),
                ..IssuerRules::default()
            };
            assert_eq!(
                check(&rules, identifier, json!("x")),
                Err(IssuerFault::Template)
            );
        }
    }

    proptest! {
        /// Whatever the token says, the recorded issuer begins and ends as the identifier does.
        #[test]
        fn a_value_never_leaves_its_place(tid in "\\PC{0,20}") {
            let iss = format!("https://login.example/{tid}/v2.0");
            if let Ok(recorded) = check(&entra(), &iss, json!(tid)) {
                prop_assert_eq!(&recorded, &iss);
                prop_assert_eq!(recorded.matches('/').count(), 4);
            }
        }
    }
}
