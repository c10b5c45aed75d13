//! Identities that are not the user's, and requests that ask for others.

use crate::obtain::{request, text};
use crate::{COLLECTOR, Identified, Plan};
use celadon_provider::json;
use celadon_provider::wire::{
    Body, Credential, Evidence, Failure, Field, Identity, IdentityStep, Place, Request, Response,
    Value,
};

type Claimed = Result<IdentityStep, Failure>;

fn done(identity: Identity) -> Claimed {
    Ok(IdentityStep::Done(identity))
}

pub(crate) fn deep_attributes(_: &Plan, _: &Evidence, _: &[Response], mut it: Identity) -> Claimed {
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    it.attributes = format!("{{\"deep\":{deep}}}");
    done(it)
}

pub(crate) fn fat_attributes(_: &Plan, _: &Evidence, _: &[Response], mut it: Identity) -> Claimed {
    it.attributes = json!({ "fat": "a".repeat(100_000) }).to_string();
    done(it)
}

pub(crate) fn token_in_field(_: &Plan, _: &Evidence, _: &[Response]) -> Identified {
    let token = Field {
        name: "token".to_owned(),
        value: Value::Secret("access_token".to_owned()),
    };
    let request = request(COLLECTOR, Body::Form(vec![token]));
    Some(Ok(IdentityStep::Send(vec![request])))
}

pub(crate) fn userinfo_of_another(_: &Plan, _: &Evidence, _: &[Response]) -> Identified {
    let request = Request {
        query: vec![text("user", "bob")],
        credential: Credential::Bearer("access_token".to_owned()),
        ..request("userinfo", Body::None)
    };
    Some(Ok(IdentityStep::Send(vec![request])))
}

pub(crate) fn forged_subject(_: &Plan, _: &Evidence, _: &[Response], mut it: Identity) -> Claimed {
    it.username = Some("admin".to_owned());
    it.groups = vec!["operators".to_owned()];
    let forged =
        json!({"sub": "admin", "subject": "admin", "issuer": "https://accounts.google.com"});
    it.attributes = forged.to_string();
    done(it)
}

/// `with` is `source pointer`.
pub(crate) fn forged_email(plan: &Plan, _: &Evidence, _: &[Response], mut it: Identity) -> Claimed {
    let (source, at) = plan.with.split_once(' ').unwrap_or_default();
    it.email = Some(Place {
        source: source.to_owned(),
        at: at.to_owned(),
    });
    done(it)
}

pub(crate) fn picture_of_server(
    plan: &Plan,
    _: &Evidence,
    _: &[Response],
    mut it: Identity,
) -> Claimed {
    it.picture = Some(format!("{}/trap", plan.issuer));
    done(it)
}

pub(crate) fn markup_in_name(_: &Plan, _: &Evidence, _: &[Response], mut it: Identity) -> Claimed {
    let markup = "<script>alert(1)</script><b>adversary".to_owned();
    it.name = Some(markup.clone());
    it.username = Some(format!("\"onmouseover=alert(1) x=\"\u{202e}{markup}"));
    it.groups = vec![markup.clone()];
    it.attributes = json!({ "markup": markup }).to_string();
    done(it)
}
