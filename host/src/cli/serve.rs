//! `celadon serve`: configuration, application, run.

use super::{CliError, configuration, log};
use crate::app;
use std::path::Path;
use tokio::runtime::Runtime;

pub(super) fn run(file: Option<&Path>) -> Result<(), CliError> {
    log::start()?;
    let (config, warnings) = configuration(file)?;
    for warning in &warnings {
        tracing::warn!("{warning}");
    }
    let public_url = config.server.at("/");
    let providers = config.providers.len();
    let runtime = Runtime::new().map_err(CliError::Runtime)?;
    runtime.block_on(app::run(config, move |started| {
        let (address, available) = (started.address, started.available);
        tracing::info!(%address, %public_url, providers, available, "listening");
    }))?;
    Ok(())
}
