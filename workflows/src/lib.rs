//! The durable workflows of Celadon and the ports they call.
//!
//! No HTTP, no sandbox, no SQL: what a login needs from the world is in [`ports`].

pub mod ports;
pub mod types;
