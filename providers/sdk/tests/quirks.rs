//! What odd providers need, each as short a provider as its author would write.

use celadon_provider::harness::check;
use celadon_provider::{
    ClientAuthentication, Description, Endpoint, Evidence, Failure, FailureKind, Grant, Http,
    Identity, Kind, Lifetime, Manifest, Method, NoOptions, OptionError, OptionSpec, Provider,
    Relaxation, Renewal, Request, Role, Secret, Setup, Stop, Token, Tokens, Value, json,
};
use serde::Deserialize;

fn replay<P: Provider>(fixture: &Value) {
    if let Err(mismatch) = check::<P>(&fixture.to_string()) {
        panic!("{mismatch}");
    }
}

fn bearer(endpoint: &str) -> Value {
    json!({"endpoint": endpoint, "credential": {"bearer": "access_token"}})
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    server: Option<String>,
}

/// The README's provider: plain OAuth 2.0, two userinfo endpoints, a rule of its own.
struct Example;

impl Provider for Example {
    type Options = Options;
    const MANIFEST: Manifest = Manifest::new("example", "1", "").options(&[OptionSpec::optional(
        "server",
        Kind::String,
        "address of a server of your own",
    )]);

    fn describe(setup: &Setup<Options>) -> Result<Description, Vec<OptionError>> {
        let server = setup.options.server.as_deref();
        let web = server.unwrap_or("https://example.com");
        if !web.starts_with("https://") {
            return Err(vec![OptionError::new("server", "must begin with https://")]);
        }
        Ok(Description::oauth2(web)
            .authorization(format!("{web}/authorize"))
            .token(format!("{web}/token"))
            .userinfo("user", format!("{web}/api/user"))
            .userinfo("emails", format!("{web}/api/user/emails"))
            .subject("user", &["/id"])
            .email("emails", "/*/email", Some("/*/verified"))
            .renewal(Renewal::None))
    }

    fn identify(_: &Setup<Options>, _: &Evidence, http: &mut Http) -> Result<Identity, Stop> {
        let [user, emails] = http.send_all([Request::to("user"), Request::to("emails")])?;
        let (user, emails) = (user.ok()?, emails.ok()?);
        if user.text("/state") == Some("blocked") {
            return Err(Failure::access_denied("the account is blocked").into());
        }
        let primary = emails.body.as_array().and_then(|list| {
            list.iter()
                .position(|email| email.get("primary") == Some(&true.into()))
        });
        let identity = Identity::new()
            .username(user.text("/login"))
            .name(user.text("/name"));
        Ok(match primary {
            Some(index) => identity.email("emails", &format!("/{index}/email")),
            None => identity,
        })
    }
}

#[test]
fn two_endpoints_at_once_and_a_rule_of_its_own() {
    let call = |user: Value, expect: Value| {
        json!({"calls": [{
            "call": "identify",
            "exchanges": [
                {"request": bearer("user"), "answer": {"body": user}},
                {"request": bearer("emails"), "answer": {"body": [
                    {"email": "a@a.a", "verified": true},
                    {"email": "b@b.b", "verified": true, "primary": true},
                ]}},
            ],
            "expect": expect,
        }]})
    };
    let email = json!({"source": "emails", "at": "/1/email"});
    replay::<Example>(&call(
        json!({"id": 7, "login": "ada"}),
        json!({"username": "ada", "name": null, "email": email}),
    ));
    replay::<Example>(&call(
        json!({"id": 7, "state": "blocked"}),
        json!({"failure": {"kind": "access-denied"}}),
    ));
}

#[test]
fn an_error_with_status_200_is_an_error() {
    replay::<Example>(&json!({"calls": [{
        "call": "obtain", "grant": "code",
        "exchanges": [{
            "request": {"endpoint": "token", "credential": "client", "form": {"code": {"secret": "code"}}},
            "answer": {"body": {"error": "bad_verification_code"}},
        }],
        "expect": {"failure": {"kind": "invalid-grant", "code": "bad_verification_code"}},
    }]}));
}

