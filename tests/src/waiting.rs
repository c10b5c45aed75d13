//! Waiting for conditions, never for time.

use anyhow::{Result, bail};
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(25);

/// Polls `condition` until it yields something. After `seconds` the error says `what` was awaited.
pub async fn until<T>(
    what: &str,
    seconds: u64,
    mut condition: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    loop {
        if let Some(value) = condition().await? {
            return Ok(value);
        }
        if Instant::now() > deadline {
            bail!("waited {seconds} s in vain: {what}");
        }
        tokio::time::sleep(PAUSE).await;
    }
}
