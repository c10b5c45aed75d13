use super::super::Source;
use super::*;
use crate::plugin::bindings::{
    Callback, Client, ClientAuthentication, EmailSource, Endpoint, Issuer, Logout, Method,
    Parameter, Placement, ResponseMode, ScopeParameter, SignedSecret, Subject,
};
use proptest::prelude::*;

fn endpoint(name: &str, role: bindings::Role, method: Method, url: &str) -> Endpoint {
    Endpoint {
        name: name.to_owned(),
        role,
        method,
        url: url.to_owned(),
        headers: vec![],
        body: None,
        bearer: Placement::Header,
        proof: None,
    }
}

/// A plain OAuth 2.0 provider, as GitHub is.
fn github() -> bindings::Description {
    use bindings::Role::{Authorization, Token, Userinfo};
    bindings::Description {
        issuer: Issuer {
            identifier: "https://github.com".to_owned(),
            aliases: vec![],
            allow: vec![],
            deny: vec![],
            metadata: None,
            metadata_issuer: None,
        },
        endpoints: vec![
            endpoint(
                "authorization",
                Authorization,
                Method::Get,
                "https://github.com/login/oauth/authorize",
            ),
            endpoint(
                "token",
                Token,
                Method::Post,
                "https://github.com/login/oauth/access_token",
            ),
            endpoint("user", Userinfo, Method::Get, "https://api.github.com/user"),
            endpoint(
                "emails",
                Userinfo,
                Method::Get,
                "https://api.github.com/user/emails?per_page=100",
            ),
        ],
        client: Client {
            authentication: vec![ClientAuthentication::Basic, ClientAuthentication::Post],
            id_parameter: "client_id".to_owned(),
            secret_parameter: "client_secret".to_owned(),
            signed_secret: None,
        },
        callback: Callback {
            mode: ResponseMode::Query,
            code_parameter: "code".to_owned(),
            keep: vec![],
            issuers: vec![],
        },
        scopes: vec![ScopeParameter {
            name: "scope".to_owned(),
            separator: " ".to_owned(),
            prefix: String::new(),
        }],
        resource_parameter: "resource".to_owned(),
        id_token: false,
        subject: Subject {
            source: "user".to_owned(),
            at: vec!["/id".to_owned()],
        },
        emails: vec![EmailSource {
            source: "emails".to_owned(),
            address: "/*/email".to_owned(),
            verified: Some("/*/verified".to_owned()),
        }],
        renewal: bindings::Renewal::SingleUse,
        reveal: vec![],
        logout: None,
        relax: vec![],
    }
}

/// An OpenID provider for many tenants, as Entra is.
fn entra() -> bindings::Description {
    let mut description = github();
    description.issuer = Issuer {
        identifier: "https://login.microsoftonline.com/{tid}/v2.0".to_owned(),
        aliases: vec!["https://sts.windows.net/{tid}/".to_owned()],
        allow: vec![],
        deny: vec!["9188040d-6c67-4c5b-b112-36a304b66dad".to_owned()],
        metadata: Some(
            "https://login.microsoftonline.com/organizations/v2.0/.well-known/openid-configuration"
                .to_owned(),
        ),
        metadata_issuer: Some("https://login.microsoftonline.com/{tenantid}/v2.0".to_owned()),
    };
    description.endpoints.clear();
    description.id_token = true;
    description.subject = Subject {
        source: "id-token".to_owned(),
        at: vec!["/tid".to_owned(), "/oid".to_owned()],
    };
    description.emails = vec![EmailSource {
        source: "userinfo".to_owned(),
        address: "/email".to_owned(),
        verified: None,
    }];
    description.logout = Some(Logout {
        endpoint: "end-session".to_owned(),
        return_parameter: "post_logout_redirect_uri".to_owned(),
        hint: true,
    });
    description
}

fn check_with(
    raw: bindings::Description,
    grant: config::Grant,
) -> Result<Description, Vec<Mistake>> {
    let provider = ProviderName::new("acme");
    Description::check(
        raw,
        Operator {
            provider: &provider,
            grant: &grant,
        },
    )
}

fn check(raw: bindings::Description) -> Result<Description, Vec<Mistake>> {
    check_with(raw, config::Grant::default())
}

