//! The durable workflows of Celadon and the ports they call.
//!
//! No HTTP, no sandbox, no SQL: what a login needs from the world is in [`ports`]. A newcomer
//! begins at [`login`].

// The macros emit undocumented constants beside the documented functions.
#[allow(missing_docs)]
pub mod activities;
pub mod error;
#[allow(missing_docs)]
pub mod grant;
#[allow(missing_docs)]
pub mod login;
pub mod open;
mod options;
pub mod ports;
pub mod search;
pub mod types;
mod words;
