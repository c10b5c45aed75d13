//! Traces: one login, from its link to its session, as one trace in OpenTelemetry's terms.
//!
//! Owned here: which trace a thing belongs to, what stands in a span, and how spans leave. Off
//! unless `[telemetry] otlp` names a collector. One function a kind of event, called in one line
//! where the event happens, as in [`crate::metrics`].
//!
//! A login's trace is derived from the login's id ([`Trace`]), so whoever works on the login, in
//! whatever process, works in the same trace, and no context has to travel: not through a
//! workflow's input, not through a browser. A `traceparent` that comes with a request is not looked
//! at, for a stranger would choose the trace by it, and none is sent to a provider.
//!
//! What stands in a span is decided here by type: names and words of this program, ids, names of
//! configured providers, hosts that a provider's policy allows, numbers. Never a URL's path or
//! query, a code, a token, a user's data or a word that a provider or browser wrote. No line of the
//! log becomes a part of a trace.
//!
//! What runs in a span is boxed before it is wrapped: an `async fn` that awaits its argument is at
//! least twice as large, and the spans of a login stand five deep.

mod export;
mod span;
#[cfg(test)]
mod tests;
mod trace;

pub use self::export::TracesError;
pub use self::span::{began, join};
pub use self::trace::Trace;

use self::export::Sink;
use self::span::{End, Finished, Start};
use crate::config;
use crate::egress::{Answer, EgressError, Outgoing};
use crate::metrics::{self, Verdict};
use crate::plugin::transcript::Stop;
use crate::temporal::TemporalError;
use axum::response::Response;
use celadon_workflows::types::{LoginId, Outcome, ProviderName};
use futures::FutureExt;
use futures::future::BoxFuture;
use http::Method;
use opentelemetry::KeyValue;
use opentelemetry::trace::SpanKind;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Where spans go. One for the process, as the log is.
static SINK: OnceLock<Sink> = OnceLock::new();

/// Routes whose requests say nothing of a login.
const QUIET: [&str; 4] = ["/healthz", "/readyz", "/metrics", "/assets/{file}"];

/// Begins to trace, where the configuration names a collector. It is not contacted here. To be
/// called within the runtime that is to carry the traffic.
///
/// # Errors
/// The exporter cannot be set up.
pub fn start(settings: &config::Telemetry) -> Result<(), TracesError> {
    if let Some(collector) = &settings.otlp {
        let sink = Sink::new(collector, settings)?;
        // A second start changes nothing.
        if SINK.set(sink).is_ok() {
            tracing::info!(%collector, sample = settings.sample, "logins are traced");
        }
    }
    Ok(())
}

/// Sends what is left, for `patience` at most.
pub async fn stop(patience: Duration) {
    let Some(sink) = SINK.get() else { return };
    let flushed = tokio::task::spawn_blocking(move || sink.stop(patience)).await;
    if !matches!(flushed, Ok(true)) {
        tracing::warn!("the last traces were not sent in time");
    }
}

/// Whether logins are traced.
pub fn are_on() -> bool {
    SINK.get().is_some()
}

/// A request that a browser or client made. It stands in the trace that is joined while it is
/// answered, and in none where it is about no login.
pub fn request<'a>(
    route: &'static str,
    method: &'static str,
    work: impl Future<Output = Response> + Send + 'a,
) -> impl Future<Output = Response> + Send + 'a {
    request_boxed(route, method, work.boxed())
}

async fn request_boxed(
    route: &'static str,
    method: &'static str,
    work: BoxFuture<'_, Response>,
) -> Response {
    let Some(sink) = SINK.get().filter(|_| !QUIET.contains(&route)) else {
        return work.await;
    };
    let start = Start {
        name: format!("{method} {route}").into(),
        kind: SpanKind::Server,
        attributes: vec![
            KeyValue::new("http.request.method", method),
            KeyValue::new("http.route", route),
        ],
    };
    span::late(sink, start, work, |response| {
        let status = response.status();
        let end = End::with(KeyValue::new(
            "http.response.status_code",
            i64::from(status.as_u16()),
        ));
        // A login that is refused is 4xx, and that is an answer.
        if status.is_server_error() {
            end.failed(status.as_str().to_owned())
        } else {
            end
        }
    })
    .await
}

