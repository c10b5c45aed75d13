//! Fixtures: reading them, and playing them to a provider.

use super::hide::{Rule, hide};
use super::shape;
use crate::wire::{self, IdentityStep, Parameter, RevokeStep, Role, TokenStep};
use crate::{Failure, Grant, Provider, glue};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt;

/// A recorded conversation with a provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fixture {
    /// What was recorded, and when.
    #[serde(default)]
    pub about: String,
    /// The client's id.
    #[serde(default)]
    pub client_id: String,
    /// The operator's options.
    #[serde(default)]
    pub options: Map<String, Value>,
    /// The calls, each on its own.
    pub calls: Vec<Call>,
}

/// One call and what must come of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// What goes in.
    #[serde(flatten)]
    input: Input,
    /// The requests, in their order, with their answers.
    #[serde(default)]
    exchanges: Vec<Exchange>,
    /// What must be contained in the result.
    expect: Value,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "call", rename_all = "lowercase")]
enum Input {
    Describe,
    Authorize {
        #[serde(default)]
        scopes: Vec<String>,
        #[serde(default)]
        hints: BTreeMap<String, String>,
    },
    Obtain {
        grant: String,
        #[serde(default)]
        parameters: BTreeMap<String, String>,
    },
    Identify {
        #[serde(default)]
        evidence: Evidence,
    },
    Revoke {
        #[serde(default)]
        token: String,
    },
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Evidence {
    id_token: Option<Value>,
    access_token: Option<Value>,
    token: Value,
    callback: BTreeMap<String, String>,
    scopes: Vec<String>,
}

/// A request and the answer it got.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    request: Value,
    answer: Answer,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Value,
}

fn ok() -> u16 {
    200
}

/// Where a provider does not do what its fixture says.
#[derive(Debug)]
pub enum Mismatch {
    /// The file is no fixture.
    Fixture(serde_json::Error),
    /// Another request than the recorded one, or one that was not recorded.
    Request {
        /// The call's number, from 0.
        call: usize,
        /// The recorded request; null where there is none.
        expected: Value,
        /// What the provider asked.
        found: Value,
    },
    /// Another result.
    Result {
        /// The call's number, from 0.
        call: usize,
        /// What the fixture says.
        expected: Value,
        /// What came out.
        found: Value,
    },
    /// Recorded exchanges that were not asked for.
    Unasked {
        /// The call's number, from 0.
        call: usize,
        /// How many.
        left: usize,
    },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (call, what, expected, found) = match self {
            Self::Fixture(error) => return write!(f, "the fixture cannot be read: {error}"),
            Self::Unasked { call, left } => {
                return write!(f, "call {call}: {left} recorded exchanges were not asked for");
            }
            Self::Request {
                call,
                expected,
                found,
            } => (call, "request", expected, found),
            Self::Result {
                call,
                expected,
                found,
            } => (call, "result", expected, found),
        };
        write!(f, "call {call}: another {what}\nexpected {expected:#}\nfound    {found:#}")
    }
}

impl std::error::Error for Mismatch {}

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

/// What a step comes to: requests to send, or a result in its shape.
type Next = Result<Result<Vec<wire::Request>, Value>, Failure>;

impl Player<'_> {
    fn play<P: Provider>(&self) -> Result<Value, Mismatch> {
        match &self.call.input {
            Input::Describe => Ok(match self.description {
                Ok(description) => shape::description(description),
                Err(errors) => shape::option_errors(errors),
            }),
            Input::Authorize { scopes, hints } => {
                let request = wire::AuthorizationRequest {
                    scopes: scopes.clone(),
                    hints: parameters(hints),
                };
                let answer = glue::authorize::<P>(self.setup.clone(), request);
                Ok(answer.map_or_else(|e| shape::failure(&e), |p| shape::parameters(&p)))
            }
            _ => self.converse(|transcript| self.step::<P>(transcript)),
        }
    }

    fn step<P: Provider>(&self, transcript: Vec<wire::Response>) -> Next {
        let setup = self.setup.clone();
        Ok(match &self.call.input {
            Input::Obtain { grant, parameters } => {
                match glue::obtain::<P>(setup, read_grant(grant, parameters), transcript)? {
                    TokenStep::Send(requests) => Ok(requests),
                    TokenStep::Done(tokens) => Err(shape::tokens(&tokens)),
                }
            }
            Input::Identify { evidence } => {
                match glue::identify::<P>(setup, evidence.to_wire(), transcript)? {
                    IdentityStep::Send(requests) => Ok(requests),
                    IdentityStep::Done(identity) => Err(shape::identity(&identity)),
                }
            }
            Input::Revoke { token } => {
                match glue::revoke::<P>(setup, token.clone(), transcript)? {
                    RevokeStep::Send(requests) => Ok(requests),
                    RevokeStep::Done => Err(json!("done")),
                }
            }
            Input::Describe | Input::Authorize { .. } => Err(Value::Null),
        })
    }

    /// Calls until there is a result, with one list of answers more each time.
    fn converse(
        &self,
        step: impl Fn(Vec<wire::Response>) -> Next,
    ) -> Result<Value, Mismatch> {
        let mut recorded = self.call.exchanges.iter();
        let mut transcript = Vec::new();
        let found = loop {
            match step(transcript.clone()) {
                Err(failure) => break shape::failure(&failure),
                Ok(Err(result)) => break result,
                Ok(Ok(requests)) => {
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
