//! `celadon provider build`: a component of a core module.

use crate::plugin::componentize::{ComponentizeError, componentize};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Larger than any guest, an interpreter included.
const LARGEST_MODULE: u64 = 128 << 20;

/// Why a component could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BuildError {
    /// The module is not there.
    #[error("cannot read the module {path:?}")]
    Read {
        /// As it was named.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The module is no guest.
    #[error("{path:?} is larger than {LARGEST_MODULE} bytes: is this the right file?")]
    TooLarge {
        /// As it was named.
        path: PathBuf,
    },
    /// It is no module, or none for this contract.
    #[error("cannot make a component of {path:?}")]
    Componentize {
        /// As it was named.
        path: PathBuf,
        /// Why.
        source: ComponentizeError,
    },
    /// The component has nowhere to go.
    #[error("cannot write the component {path:?}")]
    Write {
        /// As it was named.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// `celadon provider build`
#[derive(Debug, clap::Args)]
pub(crate) struct Build {
    /// The module, as the compiler wrote it
    module: PathBuf,
    /// Where the component goes; an existing one is replaced
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
}

/// Makes a component of a core module.
pub(super) fn run(build: &Build) -> Result<(), BuildError> {
    let (module, output) = (build.module.as_path(), build.output.as_path());
    let core = read(module)?;
    let component = componentize(&core).map_err(|source| BuildError::Componentize {
        path: module.to_owned(),
        source,
    })?;
    write(output, &component).map_err(|source| BuildError::Write {
        path: output.to_owned(),
        source,
    })
}

fn read(path: &Path) -> Result<Vec<u8>, BuildError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST_MODULE + 1).read_to_end(&mut bytes))
        .map_err(|source| BuildError::Read {
            path: path.to_owned(),
            source,
        })?;
    if bytes.len() as u64 > LARGEST_MODULE {
        return Err(BuildError::TooLarge {
            path: path.to_owned(),
        });
    }
    Ok(bytes)
}

/// Beside its place first: a host that reads the file meanwhile sees the old one or the new one.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let written = File::create(&part).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let renamed = written.and_then(|()| fs::rename(&part, path));
    if renamed.is_err() {
        // It is of no use to anybody; the error that is told is the first one.
        let _ = fs::remove_file(&part);
    }
    renamed
}
