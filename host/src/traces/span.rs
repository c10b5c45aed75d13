//! Spans under way: what they are children of, and when they learn it.
//!
//! The span that work runs in is a local of its task. A request or step may begin before it is known
//! which login it is about: it gets its id at once and its trace when that is joined. One that
//! joins none leaves nothing behind.

use super::export::Sink;
use super::{SINK, Trace};
use crate::clock;
use crate::random;
use futures::future::BoxFuture;
use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanId, SpanKind, TraceId};
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

tokio::task_local! {
    static CURRENT: Arc<Open>;
}

/// What a span begins with.
pub(super) struct Start {
    pub(super) name: Cow<'static, str>,
    pub(super) kind: SpanKind,
    pub(super) attributes: Vec<KeyValue>,
}

/// What a span ends with.
#[derive(Default)]
pub(super) struct End {
    pub(super) attributes: Vec<KeyValue>,
    pub(super) failed: bool,
}

impl End {
    pub(super) fn with(attribute: KeyValue) -> Self {
        Self {
            attributes: vec![attribute],
            failed: false,
        }
    }

    /// Marks it as failed, for a reason out of a closed list.
    pub(super) fn failed(mut self, why: impl Into<Cow<'static, str>>) -> Self {
        self.failed = true;
        let why: Cow<'static, str> = why.into();
        self.attributes.push(KeyValue::new("error.type", why));
        self
    }
}

/// A span that is over.
pub(super) struct Finished {
    pub(super) trace: TraceId,
    pub(super) id: SpanId,
    pub(super) parent: Option<SpanId>,
    pub(super) start: Start,
    pub(super) began: SystemTime,
    pub(super) end: End,
}

/// A span under way, as its children and [`join`] see it.
struct Open {
    id: SpanId,
    began: SystemTime,
    place: OnceLock<Place>,
}

/// Where a span stands.
#[derive(Clone, Copy)]
struct Place {
    trace: TraceId,
    parent: SpanId,
    sampled: bool,
}

impl Open {
    fn new(place: Option<Place>) -> Arc<Self> {
        Arc::new(Self {
            id: SpanId::from_bytes(random::bytes()),
            began: clock::precise(),
            place: place.map_or_else(OnceLock::new, OnceLock::from),
        })
    }
}

/// Puts the request or step that runs here into a trace. The first trace that it joins counts.
pub fn join(trace: &Trace) {
    let Some(sink) = SINK.get() else { return };
    let place = Place {
        trace: trace.id,
        parent: trace.root,
        sampled: sink.takes(trace),
    };
    // Fails outside of any span, and there is nothing to join then.
    CURRENT.try_with(|open| open.place.set(place).ok()).ok();
}

/// When the span began that is under way here.
pub fn began() -> Option<SystemTime> {
    CURRENT.try_with(|open| open.began).ok()
}

/// Whether a span is under way here, traced or not.
pub(super) fn inside() -> bool {
    CURRENT.try_with(|_| ()).is_ok()
}

/// Runs `work` in a span that is to join its trace.
pub(super) async fn late<T>(
    sink: &'static Sink,
    start: Start,
    work: BoxFuture<'_, T>,
    end: impl FnOnce(&T) -> End,
) -> T {
    record(sink, start, Open::new(None), work, end).await
}

/// Runs `work` in a span below the one that is under way here. Without one that is traced, it
/// just runs.
pub(super) async fn child<T>(
    sink: &'static Sink,
    start: Start,
    work: BoxFuture<'_, T>,
    end: impl FnOnce(&T) -> End,
) -> T {
    let place = CURRENT.try_with(|open| {
        let above = open.place.get()?;
        Some(Place {
            parent: open.id,
            ..*above
        })
    });
    match place.ok().flatten().filter(|place| place.sampled) {
        Some(place) => record(sink, start, Open::new(Some(place)), work, end).await,
        None => work.await,
    }
}

async fn record<T>(
    sink: &'static Sink,
    start: Start,
    open: Arc<Open>,
    work: BoxFuture<'_, T>,
    end: impl FnOnce(&T) -> End,
) -> T {
    let mut recording = Recording {
        sink,
        open: Arc::clone(&open),
        start: Some(start),
    };
    let value = CURRENT.scope(open, work).await;
    recording.finish(end(&value));
    value
}

/// A span that is sent when it ends, also where its work is given up: a browser that goes away.
struct Recording {
    sink: &'static Sink,
    open: Arc<Open>,
    start: Option<Start>,
}

impl Recording {
    fn finish(&mut self, end: End) {
        let place = self.open.place.get().filter(|place| place.sampled);
        let (Some(start), Some(place)) = (self.start.take(), place) else {
            return;
        };
        self.sink.put(Finished {
            trace: place.trace,
            id: self.open.id,
            parent: Some(place.parent),
            start,
            began: self.open.began,
            end,
        });
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.finish(End::default().failed("abandoned"));
    }
}
