//! What a guest can do to the machine that it runs on.

use celadon_provider::Parameter;
use std::hint::black_box;

/// Never ends.
pub(crate) fn spin<T>() -> T {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// Grows until nothing is left, and then stays.
pub(crate) fn take_all_memory() -> Vec<Parameter> {
    let mut pages = 0;
    loop {
        pages = black_box(pages + grow(16));
    }
}

/// Asks for more than there is, and tells whether it came.
pub(crate) fn grow_and_go_on() -> Vec<Parameter> {
    let grown = grow(60_000);
    vec![Parameter::new("grown", grown.to_string())]
}

/// The bits of a NaN that the processor makes.
pub(crate) fn nan_bits() -> Vec<Parameter> {
    let (zero, other) = (black_box(0.0_f64), black_box(0.0_f64));
    let bits = (zero / other).to_bits();
    vec![Parameter::new("nan", format!("{bits:x}"))]
}

/// The instruction that crashes.
pub(crate) fn trap() -> Vec<Parameter> {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    std::process::abort();
}

fn grow(pages: usize) -> usize {
    #[cfg(target_arch = "wasm32")]
    return core::arch::wasm32::memory_grow::<0>(pages);
    #[cfg(not(target_arch = "wasm32"))]
    pages
}
