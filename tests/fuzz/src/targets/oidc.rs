//! What a provider sends that claims to be OpenID Connect.

use celadon::config::{Grant, Limits};
use celadon::egress::Policy;
use celadon::oidc::algorithm::Algorithm;
use celadon::oidc::id_token::{Expectations, TokenHeader, verify};
use celadon::oidc::issuer::IssuerRules;
use celadon::oidc::jwk::Jwks;
use celadon::oidc::metadata::{ProviderMetadata, is_under};
use celadon_workflows::types::ProviderName;
use std::sync::LazyLock;
use url::Url;

const ISSUER: &str = "https://op.example.com";

/// A key set of which nobody has the private half: RFC 7515 appendix A.3 and RFC 8037 appendix A.2.
static KEYS: LazyLock<Jwks> = LazyLock::new(|| {
    let set = br#"{"keys":[
        {"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
         "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
        {"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    Jwks::parse(set).expect("a key set")
});

/// Nothing that is not signed is believed.
pub fn id_token(input: &[u8]) {
    let Ok(token) = std::str::from_utf8(input) else {
        return;
    };
    let algorithms = Algorithm::allowed(None, true);
    // It may read well or not; either is fine.
    let _ = TokenHeader::read(token, &algorithms);
    let issuer = IssuerRules {
        identifier: ISSUER.to_owned(),
        ..IssuerRules::default()
    };
    let expectations = Expectations {
        issuer: &issuer,
        client_id: "celadon",
        nonce: None,
        nonce_optional: true,
        access_token: Some("an-access-token"),
        code: None,
        max_age: None,
        now: 1_800_000_000,
        algorithms: &algorithms,
        client_secret: Some(b"a-secret-of-more-than-thirty-two-bytes"),
    };
    assert!(verify(token, &expectations, &KEYS).is_err(), "believed");
}

/// A key set gives keys that hold, or none; whatever they are, they verify no random signature.
pub fn jwks(input: &[u8]) {
    let Ok(keys) = Jwks::parse(input) else {
        return;
    };
    for algorithm in Algorithm::allowed(None, false) {
        for key in keys.candidates(algorithm, None) {
            assert!(!key.verifies(algorithm, b"message", &[7; 64]), "verified");
        }
    }
}

/// Metadata that is accepted names endpoints that may be asked.
pub fn metadata(input: &[u8]) {
    let provider = ProviderName::new("op");
    let policy = Policy::of(&provider, &Grant::default(), &Limits::default());
    let url = Url::parse("https://op.example.com/.well-known/openid-configuration");
    let url = url.expect("a URL");
    let Ok(read) = ProviderMetadata::parse(input, &url, ISSUER, &policy) else {
        return;
    };
    let home = [Url::parse(ISSUER).expect("a URL")];
    for (name, endpoint) in read.endpoints() {
        let Some(endpoint) = endpoint else { continue };
        assert!(policy.check_url(endpoint).is_ok(), "{name}: {endpoint}");
        let fine = is_under(endpoint, &home) || endpoint.scheme() == "https";
        assert!(fine, "{name}: {endpoint}");
    }
}
