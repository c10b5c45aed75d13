//! `celadon provider bundle`: the list for `celadon.bundled`, for those who build or package Celadon.

use super::{Kind, ProviderError, read, verdict};
use crate::cli::CliError;
use crate::plugin::approval::bundled;
use crate::plugin::component::ComponentDigest;
use std::io::{self, Write};
use std::path::PathBuf;

/// What stands below `celadon provider bundle --help`.
pub(super) const HELP: &str = "\
Components in the list need no approval. It counts in the folder of the executable and nowhere else:
whoever can write there can replace the program itself.

Example:
  celadon provider bundle target/components/*.wasm > /usr/local/bin/celadon.bundled

Exit codes: 0 success, 1 where one of the files is no provider, 2 wrong arguments.";

/// `celadon provider bundle`
#[derive(Debug, clap::Args)]
pub(crate) struct Bundle {
    /// The components
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    kind: Kind,
}

pub(super) fn run(bundle: &Bundle) -> Result<(), CliError> {
    let mut components = Vec::new();
    for path in &bundle.files {
        let bytes = read(path)?;
        verdict(&bytes, &bundle.kind.limits())?.map_err(|source| ProviderError::Bundle {
            path: path.clone(),
            source,
        })?;
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name
            .filter(|name| bundled::is_name(name))
            .ok_or_else(|| ProviderError::FileName { path: path.clone() })?;
        components.push((name, ComponentDigest::of(&bytes)));
    }
    let lines = components.iter().map(|(name, digest)| (*name, digest));
    let mut out = io::stdout().lock();
    // A reader that has seen enough is no failure.
    let _ = out
        .write_all(bundled::write(lines).as_bytes())
        .and_then(|()| out.flush());
    Ok(())
}
