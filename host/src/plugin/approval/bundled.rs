//! The components that come with the program, by their digests: `celadon.bundled`, in the folder of
//! the executable. Whoever can write there can replace the program itself, so the list is trusted as
//! the program is; a list anywhere else is worth nothing.
//!
//! The build writes it, of what `celadon provider bundle` prints: a line for each component, its
//! SHA-256 in lower-case hex, two spaces and its file name, as sha256sum has it. The names are
//! for readers.

use crate::plugin::component::ComponentDigest;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// The list's name.
const FILE: &str = "celadon.bundled";
/// Hundreds of components fit in.
const LARGEST: u64 = 64 << 10;

/// Why the list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BundledError {
    /// The program does not know where it is.
    #[error("cannot find the folder of this program")]
    NoProgram(#[source] io::Error),
    /// It is there and cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The list.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is larger than a list can be.
    #[error("{} is larger than {LARGEST} bytes: build again, or install it again", path.display())]
    TooLarge {
        /// The list.
        path: PathBuf,
    },
    /// It is not what the build writes.
    #[error(
        "{}:{line}: not a SHA-256 in lower-case hex, two spaces and a file name: build again, or \
         install it again",
        path.display()
    )]
    Malformed {
        /// The list.
        path: PathBuf,
        /// The first wrong line.
        line: usize,
    },
}

/// The components that come with the program.
#[derive(Clone, Debug, Default)]
pub struct Bundled {
    /// `None`: there is no list.
    digests: Option<BTreeSet<ComponentDigest>>,
}

impl Bundled {
    /// Whether a component is one of them.
    pub fn has(&self, component: &ComponentDigest) -> bool {
        self.digests
            .as_ref()
            .is_some_and(|digests| digests.contains(component))
    }

    /// Whether there is a list at all.
    pub fn is_known(&self) -> bool {
        self.digests.is_some()
    }
}

impl FromIterator<ComponentDigest> for Bundled {
    fn from_iter<I: IntoIterator<Item = ComponentDigest>>(digests: I) -> Self {
        Self {
            digests: Some(digests.into_iter().collect()),
        }
    }
}

/// Reads the list in the folder of the running program.
pub fn beside_this_program() -> Result<Bundled, BundledError> {
    let program = std::env::current_exe().map_err(BundledError::NoProgram)?;
    read(&program.with_file_name(FILE))
}

/// The list for these components, by their file names.
pub fn write<'a>(components: impl IntoIterator<Item = (&'a str, &'a ComponentDigest)>) -> String {
    let mut lines: Vec<_> = components.into_iter().collect();
    lines.sort_unstable();
    lines
        .into_iter()
        .fold(String::new(), |mut text, (name, digest)| {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{digest}  {name}");
            text
        })
}

/// Whether a component of this file name can stand in the list.
pub fn is_name(name: &str) -> bool {
    (1..=128).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
}

fn read(path: &Path) -> Result<Bundled, BundledError> {
    let unreadable = |source| BundledError::Read {
        path: path.to_owned(),
        source,
    };
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Bundled::default()),
        other => other.map_err(unreadable)?,
    };
    let mut bytes = Vec::new();
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        let path = path.to_owned();
        return Err(BundledError::TooLarge { path });
    }
    parse(&bytes).map_err(|line| BundledError::Malformed {
        path: path.to_owned(),
        line,
    })
}

/// The digests, or the number of the first line that is wrong.
fn parse(bytes: &[u8]) -> Result<Bundled, usize> {
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let Some((last, lines)) = lines.split_last() else {
        return Ok(Bundled::from_iter([]));
    };
    // A list that was cut is none: its last line has an end too.
    if !last.is_empty() {
        return Err(lines.len() + 1);
    }
    let digest = |line: &[u8]| {
        let (digest, name) = std::str::from_utf8(line).ok()?.split_once("  ")?;
        is_name(name)
            .then(|| ComponentDigest::parse(digest))
            .flatten()
    };
    lines
        .iter()
        .zip(1..)
        .map(|(line, number)| digest(line).ok_or(number))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_it_writes_and_nothing_else() {
        let (one, other) = (ComponentDigest::of(b"1"), ComponentDigest::of(b"2"));
        let text = write([("oidc.wasm", &one), ("google.wasm", &other)]);
        let bundled = parse(text.as_bytes()).unwrap();
        assert!(bundled.has(&one) && bundled.has(&other) && bundled.is_known());
        assert!(!bundled.has(&ComponentDigest::of(b"3")));

        let upper = text.to_uppercase();
        let spaced = text.replace("  ", " ");
        let commented = format!("# list\n{text}");
        let cut = text.trim_end();
        let hidden = text.replace("oidc", "oi\u{1b}dc");
        for wrong in [
            &upper,
            &spaced,
            &commented,
            cut,
            &hidden,
            &format!("{text}\n"),
            "x",
        ] {
            assert!(parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
        assert_eq!(parse(format!("{text}x\n").as_bytes()).unwrap_err(), 3);
        assert!(parse(b"").is_ok_and(|none| none.is_known() && !none.has(&one)));
    }

    #[test]
    fn a_list_that_is_missing_bundles_nothing_and_a_broken_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        assert!(!read(&path).unwrap().is_known());
        std::fs::write(&path, "x\n").unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("celadon.bundled:1: "), "{error}");
        std::fs::write(&path, vec![b'\n'; 65 << 10]).unwrap();
        assert!(matches!(read(&path), Err(BundledError::TooLarge { .. })));
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
            let _ = parse(&bytes);
        }
    }
}
