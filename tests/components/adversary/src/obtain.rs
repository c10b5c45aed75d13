//! Token requests that no honest component makes.

use crate::{COLLECTOR, Obtained, Plan};
use celadon_provider::wire::{
    Body, Credential, Field, Lifetime, Request, Response, Token, TokenStep, Tokens, Value,
};

pub(crate) fn text(name: &str, value: &str) -> Field {
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

pub(crate) fn request(endpoint: &str, body: Body) -> Request {
    Request {
        endpoint: endpoint.to_owned(),
        query: Vec::new(),
        body,
        credential: Credential::None,
    }
}

/// The ordinary token request, with further fields.
fn token_request(further: Vec<Field>) -> Request {
    let mut fields = vec![secret("code", "code")];
    fields.extend(further);
    Request {
        credential: Credential::Client,
        ..request("token", Body::Form(fields))
    }
}

fn send(request: Request) -> Obtained {
    Some(Ok(TokenStep::Send(vec![request])))
}

/// The tokens in the answer at this place.
fn tokens(place: usize, count: usize) -> Obtained {
    let token = |index: usize| Token {
        name: if index == 0 {
            String::new()
        } else {
            format!("t{index}")
        },
        access: format!("secret:{place}/access_token"),
        refresh: None,
        token_type: None,
        lifetime: Lifetime::Unknown,
        scopes: None,
    };
    Some(Ok(TokenStep::Done(Tokens {
        tokens: (0..count).map(token).collect(),
        id_token: Some(format!("secret:{place}/id_token")),
    })))
}

/// Something else first; then what is honest, whose transcript begins after it.
fn first(transcript: &[Response], other: Request) -> Obtained {
    match transcript.len() {
        0 => send(other),
        1 => send(token_request(Vec::new())),
        _ => tokens(1, 1),
    }
}

pub(crate) fn deep_document(_: &Plan, _: &[Response]) -> Obtained {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    send(request(COLLECTOR, Body::Document(deep)))
}

pub(crate) fn token_field(plan: &Plan, _: &[Response]) -> Obtained {
    send(token_request(vec![text(&plan.with, "forged")]))
}

pub(crate) fn token_field_in_json(plan: &Plan, _: &[Response]) -> Obtained {
    let fields = vec![secret("code", "code"), text(&plan.with, "forged")];
    send(Request {
        credential: Credential::Client,
        ..request("token", Body::Json(fields))
    })
}

pub(crate) fn field_twice(_: &Plan, _: &[Response]) -> Obtained {
    send(token_request(vec![text("hint", "a"), text("Hint", "b")]))
}

pub(crate) fn document_to_token(_: &Plan, _: &[Response]) -> Obtained {
    let document = r#"{"grant_type":"password","username":"mallory"}"#.to_owned();
    send(Request {
        credential: Credential::Client,
        ..request("token", Body::Document(document))
    })
}

pub(crate) fn code_to_resource(_: &Plan, _: &[Response]) -> Obtained {
    send(request(COLLECTOR, Body::Form(vec![secret("code", "code")])))
}

pub(crate) fn code_in_query(_: &Plan, _: &[Response]) -> Obtained {
    send(Request {
        query: vec![secret("code", "code")],
        ..request("token", Body::None)
    })
}

pub(crate) fn code_as_bearer(_: &Plan, _: &[Response]) -> Obtained {
    send(Request {
        credential: Credential::Bearer("code".to_owned()),
        ..request(COLLECTOR, Body::None)
    })
}

pub(crate) fn code_twice(_: &Plan, _: &[Response]) -> Obtained {
    send(token_request(vec![secret("code2", "code")]))
}

pub(crate) fn code_again(_: &Plan, _: &[Response]) -> Obtained {
    send(token_request(Vec::new()))
}

pub(crate) fn client_to_resource(_: &Plan, _: &[Response]) -> Obtained {
    send(Request {
        credential: Credential::Client,
        ..request(COLLECTOR, Body::None)
    })
}

/// `with` is the name.
pub(crate) fn forged_name(plan: &Plan, _: &[Response]) -> Obtained {
    send(token_request(vec![secret("assertion", &plan.with)]))
}

pub(crate) fn name_as_text(plan: &Plan, transcript: &[Response]) -> Obtained {
    let fields = [
        text("a", &plan.with),
        text("b", &format!("x{}y", plan.with)),
        text("c", &format!("${{{}}}", plan.with)),
    ];
    first(transcript, request(COLLECTOR, Body::Form(fields.into())))
}

/// `with` is the name of the endpoint.
pub(crate) fn no_such_endpoint(plan: &Plan, _: &[Response]) -> Obtained {
    send(request(&plan.with, Body::None))
}

pub(crate) fn host_only_endpoint(_: &Plan, _: &[Response]) -> Obtained {
    send(request("authorization", Body::None))
}

pub(crate) fn query_contradicts(_: &Plan, _: &[Response]) -> Obtained {
    send(Request {
        query: vec![text("Fixed", "other")],
        ..request(COLLECTOR, Body::None)
    })
}

pub(crate) fn token_in_company(_: &Plan, _: &[Response]) -> Obtained {
    let other = request(COLLECTOR, Body::None);
    Some(Ok(TokenStep::Send(vec![token_request(Vec::new()), other])))
}

pub(crate) fn too_many_at_once(_: &Plan, _: &[Response]) -> Obtained {
    let requests = vec![request(COLLECTOR, Body::None); 17];
    Some(Ok(TokenStep::Send(requests)))
}

pub(crate) fn one_more(_: &Plan, transcript: &[Response]) -> Obtained {
    let place = transcript.len().to_string();
    let fields = vec![text("place", &place)];
    (transcript.len() < 100)
        .then(|| send(request(COLLECTOR, Body::Form(fields))))
        .flatten()
}

pub(crate) fn collect_first(_: &Plan, transcript: &[Response]) -> Obtained {
    first(transcript, request(COLLECTOR, Body::None))
}

/// Asks for tokens without the code, and passes them off as the user's.
pub(crate) fn foreign_grant(_: &Plan, transcript: &[Response]) -> Obtained {
    let fields = vec![text("username", "mallory"), text("password", "mallory's")];
    match transcript.len() {
        0 => send(Request {
            credential: Credential::Client,
            ..request("token", Body::Form(fields))
        }),
        _ => tokens(0, 1),
    }
}

pub(crate) fn token_of_resource(_: &Plan, transcript: &[Response]) -> Obtained {
    match transcript.len() {
        0 => send(request(COLLECTOR, Body::None)),
        _ => tokens(0, 1),
    }
}

pub(crate) fn token_of_error(_: &Plan, transcript: &[Response]) -> Obtained {
    match transcript.len() {
        0 => send(token_request(Vec::new())),
        _ => tokens(0, 1),
    }
}

pub(crate) fn many_tokens(_: &Plan, transcript: &[Response]) -> Obtained {
    match transcript.len() {
        0 => send(token_request(Vec::new())),
        _ => tokens(0, 200),
    }
}

/// Takes the token from where the description reveals it.
pub(crate) fn token_at_ticket(_: &Plan, transcript: &[Response]) -> Obtained {
    if transcript.is_empty() {
        return send(token_request(Vec::new()));
    }
    let Some(Ok(TokenStep::Done(mut done))) = tokens(0, 1) else {
        return None;
    };
    for token in &mut done.tokens {
        token.access = "secret:0/ticket".to_owned();
    }
    Some(Ok(TokenStep::Done(done)))
}
