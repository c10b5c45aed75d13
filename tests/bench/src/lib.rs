//! What a login and a plugin call cost, next to what they could cost at least.
//!
//! Every figure is taken side by side with what it is compared to, in one run, in turns: a shared
//! machine is noisy, and a ratio of two turns is less so than a rate. `benches/login.rs` runs the
//! whole program next to a bare Temporal workflow of the same shape; `benches/plugin.rs` a plugin
//! call next to native code, a bare wasmtime loop, a webhook and an embedded JavaScript engine.
//! Both print tables for docs/PERFORMANCE.md.

#[allow(missing_docs, reason = "the macros' constants")]
pub mod bare;
pub mod figures;
pub mod provider;
pub mod visitor;