/// Changes one thing and expects a mistake at one field.
#[track_caller]
fn refused(
    mut raw: bindings::Description,
    at: &str,
    change: impl FnOnce(&mut bindings::Description),
) {
    change(&mut raw);
    let mistakes = check(raw).expect_err(at);
    assert!(
        mistakes.iter().any(|mistake| mistake.at == at),
        "{mistakes:?}"
    );
}

fn text(text: &str) -> String {
    text.to_owned()
}

#[test]
fn takes_what_is_right() {
    let github = check(github()).unwrap();
    assert_eq!(github.role_of("emails"), Some(Role::Userinfo));
    assert_eq!(github.role_of("userinfo"), None);
    let entra = check(entra()).unwrap();
    assert_eq!(entra.role_of("userinfo"), Some(Role::Userinfo));
    assert_eq!(entra.endpoint_for(Role::EndSession), Some("end-session"));
    let template = entra.issuer.template().unwrap();
    assert_eq!(
        (template.prefix, template.claim, template.suffix),
        ("https://login.microsoftonline.com/", "tid", "/v2.0")
    );
}

#[test]
fn all_mistakes_come_at_once() {
    let mut raw = github();
    raw.issuer.identifier.clear();
    raw.endpoints[1].url = text("http://github.com/token");
    raw.endpoints[2].name = text("User");
    raw.client.authentication.clear();
    raw.subject.at.clear();
    raw.reveal = vec![text("/access_token")];
    let mistakes = check(raw).unwrap_err();
    for at in [
        "issuer.identifier",
        "endpoints[1].url",
        "endpoints[2].name",
        "client.authentication",
        "subject.at",
        "subject.source",
        "reveal[0]",
    ] {
        assert!(
            mistakes.iter().any(|mistake| mistake.at == at),
            "{at}: {mistakes:?}"
        );
    }
}

#[test]
fn what_is_longer_than_anybody_reads_is_refused() {
    let mut raw = github();
    let long = |n: usize| bindings::Parameter {
        name: format!("x-part-{n}"),
        value: "a".repeat(500),
    };
    raw.endpoints[0].headers = (0..100).map(long).collect();
    assert!(check(raw.clone()).is_ok());
    raw.endpoints[0].headers = (0..200).map(long).collect();
    let mistakes = check(raw).unwrap_err();
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    assert!(
        mistakes[0].what.contains("64 KiB at most: describe fewer"),
        "{mistakes:?}"
    );
}

#[test]
fn mistakes_are_safe_to_print_and_few() {
    let mut raw = github();
    raw.endpoints[0].url = text("https://\u{1b}[2Jx");
    raw.reveal = vec![text("\u{1b}]0;owned\u{7}"); 100_000];
    let mistakes = check(raw).unwrap_err();
    assert!(mistakes.len() <= MAX_MISTAKES);
    assert!(
        mistakes
            .iter()
            .all(|mistake| !mistake.to_string().contains(char::is_control))
    );
}

#[test]
fn keys_are_at_home_or_granted() {
    let elsewhere = "https://keys.example/.well-known/openid-configuration";
    refused(entra(), "issuer.metadata", |d| {
        d.issuer.metadata = Some(text(elsewhere));
    });
    let mut raw = entra();
    raw.issuer.metadata = Some(text(elsewhere));
    for (origin, right) in [
        ("https://keys.example/", true),
        ("https://keys.example/.well-known", true),
        ("https://keys.example/other", false),
        ("http://keys.example/", false),
        ("https://keys.example:444/", false),
    ] {
        let grant = config::Grant {
            origins: vec![origin.parse().unwrap()],
            ..config::Grant::default()
        };
        assert_eq!(check_with(raw.clone(), grant).is_ok(), right, "{origin}");
    }
}

#[test]
fn issuers() {
    refused(entra(), "issuer.metadata", |d| d.issuer.metadata = None);
    refused(entra(), "issuer.identifier", |d| {
        d.issuer.identifier = text("https://{tid}.evil.example/")
    });
    refused(entra(), "issuer.identifier", |d| {
        d.issuer.identifier = text("https://a/{tid}/{x}")
    });
    refused(entra(), "issuer.identifier", |d| {
        d.issuer.identifier = text("https://a/{t id}")
    });
    refused(entra(), "issuer.identifier", |d| {
        d.issuer.identifier = text("https://a/}{tid}")
    });
    refused(entra(), "issuer.identifier", |d| {
        d.issuer.identifier = text("accounts.google.com")
    });
    refused(entra(), "issuer.identifier", |d| {
        d.issuer.identifier = text("https://a/{tid}?x=y")
    });
    refused(entra(), "issuer.aliases[0]", |d| {
        d.issuer.aliases = vec![text("https://b/{oid}")]
    });
    refused(github(), "issuer.allow", |d| {
        d.issuer.allow = vec![text("x")]
    });
    refused(github(), "issuer.identifier", |d| {
        d.issuer.identifier = text("https://a/{tid}")
    });
    refused(github(), "issuer.metadata-issuer", |d| {
        d.issuer.metadata_issuer = Some(text("https://a"))
    });
}

