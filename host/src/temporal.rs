//! Temporal as Celadon brings it along: a dev server of its own where no cluster is configured.
//!
//! Owned here: finding or installing the `temporal` CLI (`executable`), its data folder and its
//! life (`embedded`). Left to others: clients, workers and the codec, which know an address and
//! do not care whose server answers there.

mod client;
pub mod embedded;
pub mod executable;
#[cfg(test)]
mod histories;
pub mod search;
pub mod worker;

pub use client::{Connected, Temporal, TemporalError};
pub use embedded::{Embedded, EmbeddedError, Settings};
