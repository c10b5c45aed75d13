//! Documents that must not be believed.

use super::*;
use crate::oidc::metadata::MetadataError;

const ISSUER: &str = "https://issuer.example/tenant";

fn parse_under(policy: &Policy, document: &[u8]) -> Result<ProviderMetadata, MetadataError> {
    let url = Url::parse("https://issuer.example/tenant/.well-known/openid-configuration");
    ProviderMetadata::parse(document, &url.expect("a URL"), ISSUER, policy)
}

fn strict() -> Policy {
    Policy {
        insecure_http: false,
        private_addresses: Vec::new(),
        ..loopback_policy("acme")
    }
}

fn parse(changes: Value) -> Result<ProviderMetadata, MetadataError> {
    let mut document = json!({"issuer": ISSUER});
    let members = document.as_object_mut().expect("an object");
    members.extend(changes.as_object().expect("an object").clone());
    parse_under(&strict(), document.to_string().as_bytes())
}

#[test]
fn true_documents_are_read() {
    let metadata = parse(json!({
        "token_endpoint": "https://issuer.example/token",
        "userinfo_endpoint": "https://elsewhere.example/userinfo",
        "revocation_endpoint": null,
        "code_challenge_methods_supported": ["S256", "plain"],
        "authorization_response_iss_parameter_supported": true,
        "mtls_endpoint_aliases": {"token_endpoint": 7},
    }))
    .expect("metadata");
    assert_eq!(
        metadata
            .endpoints()
            .iter()
            .filter(|(_, url)| url.is_some())
            .count(),
        2
    );
    assert!(metadata.revocation_endpoint.is_none());
    assert!(metadata.authorization_response_iss_parameter_supported);
    let methods = metadata.code_challenge_methods_supported.expect("a list");
    assert!(methods.contains("S256"));
}

#[test]
fn another_issuer_is_refused() {
    for issuer in [
        json!("https://issuer.example/tenant/"),
        json!("https://issuer.example/Tenant"),
        json!("https://issuer.example"),
        json!("http://issuer.example/tenant"),
        json!("https://evil.example/tenant"),
        json!(""),
        json!(null),
        json!([ISSUER]),
        json!(1),
    ] {
        let outcome = parse(json!({ "issuer": issuer }));
        assert!(matches!(outcome, Err(MetadataError::Issuer)), "{issuer}");
    }
    assert!(matches!(
        parse_under(&strict(), b"{}"),
        Err(MetadataError::Issuer)
    ));
}

#[test]
fn a_template_is_compared_as_it_stands() {
    let template = "https://login.example/{tenantid}/v2.0";
    let url = Url::parse("https://login.example/common/metadata").expect("a URL");
    for (issuer, holds) in [(template, true), ("https://login.example/t-1/v2.0", false)] {
        let document = json!({"issuer": issuer, "jwks_uri": "https://login.example/keys"});
        let bytes = document.to_string().into_bytes();
        let outcome = ProviderMetadata::parse(&bytes, &url, template, &strict());
        assert_eq!(outcome.is_ok(), holds, "{issuer}");
    }
}

#[test]
fn endpoints_that_lead_astray_are_refused() {
    let names = [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "revocation_endpoint",
        "introspection_endpoint",
        "end_session_endpoint",
        "pushed_authorization_request_endpoint",
        "device_authorization_endpoint",
        "jwks_uri",
    ];
    for name in names {
        for value in [
            json!(1),
            json!(true),
            json!({}),
            json!(["https://issuer.example/token"]),
            json!(""),
            json!("/token"),
            json!("//issuer.example/token"),
            json!("token"),
            json!("http://issuer.example/token"),
            json!("http://elsewhere.example/token"),
            json!("https://user:word@issuer.example/token"),
            json!("https://issuer.example@evil.example/token"),
            json!("https://issuer.example/token#x"),
            json!("https://127.0.0.1/token"),
            json!("https://169.254.169.254/latest/meta-data"),
            json!("https://2130706433/token"),
            json!("https://0x7f.1/token"),
            json!("https://[::1]/token"),
            json!("https://[::ffff:10.0.0.1]/token"),
            json!("https://10.0.0.1/token"),
            json!("https://ISSUER.example/token"),
            json!("https://issuer.example/a/../token"),
            json!("https://issuer.example\\@evil.example/"),
            json!("javascript:alert(1)"),
            json!("file:///etc/passwd"),
            json!("ftp://issuer.example/token"),
            json!("data:application/json,{}"),
            json!("https://issuer.example/\u{202e}nekot"),
            json!("https://issuer.example/token\r\nx: y"),
        ] {
            let error = parse(json!({ name: value })).err();
            assert!(error.is_some(), "{name}: {value}");
            let text = error.map(|error| error.to_string()).unwrap_or_default();
            assert!(text.contains(name), "{text}");
        }
    }
}

