//! `celadon provider …`: the tools of those who write components, and of those who let them in.
//!
//! `inspect` reads bytes and runs nothing; `check` does all that loading does, with options from the
//! command line; `approve` is the operator's decision. What a component may do is told by
//! [`Description::explain`](crate::plugin::Description::explain) alone, here as in `celadon check`.

mod approve;
mod build;
mod bundle;
mod check;
mod inspect;

use super::CliError;
use crate::config::{Limits, Tier};
use crate::plugin::component::compile::{Children, CompileError};
use crate::plugin::component::inspect::InspectError;
use crate::plugin::component::{ComponentError, MAX_COMPONENT_BYTES};
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// `celadon provider`
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Approve what components say of themselves: without approval they are not used
    #[command(after_help = approve::HELP)]
    Approve(approve::Approve),
    /// Make a component of a core WebAssembly module
    #[command(after_help = "Example:\n  \
        celadon provider build target/wasm32-unknown-unknown/guest/my_idp.wasm --output my-idp.wasm")]
    Build(build::Build),
    /// Print the list of components that come with the program, for `celadon.bundled` beside it
    #[command(after_help = bundle::HELP)]
    Bundle(bundle::Bundle),
    /// Do all that loading a component does, and tell what it asks for
    #[command(after_help = check::HELP)]
    Check(check::Check),
    /// Tell what can be known of a component without running any of it
    #[command(after_help = inspect::HELP)]
    Inspect(inspect::Inspect),
}

/// What a component is taken for.
#[derive(Debug, clap::Args)]
struct Kind {
    /// The tier of its limits, as in a configuration: an interpreter needs "large"
    #[arg(
        long,
        default_value = Tier::Compact.as_str(),
        value_parser = PossibleValuesParser::new(Tier::ALL.map(Tier::as_str))
    )]
    tier: String,
}

impl Kind {
    /// The tier's usual limits.
    fn limits(&self) -> Limits {
        let tier = Tier::ALL
            .into_iter()
            .find(|tier| tier.as_str() == self.tier);
        Limits::of(tier.unwrap_or_default())
    }
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderError {
    /// `build`
    #[error(transparent)]
    Build(#[from] build::BuildError),
    /// `approve`
    #[error(transparent)]
    Approve(#[from] approve::ApproveError),
    /// `check`
    #[error(transparent)]
    Check(#[from] check::CheckError),
    /// A component cannot be read.
    #[error("cannot read the component {path:?}")]
    Read {
        /// As it was named.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// `inspect`, which has said why.
    #[error("{path:?} cannot be used as a provider")]
    Unusable {
        /// As it was named.
        path: PathBuf,
    },
    /// `bundle`
    #[error("{path:?} cannot be bundled")]
    Bundle {
        /// As it was named.
        path: PathBuf,
        /// Why.
        source: ComponentError,
    },
    /// `bundle`, of a file whose name cannot stand in a list.
    #[error("the file name of {path:?} must be 1 to 128 visible ASCII characters")]
    FileName {
        /// As it was named.
        path: PathBuf,
    },
}

impl ProviderError {
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Approve(error) => error.code(),
            Self::Check(error) => error.code(),
            _ => 1,
        }
    }
}

pub(super) fn run(config: Option<&Path>, command: Command) -> Result<(), CliError> {
    match command {
        Command::Approve(approve) => approve::run(config, &approve),
        Command::Build(build) => {
            build::run(&build).map_err(|error| ProviderError::from(error).into())
        }
        Command::Bundle(bundle) => bundle::run(&bundle),
        Command::Check(check) => check::run(&check),
        Command::Inspect(inspect) => inspect::run(&inspect),
    }
}

/// Reads a component, one byte further than it may be long, so that it is refused for its length.
fn read(path: &Path) -> Result<Vec<u8>, ProviderError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| {
            file.take(MAX_COMPONENT_BYTES as u64 + 1)
                .read_to_end(&mut bytes)
        })
        .map_err(|source| ProviderError::Read {
            path: path.to_owned(),
            source,
        })?;
    Ok(bytes)
}

/// Whether these bytes are a provider, within a tier's limits. A stranger can make validation last
/// for minutes, so a compiler's child is asked, as it is by a host.
fn verdict(bytes: &[u8], limits: &Limits) -> Result<Result<(), ComponentError>, CliError> {
    let most = limits.component_size;
    if bytes.len() > most {
        return Ok(Err(InspectError::TooBig { most }.into()));
    }
    let asked = async {
        let children = Children::of_this_program();
        let children = children.map_err(|error| CompileError::NotRun(Arc::new(error)))?;
        Ok(children.inspect(bytes, limits).await?)
    };
    let runtime = Runtime::new().map_err(CliError::Runtime)?;
    Ok(runtime.block_on(asked))
}
