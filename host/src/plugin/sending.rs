//! One request to a provider, with the few repetitions that cannot spend anything twice.

use super::description::Role;
use super::request::Prepared;
use super::transcript::Stop;
use crate::egress::{Answer, Egress, EgressError, Outgoing};
use crate::oidc::json;
use celadon_workflows::types::{Reason, Refusal};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::{Duration, Instant};

/// One request, its repetitions included.
const PATIENCE: Duration = Duration::from_secs(10);
/// The wait where a provider asks for one and does not say how long.
const PAUSE: Duration = Duration::from_secs(1);
/// Headers that a component sees.
const SHOWN_HEADERS: [&str; 3] = ["link", "retry-after", "x-oauth-scopes"];

/// How long one request may take, its repetitions included, and how long its answer may be.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    /// When the browser's patience ends.
    pub(super) deadline: Instant,
    /// Bytes of the answer's body.
    pub(super) max_body: usize,
}

/// An answer as the host keeps it. Serialised only to be sealed into the journal.
#[derive(Serialize, Deserialize)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Value,
    #[serde(skip)]
    pub(super) endpoint: String,
    #[serde(skip, default = "resource")]
    pub(super) role: Role,
    #[serde(skip)]
    pub(super) carries: Vec<String>,
    /// What was signed for the request. Journaled: a later run must hide it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) signed: Option<String>,
}

fn resource() -> Role {
    Role::Resource
}

impl Answered {
    /// The answer to a request that is not sent because what it needs does not exist.
    pub(super) fn missing(endpoint: &str, role: Role) -> Self {
        Self {
            status: 404,
            headers: Vec::new(),
            body: Value::Null,
            endpoint: endpoint.to_owned(),
            role,
            carries: Vec::new(),
            signed: None,
        }
    }

    /// Says which request it answers.
    pub(super) fn bind(&mut self, prepared: &Prepared) {
        self.endpoint.clone_from(&prepared.endpoint);
        self.role = prepared.role;
        self.carries.clone_from(&prepared.carries);
    }
}

/// A request that has no usable answer.
pub(super) struct Unanswered {
    /// Whether the provider certainly saw nothing of it.
    pub(super) nothing_sent: bool,
    refusal: Refusal,
}

impl Unanswered {
    /// The end of a request that must not be sent again and may have been received. An answer that
    /// came and cannot be used is not lost.
    pub(super) fn lost(self) -> Stop {
        match self.refusal.reason {
            Reason::ProviderUnavailable => Stop::refused(
                Reason::AnswerLost,
                format!("{}; what was sent is never sent again", self.refusal.detail),
            ),
            _ => self.into(),
        }
    }
}

impl From<Unanswered> for Stop {
    fn from(unanswered: Unanswered) -> Self {
        Self::Refused(unanswered.refusal)
    }
}

/// Sends it. A connection that was refused before anything was sent, 429, and 503 with Retry-After
/// are tried again within ten seconds and the browser's patience.
pub(super) async fn send(
    egress: &Egress,
    prepared: &Prepared,
    bounds: Bounds,
) -> Result<Answered, Unanswered> {
    send_or_repeat(egress, prepared, bounds, false).await
}

/// As [`send`], for a request that spends nothing: a connection that breaks, as one that the provider
/// closes while it is idle, is worth a second try.
pub(super) async fn send_harmless(
    egress: &Egress,
    prepared: &Prepared,
    bounds: Bounds,
) -> Result<Answered, Unanswered> {
    send_or_repeat(egress, prepared, bounds, true).await
}

async fn send_or_repeat(
    egress: &Egress,
    prepared: &Prepared,
    bounds: Bounds,
    mut second_try: bool,
) -> Result<Answered, Unanswered> {
    let deadline = bounds.deadline.min(Instant::now() + PATIENCE);
    let bounds = Bounds { deadline, ..bounds };
    let mut pause = Duration::from_millis(200);
    loop {
        let wait = match egress.send(outgoing(prepared, bounds)).await {
            Ok(answer) => match asked_to_wait(&answer) {
                Some(wait) if wait < left(deadline) => wait,
                _ => return Ok(answered(answer, prepared)),
            },
            Err(error) if error.worth_repeating() && pause < left(deadline) => {
                pause = (pause * 2).min(Duration::from_secs(2));
                pause
            }
            Err(EgressError::Broken(_)) if std::mem::take(&mut second_try) => continue,
            Err(error) => return Err(unanswered(&error, prepared)),
        };
        tokio::time::sleep(wait).await;
    }
}

