//! What a component may ask for, and what the host makes of it: the table of the contract, row by
//! row, and every way around it that we know.

mod signed;

use super::*;
use crate::plugin::bindings::{Body, Credential, Field, Request, Value};
use crate::plugin::description::{Endpoint, Method, Placement, Renewal, Role};
use crate::plugin::references::{Hiding, Vault};
use data_encoding::BASE64;
use serde_json::json;
use std::collections::BTreeMap;

const CODE: &str = "SplxlOBeZQQYbYS6WxSbIA";
const ACCESS: &str = "2YotnFZFEjr1zCsicMWpAA";
const REFRESH: &str = "tGzv3JOkF0XG5Qx2TlKWIA";

fn endpoint(role: Role, method: Method) -> Endpoint {
    Endpoint {
        role,
        method,
        url: Url::parse("https://op.example/path").expect("a URL"),
        headers: BTreeMap::new(),
        body: None,
        bearer: Placement::Header,
        proof: None,
    }
}

fn token() -> Endpoint {
    endpoint(Role::Token, Method::Post)
}

fn vault() -> Vault {
    let mut vault = Vault::new(
        [
            ("code", CODE),
            ("access_token", ACCESS),
            ("access_token:bot", "bot-token-value"),
        ],
        ["the-client-secret"],
    );
    vault.admit(
        json!({"token": "a-token-of-step-one"}),
        Hiding::DenyAll,
        &[],
    );
    vault
}

struct Case {
    purpose: Purpose,
    client: ClientCredentials,
    renewal: Renewal,
    secrets_in_query: bool,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            purpose: Purpose::Code {
                redirect_uri: "https://celadon.example/callback/op".to_owned(),
                code_verifier: Some(Zeroizing::new("the-verifier".to_owned())),
            },
            client: ClientCredentials::Basic(Zeroizing::new("p:w&d=é".to_owned())),
            renewal: Renewal::SingleUse,
            secrets_in_query: false,
        }
    }
}

impl Case {
    fn prepare(
        &self,
        endpoint: &Endpoint,
        request: &Request,
    ) -> Result<Option<Prepared>, RequestError> {
        let rules = Rules {
            purpose: &self.purpose,
            client: &self.client,
            client_id: "client id",
            id_parameter: "client_id",
            secret_parameter: "client_secret",
            scope_parameters: &["scope".to_owned(), "resource".to_owned()],
            renewal: self.renewal,
            secrets_in_query: self.secrets_in_query,
        };
        prepare(request, endpoint, &vault(), &rules)
    }

    fn error(&self, endpoint: &Endpoint, request: &Request) -> RequestError {
        match self.prepare(endpoint, request) {
            Err(error) => error,
            Ok(_) => panic!("it must be refused"),
        }
    }

    fn sent(&self, endpoint: &Endpoint, request: &Request) -> Prepared {
        self.prepare(endpoint, request)
            .expect("allowed")
            .expect("sent")
    }
}

fn text(name: &str, value: &str) -> Field {
    Field {
        name: name.to_owned(),
        value: Value::Text(value.to_owned()),
    }
}

fn secret(name: &str, value: &str) -> Field {
    Field {
        name: name.to_owned(),
        value: Value::Secret(value.to_owned()),
    }
}

fn request(fields: Vec<Field>, credential: Credential) -> Request {
    Request {
        endpoint: "token".to_owned(),
        query: Vec::new(),
        body: Body::Form(fields),
        credential,
    }
}

fn bearer(name: &str) -> Request {
    Request {
        endpoint: "userinfo".to_owned(),
        query: Vec::new(),
        body: Body::None,
        credential: Credential::Bearer(name.to_owned()),
    }
}

fn form(prepared: &Prepared) -> BTreeMap<String, String> {
    let body = prepared.body.as_ref().expect("a body");
    url::form_urlencoded::parse(body).into_owned().collect()
}

fn authorization(prepared: &Prepared) -> &str {
    prepared.headers[header::AUTHORIZATION]
        .to_str()
        .expect("text")
}

#[test]
fn a_code_goes_out_with_what_only_the_host_knows() {
    let request = request(
        vec![secret("code", "code"), text("extra", "x y")],
        Credential::Client,
    );
    let sent = Case::default().sent(&token(), &request);
    let form = form(&sent);
    assert_eq!(form["code"], CODE);
    assert_eq!(form["grant_type"], "authorization_code");
    assert_eq!(form["redirect_uri"], "https://celadon.example/callback/op");
    assert_eq!(form["code_verifier"], "the-verifier");
    assert_eq!(form["extra"], "x y");
    assert!(!form.contains_key("client_secret") && !form.contains_key("client_id"));
    // RFC 6749 section 2.3.1: both are form-encoded before they are joined.
    let expected = BASE64.encode(b"client+id:p%3Aw%26d%3D%C3%A9");
    assert_eq!(authorization(&sent), format!("Basic {expected}"));
    assert_eq!(sent.carries, ["code"]);
}

