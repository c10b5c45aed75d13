//! Descriptions that ask for more than they may have.

use crate::{COLLECTOR, Plan, WORDS};
use celadon_provider::wire::{
    ClientAuthentication, Description, EmailSource, OptionError, Parameter, Relaxation,
    SignedSecret,
};

type Described = Result<Description, Vec<OptionError>>;

pub(crate) fn relaxations(_: &Plan, mut it: Description) -> Described {
    it.relax = vec![
        Relaxation::NoPkce,
        Relaxation::NoNonce,
        Relaxation::SecretsInQuery,
        Relaxation::Hs256IdToken,
    ];
    Ok(it)
}

/// `with` is `name: value`.
pub(crate) fn header(plan: &Plan, mut it: Description) -> Described {
    let (name, value) = plan.with.split_once(": ").unwrap_or_default();
    let value = value.replace("{crlf}", "\r\n");
    for endpoint in &mut it.endpoints {
        endpoint.headers.push(Parameter::new(name, value.as_str()));
    }
    Ok(it)
}

/// `with` is the URL.
pub(crate) fn url(plan: &Plan, mut it: Description) -> Described {
    for endpoint in &mut it.endpoints {
        endpoint.url.clone_from(&plan.with);
    }
    Ok(it)
}

pub(crate) fn subject_from_resource(_: &Plan, mut it: Description) -> Described {
    it.subject.source = COLLECTOR.to_owned();
    Ok(it)
}

pub(crate) fn email_from_resource(_: &Plan, mut it: Description) -> Described {
    it.emails.push(EmailSource {
        source: COLLECTOR.to_owned(),
        address: "/email".to_owned(),
        verified: Some("/email".to_owned()),
    });
    Ok(it)
}

pub(crate) fn issuer_of_another(_: &Plan, mut it: Description) -> Described {
    it.issuer.metadata_issuer = Some(it.issuer.identifier);
    it.issuer.identifier = "https://accounts.google.com".to_owned();
    Ok(it)
}

pub(crate) fn reveal_the_token(_: &Plan, mut it: Description) -> Described {
    it.reveal.push("/Access_Token".to_owned());
    Ok(it)
}

pub(crate) fn reveal_the_ticket(_: &Plan, mut it: Description) -> Described {
    it.reveal.push("/ticket".to_owned());
    Ok(it)
}

/// `with` is `aud lifetime`.
pub(crate) fn signing_oracle(plan: &Plan, mut it: Description) -> Described {
    let (audience, lifetime) = plan.with.split_once(' ').unwrap_or_default();
    let audience = audience.replace("{issuer}", &plan.issuer);
    it.client.authentication = vec![ClientAuthentication::SignedSecret];
    it.client.signed_secret = Some(SignedSecret {
        issuer: "somebody-else".to_owned(),
        audience,
        lifetime: lifetime.parse().unwrap_or(u32::MAX),
    });
    Ok(it)
}

pub(crate) fn words_in_errors(_: &Plan, _: Description) -> Described {
    let message = format!("\u{1b}[2J\u{1b}[31m{WORDS}\r\nall is well");
    Err(vec![OptionError::new("\u{1b}[2J", message)])
}