#[test]
fn http_elsewhere_needs_an_origin_and_its_path() {
    let policy = |origins: &[&str]| Policy {
        origins: origins
            .iter()
            .map(|text| Url::parse(text).expect("a URL"))
            .collect(),
        ..loopback_policy("acme")
    };
    let document = json!({"issuer": ISSUER, "token_endpoint": "http://other.example:9000/a/token"});
    let document = document.to_string().into_bytes();
    for (origins, holds) in [
        (&[][..], false),
        (&["http://other.example:9000"], true),
        (&["http://other.example:9000/a"], true),
        (&["http://other.example:9000/a/"], true),
        (&["http://other.example:9000/b"], false),
        (&["http://other.example:9000/a/t"], false),
        (&["http://other.example"], false),
        (&["https://other.example:9000"], false),
        (&["http://example:9000"], false),
    ] {
        let outcome = parse_under(&policy(origins), &document);
        assert_eq!(outcome.is_ok(), holds, "{origins:?}: {outcome:?}");
    }
    let error = parse_under(&policy(&[]), &document)
        .expect_err("not granted")
        .to_string();
    assert!(
        error.contains("[providers.acme.grant] origins = [\"http://other.example:9000\"]"),
        "{error}"
    );
}

#[test]
fn odd_types_and_forms_are_refused() {
    for changes in [
        json!({"id_token_signing_alg_values_supported": "RS256"}),
        json!({"id_token_signing_alg_values_supported": ["RS256", 1]}),
        json!({"id_token_signing_alg_values_supported": vec!["RS256"; 101]}),
        json!({"token_endpoint_auth_methods_supported": {}}),
        json!({"code_challenge_methods_supported": true}),
        json!({"response_modes_supported": 1}),
        json!({"authorization_response_iss_parameter_supported": "true"}),
    ] {
        assert!(
            matches!(parse(changes.clone()), Err(MetadataError::Type(_))),
            "{changes}"
        );
    }
    let twice = format!(r#"{{"issuer":"{ISSUER}","issuer":"{ISSUER}"}}"#);
    let deep = format!(
        r#"{{"issuer":"{ISSUER}","x":{}{}}}"#,
        "[".repeat(40),
        "]".repeat(40)
    );
    for document in [
        twice.as_bytes(),
        deep.as_bytes(),
        b"",
        b"[]",
        b"<html>",
        b"\xff",
        b"{",
    ] {
        assert!(matches!(
            parse_under(&strict(), document),
            Err(MetadataError::Json(_))
        ));
    }
}

#[tokio::test]
async fn answers_that_are_no_document_are_refused() {
    let scene = Scene::new().await;
    for page in [
        Page::Answer(201, scene.document(json!({})).to_string().into_bytes()),
        Page::Answer(302, Vec::new()),
        Page::Answer(404, Vec::new()),
        Page::Answer(200, Vec::new()),
        Page::Answer(200, vec![b' '; DOCUMENT + 1]),
        Page::Answer(200, b"<html>".to_vec()),
    ] {
        scene.server.put(PATH, page);
        assert!(scene.read().await.is_err());
    }
    assert_eq!(
        scene
            .store
            .copies
            .lock()
            .expect("no test panicked here")
            .len(),
        0
    );
}
