//! The bounds of what a component may answer, whatever the answer means: how many, how long, JSON
//! where the contract says JSON.
//!
//! The whole answer's size is bounded before this, while it is copied out of the guest.

use crate::plugin::bindings::{
    Body, Credential, Description, Failure, Field, Identity, IdentityStep, OptionError, Parameter,
    Request, RevokeStep, Token, TokenStep, Tokens, Value,
};
use crate::plugin::component::inspect;
use crate::plugin::json;

/// Requests in one step: as many as a transcript has answers.
pub const MAX_REQUESTS: usize = 16;
/// Entries of any other list, but groups.
const MAX_ENTRIES: usize = 256;
const MAX_GROUPS: usize = 1_024;
/// Bytes of a name of anything, of a scope and of an error code.
const NAME: usize = 256;
/// Bytes of a field's name.
const FIELD_NAME: usize = 128;
/// Bytes of a line that people read.
const LINE: usize = 1_024;
/// Bytes of a longer text, and of a field's value.
const TEXT: usize = 8 << 10;

/// A bound that an answer breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Breach {
    /// The answer is not of the type that the contract says: text that is no UTF-8, a case that
    /// does not exist, a pointer out of its memory.
    #[error("it does not have the contract's types")]
    Types,
    /// The component's functions are not those of the contract, though they have their names.
    #[error(
        "its functions do not have the types of {}@{}: build it against the WIT of that version",
        inspect::INTERFACE,
        inspect::INTERFACE_VERSION
    )]
    Functions,
    /// Too many of something.
    #[error("more than {max} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many would be right.
        max: usize,
    },
    /// Something is too long.
    #[error("{what} longer than {max} bytes")]
    TooLong {
        /// What.
        what: &'static str,
        /// How long would be right.
        max: usize,
    },
    /// Something that must be there is missing.
    #[error("no {what}")]
    Missing {
        /// What.
        what: &'static str,
    },
    /// Something that must be JSON is not.
    #[error("{what} that is not acceptable JSON")]
    NotJson {
        /// What.
        what: &'static str,
    },
    /// Two things of one name.
    #[error("two {what} of one name")]
    Twice {
        /// Of what.
        what: &'static str,
    },
}

/// An answer with bounds.
pub trait Answer {
    /// Whether it keeps them.
    fn check(&self) -> Result<(), Breach>;

    /// Whether it is a failure that the component reports.
    fn is_failure(&self) -> bool {
        false
    }
}

fn few<T>(items: &[T], what: &'static str, max: usize) -> Result<(), Breach> {
    if items.len() > max {
        return Err(Breach::TooMany { what, max });
    }
    Ok(())
}

fn short(text: &str, what: &'static str, max: usize) -> Result<(), Breach> {
    if text.len() > max {
        return Err(Breach::TooLong { what, max });
    }
    Ok(())
}

fn named(name: &str, what: &'static str) -> Result<(), Breach> {
    if name.is_empty() {
        return Err(Breach::Missing { what });
    }
    short(name, what, NAME)
}

fn field_name(name: &str) -> Result<(), Breach> {
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Breach::Missing {
            what: "name of visible ASCII characters",
        });
    }
    short(name, "field name", FIELD_NAME)
}

fn is_json(text: &str, what: &'static str) -> Result<serde_json::Value, Breach> {
    json::parse(text).map_err(|_| Breach::NotJson { what })
}

impl<T: Answer, E: Answer> Answer for Result<T, E> {
    fn check(&self) -> Result<(), Breach> {
        match self {
            Ok(answer) => answer.check(),
            Err(failure) => failure.check(),
        }
    }

    fn is_failure(&self) -> bool {
        self.is_err()
    }
}

impl Answer for Description {
    // `super::super::description` bounds every part of it and reports all mistakes at once.
    fn check(&self) -> Result<(), Breach> {
        Ok(())
    }
}

impl Answer for Vec<OptionError> {
    fn check(&self) -> Result<(), Breach> {
        if self.is_empty() {
            return Err(Breach::Missing {
                what: "option error",
            });
        }
        few(self, "option errors", MAX_ENTRIES)?;
        self.iter().try_for_each(|error| {
            short(&error.at, "pointer", NAME)?;
            short(&error.message, "message", LINE)
        })
    }
}

impl Answer for Failure {
    fn check(&self) -> Result<(), Breach> {
        short(self.code.as_deref().unwrap_or_default(), "error code", NAME)?;
        short(&self.detail, "detail", TEXT)
    }
}

