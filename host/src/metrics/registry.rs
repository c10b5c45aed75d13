//! The metrics themselves: names, help texts, buckets.

use super::labels::{Call, CallTime, Compilation, Egress, Ended, Http, HttpTime, Started, StepEnd};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::sync::LazyLock;

/// Seconds: from a step that finds its work done to the longest that a browser waits.
const SLOW: [f64; 12] = [
    0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 20.0,
];
/// Seconds: from a call without work to the longest that one waits for room.
const FAST: [f64; 12] = [
    0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.025, 0.1, 0.5, 2.0,
];

/// One set a process: the numbers are the process's.
pub(super) static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

/// Makes a histogram with its buckets.
#[derive(Clone)]
pub(super) struct Buckets(&'static [f64]);

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new(self.0.iter().copied())
    }
}

type Histograms<Labels> = Family<Labels, Histogram, Buckets>;

/// All metrics.
pub(super) struct Metrics {
    pub(super) registry: Registry,
    pub(super) logins_started: Family<Started, Counter>,
    pub(super) logins_ended: Family<Ended, Counter>,
    pub(super) in_flight: Gauge,
    pub(super) steps: Histograms<StepEnd>,
    pub(super) plugin_calls: Family<Call, Counter>,
    pub(super) plugin_times: Histograms<CallTime>,
    pub(super) plugin_queue: Gauge,
    pub(super) plugin_wait: Histogram,
    pub(super) compilations: Histograms<Compilation>,
    pub(super) diagnoses: Counter,
    pub(super) egress: Family<Egress, Counter>,
    pub(super) http_requests: Family<Http, Counter>,
    pub(super) http_times: Histograms<HttpTime>,
}

impl Metrics {
    fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("celadon"),
            logins_started: Family::default(),
            logins_ended: Family::default(),
            in_flight: Gauge::default(),
            steps: Family::new_with_constructor(Buckets(&SLOW)),
            plugin_calls: Family::default(),
            plugin_times: Family::new_with_constructor(Buckets(&FAST)),
            plugin_queue: Gauge::default(),
            plugin_wait: Histogram::new(FAST),
            compilations: Family::new_with_constructor(Buckets(&SLOW)),
            diagnoses: Counter::default(),
            egress: Family::default(),
            http_requests: Family::default(),
            http_times: Family::new_with_constructor(Buckets(&SLOW)),
        };
        metrics.register_logins();
        metrics.register_edges();
        metrics
    }

    fn register_logins(&mut self) {
        let all = &mut self.registry;
        all.register(
            "logins_started",
            "Logins that began",
            self.logins_started.clone(),
        );
        all.register(
            "logins_ended",
            "Logins that ended, by outcome",
            self.logins_ended.clone(),
        );
        all.register(
            "logins_in_flight",
            "Logins under way in the whole fleet",
            self.in_flight.clone(),
        );
        all.register_with_unit(
            "step_duration",
            "Runs of a login's and a grant's steps",
            Unit::Seconds,
            self.steps.clone(),
        );
    }

    fn register_edges(&mut self) {
        let all = &mut self.registry;
        all.register(
            "plugin_calls",
            "Calls into components, by outcome",
            self.plugin_calls.clone(),
        );
        all.register_with_unit(
            "plugin_call_duration",
            "Calls into components, without their wait for room",
            Unit::Seconds,
            self.plugin_times.clone(),
        );
        all.register(
            "plugin_queue_depth",
            "Calls into components that wait for room",
            self.plugin_queue.clone(),
        );
        all.register_with_unit(
            "plugin_queue_wait",
            "Waits of calls into components for room",
            Unit::Seconds,
            self.plugin_wait.clone(),
        );
        all.register_with_unit(
            "component_compilation",
            "Compilations of components, by outcome",
            Unit::Seconds,
            self.compilations.clone(),
        );
        all.register(
            "plugin_diagnoses",
            "Failed calls into components that were run again",
            self.diagnoses.clone(),
        );
        all.register(
            "egress_requests",
            "Requests to providers, by status class or error",
            self.egress.clone(),
        );
        all.register(
            "http_requests",
            "Requests answered, by route and status class",
            self.http_requests.clone(),
        );
        all.register_with_unit(
            "http_request_duration",
            "Requests, until their response's head",
            Unit::Seconds,
            self.http_times.clone(),
        );
    }
}
