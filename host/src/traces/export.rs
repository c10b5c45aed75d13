//! How spans leave: a bounded queue, a thread that sends batches by OTLP over gRPC, and a word in the
//! log where the collector does not take them.
//!
//! This client is none of [`crate::egress`]: its address comes from the operator alone. Nothing here
//! can slow a login: a full queue drops spans, and a collector that hangs holds up the thread alone.

use super::Trace;
use super::span::Finished;
use crate::config;
use crate::random;
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter as Otlp, WithTonicConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SamplingDecision, ShouldSample, SpanData,
    SpanEvents, SpanExporter, SpanLinks, SpanProcessor,
};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tonic::transport::Endpoint;
use url::Url;

/// Spans that wait: about a hundred logins. More are dropped.
const QUEUE: usize = 4096;
/// Spans of one message.
const BATCH: usize = 512;
/// How long a span waits for company.
const DELAY: Duration = Duration::from_secs(1);
/// How long the collector may take to be connected to, and to answer.
const CONNECT: Duration = Duration::from_secs(2);
const ANSWER: Duration = Duration::from_secs(5);
/// Between two lines in the log that say the same.
const QUIET: Duration = Duration::from_secs(60);

/// Why logins cannot be traced.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    /// The address makes no endpoint.
    #[error("[telemetry] otlp is no endpoint of gRPC")]
    Endpoint(#[source] tonic::transport::Error),
    /// The exporter cannot be made.
    #[error("the exporter of traces cannot be set up")]
    Exporter(#[source] ExporterBuildError),
}

/// Where finished spans go.
pub(super) struct Sink {
    processor: BatchSpanProcessor,
    sampler: Sampler,
    scope: InstrumentationScope,
}

impl Sink {
    /// Contacts nobody.
    pub(super) fn new(collector: &Url, settings: &config::Telemetry) -> Result<Self, TracesError> {
        let channel = Endpoint::from_shared(collector.to_string())
            .map_err(TracesError::Endpoint)?
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .connect_lazy();
        let otlp = Otlp::builder()
            .with_tonic()
            .with_channel(channel)
            .build()
            .map_err(TracesError::Exporter)?;
        let exporter = Reporting {
            otlp,
            collector: collector.to_string(),
            state: Mutex::default(),
        };
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE)
            .with_max_export_batch_size(BATCH)
            .with_scheduled_delay(DELAY)
            .build();
        let mut processor = BatchSpanProcessor::new(exporter, batches);
        processor.set_resource(&resource(settings));
        Ok(Self {
            processor,
            sampler: Sampler::TraceIdRatioBased(settings.sample),
            scope: InstrumentationScope::builder("celadon")
                .with_version(env!("CARGO_PKG_VERSION"))
                .build(),
        })
    }

    /// Whether this trace is among those that are sent: decided by its id, and so the same in
    /// every process that has the same `sample`.
    pub(super) fn takes(&self, trace: &Trace) -> bool {
        let decided = self
            .sampler
            .should_sample(None, trace.id, "", &SpanKind::Internal, &[], &[]);
        decided.decision == SamplingDecision::RecordAndSample
    }

    pub(super) fn put(&self, span: Finished) {
        let Finished {
            trace,
            id,
            parent,
            start,
            began,
            end,
        } = span;
        let mut attributes = start.attributes;
        attributes.extend(end.attributes);
        let status = if end.failed {
            Status::error("")
        } else {
            Status::Unset
        };
        self.processor.on_end(SpanData {
            span_context: SpanContext::new(trace, id, TraceFlags::SAMPLED, false, TraceState::NONE),
            parent_span_id: parent.unwrap_or(SpanId::INVALID),
            parent_span_is_remote: false,
            span_kind: start.kind,
            name: start.name,
            start_time: began,
            end_time: crate::clock::precise().max(began),
            attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status,
            instrumentation_scope: self.scope.clone(),
        });
    }

    /// Sends what is left. Blocks; answers whether it was done in time.
    pub(super) fn stop(&self, patience: Duration) -> bool {
        self.processor.shutdown_with_timeout(patience).is_ok()
    }
}

/// Who speaks. Nothing is read from the environment.
fn resource(settings: &config::Telemetry) -> Resource {
    Resource::builder_empty()
        .with_service_name(settings.service_name.clone())
        .with_attributes([
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", random::id()),
        ])
        .build()
}

/// The exporter, which says where it fails: once a minute.
#[derive(Debug)]
struct Reporting {
    otlp: Otlp,
    collector: String,
    state: Mutex<Report>,
}

/// What the log knows already.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// The log says that it fails.
    told: bool,
    told_at: Option<Instant>,
    lost: usize,
}

/// What the log is to be told.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    Failing { lost: usize },
    Recovered { lost: usize },
}

impl Report {
    /// What is new about a message that was taken or not.
    pub(super) fn of(&mut self, taken: bool, spans: usize, now: Instant) -> Option<News> {
        if taken {
            let lost = std::mem::take(&mut self.lost);
            let told = std::mem::take(&mut self.told);
            return told.then_some(News::Recovered { lost });
        }
        self.lost = self.lost.saturating_add(spans);
        let lately = |at: Instant| now.duration_since(at) < QUIET;
        if self.told_at.is_some_and(lately) {
            return None;
        }
        self.told = true;
        self.told_at = Some(now);
        Some(News::Failing { lost: self.lost })
    }
}

impl SpanExporter for Reporting {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let result = self.otlp.export(batch).await;
        let news = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.of(result.is_ok(), spans, Instant::now())
        };
        let collector = &self.collector;
        match (news, &result) {
            (Some(News::Failing { lost }), Err(error)) => {
                tracing::warn!(collector, lost, error = %error, "the collector does not take traces; logins go on without");
            }
            (Some(News::Recovered { lost }), _) => {
                tracing::info!(collector, lost, "the collector takes traces again");
            }
            _ => {}
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.otlp.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.otlp.set_resource(resource);
    }
}
