//! Fixtures as files, and how a provider may differ from one.

use serde::Deserialize;
use serde_json::{Map, Value};
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

/// One call and what must come of it. Which inputs count depends on the function.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    pub(super) call: Function,
    /// For `authorize`.
    #[serde(default)]
    pub(super) scopes: Vec<String>,
    /// For `authorize`.
    #[serde(default)]
    pub(super) hints: BTreeMap<String, String>,
    /// For `obtain`.
    #[serde(default)]
    pub(super) grant: String,
    /// For `obtain`: the callback's, or the exchange's.
    #[serde(default)]
    pub(super) parameters: BTreeMap<String, String>,
    /// For `identify`.
    #[serde(default)]
    pub(super) evidence: Evidence,
    /// For `revoke`.
    #[serde(default)]
    pub(super) token: String,
    /// The requests, in their order, with their answers.
    #[serde(default)]
    pub(super) exchanges: Vec<Exchange>,
    /// What must be contained in the result.
    pub(super) expect: Value,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Function {
    Describe,
    Authorize,
    Obtain,
    Identify,
    Revoke,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Evidence {
    pub(super) id_token: Option<Value>,
    pub(super) access_token: Option<Value>,
    pub(super) token: Value,
    pub(super) callback: BTreeMap<String, String>,
    pub(super) scopes: Vec<String>,
}

/// A request and the answer it got.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    pub(super) request: Value,
    pub(super) answer: Answer,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    #[serde(default = "ok")]
    pub(super) status: u16,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) body: Value,
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
                return write!(
                    f,
                    "call {call}: {left} recorded exchanges were not asked for"
                );
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
        write!(
            f,
            "call {call}: another {what}\nexpected {expected:#}\nfound    {found:#}"
        )
    }
}

impl std::error::Error for Mismatch {}
