//! The sandbox: components, their descriptions and their calls.
//!
//! From the bottom up: [`engine`] runs wasm and stops it in time; [`component`] reads, compiles and
//! links what an operator or stranger gives us; [`call`] asks it something; [`description`] turns
//! what it says of itself into what the host believes; [`approval`] compares that with what the
//! operator has approved; [`revisions`] ties a component to its configuration. What is asked of a component during a login, and what of its answers is carried
//! out, is the steps' business.
//!
//! **Invariants.** A component imports no function. No answer of a component leaves this module
//! unbounded. A [`Description`] that exists has been checked, and all its relaxations are granted.
//! A [`Revision`] that exists was approved.

pub mod approval;
pub mod bindings;
pub mod call;
pub mod component;
pub mod componentize;
pub mod description;
pub mod endpoints;
pub mod engine;
mod fields;
pub mod json;
pub mod references;
pub mod request;
pub mod revisions;
mod scrub;
mod sending;
pub mod transcript;

#[cfg(test)]
pub(crate) mod testing;

pub use self::call::{CallError, Sandbox};
pub use self::description::Description;
pub use self::revisions::{Providers, Revision};
