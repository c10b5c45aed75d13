//! `celadon keys …`: the key ring from outside. What a ring is, [`crate::seal`] knows; how a fleet
//! rotates its keys is in docs/KEYS.md and, in short, in `--help`.

mod usage;

use super::{CliError, configuration};
use crate::config::Config;
use crate::seal::{KeyError, KeyId, KeyInfo, KeyRing};
use crate::store::{self, StoreError};
use crate::web::time;
use clap::{Args, Subcommand};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tokio::runtime::Runtime;

/// What stands below `celadon keys --help`.
pub(super) const PROCEDURE: &str = "\
A service that runs alone:
  celadon keys rotate              a new key, used from now on

A fleet, so that nobody meets a key that it does not have:
  celadon keys add                 1. on one machine: a new key, not used yet
                                   2. copy the key file to every instance
  celadon keys list                3. on every instance: the new key is there
  celadon keys activate ID         4. use it, and copy the key file again

Running instances follow their key file within a second or two; nothing is restarted. Copy the file
beside its place and rename it, with mode 600. What an old key has sealed stays under it and opens
as long as it is in the file. `celadon keys check` says what is sealed under which key.

Exit codes: 0 success, 1 for `check` where a key is lost and for all that fails, 2 wrong arguments
or configuration.";

/// `celadon keys`
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Keys {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the keys of the ring
    List {
        #[command(flatten)]
        ring: Ring,
        /// Count what is sealed under each key, and name lost keys
        #[arg(long, conflicts_with = "ring")]
        usage: bool,
    },
    /// As `list --usage`, and fail where something is sealed under a key that is lost
    Check,
    /// Add a new key without using it yet
    Add(Ring),
    /// Seal everything new under a key of the ring
    Activate {
        /// The key's id, as `list` shows it
        #[arg(value_parser = key_id)]
        id: KeyId,
        #[command(flatten)]
        ring: Ring,
    },
    /// Add a new key and use it: for a service that runs alone
    Rotate(Ring),
}

#[derive(Debug, Args)]
struct Ring {
    /// The key file [default: the configured one]
    #[arg(long, value_name = "FILE")]
    ring: Option<PathBuf>,
}

impl Ring {
    /// With a file named, the configuration is not read: its secrets may be elsewhere.
    fn path(self, config: Option<&Path>) -> Result<PathBuf, CliError> {
        match self.ring {
            Some(path) => Ok(path),
            None => Ok(configuration(config)?.0.store.keys),
        }
    }
}

/// Why `celadon keys` failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeysError {
    /// The key file.
    #[error(transparent)]
    Ring(#[from] KeyError),
    /// The store, in which the sealed values are counted.
    #[error("the sealed values cannot be counted")]
    Store(#[from] StoreError),
    /// Something is sealed under a key that is not in the ring.
    #[error(
        "{values} sealed values are lost with {keys} keys: put the keys back into the ring, or let \
         users sign in again"
    )]
    Lost {
        /// How many keys.
        keys: usize,
        /// How many values.
        values: u64,
    },
}

fn key_id(text: &str) -> Result<KeyId, &'static str> {
    KeyId::parse(text).ok_or("a key's id is 16 lower-case hex digits")
}

/// Does it.
pub(super) fn run(config: Option<&Path>, keys: Keys) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    // A reader that has seen enough is no failure.
    let mut say = |text: &str| drop(out.write_all(text.as_bytes()));
    match keys.command {
        Command::List { ring, usage: false } => {
            let path = ring.path(config)?;
            let ring = KeyRing::read(&path).map_err(KeysError::Ring)?;
            say(&listed(&path, &ring.list()));
        }
        Command::List { .. } => drop(counted(config, &mut say)?),
        Command::Check => counted(config, &mut say)?.verdict()?,
        Command::Add(ring) => {
            let path = ring.path(config)?;
            let id = KeyRing::add_key(&path).map_err(KeysError::Ring)?;
            say(&format!(
                "added {id}, which is not used yet\n\
                 next: copy {} to every instance, then celadon keys activate {id}\n",
                path.display()
            ));
        }
        Command::Activate { id, ring } => {
            let path = ring.path(config)?;
            KeyRing::activate(&path, id).map_err(KeysError::Ring)?;
            say(&format!("everything new is sealed under {id}\n"));
        }
        Command::Rotate(ring) => {
            let id = KeyRing::rotate(&ring.path(config)?).map_err(KeysError::Ring)?;
            say(&format!(
                "everything new is sealed under {id}, which is new; keep the older keys for what \
                 they have sealed\n"
            ));
        }
    }
    Ok(())
}

/// Lists the keys and what is sealed under them.
fn counted(config: Option<&Path>, say: &mut impl FnMut(&str)) -> Result<usage::Usage, CliError> {
    let (config, _) = configuration(config)?;
    let Config { store, .. } = &config;
    let ring = KeyRing::read(&store.keys).map_err(KeysError::Ring)?;
    let runtime = Runtime::new().map_err(CliError::Runtime)?;
    let counts = runtime.block_on(async { store::open(&store.url).await?.count_sealed().await });
    let usage = usage::Usage::new(ring.list(), counts.map_err(KeysError::Store)?);
    say(&listed(&store.keys, &ring.list()));
    say(&usage.to_string());
    Ok(usage)
}

fn listed(path: &Path, keys: &[KeyInfo]) -> String {
    let mut text = format!("key ring {}\n", path.display());
    for key in keys {
        let role = if key.active {
            "seals everything new"
        } else {
            "opens what it has sealed"
        };
        text += &format!("  {}  made {}  {role}\n", key.id, time::utc(key.created_at));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_which_key_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ring");
        let old = KeyRing::open_or_create(&path).unwrap().list()[0].id;
        let new = KeyRing::rotate(&path).unwrap();
        let text = listed(&path, &KeyRing::read(&path).unwrap().list());
        let line = |id: KeyId| {
            let found = text.lines().find(|line| line.contains(&id.to_string()));
            found.unwrap().to_owned()
        };
        assert!(line(new).ends_with("seals everything new"), "{text}");
        assert!(line(old).ends_with("opens what it has sealed"), "{text}");
    }

    #[test]
    fn a_ring_that_is_named_needs_no_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ring");
        let ring = || Ring {
            ring: Some(path.clone()),
        };
        let keys = |command| Keys { command };
        let nowhere = Some(Path::new("/nowhere/celadon.toml"));
        let missing = run(nowhere, keys(Command::Rotate(ring()))).unwrap_err();
        assert_eq!(missing.code(), 1, "{missing}");
        let known = KeyRing::open_or_create(&path).unwrap();
        run(nowhere, keys(Command::Rotate(ring()))).unwrap();
        run(nowhere, keys(Command::Add(ring()))).unwrap();
        assert!(known.reload().unwrap());
        let active: Vec<_> = known.list().iter().map(|key| key.active).collect();
        assert_eq!(active, [false, true, false]);
        let id = known.list()[0].id;
        run(nowhere, keys(Command::Activate { id, ring: ring() })).unwrap();
        assert!(known.reload().unwrap());
        assert!(known.list()[0].active);
    }
}