#[test]
fn a_request_without_the_code_carries_no_verifier() {
    let request = request(
        vec![secret("assertion", "secret:0/token")],
        Credential::Client,
    );
    let form = form(&Case::default().sent(&token(), &request));
    assert_eq!(form["assertion"], "a-token-of-step-one");
    assert!(!form.contains_key("code_verifier") && !form.contains_key("redirect_uri"));
}

#[test]
fn other_ways_to_authenticate_say_who_asks_in_the_body() {
    let post = Case {
        client: ClientCredentials::Post(Zeroizing::new("s3cret".to_owned())),
        ..Case::default()
    };
    let asked = request(vec![secret("code", "code")], Credential::Client);
    let sent = form(&post.sent(&token(), &asked));
    assert_eq!(
        (sent["client_id"].as_str(), sent["client_secret"].as_str()),
        ("client id", "s3cret")
    );
    let public = Case {
        client: ClientCredentials::None,
        ..Case::default()
    };
    let sent = form(&public.sent(&token(), &asked));
    assert_eq!(sent["client_id"], "client id");
    assert!(!sent.contains_key("client_secret"));
}

#[test]
fn each_credential_has_its_places() {
    use Role::{Resource, Revocation, Token, Userinfo};
    let names = ["code", "access_token", "access_token:bot", "secret:0/token"];
    let fields = [
        ("code", Token),
        ("access_token", Revocation),
        ("secret:0/token", Token),
    ];
    let bearers = [
        ("access_token", Userinfo),
        ("access_token", Resource),
        ("access_token", Revocation),
        ("access_token:bot", Resource),
        ("secret:0/token", Token),
    ];
    for role in [Token, Revocation, Userinfo, Resource] {
        for name in names {
            let endpoint = endpoint(role, Method::Post);
            if role != Userinfo {
                let asked = request(vec![secret("field", name)], Credential::None);
                let allowed = Case::default().prepare(&endpoint, &asked).is_ok();
                assert_eq!(
                    allowed,
                    fields.contains(&(name, role)),
                    "field {name} to {role:?}"
                );
            }
            let allowed = Case::default().prepare(&endpoint, &bearer(name)).is_ok();
            assert_eq!(
                allowed,
                bearers.contains(&(name, role)),
                "bearer {name} to {role:?}"
            );
        }
    }
}

#[test]
fn an_access_token_renews_only_where_it_is_described() {
    let asked = request(
        vec![secret("fb_exchange_token", "access_token")],
        Credential::Client,
    );
    assert_eq!(
        Case::default().error(&token(), &asked),
        RequestError::Misplaced
    );
    let renewing = Case {
        renewal: Renewal::AccessToken,
        purpose: Purpose::Refresh,
        ..Case::default()
    };
    assert_eq!(
        form(&renewing.sent(&token(), &asked))["fb_exchange_token"],
        ACCESS
    );
}

#[test]
fn what_only_the_host_writes_is_refused_in_any_case() {
    for name in [
        "grant_type",
        "GRANT_TYPE",
        "Redirect_Uri",
        "code_verifier",
        "client_id",
        "Client_Secret",
        "client_assertion",
        "client_assertion_type",
        "request",
        "request_uri",
        "scope",
        "Resource",
        "state",
        "nonce",
        "response_type",
    ] {
        let forbidden = RequestError::Field(Forbidden::HostWritten);
        let in_body = request(
            vec![secret("code", "code"), text(name, "x")],
            Credential::Client,
        );
        assert_eq!(
            Case::default().error(&token(), &in_body),
            forbidden,
            "{name}"
        );
        let mut in_query = request(vec![secret("code", "code")], Credential::Client);
        in_query.query.push(text(name, "x"));
        assert_eq!(
            Case::default().error(&token(), &in_query),
            forbidden,
            "{name}"
        );
    }
}

#[test]
fn a_name_stands_once() {
    let twice = request(vec![text("a", "1"), text("A", "2")], Credential::None);
    assert_eq!(
        Case::default().error(&token(), &twice),
        RequestError::Field(Forbidden::Twice)
    );
    let codes = request(
        vec![secret("a", "code"), secret("b", "code")],
        Credential::Client,
    );
    assert_eq!(
        Case::default().error(&token(), &codes),
        RequestError::CodeTwice
    );
}

#[test]
fn the_query_of_the_endpoint_stands() {
    let mut fixed = token();
    fixed.url = Url::parse("https://op.example/path?grant_type=fb&tenant=a").expect("a URL");
    let mut same = request(vec![secret("code", "code")], Credential::Client);
    same.query.push(text("tenant", "a"));
    let sent = Case::default().sent(&fixed, &same);
    assert_eq!(sent.url.query(), Some("grant_type=fb&tenant=a"));
    assert!(!form(&sent).contains_key("grant_type"));
    same.query[0] = text("tenant", "b");
    assert_eq!(
        Case::default().error(&fixed, &same),
        RequestError::Field(Forbidden::Contradicts)
    );
}

