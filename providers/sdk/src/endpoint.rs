//! One endpoint of a description.

use crate::wire::{self, Method, Parameter, Placement, Role};
use serde_json::Value;

/// An endpoint: a name, what it is for, and everything that Celadon writes into its requests.
#[derive(Clone, Debug)]
pub struct Endpoint(wire::Endpoint);

impl Endpoint {
    /// An endpoint. Asked by GET for `authorization`, `userinfo`, `resource` and `end-session`, else
    /// by POST.
    pub fn new(name: &str, role: Role, url: impl Into<String>) -> Self {
        let method = match role {
            Role::Authorization | Role::Userinfo | Role::Resource | Role::EndSession => Method::Get,
            _ => Method::Post,
        };
        Self(wire::Endpoint {
            name: name.to_owned(),
            role,
            method,
            url: url.into(),
            headers: Vec::new(),
            body: None,
            bearer: Placement::Header,
            proof: None,
        })
    }

    /// Asked by this method.
    pub fn method(mut self, method: Method) -> Self {
        self.0.method = method;
        self
    }

    /// Adds a fixed header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.0.headers.push(Parameter::new(name, value));
        self
    }

    /// Always sends this JSON body; for GraphQL.
    pub fn body(mut self, body: &Value) -> Self {
        self.0.body = Some(body.to_string());
        self
    }

    /// Where the bearer token goes, if not into the Authorization header.
    pub fn token_in(mut self, placement: Placement) -> Self {
        self.0.bearer = placement;
        self
    }

    /// Adds the hex HMAC-SHA256 of the bearer token under the client secret as a parameter.
    pub fn proof(mut self, parameter: &str) -> Self {
        self.0.proof = Some(parameter.to_owned());
        self
    }

    pub(crate) fn into_wire(self) -> wire::Endpoint {
        self.0
    }
}
