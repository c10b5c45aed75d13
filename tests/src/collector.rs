//! A collector of traces: takes what an OpenTelemetry exporter sends by gRPC, decoded by
//! OpenTelemetry's own types, and shows it as spans and as bytes.

use anyhow::{Context, Result, bail};
use data_encoding::HEXLOWER;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1 as wire;
use prost::Message;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::{Request, Response, Status};

/// A running collector.
pub struct Collector {
    url: String,
    received: Received,
    server: JoinHandle<()>,
}

type Received = Arc<Mutex<Vec<ExportTraceServiceRequest>>>;

/// A span as it came.
#[derive(Clone, Debug)]
pub struct Span {
    /// The trace's id, in hex.
    pub trace: String,
    /// Its own id, in hex.
    pub id: String,
    /// The id of the span that it stands under, in hex; empty for a root.
    pub parent: String,
    /// Its name.
    pub name: String,
    /// Unix nanoseconds.
    pub began: u64,
    /// Unix nanoseconds.
    pub ended: u64,
    /// Whether it is marked as failed.
    pub failed: bool,
    /// Its attributes, values as text.
    pub attributes: BTreeMap<String, String>,
    /// `service.name` of who sent it.
    pub service: String,
    /// `service.instance.id` of who sent it.
    pub instance: String,
}

impl Collector {
    /// Listens on a free port.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let received = Received::default();
        let service = TraceServiceServer::new(Inbox(Arc::clone(&received)));
        let server = tokio::spawn(serve(listener, service));
        Ok(Self {
            url,
            received,
            server,
        })
    }

    /// The section of a configuration that sends traces here.
    pub fn section(&self) -> String {
        format!("[telemetry]\notlp = \"{}\"\n", self.url)
    }

    /// Everything that came, as it stood on the wire.
    pub fn bytes(&self) -> Vec<u8> {
        let received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.iter().flat_map(Message::encode_to_vec).collect()
    }

    /// All spans, in the order in which they came.
    pub fn spans(&self) -> Vec<Span> {
        let received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        let mut spans = Vec::new();
        for from in received.iter().flat_map(|request| &request.resource_spans) {
            let who = from.resource.as_ref();
            let all = from.scope_spans.iter().flat_map(|scope| &scope.spans);
            spans.extend(all.map(|span| Span::new(span, who)));
        }
        spans
    }

    /// The trace in which a span of this name stands, if there is just one.
    pub fn trace_with(&self, name: &str) -> Result<Option<Trace>> {
        let spans = self.spans();
        let named = spans.iter().filter(|span| span.name == name);
        let ids: BTreeSet<_> = named.map(|span| span.trace.clone()).collect();
        let mut ids = ids.into_iter();
        match (ids.next(), ids.next()) {
            (None, _) => Ok(None),
            (Some(id), None) => Ok(Some(Trace(
                spans.into_iter().filter(|span| span.trace == id).collect(),
            ))),
            (Some(_), Some(_)) => bail!("{name} stands in more than one trace"),
        }
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// gRPC is HTTP/2, and its service is all that there is here.
async fn serve(listener: TcpListener, service: TraceServiceServer<Inbox>) {
    while let Ok((stream, _)) = listener.accept().await {
        let service = TowerToHyperService::new(service.clone());
        tokio::spawn(async move {
            let connection = Builder::new(TokioExecutor::new());
            let connection = connection.serve_connection(TokioIo::new(stream), service);
            connection.await.ok();
        });
    }
}

struct Inbox(Received);

#[tonic::async_trait]
impl TraceService for Inbox {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut received = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        received.push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Span {
    fn new(span: &wire::Span, who: Option<&Resource>) -> Self {
        let who = who.map_or_else(BTreeMap::new, |who| texts(&who.attributes));
        let of = |name: &str| who.get(name).cloned().unwrap_or_default();
        let failed = wire::status::StatusCode::Error;
        Self {
            trace: HEXLOWER.encode(&span.trace_id),
            id: HEXLOWER.encode(&span.span_id),
            parent: HEXLOWER.encode(&span.parent_span_id),
            name: span.name.clone(),
            began: span.start_time_unix_nano,
            ended: span.end_time_unix_nano,
            failed: span.status.as_ref().map(wire::Status::code) == Some(failed),
            attributes: texts(&span.attributes),
            service: of("service.name"),
            instance: of("service.instance.id"),
        }
    }

    /// An attribute's value; empty where there is none.
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}

fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |value: &Value| match value {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        Value::BoolValue(truth) => truth.to_string(),
        other => format!("{other:?}"),
    };
    let texts = attributes.iter().filter_map(|attribute| {
        let value = attribute.value.as_ref()?.value.as_ref()?;
        Some((attribute.key.clone(), text(value)))
    });
    texts.collect()
}

/// The spans of one trace.
#[derive(Debug)]
pub struct Trace(pub Vec<Span>);

impl Trace {
    /// Whether there is a span of each of these names.
    pub fn has(&self, names: &[&str]) -> bool {
        let is_there = |name: &&str| self.0.iter().any(|span| span.name == *name);
        names.iter().all(is_there)
    }

    /// The only span of this name.
    pub fn span(&self, name: &str) -> Result<&Span> {
        let mut named = self.0.iter().filter(|span| span.name == name);
        let first = named.next().with_context(|| format!("no {name}: {self}"))?;
        match named.next() {
            None => Ok(first),
            Some(_) => bail!("{name} twice: {self}"),
        }
    }

    /// The names from a span up to the root.
    pub fn line(&self, span: &Span) -> Result<Vec<&str>> {
        let mut line = Vec::new();
        let mut above = span.parent.as_str();
        while !above.is_empty() {
            let parent = self.0.iter().find(|other| other.id == above);
            let parent =
                parent.with_context(|| format!("{} hangs in the air: {self}", span.name))?;
            line.push(parent.name.as_str());
            above = &parent.parent;
            anyhow::ensure!(line.len() < 20, "a circle: {self}");
        }
        Ok(line)
    }
}

impl std::fmt::Display for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for span in &self.0 {
            writeln!(
                f,
                "{} {} under {}: {:?}",
                span.name, span.id, span.parent, span.attributes
            )?;
        }
        Ok(())
    }
}
