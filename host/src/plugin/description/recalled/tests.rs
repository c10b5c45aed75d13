use super::*;
use crate::plugin::approval::tests::description;
use crate::plugin::description::{
    ClientAuthentication, Method, Placement, ResponseMode, SignedSecret,
};
use proptest::prelude::*;
use serde_json::{Map, json};

/// A description that has something everywhere.
fn rich() -> Description {
    description("https://a.example").changed(|it| {
        let text = |text: &str| text.to_owned();
        it.issuer.identifier = text("https://a.example/{tid}");
        it.issuer.aliases = [text("https://b.example/{tid}")].into();
        it.issuer.allow = [text("one")].into();
        it.issuer.deny = [text("two")].into();
        it.issuer.metadata_issuer = Some(text("https://c.example"));
        it.client
            .authentication
            .push(ClientAuthentication::SignedSecret);
        it.client.signed_secret = Some(SignedSecret {
            issuer: text("team"),
            audience: text("https://a.example"),
            lifetime: 60,
        });
        it.callback.mode = ResponseMode::FormPost;
        it.callback.keep = [text("user")].into();
        it.callback.issuers = [text("https://d.example")].into();
        it.scopes.push(ScopeParameter {
            name: text("user_scope"),
            separator: text(","),
            prefix: text("user:"),
        });
        it.reveal = [Pointer::parse("/team/id").unwrap()].into();
        it.logout = Some(Logout {
            endpoint: text("end-session"),
            return_parameter: text("back"),
            hint: true,
        });
        it.relax = [Relaxation::NoNonce].into();
        let user = it.endpoints.get_mut("user").unwrap();
        user.headers = [(text("accept"), text("application/json, text/plain"))].into();
        user.body = Some(json!({ "query": ["{ viewer }", 1, 1.5, null] }));
        user.bearer = Placement::Form(text("t"));
        user.proof = Some(text("p"));
    })
}

#[test]
fn comes_back_as_it_was() {
    for it in [description("https://a.example"), rich()] {
        let recalled = Recalled::read(&it.to_value()).unwrap();
        assert_eq!(recalled.explain(), it.explain());
        assert!(recalled.migration_to(&it).is_empty());
    }
}

/// All values that differ from this one in one place.
fn variants(value: &Value) -> Vec<Value> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, member)| {
                variants(member).into_iter().map(move |other| {
                    let mut members: Map<_, _> = members.clone();
                    members.insert(name.clone(), other);
                    Value::Object(members)
                })
            })
            .collect(),
        Value::Array(items) => {
            let fewer = (0..items.len()).map(|index| {
                let mut items = items.clone();
                items.remove(index);
                Value::Array(items)
            });
            let reversed: Vec<_> = items.iter().rev().cloned().collect();
            let others = items.iter().enumerate().flat_map(|(index, item)| {
                variants(item).into_iter().map(move |other| {
                    let mut items = items.clone();
                    items[index] = other;
                    Value::Array(items)
                })
            });
            fewer
                .chain([Value::Array(reversed)])
                .chain(others)
                .collect()
        }
        Value::String(text) => {
            let mut others = vec![json!(format!("{text}x")), json!(format!("{text}/x"))];
            others.extend(
                [
                    "GET", "DELETE", "token", "query", "basic", "none", "no-pkce",
                ]
                .map(Value::from),
            );
            others
        }
        Value::Bool(flag) => vec![json!(!flag)],
        Value::Number(_) => vec![json!(7)],
        Value::Null => vec![json!("x"), json!({ "query": "x" })],
    }
}

#[test]
fn no_fact_is_without_words() {
    let it = rich();
    let (canonical, words) = (it.canonical(), it.explain());
    let mut told = 0;
    for other in variants(&it.to_value()) {
        let Some(recalled) = Recalled::read(&other) else {
            continue;
        };
        if json::canonical(&other) != canonical {
            assert_ne!(recalled.explain(), words, "{other}");
            told += 1;
        }
    }
    assert!(told > 60, "{told}");
}

fn token(it: &mut Description) -> &mut Endpoint {
    it.endpoints.get_mut("token").unwrap()
}