/// The time until then. The wait that a provider asks for may be longer than an [`Instant`] holds, so
/// it is compared with this and never added to one.
fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

fn outgoing(prepared: &Prepared, bounds: Bounds) -> Outgoing {
    Outgoing {
        method: prepared.method.clone(),
        url: prepared.url.clone(),
        headers: prepared.headers.clone(),
        body: prepared.body.as_ref().map(|body| body.to_vec()),
        deadline: bounds.deadline,
        max_body: bounds.max_body,
        purpose: prepared.role.as_str(),
    }
}

/// How long the provider asks to wait, where it says that it did nothing.
fn asked_to_wait(answer: &Answer) -> Option<Duration> {
    let after = answer
        .headers
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.trim().parse().ok())
        .map(Duration::from_secs);
    match StatusCode::from_u16(answer.status) {
        Ok(StatusCode::TOO_MANY_REQUESTS) => {
            Some(after.unwrap_or(PAUSE).max(Duration::from_millis(200)))
        }
        Ok(StatusCode::SERVICE_UNAVAILABLE) => {
            after.map(|wait| wait.max(Duration::from_millis(200)))
        }
        _ => None,
    }
}

fn answered(answer: Answer, prepared: &Prepared) -> Answered {
    let headers = SHOWN_HEADERS
        .iter()
        .filter_map(|name| {
            let value = answer.headers.get(*name)?.to_str().ok()?;
            (value.len() <= 8 << 10).then(|| ((*name).to_owned(), value.to_owned()))
        })
        .collect();
    let mut answered = Answered {
        status: answer.status,
        headers,
        body: read_body(&answer.headers, &answer.body),
        endpoint: String::new(),
        role: prepared.role,
        carries: Vec::new(),
        signed: prepared.signed.as_ref().map(|signed| signed.to_string()),
    };
    answered.bind(prepared);
    answered
}

/// JSON and form bodies as JSON; `null` for others. The content type is not believed: providers
/// send JSON as text/html and forms as text/plain.
fn read_body(headers: &HeaderMap, body: &[u8]) -> Value {
    if let Ok(value) = json::parse(body, &json::Limits::default()) {
        return value;
    }
    let form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value.starts_with("application/x-www-form-urlencoded")
                || value.starts_with("text/plain")
        });
    if !form || !body.contains(&b'=') || std::str::from_utf8(body).is_err() {
        return Value::Null;
    }
    let mut members = Map::new();
    for (name, value) in url::form_urlencoded::parse(body).take(256) {
        if members
            .insert(name.into_owned(), Value::from(value.as_ref()))
            .is_some()
        {
            return Value::Null;
        }
    }
    Value::Object(members)
}

fn unanswered(error: &EgressError, prepared: &Prepared) -> Unanswered {
    tracing::warn!(error = %error, endpoint = prepared.endpoint, "a provider's answer could not be had");
    let (reason, detail) = match error {
        EgressError::Denied(denial) => (Reason::NotGranted, denial.to_string()),
        EgressError::TooLarge { .. } | EgressError::Redirect { .. } | EgressError::Encoding => {
            (Reason::InvalidResponse, error.to_string())
        }
        _ => (Reason::ProviderUnavailable, error.to_string()),
    };
    Unanswered {
        nothing_sent: error.nothing_sent(),
        refusal: Refusal::new(
            reason,
            format!("endpoint `{}`: {detail}", prepared.endpoint),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_of_any_length_is_compared_with_what_is_left() {
        let deadline = Instant::now() + PATIENCE;
        for wait in ["30", "9999999999", "18446744073709551615"] {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, wait.parse().expect("a value"));
            let answer = Answer {
                status: 429,
                headers,
                body: Vec::new(),
            };
            let wait = asked_to_wait(&answer).expect("429 asks to wait");
            assert!(wait >= left(deadline), "{wait:?}");
        }
        assert_eq!(left(Instant::now()), Duration::ZERO);
    }
}