#[test]
fn userinfo_takes_the_token_and_nothing_else() {
    let userinfo = endpoint(Role::Userinfo, Method::Get);
    let sent = Case::default().sent(&userinfo, &bearer("access_token"));
    assert_eq!(authorization(&sent), format!("Bearer {ACCESS}"));
    assert!(sent.body.is_none() && sent.url.query().is_none());
    let mut with_query = bearer("access_token");
    with_query.query.push(text("id", "someone-else"));
    let mut with_body = bearer("access_token");
    with_body.body = Body::Form(vec![text("id", "someone-else")]);
    for asked in [with_query, with_body] {
        assert_eq!(
            Case::default().error(&userinfo, &asked),
            RequestError::UserinfoTakesNothing
        );
    }
}

#[test]
fn the_hosts_endpoints_are_the_hosts() {
    for role in [
        Role::Authorization,
        Role::PushedAuthorization,
        Role::DeviceAuthorization,
        Role::Introspection,
        Role::EndSession,
    ] {
        let asked = request(Vec::new(), Credential::None);
        assert_eq!(
            Case::default().error(&endpoint(role, Method::Post), &asked),
            RequestError::HostOnly
        );
    }
}

#[test]
fn secrets_stay_out_of_queries_unless_granted() {
    let by_get = endpoint(Role::Token, Method::Get);
    let mut asked = request(Vec::new(), Credential::Client);
    asked.body = Body::None;
    asked.query.push(secret("code", "code"));
    assert_eq!(
        Case::default().error(&by_get, &asked),
        RequestError::NotGranted
    );
    let granted = Case {
        secrets_in_query: true,
        ..Case::default()
    };
    let sent = granted.sent(&by_get, &asked);
    assert!(sent.url.query().is_some_and(|query| query.contains(CODE)));
    let mut placed = endpoint(Role::Resource, Method::Get);
    placed.bearer = Placement::Query("access_token".to_owned());
    assert_eq!(
        Case::default().error(&placed, &bearer("access_token")),
        RequestError::NotGranted
    );
}

#[test]
fn text_that_looks_like_a_name_stays_text() {
    let asked = request(
        vec![secret("code", "code"), text("note", "secret:0/token")],
        Credential::Client,
    );
    assert_eq!(
        form(&Case::default().sent(&token(), &asked))["note"],
        "secret:0/token"
    );
}

#[test]
fn a_missing_credential_is_answered_and_an_unknown_one_refused() {
    let asked = request(
        vec![secret("refresh_token", "refresh_token")],
        Credential::Client,
    );
    assert!(
        Case::default()
            .prepare(&token(), &asked)
            .expect("allowed")
            .is_none()
    );
    for name in [
        "secret:1/token",
        "secret:0/other",
        "id_token",
        "client_secret",
        "code_verifier",
        REFRESH,
    ] {
        let asked = request(vec![secret("field", name)], Credential::Client);
        assert_eq!(
            Case::default().error(&token(), &asked),
            RequestError::UnknownCredential,
            "{name}"
        );
    }
}

#[test]
fn documents_are_for_resources_and_carry_nothing_of_ours() {
    let document = Body::Document("{\"query\":\"{ me }\"}".to_owned());
    let mut asked = bearer("access_token");
    asked.body = document;
    let resource = endpoint(Role::Resource, Method::Post);
    let sent = Case::default().sent(&resource, &asked);
    assert_eq!(
        sent.body.as_ref().map(|body| body.as_slice()),
        Some(&b"{\"query\":\"{ me }\"}"[..])
    );
    let mut to_token = asked.clone();
    to_token.credential = Credential::Client;
    assert_eq!(
        Case::default().error(&token(), &to_token),
        RequestError::Body
    );
    let get = endpoint(Role::Resource, Method::Get);
    assert_eq!(Case::default().error(&get, &asked), RequestError::Body);
}

#[test]
fn a_proof_is_the_hmac_of_the_token_under_the_secret() {
    let mut proven = endpoint(Role::Resource, Method::Get);
    proven.proof = Some("appsecret_proof".to_owned());
    let case = Case {
        client: ClientCredentials::Post(Zeroizing::new("app-secret".to_owned())),
        ..Case::default()
    };
    let sent = case.sent(&proven, &bearer("access_token"));
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"app-secret");
    let proof = HEXLOWER.encode(hmac::sign(&key, ACCESS.as_bytes()).as_ref());
    assert_eq!(
        sent.url.query(),
        Some(format!("appsecret_proof={proof}").as_str())
    );
    let public = Case {
        client: ClientCredentials::None,
        ..Case::default()
    };
    assert_eq!(
        public.error(&proven, &bearer("access_token")),
        RequestError::NoClientSecret
    );
    let mut forged = bearer("access_token");
    forged.query.push(text("AppSecret_Proof", "00"));
    assert_eq!(
        case.error(&proven, &forged),
        RequestError::Field(Forbidden::HostWritten)
    );
}

#[test]
fn fields_cannot_break_out_of_their_encoding() {
    let asked = request(
        vec![
            secret("code", "code"),
            text("a", "1&grant_type=password\r\nX: y"),
            text("b=c&d", "e"),
        ],
        Credential::Client,
    );
    let form = form(&Case::default().sent(&token(), &asked));
    assert_eq!(form["grant_type"], "authorization_code");
    assert_eq!(form["a"], "1&grant_type=password\r\nX: y");
    assert_eq!(form["b=c&d"], "e");
}
