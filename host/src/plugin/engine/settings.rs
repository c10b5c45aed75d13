//! How engines are set up: which wasm is accepted, and how big the pool's places are.
//!
//! What is fixed here when an engine is made, an operator chooses by the tier.

use super::EngineOptions;
use crate::config::Tier;
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

/// Bytes of a memory's first contents that are laid out whole, gaps and all. Where there is more, and it
/// is mostly gaps, each piece is copied: else two bytes far apart would be megabytes of code.
const DENSE_IMAGE: u64 = 1 << 20;

/// What is fixed for every component of a tier.
#[derive(Clone, Copy, Debug)]
pub struct Fixed {
    /// Core instances that one component may consist of.
    pub core_instances: u32,
    /// Tables that one component may have.
    pub tables: u32,
    /// Bytes of wasm stack of one call. They lie on a thread of 2 MiB.
    pub stack: usize,
    /// Bytes that wasmtime itself may need for one instance.
    pub instance_size: usize,
}

/// What is fixed for a tier.
pub fn fixed(tier: Tier) -> Fixed {
    match tier {
        Tier::Compact => Fixed {
            core_instances: 8,
            tables: 4,
            stack: 256 << 10,
            instance_size: 256 << 10,
        },
        Tier::Large => Fixed {
            core_instances: 60,
            tables: 16,
            stack: 1 << 20,
            instance_size: 1 << 20,
        },
    }
}

/// The settings of an engine whose calls count.
pub(super) fn pooled(options: EngineOptions) -> Config {
    let mut config = plain(options.tier);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(options)));
    config
}

/// The same without a pool: for compiling. Its code runs in a pooled engine of the tier.
pub(super) fn plain(tier: Tier) -> Config {
    let mut config = proposals(tier);
    // Calls are pure, so a failed one is run again where its frames are told.
    config
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false);
    config
}

/// Settings under which a failure tells its frames. Debug information of a guest is not read: it
/// comes from a stranger, and no limit would hold its reader.
pub(super) fn telling(tier: Tier, frames: std::num::NonZeroUsize) -> Config {
    let mut config = proposals(tier);
    config
        .wasm_backtrace_max_frames(Some(frames))
        .wasm_backtrace_details(wasmtime::WasmBacktraceDetails::Disable)
        .generate_address_map(true);
    config
}

fn proposals(tier: Tier) -> Config {
    let mut config = Config::new();
    // Guests are programs of text handling. Each further proposal is code that an attacker may try
    // and that nobody needs. Linked interpreters compute their tables' places with extended constants.
    config
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_relaxed_simd(false)
        .wasm_tail_call(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .wasm_extended_const(tier == Tier::Large);
    config
        .epoch_interruption(true)
        .max_wasm_stack(fixed(tier).stack)
        // Else a guest could tell processors apart by the bits of a NaN, and ask something else
        // where a step is run again on another machine.
        .cranelift_nan_canonicalization(true)
        .memory_init_cow(true)
        .memory_guaranteed_dense_image_size(DENSE_IMAGE)
        .native_unwind_info(false);
    config
}

fn pool(options: EngineOptions) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::default();
    let slots = options.slots;
    let fixed = fixed(options.tier);
    let elements = usize::try_from(options.tier.most_table_elements()).unwrap_or(usize::MAX);
    pool.total_component_instances(slots)
        .total_core_instances(fixed.core_instances * slots)
        .total_memories(slots)
        .total_tables(fixed.tables * slots)
        .max_core_instances_per_component(fixed.core_instances)
        .max_memories_per_component(1)
        .max_tables_per_component(fixed.tables)
        .max_memory_size(options.max_memory)
        .table_elements(elements)
        .max_component_instance_size(fixed.instance_size)
        .max_core_instance_size(fixed.instance_size);
    // A slot is wiped by rewriting the pages that were touched, which costs less than giving them
    // back. Which ones were touched the kernel tells since Linux 6.7.
    pool.pagemap_scan(Enabled::Auto)
        .linear_memory_keep_resident(512 << 10)
        .table_keep_resident(64 << 10)
        .max_unused_warm_slots(slots);
    pool
}
