//! Any OpenID Connect provider, by its issuer.
//!
//! Endpoints and keys come from the issuer's metadata; the subject is the ID token's `sub`. Providers
//! with quirks have components of their own.

use celadon_provider::{
    AuthorizationRequest, Description, Evidence, Failure, Http, Identity, Kind, Manifest,
    OptionError, OptionSpec, Parameter, Provider, Renewal, Setup, Stop, oidc,
};
use serde::Deserialize;

/// What the operator says of the provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// `issuer` of the metadata and `iss` of its ID tokens, byte for byte.
    pub issuer: String,
    /// Whether to ask userinfo for what the ID token lacks.
    #[serde(default = "yes")]
    pub userinfo: bool,
    /// The claim with the user's groups: its name, or an RFC 6901 pointer.
    #[serde(default = "groups")]
    pub groups_claim: String,
    /// What sending a refresh token does to it.
    #[serde(default)]
    pub renewal: RenewalOption,
}

/// The kinds of renewal that OpenID Connect providers have.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RenewalOption {
    /// It is spent: the safe guess.
    #[default]
    SingleUse,
    /// It may be sent again.
    Reusable,
    /// There is none.
    None,
}

fn yes() -> bool {
    true
}

fn groups() -> String {
    String::from("groups")
}

/// The component.
#[derive(Debug)]
pub struct Oidc;

impl Provider for Oidc {
    type Options = Options;

    const MANIFEST: Manifest = Manifest::new(
        "oidc",
        env!("CARGO_PKG_VERSION"),
        "Any OpenID Connect provider, by its issuer.",
    )
    .options(&[
        OptionSpec::required(
            "issuer",
            Kind::String,
            "the issuer, byte for byte as in its metadata: https://accounts.example.com",
        ),
        OptionSpec::optional(
            "userinfo",
            Kind::Boolean,
            "ask userinfo for what the ID token lacks; default true",
        ),
        OptionSpec::optional(
            "groups_claim",
            Kind::String,
            "claim with the groups, or a JSON pointer such as /realm_access/roles; default groups",
        ),
        OptionSpec::optional(
            "renewal",
            Kind::String,
            "single-use (default), reusable or none: what sending a refresh token does to it",
        ),
    ]);

    fn describe(setup: &Setup<Options>) -> Result<Description, Vec<OptionError>> {
        let options = &setup.options;
        check_issuer(&options.issuer)
            .map_err(|message| vec![OptionError::new("issuer", message)])?;
        let renewal = match options.renewal {
            RenewalOption::SingleUse => Renewal::SingleUse,
            RenewalOption::Reusable => Renewal::Reusable,
            RenewalOption::None => Renewal::None,
        };
        let description = Description::oidc(&options.issuer).renewal(renewal).logout(
            "end-session",
            "post_logout_redirect_uri",
            true,
        );
        Ok(oidc::email(description, options.userinfo))
    }

    fn authorize(
        _: &Setup<Options>,
        request: &AuthorizationRequest,
    ) -> Result<Vec<Parameter>, Failure> {
        Ok(oidc::hints(request))
    }

    fn identify(
        setup: &Setup<Options>,
        evidence: &Evidence,
        http: &mut Http,
    ) -> Result<Identity, Stop> {
        let reading = oidc::Reading {
            userinfo: setup.options.userinfo,
            groups_claim: &setup.options.groups_claim,
        };
        oidc::identify(reading, evidence, http)
    }
}

/// The shape of an issuer ([OpenID Connect Discovery, section 4.1](https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationRequest)).
/// Whether http is allowed is the host's to say.
fn check_issuer(issuer: &str) -> Result<(), &'static str> {
    let rest = issuer
        .strip_prefix("https://")
        .or_else(|| issuer.strip_prefix("http://"))
        .ok_or("must begin with https://")?;
    let host = rest.split('/').next().unwrap_or_default();
    if host.is_empty() || host.contains('@') {
        return Err("must have a host, and no user");
    }
    if rest.contains(['?', '#', '{', '}', '\\']) {
        return Err("must have no query, no fragment and no template");
    }
    if !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("must be printable ASCII without spaces");
    }
    if rest.ends_with("/.well-known/openid-configuration") {
        return Err("is the metadata's address: leave out /.well-known/openid-configuration");
    }
    Ok(())
}

celadon_provider::export!(Oidc);
