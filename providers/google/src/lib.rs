//! Google: personal accounts and Google Workspace.
//!
//! What is special about it, next to any OpenID Connect provider:
//! - ID tokens of old name the issuer without its scheme.
//! - A Workspace's accounts have the claim `hd`. The parameter of that name only chooses which
//!   accounts are offered: anybody can take it out of the link, so the claim decides.
//! - A refresh token comes with `access_type=offline`, and after the first time only if the user
//!   agrees again (`prompt=consent`). It may be used again and again, and answers to it hold none.
//! - Scopes `email` and `profile` are granted under their long names.
//! - Revoking any token ends the whole grant, takes no client authentication and says
//!   `invalid_token` of what is revoked already.

mod emulator;

use celadon_provider::{
    AuthorizationRequest, ClientAuthentication, Description, Evidence, Failure, FailureKind, Http,
    Identity, Kind, Manifest, OptionError, OptionSpec, Parameter, Provider, Renewal, Request,
    Response, Secret, Setup, Stop, Value, oidc,
};
use serde::Deserialize;

/// Hosts as in Google's metadata; the approved description has each of them.
const ISSUER: &str = "https://accounts.google.com";
const OAUTH: &str = "https://oauth2.googleapis.com";
const OPENID: &str = "https://openidconnect.googleapis.com";

/// The value of `hosted_domain` that means any Workspace.
const ANY_DOMAIN: &str = "*";

/// Granted scopes with their short names.
const LONG_SCOPES: [(&str, &str); 2] = [
    ("https://www.googleapis.com/auth/userinfo.email", "email"),
    (
        "https://www.googleapis.com/auth/userinfo.profile",
        "profile",
    ),
];

/// What the operator says of Google.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The Workspace whose accounts may sign in.
    #[serde(default)]
    pub hosted_domain: Option<String>,
    /// Whether a token also has the scopes that the user granted before.
    #[serde(default)]
    pub include_granted_scopes: bool,
    /// Whether a refresh token is wanted.
    #[serde(default)]
    pub offline_access: bool,
    /// An emulator on this machine in Google's place.
    #[serde(default)]
    pub emulator: Option<String>,
}

/// The component.
#[derive(Debug)]
pub struct Google;

impl Provider for Google {
    type Options = Options;

    const MANIFEST: Manifest = Manifest::new(
        "google",
        env!("CARGO_PKG_VERSION"),
        "Google accounts: personal ones and those of a Google Workspace.",
    )
    .options(&[
        OptionSpec::optional(
            "hosted_domain",
            Kind::String,
            "only accounts of this Workspace domain, by the ID token's hd; * for any Workspace",
        ),
        OptionSpec::optional(
            "include_granted_scopes",
            Kind::Boolean,
            "tokens also have the scopes that the user granted before; default false",
        ),
        OptionSpec::optional(
            "offline_access",
            Kind::Boolean,
            "ask for a refresh token, for which the user agrees at every sign-in; default false",
        ),
        OptionSpec::optional(
            "emulator",
            Kind::String,
            "for tests: an emulator in Google's place, as in http://127.0.0.1:9000; nothing else",
        ),
    ]);