#[test]
fn endpoints_have_names_roles_and_methods_that_fit() {
    refused(github(), "endpoints[2].name", |d| {
        d.endpoints[2].name = text("id-token")
    });
    refused(github(), "endpoints[2].name", |d| {
        d.endpoints[2].name = text("revocation")
    });
    refused(github(), "endpoints[3].name", |d| {
        d.endpoints[3].name = text("user")
    });
    refused(github(), "endpoints[0].method", |d| {
        d.endpoints[0].method = Method::Post
    });
    refused(github(), "endpoints[2].method", |d| {
        d.endpoints[2].method = Method::Delete
    });
    // A token request by GET puts the code and the secret into a URL.
    refused(github(), "endpoints[1].method", |d| {
        d.endpoints[1].method = Method::Get
    });
    refused(github(), "endpoints", |d| drop(d.endpoints.remove(1)));
    refused(github(), "endpoints", |d| drop(d.endpoints.remove(0)));
    refused(github(), "endpoints", |d| {
        let mut second = d.endpoints[0].clone();
        second.name = text("other");
        d.endpoints.push(second);
    });
}

#[test]
fn fixed_queries_leave_the_hosts_names_alone() {
    let at = |url: &str| {
        let url = text(url);
        refused(github(), "endpoints[0].url", |d| d.endpoints[0].url = url);
    };
    for name in [
        "state",
        "STATE",
        "redirect_uri",
        "Code_Challenge",
        "client_id",
        "scope",
        "resource",
        "request",
        "response_type",
        "nonce",
        "client_secret",
        "s%74ate",
    ] {
        at(&format!("https://github.com/authorize?{name}=x"));
    }
    at("https://github.com/authorize?a=1&a=2");
    let mut raw = github();
    raw.endpoints[1].url = text("https://github.com/token?grant_type=fb_exchange_token");
    assert!(check(raw).is_ok());
}

