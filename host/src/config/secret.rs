//! Where a secret comes from, and reading it. A secret is read when it is needed and never kept, so
//! that a rotated one is found without a restart. No error and no Debug holds a value.

use super::environment::Environment;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::{env, fmt, str};
use zeroize::Zeroizing;

/// The longest secret, in bytes. Enough for any key; little enough to read at every use.
const LIMIT: usize = 64 * 1024;

/// Where a secret comes from. Read anew when it is needed, so that a rotated one is found.
#[derive(Clone)]
pub enum Secret {
    /// In the configuration itself. `check` warns.
    Plain(String),
    /// `{ env = "NAME" }`
    Env(String),
    /// `{ file = "path" }`: one trailing newline is cut off.
    File(PathBuf),
}

/// Why a secret cannot be had: what was looked for and where, never what was found.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The variable is not set.
    #[error("the environment variable {} is not set: set it where Celadon is started", name.escape_debug())]
    NoVariable {
        /// Its name.
        name: String,
    },
    /// The file cannot be opened or read.
    #[error("the secret's file {path:?} cannot be read ({source}): check its path and permissions")]
    Unreadable {
        /// The absolute path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A directory, a pipe: what cannot be read anew.
    #[error("the secret's file {path:?} is not a regular file: name one")]
    NotFile {
        /// The absolute path.
        path: PathBuf,
    },
    /// Nothing in it.
    #[error("the secret in {source_name} is empty: put the value there")]
    Empty {
        /// The variable or file.
        source_name: String,
    },
    /// No text.
    #[error("the secret in {source_name} is not UTF-8: put it there as text")]
    NotUnicode {
        /// The variable or file.
        source_name: String,
    },
    /// Longer than the limit.
    #[error("the secret in {source_name} is longer than {LIMIT} bytes: is this the right one?")]
    TooLong {
        /// The variable or file.
        source_name: String,
    },
}

impl Secret {
    /// The secret as it is now.
    ///
    /// # Errors
    /// The variable or file is missing, unreadable, empty, too long or no text.
    #[expect(
        clippy::disallowed_methods,
        reason = "a secret is read anew each time, so that a rotated one is found"
    )]
    pub fn read(&self) -> Result<Zeroizing<String>, SecretError> {
        self.read_with(|name| env::var_os(name))
    }

    /// As [`Secret::read`], with the variables that the configuration was read with.
    pub(super) fn read_in(
        &self,
        environment: &Environment,
    ) -> Result<Zeroizing<String>, SecretError> {
        self.read_with(|name| environment.variable(name).map(OsString::from))
    }

    fn read_with(
        &self,
        variable: impl FnOnce(&str) -> Option<OsString>,
    ) -> Result<Zeroizing<String>, SecretError> {
        let secret = match self {
            Self::Plain(value) => Zeroizing::new(value.clone()),
            Self::Env(name) => {
                let value =
                    variable(name).ok_or_else(|| SecretError::NoVariable { name: name.clone() })?;
                let value = value.into_string().map_err(|_| self.not_unicode())?;
                Zeroizing::new(value)
            }
            Self::File(path) => self.read_file(path)?,
        };
        if secret.is_empty() {
            return Err(SecretError::Empty {
                source_name: self.to_string(),
            });
        }
        if secret.len() > LIMIT {
            return Err(SecretError::TooLong {
                source_name: self.to_string(),
            });
        }
        Ok(secret)
    }

    fn read_file(&self, path: &Path) -> Result<Zeroizing<String>, SecretError> {
        let unreadable = |source| SecretError::Unreadable {
            path: path.to_owned(),
            source,
        };
        // Asked before opening: opening a pipe would wait for its writer.
        if !path.metadata().map_err(unreadable)?.is_file() {
            return Err(SecretError::NotFile {
                path: path.to_owned(),
            });
        }
        // Two bytes more for the newline, one to see that there is too much. Allocated at once, so
        // that growing leaves no copy behind.
        let most = LIMIT + 3;
        let mut bytes = Zeroizing::new(Vec::with_capacity(most));
        File::open(path)
            .and_then(|file| file.take(most as u64).read_to_end(&mut bytes))
            .map_err(unreadable)?;
        let text = str::from_utf8(&bytes).map_err(|_| self.not_unicode())?;
        let line = text.strip_suffix('\n').unwrap_or(text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        Ok(Zeroizing::new(line.to_owned()))
    }

    fn not_unicode(&self) -> SecretError {
        SecretError::NotUnicode {
            source_name: self.to_string(),
        }
    }
}

/// Where it comes from, in words; never the value.
impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(_) => f.write_str("the configuration"),
            Self::Env(name) => write!(f, "the environment variable {}", name.escape_debug()),
            Self::File(path) => write!(f, "the file {path:?}"),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(_) => f.write_str("Plain(…)"),
            Self::Env(name) => f.debug_tuple("Env").field(name).finish(),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn file(contents: &[u8]) -> (tempfile::TempDir, Secret) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, contents).unwrap();
        (folder, Secret::File(path))
    }

    #[test]
    fn one_trailing_newline_is_cut_off() {
        for (contents, expected) in [
            (&b"abc"[..], "abc"),
            (b"abc\n", "abc"),
            (b"abc\r\n", "abc"),
            (b"abc\n\n", "abc\n"),
            (b" abc ", " abc "),
        ] {
            let (_folder, secret) = file(contents);
            assert_eq!(secret.read().unwrap().as_str(), expected);
        }
    }

    #[test]
    fn a_rotated_file_is_read_anew() {
        let (_folder, secret) = file(b"old");
        assert_eq!(secret.read().unwrap().as_str(), "old");
        let Secret::File(path) = &secret else {
            unreachable!()
        };
        fs::write(path, "new").unwrap();
        assert_eq!(secret.read().unwrap().as_str(), "new");
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        let (folder, gone) = file(b"secret");
        folder.close().unwrap();
        assert!(matches!(gone.read(), Err(SecretError::Unreadable { .. })));
        let (_folder, empty) = file(b"\n");
        assert!(matches!(empty.read(), Err(SecretError::Empty { .. })));
        let (_folder, binary) = file(&[0xff, 0xfe]);
        assert!(matches!(binary.read(), Err(SecretError::NotUnicode { .. })));
        let (_folder, fits) = file(&vec![b'a'; LIMIT]);
        assert_eq!(fits.read().unwrap().len(), LIMIT);
        let (_folder, long) = file(&vec![b'a'; LIMIT + 1]);
        assert!(matches!(long.read(), Err(SecretError::TooLong { .. })));
        let (folder, _) = file(b"");
        let directory = Secret::File(folder.path().to_owned());
        assert!(matches!(directory.read(), Err(SecretError::NotFile { .. })));
        let unset = Secret::Env("CELADON_TEST_NEVER_SET".to_owned());
        assert!(
            unset
                .read()
                .unwrap_err()
                .to_string()
                .contains("CELADON_TEST_NEVER_SET is not set")
        );
    }

    #[test]
    fn debug_and_display_hide_the_value() {
        let secret = Secret::Plain("hunter2hunter2".to_owned());
        assert!(!format!("{secret:?} {secret}").contains("hunter2"));
    }
}
