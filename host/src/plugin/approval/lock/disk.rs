//! The lock on the disk: replaced whole, by one at a time.
//!
//! Whoever changes it holds the folder locked (`flock`), which leaves no file behind and ends with the
//! process. Readers need no lock: they see the old file or the new one.

use super::{Flaw, Lock, LockError};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
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

/// Reads a lock. A missing one has no approvals.
pub fn read(path: &Path) -> Result<Lock, LockError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Lock::default()),
        other => other.map_err(failed("open", path))?,
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
    let text = String::from_utf8(bytes)
        .map_err(|error| failed("read", path)(io::Error::new(ErrorKind::InvalidData, error)))?;
    Lock::parse(&text).map_err(|error| LockError::Broken {
        path: path.to_owned(),
        line: error.line(),
        flaw: Flaw(error.into()),
    })
}

/// Reads a lock, changes it and puts the result in its place. What others write meanwhile is not
/// lost: they wait.
pub fn change<T, E: From<LockError>>(
    path: &Path,
    edit: impl FnOnce(&mut Lock) -> Result<T, E>,
) -> Result<T, E> {
    // A link to the file is kept: it is the file behind it that is replaced.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = File::open(folder_of(path)).map_err(failed("open the folder of", path))?;
    folder.lock().map_err(failed("lock the folder of", path))?;
    let before = read(path)?;
    let mut lock = before.clone();
    let answer = edit(&mut lock)?;
    if lock != before {
        replace(path, &lock).map_err(failed("write", path))?;
        folder.sync_all().map_err(failed("write", path))?;
    }
    Ok(answer)
}

fn replace(path: &Path, lock: &Lock) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = PathBuf::from(draft);
    let written = File::create(&draft)
        .and_then(|mut file| {
            file.write_all(lock.render().as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&draft, path));
    if written.is_err() {
        // Of no use to anybody; the error that is told is the first one.
        let _ = fs::remove_file(&draft);
    }
    written
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}
