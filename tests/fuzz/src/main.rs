//! The targets under libFuzzer: `CELADON_FUZZ` names which.

#![no_main]

use celadon_fuzz::TARGETS;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

#[expect(
    clippy::disallowed_methods,
    reason = "the command line is libFuzzer's own"
)]
static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let wanted = std::env::var("CELADON_FUZZ").unwrap_or_default();
    let found = TARGETS.iter().find(|(name, _)| *name == wanted);
    let names: Vec<_> = TARGETS.iter().map(|(name, _)| *name).collect();
    found
        .unwrap_or_else(|| panic!("CELADON_FUZZ is none of {}", names.join(", ")))
        .1
});

fuzz_target!(|input: &[u8]| TARGET(input));
