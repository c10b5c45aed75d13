//! Reads `[providers.<name>.limits]`. What the keys mean, their defaults and ranges are in
//! [`crate::config::limits`].

use crate::config::limits::{
    COMPILE_MEMORY, COMPILE_TIME, COMPONENT_SIZE, DEADLINE, MEMORY, MESSAGE, OUTPUT, RATE, REQUESTS,
};
use crate::config::problem::Problem;
use crate::config::section::Section;
use crate::config::tree::Value;
use crate::config::{Limits, Tier, values};
use std::num::NonZeroU32;
use std::ops::RangeInclusive;

pub(super) fn read(mut section: Section<'_>) -> Limits {
    let tier = section.parsed("tier", |text| values::word(text, &Tier::ALL, Tier::as_str));
    let mut limits = Limits::of(tier.unwrap_or_default());
    let all = &mut section;
    set(
        &mut limits.deadline,
        all.parsed("deadline", values::duration(DEADLINE)),
    );
    set(&mut limits.memory, bytes(all, "memory", MEMORY));
    let elements = 0..=limits.tier.most_table_elements();
    set(
        &mut limits.table_elements,
        number(all, "table_elements", elements),
    );
    set(&mut limits.output, bytes(all, "output", OUTPUT));
    set(&mut limits.requests, number(all, "requests", REQUESTS));
    set(
        &mut limits.request_size,
        bytes(all, "request_size", MESSAGE),
    );
    set(&mut limits.answer_size, bytes(all, "answer_size", MESSAGE));
    set(
        &mut limits.transcript_size,
        bytes(all, "transcript_size", MESSAGE),
    );
    set(
        &mut limits.component_size,
        bytes(all, "component_size", COMPONENT_SIZE),
    );
    set(
        &mut limits.compile_time,
        all.parsed("compile_time", values::duration(COMPILE_TIME)),
    );
    set(
        &mut limits.compile_memory,
        bytes(all, "compile_memory", COMPILE_MEMORY),
    );
    set(
        &mut limits.rate,
        all.number("rate", RATE).and_then(NonZeroU32::new),
    );
    set(
        &mut limits.burst,
        all.number("burst", RATE).and_then(NonZeroU32::new),
    );
    section.finish();
    limits
}

fn set<T>(limit: &mut T, configured: Option<T>) {
    if let Some(configured) = configured {
        *limit = configured;
    }
}

fn number(
    section: &mut Section<'_>,
    key: &'static str,
    range: RangeInclusive<u32>,
) -> Option<usize> {
    let number = section.number(key, range)?;
    usize::try_from(number).ok()
}

/// A number of bytes, or a text with a unit.
fn bytes(
    section: &mut Section<'_>,
    key: &'static str,
    range: RangeInclusive<u64>,
) -> Option<usize> {
    let mut found = section.take(key)?;
    if let Value::Integer(integer) = found.node.value {
        found.node.value = Value::Text(integer.to_string());
    }
    found.parsed(|text| {
        let size = values::size(text)?;
        let fits = usize::try_from(size).ok().filter(|_| range.contains(&size));
        fits.ok_or(Problem::NumberRange {
            least: *range.start(),
            most: *range.end(),
        })
    })
}