impl Answer for Vec<Parameter> {
    fn check(&self) -> Result<(), Breach> {
        few(self, "parameters", MAX_ENTRIES)?;
        self.iter().try_for_each(|parameter| {
            field_name(&parameter.name)?;
            short(&parameter.value, "parameter", TEXT)
        })
    }
}

impl Answer for TokenStep {
    fn check(&self) -> Result<(), Breach> {
        match self {
            Self::Send(requests) => check_requests(requests),
            Self::Done(tokens) => check_tokens(tokens),
        }
    }
}

impl Answer for IdentityStep {
    fn check(&self) -> Result<(), Breach> {
        match self {
            Self::Send(requests) => check_requests(requests),
            Self::Done(identity) => check_identity(identity),
        }
    }
}

impl Answer for RevokeStep {
    fn check(&self) -> Result<(), Breach> {
        match self {
            Self::Send(requests) => check_requests(requests),
            Self::Done => Ok(()),
        }
    }
}

fn check_requests(requests: &[Request]) -> Result<(), Breach> {
    // Without a request there is no new answer, and the component would be asked the same again.
    if requests.is_empty() {
        return Err(Breach::Missing {
            what: "request in a step that sends",
        });
    }
    few(requests, "requests", MAX_REQUESTS)?;
    requests.iter().try_for_each(check_request)
}

fn check_request(request: &Request) -> Result<(), Breach> {
    named(&request.endpoint, "endpoint")?;
    check_fields(&request.query)?;
    match &request.body {
        Body::None => {}
        Body::Form(fields) | Body::Json(fields) => check_fields(fields)?,
        Body::Document(document) => drop(is_json(document, "a document")?),
    }
    match &request.credential {
        Credential::Bearer(secret) => named(secret, "secret"),
        Credential::None | Credential::Client => Ok(()),
    }
}

fn check_fields(fields: &[Field]) -> Result<(), Breach> {
    few(fields, "fields", MAX_ENTRIES)?;
    fields.iter().try_for_each(|field| {
        field_name(&field.name)?;
        match &field.value {
            Value::Text(text) => short(text, "field", TEXT),
            Value::Secret(secret) => named(secret, "secret"),
        }
    })
}

fn check_tokens(tokens: &Tokens) -> Result<(), Breach> {
    let Some((first, others)) = tokens.tokens.split_first() else {
        return Err(Breach::Missing { what: "token" });
    };
    few(&tokens.tokens, "tokens", MAX_ENTRIES)?;
    check_token(first)?;
    if !first.name.is_empty() {
        return Err(Breach::Missing {
            what: "first token with an empty name",
        });
    }
    for (index, token) in others.iter().enumerate() {
        named(&token.name, "token name")?;
        check_token(token)?;
        if others
            .iter()
            .take(index)
            .any(|other| other.name == token.name)
        {
            return Err(Breach::Twice { what: "tokens" });
        }
    }
    match &tokens.id_token {
        Some(secret) => named(secret, "secret"),
        None => Ok(()),
    }
}

fn check_token(token: &Token) -> Result<(), Breach> {
    short(&token.name, "token name", NAME)?;
    named(&token.access, "secret")?;
    if let Some(refresh) = &token.refresh {
        named(refresh, "secret")?;
    }
    short(
        token.token_type.as_deref().unwrap_or_default(),
        "token type",
        NAME,
    )?;
    let scopes = token.scopes.as_deref().unwrap_or_default();
    few(scopes, "scopes", MAX_ENTRIES)?;
    scopes.iter().try_for_each(|scope| named(scope, "scope"))
}

fn check_identity(identity: &Identity) -> Result<(), Breach> {
    if let Some(place) = &identity.email {
        named(&place.source, "source")?;
        short(&place.at, "pointer", NAME)?;
    }
    let lines = [
        (&identity.username, "username"),
        (&identity.name, "name"),
        (&identity.picture, "picture"),
        (&identity.locale, "locale"),
    ];
    for (line, what) in lines {
        short(line.as_deref().unwrap_or_default(), what, LINE)?;
    }
    few(&identity.groups, "groups", MAX_GROUPS)?;
    identity
        .groups
        .iter()
        .try_for_each(|group| short(group, "group", LINE))?;
    if is_json(&identity.attributes, "attributes")?.is_object() {
        Ok(())
    } else {
        Err(Breach::NotJson { what: "attributes" })
    }
}

#[cfg(test)]
mod tests;