/// One run of a step. `trace`: the login's or renewal's, where it is known before the step begins;
/// else that of the request which runs it, or the one that is joined meanwhile.
pub fn step<'a, T: Verdict + Send + 'a>(
    step: &'static str,
    trace: Option<Trace>,
    work: impl Future<Output = Result<T, Stop>> + Send + 'a,
) -> impl Future<Output = Result<T, Stop>> + Send + 'a {
    step_boxed(step, trace, work.boxed())
}

async fn step_boxed<T: Verdict + Send>(
    step: &'static str,
    trace: Option<Trace>,
    work: BoxFuture<'_, Result<T, Stop>>,
) -> Result<T, Stop> {
    let Some(sink) = SINK.get() else {
        return work.await;
    };
    let start = Start {
        name: step.into(),
        kind: SpanKind::Internal,
        attributes: Vec::new(),
    };
    let end = |result: &Result<T, Stop>| {
        let outcome = metrics::outcome_of(result);
        let end = End::with(KeyValue::new("celadon.outcome", outcome));
        match result {
            Err(Stop::Refused(refusal)) => end.failed(refusal.reason.as_str()),
            _ if outcome != metrics::DONE => end.failed(outcome),
            _ => end,
        }
    };
    let work = async {
        if let Some(trace) = &trace {
            join(trace);
        }
        work.await
    }
    .boxed();
    if span::inside() {
        span::child(sink, start, work, end).await
    } else {
        span::late(sink, start, work, end).await
    }
}

/// A call into a component, its wait for room included.
pub fn plugin_call<'a, T: Send + 'a>(
    provider: &'a ProviderName,
    function: &'static str,
    work: impl Future<Output = T> + Send + 'a,
    outcome: impl FnOnce(&T) -> &'static str + Send + 'a,
) -> impl Future<Output = T> + Send + 'a {
    plugin_call_boxed(provider, function, work.boxed(), outcome)
}

async fn plugin_call_boxed<T: Send>(
    provider: &ProviderName,
    function: &'static str,
    work: BoxFuture<'_, T>,
    outcome: impl FnOnce(&T) -> &'static str + Send,
) -> T {
    let Some(sink) = SINK.get() else {
        return work.await;
    };
    let start = Start {
        name: format!("plugin {function}").into(),
        kind: SpanKind::Internal,
        attributes: vec![
            KeyValue::new("celadon.provider", provider.to_string()),
            KeyValue::new("celadon.plugin.function", function),
        ],
    };
    span::child(sink, start, work, |value| {
        let outcome = outcome(value);
        let end = End::with(KeyValue::new("celadon.outcome", outcome));
        if outcome == metrics::PLUGIN_OK {
            end
        } else {
            end.failed(outcome)
        }
    })
    .await
}

/// What a request to a provider shows of itself: method, purpose, host and port.
pub struct Outbound {
    name: String,
    attributes: Vec<KeyValue>,
}

impl Outbound {
    /// Of this request, where it is traced.
    pub fn of(outgoing: &Outgoing, provider: &ProviderName) -> Option<Self> {
        if !are_on() || !span::inside() {
            return None;
        }
        let method = match outgoing.method {
            Method::GET => "GET",
            Method::POST => "POST",
            _ => "_OTHER",
        };
        let mut attributes = vec![
            KeyValue::new("http.request.method", method),
            KeyValue::new("celadon.provider", provider.to_string()),
            KeyValue::new("celadon.egress.purpose", outgoing.purpose),
        ];
        if let Some(host) = outgoing.url.host_str() {
            attributes.push(KeyValue::new("server.address", host.to_owned()));
        }
        if let Some(port) = outgoing.url.port_or_known_default() {
            attributes.push(KeyValue::new("server.port", i64::from(port)));
        }
        Some(Self {
            name: format!("{method} {}", outgoing.purpose),
            attributes,
        })
    }
}

