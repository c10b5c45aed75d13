//! The key file on disk: made once, readable by its owner alone, replaced whole.
//!
//! A file comes into place complete or not at all: it is written beside its place, synchronised,
//! and then linked (first creation: whoever links first wins) or renamed (a change).

use super::KeyId;
use super::keyfile::{Flaw, KeyFile};
use crate::random;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use zeroize::Zeroizing;

/// Hundreds of keys fit in. More is no key ring.
const MAX_BYTES: u64 = 64 * 1024;

/// Why a key ring cannot be used. No variant holds a part of a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The folder is not there.
    #[error("the folder of the key file {} does not exist", path.display())]
    NoFolder {
        /// The key file.
        path: PathBuf,
    },
    /// The system refused.
    #[error("cannot {action} the key file {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Others than the owner may read or write it.
    #[error(
        "the key file {} may be used by others (mode {mode:o}); take their rights away: chmod 600",
        path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is a folder, a pipe or a device.
    #[error("the key file {} is not a plain file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// It is too large for a key ring.
    #[error("the key file {} is larger than {MAX_BYTES} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// It is not a key ring.
    #[error("the key file {} is malformed", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        flaw: Flaw,
    },
    /// Somebody else is changing it, or died while doing so.
    #[error(
        "the key file is being changed: if nobody is at it, remove {}",
        path.display()
    )]
    Busy {
        /// The half-written new file.
        path: PathBuf,
    },
    /// The key is not in the ring.
    #[error("the key ring has no key {id}")]
    NoSuchKey {
        /// The key.
        id: KeyId,
    },
}

impl KeyError {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}

/// Reads the file; makes it first where it is missing.
pub(super) fn open_or_create(
    path: &Path,
    fresh: impl FnOnce() -> KeyFile,
) -> Result<KeyFile, KeyError> {
    if let Some(file) = read(path)? {
        return Ok(file);
    }
    create(path, &fresh())?;
    // Another process may have been first: what counts is what stands there.
    read(path)?.ok_or_else(|| KeyError::io("read", path)(ErrorKind::NotFound.into()))
}

/// Reads the file, which has to be there.
pub(super) fn read_existing(path: &Path) -> Result<KeyFile, KeyError> {
    read(path)?.ok_or_else(|| KeyError::io("find", path)(ErrorKind::NotFound.into()))
}

/// A state of the file: which file it is, when it was written, and how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    file: u64,
    written: Option<SystemTime>,
    length: u64,
}

/// The state that the file is in. `None`: it is not there.
pub(super) fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(path).ok()?;
    #[cfg(unix)]
    let file = std::os::unix::fs::MetadataExt::ino(&metadata);
    #[cfg(not(unix))]
    let file = 0;
    Some(Stamp {
        file,
        written: metadata.modified().ok(),
        length: metadata.len(),
    })
}

/// Reads the file, changes it and puts the result in its place. The name of the new file, which
/// only one can create, keeps two changes apart.
pub(super) fn change<T>(
    path: &Path,
    edit: impl FnOnce(&mut KeyFile) -> Result<T, KeyError>,
) -> Result<T, KeyError> {
    // A link to the file is kept: it is the file behind it that is replaced.
    let path = &fs::canonicalize(path).map_err(KeyError::io("find", path))?;
    let draft = beside(path, "new");
    let mut writer = match new_file(&draft) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(KeyError::Busy { path: draft });
        }
        other => other.map_err(KeyError::io("write", &draft))?,
    };
    let changed = (|| {
        let missing = || KeyError::io("read", path)(ErrorKind::NotFound.into());
        let mut file = read(path)?.ok_or_else(missing)?;
        let answer = edit(&mut file)?;
        write(&mut writer, &file).map_err(KeyError::io("write", &draft))?;
        fs::rename(&draft, path).map_err(KeyError::io("replace", path))?;
        Ok(answer)
    })();
    match changed {
        Ok(answer) => sync_folder(path).map(|()| answer),
        Err(error) => {
            // Ours still: nobody else can have made one of this name.
            let _ = fs::remove_file(&draft);
            Err(error)
        }
    }
}

fn read(path: &Path) -> Result<Option<KeyFile>, KeyError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(KeyError::io("open", path)(error)),
    };
    let metadata = file.metadata().map_err(KeyError::io("examine", path))?;
    if !metadata.is_file() {
        return Err(KeyError::NotAFile { path: path.into() });
    }
    refuse_exposed(path, &metadata)?;
    if metadata.len() > MAX_BYTES {
        return Err(KeyError::TooLarge { path: path.into() });
    }
    let mut text = Zeroizing::new(String::new());
    file.take(MAX_BYTES)
        .read_to_string(&mut text)
        .map_err(KeyError::io("read", path))?;
    KeyFile::parse(&text)
        .map(Some)
        .map_err(|flaw| KeyError::Malformed {
            path: path.into(),
            flaw,
        })
}

/// Puts a new file into place, unless one is there already.
fn create(path: &Path, file: &KeyFile) -> Result<(), KeyError> {
    if !folder(path).is_dir() {
        return Err(KeyError::NoFolder { path: path.into() });
    }
    let draft = beside(path, &random::id());
    let written = new_file(&draft)
        .and_then(|mut writer| write(&mut writer, file))
        .and_then(|()| match fs::hard_link(&draft, path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        });
    // A draft that could not be removed is as well guarded as the file itself.
    let _ = fs::remove_file(&draft);
    written.map_err(KeyError::io("create", path))?;
    sync_folder(path)
}

fn new_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn write(writer: &mut File, file: &KeyFile) -> io::Result<()> {
    writer.write_all(file.render().as_bytes())?;
    writer.sync_all()
}

/// Makes the file's name last through a power cut.
fn sync_folder(path: &Path) -> Result<(), KeyError> {
    #[cfg(unix)]
    File::open(folder(path))
        .and_then(|folder| folder.sync_all())
        .map_err(KeyError::io("synchronise the folder of", path))?;
    Ok(())
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn beside(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(extension);
    path.with_file_name(name)
}

/// Owner alone; a file of root's may also be readable by its group, which is how secrets are
/// mounted into containers that do not run as root.
#[cfg(unix)]
fn refuse_exposed(path: &Path, metadata: &Metadata) -> Result<(), KeyError> {
    use std::os::unix::fs::MetadataExt;
    let allowed = if metadata.uid() == 0 { 0o740 } else { 0o700 };
    let mode = metadata.mode() & 0o777;
    if mode & !allowed != 0 {
        return Err(KeyError::Exposed {
            path: path.into(),
            mode,
        });
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_exposed(_: &Path, _: &Metadata) -> Result<(), KeyError> {
    Ok(())
}

#[cfg(test)]
mod tests;
