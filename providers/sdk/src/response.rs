//! Answers, and what they mean.

use crate::failure::kind_of;
use crate::{Failure, FailureKind, Parameter, Request, Secret, wire};
use serde_json::Value;

/// A provider's answer, as the contract shows it: JSON, with every credential replaced by its name.
#[derive(Clone, Debug)]
pub struct Response {
    /// The HTTP status. 404 also where there is no such endpoint or credential.
    pub status: u16,
    /// The body; null where there was none that is JSON or a form.
    pub body: Value,
    headers: Vec<Parameter>,
    endpoint: String,
    as_client: bool,
}

impl Response {
    pub(crate) fn new(request: &Request, answer: wire::Response) -> Self {
        Self {
            status: answer.status,
            body: serde_json::from_str(&answer.body).unwrap_or(Value::Null),
            headers: answer.headers,
            endpoint: request.endpoint().to_owned(),
            as_client: request.is_as_client(),
        }
    }

    /// This answer, if it is one of success: a 2xx status, no `error`, and no `"ok": false`.
    ///
    /// # Errors
    /// A failure whose kind follows the error code, and else the status.
    pub fn ok(self) -> Result<Self, Failure> {
        let code = self.error_code();
        let refused = self.body.get("ok") == Some(&Value::Bool(false));
        let success = (200..300).contains(&self.status);
        if success && code.is_none() && !refused {
            return Ok(self);
        }
        let kind = code
            .as_deref()
            .and_then(kind_of)
            .unwrap_or_else(|| self.kind_by_status());
        let detail = format!("`{}` answered with status {}", self.endpoint, self.status);
        let failure = Failure::new(kind, detail);
        Err(match code {
            Some(code) => failure.with_code(code),
            None => failure,
        })
    }

    /// `error` as text, or as an object with a code in it.
    fn error_code(&self) -> Option<String> {
        match self.body.get("error")? {
            Value::Null | Value::Bool(false) => None,
            Value::String(code) => Some(code.clone()),
            Value::Object(error) => ["type", "code", "status"]
                .iter()
                .filter_map(|name| error.get(*name))
                .find_map(|code| match code {
                    Value::String(code) => Some(code.clone()),
                    Value::Number(code) => Some(code.to_string()),
                    _ => None,
                })
                .or_else(|| Some(String::from("error"))),
            _ => Some(String::from("error")),
        }
    }

    fn kind_by_status(&self) -> FailureKind {
        match self.status {
            401 if self.as_client => FailureKind::InvalidClient,
            401 => FailureKind::InvalidGrant,
            403 => FailureKind::AccessDenied,
            429 | 500.. => FailureKind::TemporarilyUnavailable,
            _ => FailureKind::InvalidResponse,
        }
    }

    /// What stands at an RFC 6901 pointer.
    pub fn at(&self, pointer: &str) -> Option<&Value> {
        self.body.pointer(pointer)
    }

    /// Text at a pointer.
    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.at(pointer)?.as_str()
    }

    /// The name of the credential that is hidden at a pointer.
    pub fn secret(&self, pointer: &str) -> Option<Secret> {
        Secret::hidden(self.text(pointer)?)
    }

    /// A header by its lower-case name; only `link`, `retry-after` and `x-oauth-scopes` are shown.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|header| header.name == name)
            .map(|header| header.value.as_str())
    }
}