    fn describe(setup: &Setup<Options>) -> Result<Description, Vec<OptionError>> {
        let options = &setup.options;
        let mut errors = Vec::new();
        if let Some(domain) = &options.hosted_domain
            && !is_domain(domain)
        {
            let message = "must be a domain such as example.com, or * for any Workspace";
            errors.push(OptionError::new("hosted_domain", message));
        }
        let emulator = options.emulator.as_deref();
        if emulator.is_some_and(|origin| !emulator::is_allowed(origin)) {
            let message = "must be http:// and a loopback address with a port, without a path: \
                           nothing else can stand in for Google";
            errors.push(OptionError::new("emulator", message));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let [issuer, oauth, openid] = [ISSUER, OAUTH, OPENID].map(|at| emulator.unwrap_or(at));
        let without_scheme = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
        let description = Description::oidc(issuer)
            .alias(without_scheme)
            .authorization(format!("{issuer}/o/oauth2/v2/auth"))
            .token(format!("{oauth}/token"))
            .userinfo("userinfo", format!("{openid}/v1/userinfo"))
            .revocation(format!("{oauth}/revoke"))
            .authentication(&[ClientAuthentication::Basic, ClientAuthentication::Post])
            .renewal(if options.offline_access {
                Renewal::Reusable
            } else {
                Renewal::None
            });
        Ok(oidc::email(description, true))
    }

    fn authorize(
        setup: &Setup<Options>,
        request: &AuthorizationRequest,
    ) -> Result<Vec<Parameter>, Failure> {
        let options = &setup.options;
        let mut parameters = request.pass(&["login_hint"]);
        parameters.extend(prompt(options, request)?);
        if options.offline_access {
            parameters.push(Parameter::new("access_type", "offline"));
        }
        if options.include_granted_scopes {
            parameters.push(Parameter::new("include_granted_scopes", "true"));
        }
        if let Some(domain) = &options.hosted_domain {
            parameters.push(Parameter::new("hd", domain));
        }
        Ok(parameters)
    }

    fn identify(
        setup: &Setup<Options>,
        evidence: &Evidence,
        http: &mut Http,
    ) -> Result<Identity, Stop> {
        let domain = evidence.text("/hd").filter(|domain| !domain.is_empty());
        check_domain(setup.options.hosted_domain.as_deref(), domain)?;
        let mut evidence = evidence.clone();
        for (long, short) in LONG_SCOPES {
            if evidence.has_scope(long) && !evidence.has_scope(short) {
                evidence.scopes.push(short.to_owned());
            }
        }
        let reading = oidc::Reading {
            userinfo: true,
            // Google has no groups in its tokens, and no scope of this name.
            groups_claim: "groups",
        };
        let identity = oidc::identify(reading, &evidence, http)?;
        Ok(match domain {
            Some(domain) => identity.attribute("hosted_domain", Value::from(domain)),
            None => identity,
        })
    }

    fn revoke(_: &Setup<Options>, _: &str, http: &mut Http) -> Result<(), Stop> {
        let request = |token| Request::anonymous("revocation").field("token", token);
        let response = http.send(request(Secret::REFRESH_TOKEN))?;
        // Not sent: there is no refresh token. The access token ends the grant as well.
        if response.status == 404 {
            return Ok(withdrawn(http.send(request(Secret::ACCESS_TOKEN))?)?);
        }
        Ok(withdrawn(response)?)
    }
}

/// A token that is expired or revoked already is no failure.
fn withdrawn(response: Response) -> Result<(), Failure> {
    if response.text("/error") == Some("invalid_token") {
        return Ok(());
    }
    response.ok().map(|_| ())
}

/// `prompt`: what the application asks for, as far as Google knows it, and the consent that brings
/// a refresh token. Google answers `login` with an error page of its own, where the user would be
/// stranded.
fn prompt(options: &Options, request: &AuthorizationRequest) -> Result<Option<Parameter>, Failure> {
    let asked = request.pass(&["prompt"]);
    let asked = asked.first().map_or("", |prompt| prompt.value.as_str());
    let mut words: Vec<&str> = Vec::new();
    for word in asked.split(' ').filter(|word| !word.is_empty()) {
        match word {
            "login" => {
                let detail = "Google cannot be made to sign a user in anew (prompt=login)";
                return Err(Failure::new(FailureKind::Unsupported, detail));
            }
            "none" | "consent" | "select_account" if !words.contains(&word) => words.push(word),
            _ => {}
        }
    }
    // With `none` nothing may be shown, so nobody can agree.
    let silent = words.contains(&"none");
    if options.offline_access && !silent && !words.contains(&"consent") {
        words.push("consent");
    }
    Ok((!words.is_empty()).then(|| Parameter::new("prompt", words.join(" "))))
}

/// Whether the account belongs to the Workspace that the operator wants.
fn check_domain(wanted: Option<&str>, domain: Option<&str>) -> Result<(), Failure> {
    match (wanted, domain) {
        (None, _) | (Some(ANY_DOMAIN), Some(_)) => Ok(()),
        (Some(wanted), Some(domain)) if domain.eq_ignore_ascii_case(wanted) => Ok(()),
        (Some(_), None) => Err(Failure::access_denied(
            "the account belongs to no Workspace, and hosted_domain asks for one",
        )),
        (Some(_), Some(_)) => Err(Failure::access_denied(
            "the account belongs to another Workspace than hosted_domain",
        )),
    }
}

/// A domain of two labels or more, or `*`.
fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text == ANY_DOMAIN || (text.len() <= 253 && text.contains('.') && text.split('.').all(label))
}

celadon_provider::export!(Google);