/// Slack v2: tokens further in, two scope parameters, commas, `ok: false`.
struct Chat;

impl Provider for Chat {
    type Options = NoOptions;
    const MANIFEST: Manifest = Manifest::new("chat", "1", "");

    fn describe(_: &Setup<NoOptions>) -> Result<Description, Vec<OptionError>> {
        Ok(Description::oauth2("https://chat.example")
            .authorization("https://chat.example/oauth/v2/authorize")
            .token("https://chat.example/api/oauth.v2.access")
            .scopes(&[("user_scope", ",", "user:"), ("scope", ",", "")])
            .reveal("/team/id")
            .reveal("/authed_user/id")
            .subject("token-response", &["/team/id", "/authed_user/id"]))
    }

    fn obtain(_: &Setup<NoOptions>, _: &Grant, http: &mut Http) -> Result<Tokens, Stop> {
        let request = Request::as_client("token").field("code", Secret::CODE);
        let answer = http.send(request)?.ok()?;
        let tokens = Tokens::of(Token::read(&answer, "/authed_user")?);
        Ok(match answer.secret("/access_token") {
            Some(_) => tokens.and("bot", Token::read(&answer, "")?),
            None => tokens,
        })
    }

    fn identify(_: &Setup<NoOptions>, e: &Evidence, _: &mut Http) -> Result<Identity, Stop> {
        let team = e.token.pointer("/team/id").cloned();
        Ok(Identity::new().attribute("team", team.unwrap_or_default()))
    }
}

#[test]
fn tokens_further_in_and_revealed_ids() {
    let request =
        json!({"endpoint": "token", "credential": "client", "form": {"code": {"secret": "code"}}});
    let user = json!({"id": "U1", "access_token": "xoxp", "scope": "a,b", "token_type": "user"});
    let body = json!({
        "ok": true, "access_token": "xoxb", "token_type": "bot", "team": {"id": "T1"},
        "authed_user": user,
    });
    replay::<Chat>(&json!({"calls": [
        {
            "call": "obtain", "grant": "code",
            "exchanges": [{"request": request, "answer": {"body": body}}],
            "expect": {"tokens": [
                {"name": "", "access": "secret:0/authed_user/access_token", "scopes": ["a", "b"]},
                {"name": "bot", "access": "secret:0/access_token", "token_type": "bot"},
            ]},
        },
        {
            "call": "obtain", "grant": "code",
            "exchanges": [{"request": request, "answer": {"body": {"ok": false, "error": "invalid_code"}}}],
            "expect": {"failure": {"kind": "invalid-grant", "code": "invalid_code"}},
        },
        {
            "call": "identify",
            "evidence": {"token": {"team": {"id": "T1"}}},
            "expect": {"attributes": {"team": "T1"}},
        },
    ]}));
}

/// Facebook: two steps, tokens by GET, proofs, and the access token renewed with itself.
struct Faces;

impl Provider for Faces {
    type Options = NoOptions;
    const MANIFEST: Manifest = Manifest::new("faces", "1", "");

    fn describe(_: &Setup<NoOptions>) -> Result<Description, Vec<OptionError>> {
        let graph = "https://graph.faces.example/v1";
        let token = format!("{graph}/oauth/access_token");
        let longer = format!("{token}?grant_type=fb_exchange_token");
        Ok(Description::oauth2("https://faces.example")
            .authorization("https://faces.example/v1/dialog/oauth")
            .endpoint(Endpoint::new("token", Role::Token, token).method(Method::Get))
            .endpoint(Endpoint::new("longer", Role::Token, longer).method(Method::Get))
            .endpoint(
                Endpoint::new(
                    "me",
                    Role::Userinfo,
                    format!("{graph}/me?fields=id,name,email"),
                )
                .proof("appsecret_proof"),
            )
            .authentication(&[ClientAuthentication::Post])
            .relax(Relaxation::SecretsInQuery)
            .subject("me", &["/id"])
            .email("me", "/email", Some("/email"))
            .renewal(Renewal::AccessToken))
    }