#[test]
fn headers_and_bodies() {
    let header = |name: &str, value: &str| {
        vec![Parameter {
            name: text(name),
            value: text(value),
        }]
    };
    for (name, value) in [
        ("Host", "x"),
        ("authorization", "x"),
        ("accept", "a\r\nb: c"),
        ("", "x"),
    ] {
        refused(github(), "endpoints[2].headers[0]", |d| {
            d.endpoints[2].headers = header(name, value)
        });
    }
    refused(github(), "endpoints[2].headers[1]", |d| {
        d.endpoints[2].headers = [header("Accept", "a"), header("accept", "b")].concat();
    });
    refused(github(), "endpoints[2].body", |d| {
        d.endpoints[2].body = Some(text("{}"))
    });
    refused(github(), "endpoints[1].body", |d| {
        d.endpoints[1].body = Some(text("{}"))
    });
    refused(github(), "endpoints[2].body", |d| {
        d.endpoints[2].method = Method::Post;
        d.endpoints[2].body = Some(text(r#"{"a":1,"a":2}"#));
    });
}

#[test]
fn tokens_go_into_queries_only_where_granted() {
    refused(github(), "endpoints[2].bearer", |d| {
        d.endpoints[2].bearer = Placement::Query(text("access_token"));
    });
    refused(github(), "endpoints[2].bearer", |d| {
        d.endpoints[2].bearer = Placement::Form(text("token"))
    });
    refused(github(), "endpoints[0].bearer", |d| {
        d.relax = vec![bindings::Relaxation::SecretsInQuery];
        d.endpoints[0].bearer = Placement::Query(text("token"));
    });
    refused(github(), "endpoints[2].proof", |d| {
        d.client.authentication = vec![ClientAuthentication::None];
        d.endpoints[2].proof = Some(text("appsecret_proof"));
    });
}

#[test]
fn a_relaxation_needs_the_operator() {
    let mut raw = github();
    raw.relax = vec![bindings::Relaxation::NoPkce];
    let mistakes = check(raw.clone()).unwrap_err();
    assert_eq!(mistakes.len(), 1);
    assert!(
        mistakes[0]
            .what
            .contains("[providers.acme.grant]: relax = [\"no-pkce\"]"),
        "{mistakes:?}"
    );
    let grant = config::Grant {
        relax: vec![text("no-pkce"), text("no-nonce")],
        ..config::Grant::default()
    };
    let description = check_with(raw, grant).unwrap();
    assert_eq!(description.relax, BTreeSet::from([Relaxation::NoPkce]));
    refused(github(), "client.authentication", |d| {
        d.client.authentication = vec![ClientAuthentication::None];
        d.relax = vec![bindings::Relaxation::NoPkce];
    });
}

#[test]
fn http_needs_the_operator() {
    let mut raw = github();
    raw.endpoints[1].url = text("http://127.0.0.1:9000/token");
    let mistakes = check(raw.clone()).unwrap_err();
    assert!(
        mistakes[0].what.contains("insecure_http = true"),
        "{mistakes:?}"
    );
    let grant = config::Grant {
        insecure_http: true,
        ..config::Grant::default()
    };
    assert!(check_with(raw, grant).is_ok());
}

#[test]
fn clients_and_their_secrets() {
    refused(github(), "client.authentication", |d| {
        d.client.authentication = vec![]
    });
    refused(github(), "client.authentication", |d| {
        d.client.authentication = vec![ClientAuthentication::Basic, ClientAuthentication::Basic];
    });
    refused(github(), "client.id-parameter", |d| {
        d.client.id_parameter = text("State")
    });
    refused(github(), "client.secret-parameter", |d| {
        d.client.secret_parameter = text("CLIENT_ID")
    });
    refused(github(), "scopes", |d| d.scopes[0].name = text("client_id"));
    refused(github(), "resource-parameter", |d| {
        d.resource_parameter = text("redirect_uri")
    });
    refused(github(), "client.signed-secret", |d| {
        d.client.authentication = vec![ClientAuthentication::SignedSecret];
    });
    let signed = |audience: &str, lifetime| {
        let signed_secret = Some(SignedSecret {
            issuer: text("TEAM"),
            audience: text(audience),
            lifetime,
        });
        move |d: &mut bindings::Description| {
            d.client.authentication = vec![ClientAuthentication::SignedSecret];
            d.client.signed_secret = signed_secret;
        }
    };
    refused(
        github(),
        "client.signed-secret.audience",
        signed("https://other.example", 300),
    );
    refused(
        github(),
        "client.signed-secret.lifetime",
        signed("https://github.com", 301),
    );
    refused(
        github(),
        "client.signed-secret.lifetime",
        signed("https://github.com", 0),
    );
    let mut raw = github();
    signed("https://github.com", 300)(&mut raw);
    assert!(check(raw).is_ok());
}

#[test]
fn callbacks_keep_no_credentials() {
    refused(github(), "callback.code-parameter", |d| {
        d.callback.code_parameter = text("state")
    });
    for name in [
        "code",
        "CODE",
        "state",
        "iss",
        "access_token",
        "id_token",
        "error",
        "a b",
    ] {
        refused(github(), "callback.keep[0]", |d| {
            d.callback.keep = vec![text(name)]
        });
    }
}

#[test]
fn scopes_that_are_never_reached() {
    refused(github(), "scopes[1]", |d| {
        d.scopes.push(ScopeParameter {
            name: text("user_scope"),
            separator: text(","),
            prefix: text("user:"),
        });
    });
    refused(github(), "scopes[0].separator", |d| {
        d.scopes[0].separator.clear()
    });
    refused(github(), "scopes[0].separator", |d| {
        d.scopes[0].separator = text("x")
    });
}

#[test]
fn evidence_comes_from_where_it_proves_something() {
    use bindings::Role::Resource;
    refused(github(), "subject.source", |d| {
        d.subject.source = text("id-token")
    });
    refused(github(), "subject.source", |d| {
        d.subject.source = text("token")
    });
    refused(github(), "subject.source", |d| {
        d.subject.source = text("nowhere")
    });
    refused(github(), "subject.source", |d| {
        d.endpoints[2].role = Resource
    });
    refused(github(), "subject.at[0]", |d| {
        d.subject.at = vec![text("/*/id")]
    });
    refused(github(), "subject.at[0]", |d| d.subject.at = vec![text("")]);
    refused(github(), "subject.at[1]", |d| {
        d.subject.at = vec![text("/id"), text("/id")]
    });
    refused(github(), "emails[0].source", |d| {
        d.emails[0].source = text("token-response")
    });
    refused(github(), "emails[0].source", |d| {
        d.emails[0].source = text("id-token")
    });
    refused(github(), "emails[0].source", |d| {
        d.endpoints[3].role = Resource
    });
    refused(github(), "emails[0].verified", |d| {
        d.emails[0].verified = Some(text("/other/*/verified"))
    });
    refused(github(), "emails[0].verified", |d| {
        d.emails[0].verified = Some(text("/verified"))
    });
    refused(github(), "emails[0].verified", |d| {
        d.emails[0].address = text("/email")
    });
}

#[test]
fn credentials_are_never_revealed() {
    for pointer in [
        "/access_token",
        "/authed_user/Access_Token",
        "/a/*/refresh_token",
        "/id_token",
        "",
    ] {
        refused(github(), "reveal[0]", |d| d.reveal = vec![text(pointer)]);
    }
}

#[test]
fn logout_goes_to_an_end_session_endpoint() {
    let logout = |endpoint: &str, name: &str, hint| {
        let logout = Some(Logout {
            endpoint: text(endpoint),
            return_parameter: text(name),
            hint,
        });
        move |d: &mut bindings::Description| d.logout = logout
    };
    refused(
        github(),
        "logout.endpoint",
        logout("end-session", "returnTo", false),
    );
    refused(
        entra(),
        "logout.endpoint",
        logout("token", "returnTo", false),
    );
    refused(
        entra(),
        "logout.return-parameter",
        logout("end-session", "client_id", false),
    );
    refused(
        entra(),
        "logout.return-parameter",
        logout("end-session", "id_token_hint", false),
    );
    refused(
        github(),
        "logout.hint",
        logout("end-session", "returnTo", true),
    );
}

#[test]
fn the_canonical_form_does_not_depend_on_order() {
    let mut other = github();
    other.endpoints.reverse();
    assert_eq!(
        check(github()).unwrap().canonical(),
        check(other).unwrap().canonical()
    );
    let mut different = github();
    different.subject.at = vec![text("/login")];
    assert_ne!(
        check(github()).unwrap().canonical(),
        check(different).unwrap().canonical()
    );
}

#[test]
fn the_words_say_what_matters() {
    let words = check(entra()).unwrap().explain().join("\n");
    for part in [
        "{tid}",
        "none of 9188040d",
        "subject from id-token at /tid, /oid",
        "never verified",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    let words = check(github()).unwrap().explain().join("\n");
    assert!(words.contains("reaches https://api.github.com"), "{words}");
    assert!(
        words.contains("e-mail from emails at /*/email, verified where /*/verified says so"),
        "{words}"
    );
}

#[test]
fn only_the_host_writes_these() {
    let description = check(github()).unwrap();
    for name in [
        "state",
        "SCOPE",
        "client_id",
        "Resource",
        "code_challenge_x",
        "request_uri",
    ] {
        assert!(description.is_host_written(name), "{name}");
    }
    for name in ["prompt", "login_hint", "access_type", "allow_signup"] {
        assert!(!description.is_host_written(name), "{name}");
    }
}

proptest! {
    /// Whatever a component says, what passes keeps the rules that other modules rely on.
    #[test]
    fn what_passes_is_sound(url in "https?://[a-z.@:#?/]{1,16}", name in "[a-zA-Z_-]{0,12}",
        pointer in "[/*a~]{0,8}", source in "(id-token|user|emails|token|x)", separator in ".{0,3}") {
        let mut raw = github();
        raw.endpoints[2].url = url;
        raw.client.id_parameter = name;
        raw.subject = Subject { source, at: vec![pointer] };
        raw.scopes[0].separator = separator;
        if let Ok(description) = check(raw) {
            prop_assert!(description.endpoints.values().all(|endpoint| endpoint.url.scheme() == "https"
                && endpoint.url.fragment().is_none() && endpoint.url.username().is_empty()));
            prop_assert!(!names::is_protocol(&description.client.id_parameter));
            prop_assert!(matches!(&description.subject.source, Source::Endpoint(name)
                if description.role_of(name) == Some(Role::Userinfo)));
            prop_assert!(!description.subject.at[0].has_star());
        }
    }
}
