//! The contract's values as JSON that people write in fixtures. Empty members are left out of
//! requests, and none is left out of results.

use crate::wire;
use serde_json::{Map, Value, json};
use std::fmt::Debug;

pub(super) fn request(request: &wire::Request) -> Value {
    let mut shape = Map::new();
    shape.insert("endpoint".into(), json!(request.endpoint));
    shape.insert("credential".into(), credential(&request.credential));
    if !request.query.is_empty() {
        shape.insert("query".into(), fields(&request.query));
    }
    match &request.body {
        wire::Body::None => {}
        wire::Body::Form(form) => drop(shape.insert("form".into(), fields(form))),
        wire::Body::Json(object) => drop(shape.insert("json".into(), fields(object))),
        wire::Body::Document(text) => drop(shape.insert("document".into(), parsed(text))),
    }
    Value::Object(shape)
}

fn credential(credential: &wire::Credential) -> Value {
    match credential {
        wire::Credential::None => json!("none"),
        wire::Credential::Client => json!("client"),
        wire::Credential::Bearer(secret) => json!({ "bearer": secret }),
    }
}

/// Fields by name; a name that stands twice shows as a list.
fn fields(fields: &[wire::Field]) -> Value {
    let mut shape: Map<String, Value> = Map::new();
    for field in fields {
        let value = match &field.value {
            wire::Value::Text(text) => json!(text),
            wire::Value::Secret(secret) => json!({ "secret": secret }),
        };
        match shape.get_mut(&field.name) {
            Some(Value::Array(list)) => list.push(value),
            Some(first) => *first = json!([first.take(), value]),
            None => drop(shape.insert(field.name.clone(), value)),
        }
    }
    Value::Object(shape)
}

pub(super) fn parameters(parameters: &[wire::Parameter]) -> Value {
    parameters
        .iter()
        .map(|parameter| (parameter.name.clone(), json!(parameter.value)))
        .collect::<Map<_, _>>()
        .into()
}

pub(super) fn option_errors(errors: &[wire::OptionError]) -> Value {
    let errors: Vec<Value> = errors
        .iter()
        .map(|error| json!({ "at": error.at, "message": error.message }))
        .collect();
    json!({ "option_errors": errors })
}

pub(super) fn failure(failure: &wire::Failure) -> Value {
    json!({ "failure": {
        "kind": kebab(failure.kind), "code": failure.code, "detail": failure.detail,
    } })
}

pub(super) fn tokens(tokens: &wire::Tokens) -> Value {
    let list: Vec<Value> = tokens.tokens.iter().map(token).collect();
    json!({ "tokens": list, "id_token": tokens.id_token })
}

fn token(token: &wire::Token) -> Value {
    let lifetime = match token.lifetime {
        wire::Lifetime::Unknown => Value::Null,
        wire::Lifetime::Seconds(seconds) => json!(seconds),
        wire::Lifetime::Until(timestamp) => json!({ "until": timestamp }),
    };
    json!({
        "name": token.name, "access": token.access, "refresh": token.refresh,
        "token_type": token.token_type, "lifetime": lifetime, "scopes": token.scopes,
    })
}

pub(super) fn identity(identity: &wire::Identity) -> Value {
    let email = identity
        .email
        .as_ref()
        .map(|place| json!({ "source": place.source, "at": place.at }));
    json!({
        "email": email, "username": identity.username, "name": identity.name,
        "picture": identity.picture, "locale": identity.locale, "groups": identity.groups,
        "attributes": parsed(&identity.attributes),
    })
}

pub(super) fn description(d: &wire::Description) -> Value {
    let issuer = json!({
        "identifier": d.issuer.identifier, "aliases": d.issuer.aliases, "allow": d.issuer.allow,
        "deny": d.issuer.deny, "metadata": d.issuer.metadata,
        "metadata_issuer": d.issuer.metadata_issuer,
    });
    let endpoints: Map<String, Value> = d
        .endpoints
        .iter()
        .map(|endpoint| (endpoint.name.clone(), self::endpoint(endpoint)))
        .collect();
    let scopes: Vec<Value> = d
        .scopes
        .iter()
        .map(|s| json!({ "name": s.name, "separator": s.separator, "prefix": s.prefix }))
        .collect();
    let emails: Vec<Value> = d
        .emails
        .iter()
        .map(|e| json!({ "source": e.source, "address": e.address, "verified": e.verified }))
        .collect();
    let logout = d.logout.as_ref().map(|l| {
        json!({ "endpoint": l.endpoint, "return_parameter": l.return_parameter, "hint": l.hint })
    });
    json!({
        "issuer": issuer, "endpoints": endpoints, "client": client(&d.client),
        "callback": callback(&d.callback), "scopes": scopes,
        "resource_parameter": d.resource_parameter, "id_token": d.id_token,
        "subject": { "source": d.subject.source, "at": d.subject.at }, "emails": emails,
        "renewal": kebab(d.renewal), "reveal": d.reveal, "logout": logout,
        "relax": d.relax.iter().map(kebab).collect::<Vec<_>>(),
    })
}

fn endpoint(endpoint: &wire::Endpoint) -> Value {
    let bearer = match &endpoint.bearer {
        wire::Placement::Header => json!("header"),
        wire::Placement::Query(name) => json!({ "query": name }),
        wire::Placement::Form(name) => json!({ "form": name }),
    };
    json!({
        "role": kebab(endpoint.role), "method": kebab(endpoint.method), "url": endpoint.url,
        "headers": parameters(&endpoint.headers), "body": endpoint.body.as_deref().map(parsed),
        "bearer": bearer, "proof": endpoint.proof,
    })
}

fn client(client: &wire::Client) -> Value {
    let signed = client
        .signed_secret
        .as_ref()
        .map(|s| json!({ "issuer": s.issuer, "audience": s.audience, "lifetime": s.lifetime }));
    json!({
        "authentication": client.authentication.iter().map(kebab).collect::<Vec<_>>(),
        "id_parameter": client.id_parameter, "secret_parameter": client.secret_parameter,
        "signed_secret": signed,
    })
}

fn callback(callback: &wire::Callback) -> Value {
    json!({
        "mode": kebab(callback.mode), "code_parameter": callback.code_parameter,
        "keep": callback.keep, "issuers": callback.issuers,
    })
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!({ "not_json": text }))
}

/// `Role::EndSession` as `end-session`.
pub(super) fn kebab(case: impl Debug) -> String {
    let debug = format!("{case:?}");
    let name = debug.rsplit("::").next().unwrap_or_default();
    let mut kebab = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.push(letter.to_ascii_lowercase());
    }
    kebab
}
