//! The lock on the disk: replaced whole, by one at a time.
//!
//! Whoever changes it holds the folder locked (`flock`), which leaves no file behind and ends with the
//! process. Readers need no lock: they see the old file or the new one.

use super::{Flaw, Lock, LockError};
use serde::de;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

/// Thousands of approvals fit in.
const LARGEST: u64 = 16 << 20;

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> LockError {
    let path = path.to_owned();
    move |source| LockError::Io {
        action,
        path,
        source,
    }
}

/// Reads a lock. A missing one has no approvals; a link to a missing one is an error, since what it
/// meant may have approvals.
pub fn read(path: &Path) -> Result<Lock, LockError> {
    let Some(file) = open(path)? else {
        return Ok(Lock::default());
    };
    let mut bytes = Vec::new();
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(failed("read", path))?;
    if bytes.len() as u64 > LARGEST {
        return Err(LockError::TooLarge {
            path: path.to_owned(),
            limit: LARGEST,
        });
    }
    let broken = |line, error: serde_json::Error| LockError::Broken {
        path: path.to_owned(),
        line,
        flaw: Flaw(error.into()),
    };
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let before = bytes.iter().take(error.valid_up_to());
        let line = 1 + before.filter(|byte| **byte == b'\n').count();
        broken(line, de::Error::custom("this is not UTF-8"))
    })?;
    Lock::parse(text).map_err(|error| broken(error.line(), error))
}

/// Opens a regular file, without waiting for anybody. `None`: nothing is there.
fn open(path: &Path) -> Result<Option<File>, LockError> {
    let no_file = || LockError::NoFile {
        path: path.to_owned(),
    };
    // Opening a device may do something; opening a pipe without `O_NONBLOCK` waits for its writer.
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return match fs::symlink_metadata(path) {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                Err(error) => Err(failed("open", path)(error)),
                Ok(_) => Err(LockError::Dangling {
                    path: path.to_owned(),
                }),
            };
        }
        Err(error) => return Err(failed("open", path)(error)),
        Ok(metadata) if !metadata.is_file() => return Err(no_file()),
        Ok(_) => {}
    }
    let mut options = File::options();
    options.read(true).custom_flags(libc::O_NONBLOCK);
    let file = options.open(path).map_err(failed("open", path))?;
    // It may have become another meanwhile.
    let metadata = file.metadata().map_err(failed("open", path))?;
    if metadata.is_file() {
        Ok(Some(file))
    } else {
        Err(no_file())
    }
}

/// Reads a lock, changes it and puts the result in its place. What others write meanwhile is not
/// lost: they wait, and `waits` is told before this one does.
pub fn change<T, E: From<LockError>>(
    path: &Path,
    waits: impl FnOnce(),
    edit: impl FnOnce(&mut Lock) -> Result<T, E>,
) -> Result<T, E> {
    // A link to the file is kept: it is the file behind it that is replaced.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = File::open(folder_of(path)).map_err(failed("open the folder of", path))?;
    match folder.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            waits();
            folder.lock().map_err(failed("lock the folder of", path))?;
        }
        Err(TryLockError::Error(error)) => {
            return Err(failed("lock the folder of", path)(error).into());
        }
    }
    let before = read(path)?;
    let mut lock = before.clone();
    let answer = edit(&mut lock)?;
    if lock != before {
        let text = lock.render();
        if text.len() as u64 > LARGEST {
            let (path, limit) = (path.clone(), LARGEST);
            return Err(LockError::Full { path, limit }.into());
        }
        replace(path, &text).map_err(failed("write", path))?;
        folder.sync_all().map_err(failed("write", path))?;
    }
    Ok(answer)
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = PathBuf::from(draft);
    let written = create(&draft, path)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&draft, path));
    if written.is_err() {
        // Of no use to anybody; the error that is told is the first one.
        let _ = fs::remove_file(&draft);
    }
    written
}

/// A new file that whoever could read and write the old one can. Where nobody but root may give a
/// file away, it is the writer's.
fn create(draft: &Path, old: &Path) -> io::Result<File> {
    // One that a process left that has died, or a link, which is not followed.
    match fs::remove_file(draft) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = File::options();
    options.write(true).create_new(true);
    let old = match fs::metadata(old) {
        Err(error) if error.kind() == ErrorKind::NotFound => return options.open(draft),
        other => other?,
    };
    let file = options.mode(0o600).open(draft)?;
    let (user, group) = (Some(old.uid()), Some(old.gid()));
    let _ = fchown(&file, user, group).or_else(|_| fchown(&file, None, group));
    file.set_permissions(old.permissions())?;
    Ok(file)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}
