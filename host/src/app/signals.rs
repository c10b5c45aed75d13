//! When to stop: SIGTERM or SIGINT.

use super::AppError;
use tokio::signal::unix::{SignalKind, signal};

/// Ends when one of them comes; they are listened for from now on.
pub(super) fn stop() -> Result<impl Future<Output = ()>, AppError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(AppError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(AppError::Signals)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("asked to stop");
    })
}
