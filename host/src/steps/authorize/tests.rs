//! The link: what stands in it, and what a component or a provider's metadata cannot put there.

use super::*;
use crate::config::Grant;
use crate::plugin::bindings;
use crate::plugin::description::check::Operator;
use celadon_workflows::types::ProviderName;
use std::collections::HashMap;

fn description(change: impl FnOnce(&mut bindings::Description)) -> Description {
    let mut description = bindings::Description {
        issuer: bindings::Issuer {
            identifier: "https://op.example".to_owned(),
            aliases: Vec::new(),
            allow: Vec::new(),
            deny: Vec::new(),
            metadata: Some("https://op.example/.well-known/openid-configuration".to_owned()),
            metadata_issuer: None,
        },
        endpoints: Vec::new(),
        client: bindings::Client {
            authentication: vec![bindings::ClientAuthentication::Basic],
            id_parameter: "client_id".to_owned(),
            secret_parameter: "client_secret".to_owned(),
            signed_secret: None,
        },
        callback: bindings::Callback {
            mode: bindings::ResponseMode::Query,
            code_parameter: "code".to_owned(),
            keep: Vec::new(),
            issuers: Vec::new(),
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
        emails: Vec::new(),
        renewal: bindings::Renewal::SingleUse,
        reveal: Vec::new(),
        logout: None,
        relax: Vec::new(),
    };
    change(&mut description);
    let operator = Operator {
        provider: &ProviderName::new("op"),
        grant: &Grant::default(),
    };
    Description::check(description, operator).expect("a right description")
}

fn secrets() -> Secrets {
    Secrets {
        state: "the-state".to_owned(),
        nonce: "the-nonce".to_owned(),
        // RFC 7636 appendix B.
        code_verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned(),
        redirect_uri: "https://celadon.example/callback/op".to_owned(),
        scopes: vec!["openid".to_owned(), "email".to_owned()],
        hints: Vec::new(),
        began_at: 0,
    }
}

fn link(description: &Description, endpoint: &str, no_pkce: bool) -> Result<Link, Stop> {
    let mut link = Link::new(&Url::parse(endpoint).expect("a URL"))?;
    link.write_own(description, "the client", &secrets(), no_pkce)?;
    link.write_scopes(description, &secrets().scopes)?;
    Ok(link)
}

fn extra(name: &str, value: &str) -> Vec<Parameter> {
    vec![Parameter {
        name: name.to_owned(),
        value: value.to_owned(),
    }]
}

fn query(link: Link) -> HashMap<String, String> {
    link.finish().query_pairs().into_owned().collect()
}

#[test]
fn the_link_says_what_the_rfcs_ask_for() {
    let link = link(
        &description(|_| {}),
        "https://op.example/auth?tenant=a",
        false,
    )
    .expect("a link");
    let query = query(link);
    let expected = [
        ("tenant", "a"),
        ("response_type", "code"),
        ("client_id", "the client"),
        ("redirect_uri", "https://celadon.example/callback/op"),
        ("state", "the-state"),
        ("nonce", "the-nonce"),
        (
            "code_challenge",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        ),
        ("code_challenge_method", "S256"),
        ("scope", "openid email"),
    ];
    assert_eq!(query.len(), expected.len(), "{query:?}");
    for (name, value) in expected {
        assert_eq!(query[name], value, "{name}");
    }
}

#[test]
fn form_post_is_asked_for_where_it_is_described() {
    let description = description(|d| d.callback.mode = bindings::ResponseMode::FormPost);
    let link = link(&description, "https://op.example/auth", false).expect("a link");
    assert_eq!(query(link)["response_mode"], "form_post");
}

#[test]
fn without_pkce_there_is_no_challenge() {
    let link = link(&description(|_| {}), "https://op.example/auth", true).expect("a link");
    let query = query(link);
    assert!(!query.contains_key("code_challenge") && !query.contains_key("code_challenge_method"));
}

#[test]
fn scopes_go_where_their_prefix_says() {
    let description = description(|d| {
        d.scopes.insert(
            0,
            bindings::ScopeParameter {
                name: "user_scope".to_owned(),
                separator: ",".to_owned(),
                prefix: "user:".to_owned(),
            },
        );
    });
    let mut link =
        Link::new(&Url::parse("https://op.example/auth").expect("a URL")).expect("a link");
    let scopes = ["chat", "user:read", "user:write"].map(str::to_owned);
    link.write_scopes(&description, &scopes).expect("written");
    let query = query(link);
    assert_eq!(query["user_scope"], "read,write");
    assert_eq!(query["scope"], "chat");
}

#[test]
fn a_component_adds_its_own_parameters_once() {
    let description = description(|_| {});
    let mut link = link(&description, "https://op.example/auth?tenant=a", false).expect("a link");
    link.write_extra(&description, extra("prompt", "consent"))
        .expect("added");
    link.write_extra(&description, extra("tenant", "a"))
        .expect("repeats the endpoint's");
    assert!(
        link.write_extra(&description, extra("Prompt", "none"))
            .is_err()
    );
    assert!(
        link.write_extra(&description, extra("tenant", "b"))
            .is_err()
    );
    assert_eq!(query(link)["prompt"], "consent");
}

#[test]
fn a_component_cannot_write_what_the_host_writes() {
    let description = description(|_| {});
    for name in [
        "state",
        "STATE",
        "nonce",
        "redirect_uri",
        "Redirect_URI",
        "response_type",
        "response_mode",
        "client_id",
        "client_secret",
        "code_challenge",
        "code_challenge_method",
        "request",
        "request_uri",
        "registration",
        "scope",
        "resource",
        "code",
        "dpop_jkt",
    ] {
        let mut link = link(&description, "https://op.example/auth", false).expect("a link");
        let refused = link.write_extra(&description, extra(name, "x"));
        assert!(refused.is_err(), "{name}");
    }
}

#[test]
fn metadata_cannot_write_what_the_host_writes() {
    for query in [
        "state=x",
        "Redirect_Uri=x",
        "request_uri=x",
        "scope=x",
        "a=1&a=2&nonce=x",
    ] {
        let endpoint = format!("https://op.example/auth?{query}");
        assert!(
            link(&description(|_| {}), &endpoint, false).is_err(),
            "{query}"
        );
    }
}
