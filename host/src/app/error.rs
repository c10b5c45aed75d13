//! Why the program cannot start or had to stop.

use crate::egress::EgressError;
use crate::plugin::approval::ApprovalError;
use crate::plugin::engine::EngineError;
use crate::seal::KeyError;
use crate::store::StoreError;
use crate::temporal::EmbeddedError;
use crate::traces::TracesError;
use std::io;
use std::net::SocketAddr;

/// Why Celadon could not start or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The address is taken or not ours.
    #[error(
        "cannot listen on {address}; choose another [server] listen or stop what listens there"
    )]
    Listen {
        /// `[server] listen`
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// `celadon.lock`, or the list of what comes with the program.
    #[error("it cannot be told which components are approved")]
    Approvals(#[source] ApprovalError),
    /// `[store] keys`
    #[error("the key ring cannot be used")]
    Keys(#[source] KeyError),
    /// `[store] url`
    #[error("the store cannot be opened")]
    Store(#[source] StoreError),
    /// The sandbox.
    #[error("the sandbox cannot be set up")]
    Engine(#[source] EngineError),
    /// TLS towards providers.
    #[error("the HTTP client cannot be set up")]
    Egress(#[source] EgressError),
    /// The embedded Temporal.
    #[error("the embedded temporal cannot be started; give [temporal] address to use another")]
    Temporal(#[source] EmbeddedError),
    /// `[telemetry]`
    #[error("logins cannot be traced")]
    Traces(#[source] TracesError),
    /// Signals cannot be listened for.
    #[error("signals cannot be listened for")]
    Signals(#[source] io::Error),
    /// Serving ended by itself.
    #[error("serving ended")]
    Serve(#[source] io::Error),
}
