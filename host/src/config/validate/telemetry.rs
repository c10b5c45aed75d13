//! `[telemetry]`

use crate::config::section::Section;
use crate::config::{Telemetry, values};

const LONGEST_NAME: usize = 255;

pub(super) fn read(mut section: Section<'_>) -> Telemetry {
    let otlp = section.parsed("otlp", values::collector);
    let service_name = section.parsed("service_name", values::text(LONGEST_NAME));
    let sample = section.ratio("sample");
    section.finish();
    let default = Telemetry::default();
    Telemetry {
        otlp,
        service_name: service_name.unwrap_or(default.service_name),
        sample: sample.unwrap_or(default.sample),
    }
}
