//! A component that never ends: when it is stopped, and what others feel of it.

use anyhow::Result;

/// To be measured.
pub fn beside() -> Result<()> {
    Ok(())
}
