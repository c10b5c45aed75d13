//! `[temporal]`

use crate::config::section::Section;
use crate::config::{Temporal, values};

/// Temporal's own bound on names.
const LONGEST: usize = 255;

pub(super) fn read(mut section: Section<'_>) -> Temporal {
    let address = section.parsed("address", values::host_and_port);
    let namespace = section.parsed("namespace", values::text(LONGEST));
    let task_queue = section.parsed("task_queue", values::text(LONGEST));
    section.finish();
    Temporal {
        address,
        namespace: namespace.unwrap_or_else(|| "default".to_owned()),
        task_queue: task_queue.unwrap_or_else(|| "celadon".to_owned()),
    }
}
