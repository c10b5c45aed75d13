//! Plays a fixture's calls to a provider, as Celadon would.

use super::fixture::{Call, Evidence, Exchange, Fixture, Function, Mismatch};
use super::hide::{Rule, hide};
use super::shape;
use crate::wire::{self, IdentityStep, Parameter, RevokeStep, Role, TokenStep};
use crate::{Failure, Grant, Provider, glue};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Plays a fixture's calls to a provider.
///
/// # Errors
/// The first difference.
pub fn check<P: Provider>(fixture: &str) -> Result<(), Mismatch> {
    let fixture: Fixture = serde_json::from_str(fixture).map_err(Mismatch::Fixture)?;
    let setup = wire::Setup {
        client_id: fixture.client_id.clone(),
        options: Value::Object(fixture.options.clone()).to_string(),
    };
    let description = glue::describe::<P>(setup.clone());
    for (index, call) in fixture.calls.iter().enumerate() {
        let player = Player {
            setup: &setup,
            description: &description,
            index,
            call,
        };
        let found = player.play::<P>()?;
        if !contains(&found, &call.expect) {
            return Err(Mismatch::Result {
                call: index,
                expected: call.expect.clone(),
                found,
            });
        }
    }
    Ok(())
}

struct Player<'a> {
    setup: &'a wire::Setup,
    description: &'a Result<wire::Description, Vec<wire::OptionError>>,
    index: usize,
    call: &'a Call,
}

/// What a step comes to.
enum Next {
    Send(Vec<wire::Request>),
    /// The result in its shape.
    Done(Value),
}

impl Player<'_> {
    fn play<P: Provider>(&self) -> Result<Value, Mismatch> {
        let call = self.call;
        match call.call {
            Function::Describe => Ok(match self.description {
                Ok(description) => shape::description(description),
                Err(errors) => shape::option_errors(errors),
            }),
            Function::Authorize => {
                let request = wire::AuthorizationRequest {
                    scopes: call.scopes.clone(),
                    hints: parameters(&call.hints),
                };
                let answer = glue::authorize::<P>(self.setup.clone(), request);
                Ok(answer.map_or_else(|e| shape::failure(&e), |p| shape::parameters(&p)))
            }
            Function::Obtain => self.converse(|transcript| {
                let grant = read_grant(&call.grant, &call.parameters);
                let step = glue::obtain::<P>(self.setup.clone(), grant, transcript)?;
                Ok(match step {
                    TokenStep::Send(requests) => Next::Send(requests),
                    TokenStep::Done(tokens) => Next::Done(shape::tokens(&tokens)),
                })
            }),
            Function::Identify => self.converse(|transcript| {
                let evidence = call.evidence.to_wire();
                let step = glue::identify::<P>(self.setup.clone(), evidence, transcript)?;
                Ok(match step {
                    IdentityStep::Send(requests) => Next::Send(requests),
                    IdentityStep::Done(identity) => Next::Done(shape::identity(&identity)),
                })
            }),
            Function::Revoke => self.converse(|transcript| {
                let step = glue::revoke::<P>(self.setup.clone(), call.token.clone(), transcript)?;
                Ok(match step {
                    RevokeStep::Send(requests) => Next::Send(requests),
                    RevokeStep::Done => Next::Done(json!("done")),
                })
            }),
        }
    }

    /// Calls until there is a result, with one list of answers more each time.
    fn converse(
        &self,
        step: impl Fn(Vec<wire::Response>) -> Result<Next, Failure>,
    ) -> Result<Value, Mismatch> {
        let mut recorded = self.call.exchanges.iter();
        let mut transcript = Vec::new();
        let found = loop {
            match step(transcript.clone()) {
                Err(failure) => break shape::failure(&failure),
                Ok(Next::Done(result)) => break result,
                Ok(Next::Send(requests)) => {
                    for request in &requests {
                        let answer = self.answer(request, recorded.next(), transcript.len())?;
                        transcript.push(answer);
                    }
                }
            }
        };
        match recorded.len() {
            0 => Ok(found),
            left => Err(Mismatch::Unasked {
                call: self.index,
                left,
            }),
        }
    }

    fn answer(
        &self,
        request: &wire::Request,
        recorded: Option<&Exchange>,
        index: usize,
    ) -> Result<wire::Response, Mismatch> {
        let found = shape::request(request);
        let expected = recorded.map_or(&Value::Null, |exchange| &exchange.request);
        let Some(exchange) = recorded.filter(|exchange| exchange.request == found) else {
            return Err(Mismatch::Request {
                call: self.index,
                expected: expected.clone(),
                found,
            });
        };
        let mut body = exchange.answer.body.clone();
        hide(&mut body, index, &self.rule(&request.endpoint));
        Ok(wire::Response {
            status: exchange.answer.status,
            headers: parameters(&exchange.answer.headers),
            body: body.to_string(),
        })
    }

    fn rule(&self, endpoint: &str) -> Rule<'_> {
        let description = self.description.as_ref().ok();
        let role = description
            .and_then(|d| d.endpoints.iter().find(|e| e.name == endpoint))
            .map(|e| e.role);
        let tokens = match role {
            Some(role) => matches!(role, Role::Token | Role::Revocation),
            None => matches!(endpoint, "token" | "revocation"),
        };
        if tokens {
            let reveal = description.map_or(&[][..], |d| &d.reveal);
            Rule::Tokens { reveal }
        } else {
            Rule::Data
        }
    }
}

impl Evidence {
    fn to_wire(&self) -> wire::Evidence {
        wire::Evidence {
            id_token: self.id_token.as_ref().map(Value::to_string),
            access_token: self.access_token.as_ref().map(Value::to_string),
            token: self.token.to_string(),
            callback: parameters(&self.callback),
            scopes: self.scopes.clone(),
        }
    }
}

/// `code`, `client-credentials`, `device`, `exchange`, `refresh`, or `refresh:NAME`.
fn read_grant(grant: &str, given: &BTreeMap<String, String>) -> Grant {
    match grant {
        "client-credentials" => Grant::ClientCredentials,
        "device" => Grant::Device,
        "exchange" => Grant::Exchange(parameters(given)),
        refresh if refresh.starts_with("refresh") => {
            let name = refresh.split_once(':').map_or("", |(_, name)| name);
            Grant::Refresh(name.to_owned())
        }
        _ => Grant::Code(parameters(given)),
    }
}

fn parameters(given: &BTreeMap<String, String>) -> Vec<Parameter> {
    given
        .iter()
        .map(|(name, value)| Parameter::new(name, value))
        .collect()
}

/// Whether `found` has everything that `expected` names. Lists must be as long.
fn contains(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => expected
            .iter()
            .all(|(name, value)| found.get(name).is_some_and(|found| contains(found, value))),
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len() && found.iter().zip(expected).all(|(f, e)| contains(f, e))
        }
        (found, expected) => found == expected,
    }
}
