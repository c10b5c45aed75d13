//! `celadon dev`: everything on one machine, with the demo provider.

use std::path::PathBuf;

/// The arguments of `celadon dev`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Options {
    /// Where the data is kept: database, keys, Temporal's files. Default: .celadon-dev
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// The port to listen on. Default: 8080, or a free one
    #[arg(long)]
    pub port: Option<u16>,
}

/// Why `celadon dev` does not run.
#[derive(Debug, thiserror::Error)]
pub enum DevError {
    /// It is not built yet.
    #[error("celadon dev is not available yet: write a configuration and use `celadon serve`")]
    Unavailable,
}

/// Runs until SIGINT or SIGTERM.
///
/// # Errors
/// Where one of the parts does not start, or the program fails; see [`DevError`].
pub async fn run(_options: Options) -> Result<(), DevError> {
    Err(DevError::Unavailable)
}