    fn obtain(_: &Setup<NoOptions>, grant: &Grant, http: &mut Http) -> Result<Tokens, Stop> {
        let short = match grant {
            Grant::Code(_) => {
                let request = Request::as_client("token").query("code", Secret::CODE);
                let answer = http.send(request)?.ok()?;
                answer
                    .secret("/access_token")
                    .ok_or_else(|| Failure::invalid_response("no token"))?
            }
            Grant::Refresh(_) => Secret::ACCESS_TOKEN,
            _ => return Err(Failure::new(FailureKind::Unsupported, "codes only").into()),
        };
        let request = Request::as_client("longer").query("fb_exchange_token", short);
        let answer = http.send(request)?.ok()?;
        let days_60 = Lifetime::Seconds(60 * 86_400);
        Ok(Tokens::of(Token::read(&answer, "")?.lifetime(days_60)))
    }

    fn identify(_: &Setup<NoOptions>, _: &Evidence, http: &mut Http) -> Result<Identity, Stop> {
        let me = http.send(Request::to("me"))?.ok()?;
        Ok(Identity::new().name(me.text("/name")).email("me", "/email"))
    }
}

#[test]
fn two_steps_by_get_and_renewal_by_the_token_itself() {
    let step = |endpoint: &str, field: &str, secret: &str| {
        json!({
            "request": {"endpoint": endpoint, "credential": "client", "query": {field: {"secret": secret}}},
            "answer": {"body": {"access_token": "t"}},
        })
    };
    replay::<Faces>(&json!({"calls": [
        {
            "call": "obtain", "grant": "code",
            "exchanges": [
                step("token", "code", "code"),
                step("longer", "fb_exchange_token", "secret:0/access_token"),
            ],
            "expect": {"tokens": [{"access": "secret:1/access_token", "lifetime": 5_184_000}]},
        },
        {
            "call": "obtain", "grant": "refresh",
            "exchanges": [step("longer", "fb_exchange_token", "access_token")],
            "expect": {"tokens": [{"access": "secret:0/access_token", "refresh": null}]},
        },
        {"call": "obtain", "grant": "device", "expect": {"failure": {"kind": "unsupported"}}},
    ]}));
}

/// Apple: a signed secret, a form post, a callback parameter to keep.
struct Fruit;

impl Provider for Fruit {
    type Options = NoOptions;
    const MANIFEST: Manifest = Manifest::new("fruit", "1", "");

    fn describe(_: &Setup<NoOptions>) -> Result<Description, Vec<OptionError>> {
        Ok(Description::oidc("https://fruit.example")
            .signed_secret("TEAM", "https://fruit.example", 300)
            .form_post()
            .callback_keep("user")
            .relax(Relaxation::NoNonce)
            .email("id-token", "/email", Some("/email_verified")))
    }

    fn identify(_: &Setup<NoOptions>, e: &Evidence, _: &mut Http) -> Result<Identity, Stop> {
        let user: Value = e
            .callback("user")
            .and_then(|u| u.parse().ok())
            .unwrap_or_default();
        let name = user.pointer("/name/firstName").and_then(Value::as_str);
        Ok(Identity::new().name(name).email("id-token", "/email"))
    }
}

#[test]
fn a_name_from_the_callback_and_a_signed_secret() {
    replay::<Fruit>(&json!({"calls": [
        {"call": "describe", "expect": {
            "client": {"authentication": ["signed-secret"],
                "signed_secret": {"issuer": "TEAM", "audience": "https://fruit.example", "lifetime": 300}},
            "callback": {"mode": "form-post", "keep": ["user"]},
            "relax": ["no-nonce"],
        }},
        {"call": "identify",
            "evidence": {"id_token": {"sub": "1"}, "callback": {"user": "{\"name\":{\"firstName\":\"Ada\"}}"}},
            "expect": {"name": "Ada"}},
        {"call": "identify",
            "evidence": {"id_token": {"sub": "1"}, "callback": {"user": "{"}},
            "expect": {"name": null}},
    ]}));
}
