//! Problems: what went wrong with a request, as one typed value that a program reads as problem
//! details ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) and a person as a page.
//!
//! Handlers answer with a [`Problem`]; [`render`] writes it in the form that the client reads.
//! The kinds with their names, status codes and words are in [`kinds`]; which failure is of which
//! kind is decided in `mapping`, and nowhere else.

pub mod accept;
pub mod kinds;
mod mapping;
pub mod render;

use axum::response::{IntoResponse, Response};
use celadon_workflows::types::LoginId;
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use kinds::Kind;
use serde_json::{Map, Value, json};
use std::error::Error;
use std::sync::Arc;

/// What went wrong with one request. Boxed, since it travels in every `Result`.
#[derive(Clone, Debug)]
pub struct Problem(Box<Particulars>);

#[derive(Clone, Debug)]
struct Particulars {
    kind: &'static Kind,
    detail: Option<String>,
    login: Option<LoginId>,
    members: Map<String, Value>,
    retry_after: Option<u64>,
    challenge: Option<HeaderValue>,
    again: Option<String>,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

impl Problem {
    /// A problem of a kind.
    pub fn new(kind: &'static Kind) -> Self {
        Self(Box::new(Particulars {
            kind,
            detail: None,
            login: None,
            members: Map::new(),
            retry_after: None,
            challenge: None,
            again: None,
            cause: None,
        }))
    }

    /// Says more to programs, in our own words: never what a provider said. Pages do not show it.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Names the login it is about.
    pub fn login(mut self, login: LoginId) -> Self {
        self.0.login = Some(login);
        self
    }

    /// Adds a member to the problem details.
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.members.insert(name.to_owned(), value.into());
        self
    }

    /// When to try again, in seconds.
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// How to authenticate ([RFC 9110 section 11.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1)).
    pub fn challenge(mut self, challenge: &'static str) -> Self {
        self.0.challenge = Some(HeaderValue::from_static(challenge));
        self
    }

    /// The provider to offer where a page can say "sign in again".
    pub fn again(mut self, provider: &str) -> Self {
        self.0.again = Some(provider.to_owned());
        self
    }

    /// The cause: for the log, never for the client.
    pub fn cause(mut self, cause: impl Into<Arc<dyn Error + Send + Sync>>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// Its kind.
    pub fn kind(&self) -> &'static Kind {
        self.0.kind
    }

    /// The problem details. The explanation of the kind stands in for a missing detail.
    fn details(&self) -> Value {
        let mut details = self.0.members.clone();
        details.insert("type".to_owned(), json!(self.0.kind.uri()));
        details.insert("title".to_owned(), json!(self.0.kind.title));
        details.insert("status".to_owned(), json!(self.0.kind.status.as_u16()));
        let detail = self.0.detail.as_deref().unwrap_or(self.0.kind.happened);
        details.insert("detail".to_owned(), json!(detail));
        if let Some(login) = &self.0.login {
            details.insert("login".to_owned(), json!(login));
        }
        Value::Object(details)
    }

    /// A problem for a failure that somebody else's code answered with a bare status code.
    fn of_status(status: StatusCode) -> Self {
        let of_kind = |kind: &&&'static Kind| kind.general && kind.status == status;
        let fallback = if status.is_server_error() {
            &kinds::INTERNAL
        } else {
            &kinds::BAD_REQUEST
        };
        Self::new(kinds::ALL.iter().find(of_kind).copied().unwrap_or(fallback))
    }
}

/// The status code, and the problem itself for [`render`] to write.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.0.kind.status.into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.0.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = &self.0.challenge {
            headers.insert(WWW_AUTHENTICATE, challenge.clone());
        }
        response.extensions_mut().insert(self);
        response
    }
}