fn user(it: &mut Description) -> &mut Endpoint {
    it.endpoints.get_mut("user").unwrap()
}

#[test]
fn what_decides_who_a_user_is_is_a_migration() {
    type Change = fn(&mut Description);
    let migrations: [Change; 14] = [
        |it| it.issuer.identifier += "/x",
        |it| it.issuer.aliases = ["https://x.example".to_owned()].into(),
        |it| it.issuer.metadata = Some(url::Url::parse("https://x.example").unwrap()),
        |it| it.issuer.metadata_issuer = Some("x".to_owned()),
        |it| it.subject.at = vec![Pointer::parse("/oid").unwrap()],
        |it| it.subject.source = Source::TokenResponse,
        |it| it.subject.source = Source::Endpoint("user".to_owned()),
        |it| it.id_token = false,
        |it| it.relax = [Relaxation::Hs256IdToken].into(),
        |it| token(it).url = url::Url::parse("https://x.example/token").unwrap(),
        |it| token(it).method = Method::Get,
        |it| token(it).headers = [("x-tenant".to_owned(), "other".to_owned())].into(),
        |it| drop(it.endpoints.remove("token")),
        |it| {
            let second = token(it).clone();
            it.endpoints.insert("second".to_owned(), second);
        },
    ];
    let recall = |it: &Description| Recalled::read(&it.to_value()).unwrap();
    let it = description("https://a.example");
    for change in migrations {
        let other = it.clone().changed(change);
        assert!(
            !recall(&it).migration_to(&other).is_empty(),
            "{}",
            other.canonical()
        );
    }
    let asked = it.clone().changed(migrations[6]);
    let elsewhere = asked.clone().changed(|it| {
        it.endpoints.get_mut("user").unwrap().url = url::Url::parse("https://x.example").unwrap();
    });
    assert_eq!(recall(&asked).migration_to(&elsewhere).len(), 1);
    let witness: [Change; 6] = [
        |it| user(it).headers = [("x-user".to_owned(), "admin".to_owned())].into(),
        |it| user(it).method = Method::Get,
        |it| user(it).body = Some(json!({ "query": "{ admin }" })),
        |it| user(it).bearer = Placement::Query("t".to_owned()),
        |it| user(it).proof = Some("p".to_owned()),
        |it| drop(it.endpoints.remove("user")),
    ];
    for change in witness {
        let other = asked.clone().changed(change);
        assert_eq!(
            recall(&asked).migration_to(&other).len(),
            1,
            "{}",
            other.canonical()
        );
        // Who does not tell the subject may change.
        let unasked = it.clone().changed(change);
        assert!(recall(&it).migration_to(&unasked).is_empty());
    }
    let others: [Change; 3] = [
        |it| it.emails.clear(),
        |it| it.renewal = Renewal::None,
        |it| it.callback.code_parameter = "c".to_owned(),
    ];
    for change in others {
        assert!(
            recall(&it)
                .migration_to(&it.clone().changed(change))
                .is_empty()
        );
    }
}

#[test]
fn what_is_no_description_is_not_told() {
    let mut more = description("https://a.example").to_value();
    more["more"] = json!(1);
    let mut fewer = description("https://a.example").to_value();
    fewer.as_object_mut().unwrap().remove("renewal");
    for other in [more, fewer, json!({}), json!(null)] {
        assert!(Recalled::read(&other).is_none(), "{other}");
    }
}

proptest! {
    /// Whatever stands in a description, its words are lines of ASCII.
    #[test]
    fn words_are_safe(text in any::<String>()) {
        let it = description("https://a.example").changed(|it| {
            it.issuer.aliases = [text.clone()].into();
            it.scopes[0].separator = text.clone();
            it.endpoints.get_mut("user").unwrap().body = Some(json!(text));
            it.endpoints.get_mut("token").unwrap().headers = [(text.clone(), text)].into();
        });
        for line in it.explain() {
            prop_assert!(line.chars().all(|char| char == '…' || (' '..='~').contains(&char)), "{line}");
        }
    }
}