/// A request to a provider.
pub fn egress<'a>(
    outbound: Option<Outbound>,
    work: impl Future<Output = Result<Answer, EgressError>> + Send + 'a,
) -> impl Future<Output = Result<Answer, EgressError>> + Send + 'a {
    egress_boxed(outbound, work.boxed())
}

async fn egress_boxed(
    outbound: Option<Outbound>,
    work: BoxFuture<'_, Result<Answer, EgressError>>,
) -> Result<Answer, EgressError> {
    let (Some(sink), Some(outbound)) = (SINK.get(), outbound) else {
        return work.await;
    };
    let start = Start {
        name: outbound.name.into(),
        kind: SpanKind::Client,
        attributes: outbound.attributes,
    };
    span::child(sink, start, work, |result| match result {
        Ok(answer) => {
            let status = KeyValue::new("http.response.status_code", i64::from(answer.status));
            let end = End::with(status);
            if answer.status >= 400 {
                end.failed(answer.status.to_string())
            } else {
                end
            }
        }
        Err(error) => End::default().failed(error.class()),
    })
    .await
}

/// A call to Temporal, named as its own SDKs name it: `StartWorkflow:Authentication`.
pub fn temporal_call<'a, T: Send + 'a>(
    name: &'static str,
    work: impl Future<Output = Result<T, TemporalError>> + Send + 'a,
) -> impl Future<Output = Result<T, TemporalError>> + Send + 'a {
    temporal_call_boxed(name, work.boxed())
}

async fn temporal_call_boxed<T: Send>(
    name: &'static str,
    work: BoxFuture<'_, Result<T, TemporalError>>,
) -> Result<T, TemporalError> {
    let Some(sink) = SINK.get() else {
        return work.await;
    };
    let start = Start {
        name: name.into(),
        kind: SpanKind::Client,
        attributes: Vec::new(),
    };
    span::child(sink, start, work, |result| match result {
        Ok(_) => End::default(),
        Err(error) => End::default().failed(error.class()),
    })
    .await
}

/// A login has ended: the span that all others of its trace stand under. `began_at` is in Unix
/// milliseconds.
pub fn login_ended(login: &LoginId, provider: &ProviderName, began_at: u64, outcome: &Outcome) {
    let (word, reason) = metrics::words_of(outcome);
    let mut end = End::with(KeyValue::new("celadon.outcome", word));
    if !reason.is_empty() {
        end = end.failed(reason);
    }
    login_root(login, provider, began_at, end);
}

/// A login could not begin: nobody can ever come back to it.
pub fn login_not_begun(login: &LoginId, provider: &ProviderName, began_at: u64) {
    let end = End::with(KeyValue::new("celadon.outcome", "not_begun"));
    login_root(login, provider, began_at, end.failed("not_begun"));
}

fn login_root(login: &LoginId, provider: &ProviderName, began_at: u64, end: End) {
    let attributes = vec![
        KeyValue::new("celadon.login.id", login.to_string()),
        KeyValue::new("celadon.provider", provider.to_string()),
    ];
    let began = UNIX_EPOCH + Duration::from_millis(began_at);
    root("login", &Trace::of_login(login), began, attributes, end);
}

/// The renewal of a grant's tokens has come to an end, good or bad.
pub fn renewal_ended(
    trace: &Trace,
    provider: &ProviderName,
    began: SystemTime,
    outcome: &'static str,
) {
    let mut end = End::with(KeyValue::new("celadon.outcome", outcome));
    if outcome != metrics::DONE {
        end = end.failed(outcome);
    }
    let attributes = vec![KeyValue::new("celadon.provider", provider.to_string())];
    root("renewal", trace, began, attributes, end);
}

fn root(name: &'static str, trace: &Trace, began: SystemTime, attributes: Vec<KeyValue>, end: End) {
    let Some(sink) = SINK.get().filter(|sink| sink.takes(trace)) else {
        return;
    };
    sink.put(Finished {
        trace: trace.id,
        id: trace.root,
        parent: None,
        start: Start {
            name: name.into(),
            kind: SpanKind::Internal,
            attributes,
        },
        began,
        end,
    });
}
