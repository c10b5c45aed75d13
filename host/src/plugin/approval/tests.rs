//! Judging, and descriptions for tests of the whole module.

use super::*;
use crate::config::{Grant, LockPlace};
use crate::plugin::bindings;
use crate::plugin::description::check::Operator;
use std::path::PathBuf;

pub(crate) fn name(text: &str) -> ProviderName {
    ProviderName::new(text)
}

impl Description {
    /// The same but for something.
    pub(crate) fn changed(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

/// An OpenID provider with endpoints of its own.
pub(crate) fn description(issuer: &str) -> Description {
    let endpoint = |name: &str, role, method| bindings::Endpoint {
        name: name.to_owned(),
        role,
        method,
        url: format!("{issuer}/{name}"),
        headers: vec![],
        body: None,
        bearer: bindings::Placement::Header,
        proof: None,
    };
    use bindings::{Method, Role};
    let raw = bindings::Description {
        issuer: bindings::Issuer {
            identifier: issuer.to_owned(),
            aliases: vec![],
            allow: vec![],
            deny: vec![],
            metadata: Some(format!("{issuer}/metadata")),
            metadata_issuer: None,
        },
        endpoints: vec![
            endpoint("token", Role::Token, Method::Post),
            endpoint("user", Role::Userinfo, Method::Post),
        ],
        client: bindings::Client {
            authentication: vec![
                bindings::ClientAuthentication::Basic,
                bindings::ClientAuthentication::Post,
            ],
            id_parameter: "client_id".to_owned(),
            secret_parameter: "client_secret".to_owned(),
            signed_secret: None,
        },
        callback: bindings::Callback {
            mode: bindings::ResponseMode::Query,
            code_parameter: "code".to_owned(),
            keep: vec![],
            issuers: vec![],
        },
        scopes: vec![bindings::ScopeParameter {
            name: "scope".to_owned(),
            separator: " ".to_owned(),
            prefix: String::new(),
        }],
        resource_parameter: "resource".to_owned(),
        id_token: true,
        subject: bindings::Subject {
            source: "id-token".to_owned(),
            at: vec!["/sub".to_owned()],
        },
        emails: vec![bindings::EmailSource {
            source: "id-token".to_owned(),
            address: "/email".to_owned(),
            verified: Some("/email_verified".to_owned()),
        }],
        renewal: bindings::Renewal::Reusable,
        reveal: vec![],
        logout: None,
        relax: vec![],
    };
    let operator = Operator {
        provider: &name("test"),
        grant: &Grant::default(),
    };
    Description::check(raw, operator).unwrap()
}

fn approvals(bundled: &[&[u8]], locked: Option<(&[u8], &Description)>) -> Approvals {
    let mut lock = Lock::default();
    if let Some((component, description)) = locked {
        let component = ComponentDigest::of(component);
        lock.insert(name("a"), Approved::new(component, description));
    }
    Approvals {
        bundled: bundled
            .iter()
            .map(|bytes| ComponentDigest::of(bytes))
            .collect(),
        lock,
        place: Some(LockPlace {
            path: PathBuf::from("celadon.lock"),
            configuration: Some(PathBuf::from("/etc/celadon.toml")),
        }),
    }
}

#[test]
fn approved_is_the_description_and_not_the_code() {
    let it = description("https://a.example");
    let judge = |approvals: &Approvals, component: &[u8]| {
        approvals.judge(&name("a"), &ComponentDigest::of(component), &it)
    };
    let none = approvals(&[], None);
    assert!(judge(&none, b"x").is_err());
    let bundled = approvals(&[b"x"], None);
    assert_eq!(judge(&bundled, b"x").unwrap(), Ground::Bundled);
    assert!(
        judge(&bundled, b"y").is_err(),
        "a digest is of one component"
    );
    let locked = approvals(&[], Some((b"x", &it)));
    assert_eq!(judge(&locked, b"x").unwrap(), Ground::Approved);
    let then = ComponentDigest::of(b"x");
    assert_eq!(
        judge(&locked, b"y").unwrap(),
        Ground::ApprovedOfAnother(then)
    );
    let other = locked.judge(&name("b"), &ComponentDigest::of(b"x"), &it);
    assert!(other.is_err(), "an approval is one provider's");
}

#[test]
fn what_the_lock_says_counts_for_bundled_components_too() {
    let it = description("https://a.example");
    let other = description("https://b.example");
    let approvals = approvals(&[b"x"], Some((b"x", &other)));
    let refused = approvals.judge(&name("a"), &ComponentDigest::of(b"x"), &it);
    assert!(refused.unwrap_err().difference.is_change);
}

#[test]
fn a_refusal_says_what_differs_and_how_to_approve_it() {
    let it = description("https://a.example");
    let locked = approvals(&[], Some((b"x", &it)));
    let judge = |description: &Description| {
        let refused = locked.judge(&name("a"), &ComponentDigest::of(b"x"), description);
        refused.unwrap_err().to_string()
    };
    let text = judge(&it.clone().changed(|it| it.emails.clear()));
    for part in [
        "\n  - e-mail from id-token at /email, verified where /email_verified says so\n",
        "\n  + e-mail from nowhere\n",
        "\n  to approve it: celadon provider approve a --config /etc/celadon.toml",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        !text.contains("--migrate") && !text.contains("subject"),
        "{text}"
    );

    let text = judge(&description("https://b.example"));
    assert!(
        text.contains("\n  this changes who a user is: the issuer: was"),
        "{text}"
    );
    assert!(text.ends_with("--migrate"), "{text}");

    let first = approvals(&[], None);
    let refused = first.judge(&name("a"), &ComponentDigest::of(b"x"), &it);
    let refused = refused.unwrap_err();
    assert!(
        refused.difference.migration.is_empty(),
        "nobody is there yet"
    );
    let text = refused.to_string();
    assert!(text.starts_with("nobody has approved"), "{text}");
    assert!(
        text.contains("\n  + users are those of https://a.example\n"),
        "{text}"
    );

    let nowhere = Approvals::default().judge(&name("a"), &ComponentDigest::of(b"x"), &it);
    let text = nowhere.unwrap_err().to_string();
    assert!(
        text.contains("celadon.bundled") && text.contains("celadon dev"),
        "{text}"
    );
}
