//! `[providers.<name>.limits]`: how much a provider's component may use, and how often its servers
//! may be asked. Defaults and ranges are here; docs/CONFIGURATION.md has them as a table.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Every key of the section.
pub(super) const KEYS: [&str; 14] = [
    "tier",
    "deadline",
    "memory",
    "table_elements",
    "output",
    "requests",
    "request_size",
    "answer_size",
    "transcript_size",
    "component_size",
    "compile_time",
    "compile_memory",
    "rate",
    "burst",
];

/// What kind of guest a component is. The engine differs: what is fixed when it is made (core
/// instances, tables, stack, proposals) belongs to the tier and has no key of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tier {
    /// `compact`: a program that was compiled to wasm (Rust, C, Zig).
    #[default]
    Compact,
    /// `large`: an interpreter with its program (JavaScript, Python).
    Large,
}

impl Tier {
    /// Both, the default first.
    pub const ALL: [Self; 2] = [Self::Compact, Self::Large];

    /// As it is written in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Compact => "compact",
            Self::Large => "large",
        }
    }

    /// The most elements that one table can be allowed.
    pub fn most_table_elements(self) -> u32 {
        match self {
            Self::Compact => 10_000,
            Self::Large => 20_000,
        }
    }
}

/// `[providers.<name>.limits]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `tier`
    pub tier: Tier,
    /// `deadline`: CPU time of one call.
    pub deadline: Duration,
    /// `memory`: bytes of linear memory of one call.
    pub memory: usize,
    /// `table_elements`: elements of one table.
    pub table_elements: usize,
    /// `output`: bytes a call may answer with, and so what is lifted out of the guest.
    pub output: usize,
    /// `requests`: requests, and so answers, in one transcript.
    pub requests: usize,
    /// `request_size`: bytes of one request's URL and body.
    pub request_size: usize,
    /// `answer_size`: bytes of one answer's body.
    pub answer_size: usize,
    /// `transcript_size`: bytes of all bodies of one transcript.
    pub transcript_size: usize,
    /// `component_size`: bytes of the component.
    pub component_size: usize,
    /// `compile_time`: CPU time that compiling the component may take.
    pub compile_time: Duration,
    /// `compile_memory`: bytes of address space that compiling the component may take.
    pub compile_memory: usize,
    /// `rate`: requests a second to the provider's servers, in the long run.
    pub rate: NonZeroU32,
    /// `burst`: requests to the provider's servers at once.
    pub burst: NonZeroU32,
}

/// What `deadline` may be.
pub(super) const DEADLINE: RangeInclusive<Duration> =
    Duration::from_millis(1)..=Duration::from_secs(10);
/// What `compile_time` may be.
pub(super) const COMPILE_TIME: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(600);
/// What `memory` may be: one page to what an interpreter needs.
pub(super) const MEMORY: RangeInclusive<u64> = 64 << 10..=256 << 20;
/// What `output` may be.
pub(super) const OUTPUT: RangeInclusive<u64> = 1 << 10..=16 << 20;
/// What `requests` may be. The contract says how many at most.
pub(super) const REQUESTS: RangeInclusive<u32> = 1..=16;
/// What `request_size`, `answer_size` and `transcript_size` may be. The contract says 1 MiB for a
/// transcript.
pub(super) const MESSAGE: RangeInclusive<u64> = 1 << 10..=1 << 20;
/// What `component_size` may be.
pub(super) const COMPONENT_SIZE: RangeInclusive<u64> = 1 << 10..=64 << 20;
/// What `compile_memory` may be. The program itself is part of it.
pub(super) const COMPILE_MEMORY: RangeInclusive<u64> = 256 << 20..=8 << 30;
/// What `rate` and `burst` may be.
pub(super) const RATE: RangeInclusive<u32> = 1..=100_000;

impl Limits {
    /// What a guest of this tier gets where nothing else is written.
    pub fn of(tier: Tier) -> Self {
        let large = tier == Tier::Large;
        Self {
            tier,
            deadline: Duration::from_millis(if large { 250 } else { 50 }),
            memory: if large { 256 << 20 } else { 32 << 20 },
            table_elements: usize::try_from(tier.most_table_elements()).unwrap_or(usize::MAX),
            output: 1 << 20,
            requests: 16,
            request_size: 256 << 10,
            answer_size: 1 << 20,
            transcript_size: 1 << 20,
            component_size: if large { 32 << 20 } else { 4 << 20 },
            compile_time: Duration::from_secs(if large { 120 } else { 10 }),
            compile_memory: if large { 2 << 30 } else { 512 << 20 },
            rate: NonZeroU32::MIN.saturating_add(499),
            burst: NonZeroU32::MIN.saturating_add(1_999),
        }
    }

    /// Each limit that differs from its tier's default, by its key, for people to read.
    pub fn changed(&self) -> Vec<(&'static str, String)> {
        let usual = Self::of(self.tier).entries();
        let differ = |(own, usual): &((_, String), (_, String))| own.1 != usual.1;
        let pairs = self.entries().into_iter().zip(usual).filter(differ);
        let mut changed: Vec<_> = pairs.map(|(own, _)| own).collect();
        if self.tier != Tier::default() {
            changed.insert(0, ("tier", self.tier.as_str().to_owned()));
        }
        changed
    }

    fn entries(&self) -> [(&'static str, String); 13] {
        [
            ("deadline", format!("{:?}", self.deadline)),
            ("memory", size(self.memory)),
            ("table_elements", self.table_elements.to_string()),
            ("output", size(self.output)),
            ("requests", self.requests.to_string()),
            ("request_size", size(self.request_size)),
            ("answer_size", size(self.answer_size)),
            ("transcript_size", size(self.transcript_size)),
            ("component_size", size(self.component_size)),
            ("compile_time", format!("{:?}", self.compile_time)),
            ("compile_memory", size(self.compile_memory)),
            ("rate", format!("{} a second", self.rate)),
            ("burst", self.burst.to_string()),
        ]
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::of(Tier::default())
    }
}

/// Bytes in the largest unit that has no remainder.
fn size(bytes: usize) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let whole = units
        .into_iter()
        .find(|(shift, _)| bytes > 0 && bytes.trailing_zeros() >= *shift);
    match whole {
        Some((shift, unit)) => format!("{} {unit}", bytes >> shift),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_the_tier_is_told() {
        assert!(Limits::default().changed().is_empty());
        let large = Limits::of(Tier::Large).changed();
        assert_eq!(large, [("tier", "large".to_owned())]);
        let limits = Limits {
            memory: 48 << 20,
            output: 1_001,
            ..Limits::default()
        };
        let expected = [
            ("memory", "48 MiB".to_owned()),
            ("output", "1001 bytes".to_owned()),
        ];
        assert_eq!(limits.changed(), expected);
    }
}
