//! From a path and an environment to a [`Config`].

use super::environment::Environment;
use super::mistake::{ConfigErrors, Mistake, Place, Report, Warning};
use super::problem::Problem;
use super::section::{Context, Section};
use super::tree::{self, Table};
use super::{Config, LockPlace, validate};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is read where no other file is named.
pub const DEFAULT_FILE: &str = "celadon.toml";

/// The operator's approvals, in the folder of the file.
const LOCK: &str = "celadon.lock";

/// Hundreds of providers are a few hundred kilobytes.
const LARGEST: u64 = 8 << 20;

/// Reads the configuration: the file, and what the environment lays over it.
///
/// Without a path it is [`DEFAULT_FILE`] in the working directory, which may be missing if the
/// environment has keys.
///
/// # Errors
/// Every mistake that can be told at once: unknown keys, wrong values, missing ones, files and
/// secrets that are not there.
pub fn load(
    path: Option<&Path>,
    environment: Environment,
) -> Result<(Config, Vec<Warning>), ConfigErrors> {
    let named: Arc<Path> = Arc::from(path.unwrap_or(Path::new(DEFAULT_FILE)));
    let mut has_file = true;
    let text = match read(&named) {
        Ok(text) => text,
        Err(Problem::NoConfiguration) if path.is_none() && environment.configures() => {
            has_file = false;
            String::new()
        }
        Err(problem) => return Err(mistake(&named, problem)),
    };
    let folder =
        folder_of(&named).map_err(|source| mistake(&named, Problem::Unreadable { source }))?;
    let lock = LockPlace {
        path: folder.join(LOCK),
        configuration: std::path::absolute(&*named).ok().filter(|_| has_file),
    };
    let (mut config, warnings) = from_text(&text, &named, folder, environment)?;
    config.lock = Some(lock);
    Ok((config, warnings))
}

/// As [`load`], with the file's text.
pub(super) fn from_text(
    text: &str,
    path: &Arc<Path>,
    folder: PathBuf,
    environment: Environment,
) -> Result<(Config, Vec<Warning>), ConfigErrors> {
    let report = Report::default();
    let Some(mut table) = tree::parse(text, path, &report) else {
        return report.conclude(None);
    };
    environment.overlay(&mut table, &report);
    let context = Context {
        report,
        folder,
        environment,
    };
    let config = read_root(&context, path, table);
    context.report.conclude(config)
}

fn read_root(context: &Context, path: &Arc<Path>, table: Table) -> Option<Config> {
    let place = Place::File {
        path: Arc::clone(path),
        line: None,
    };
    validate::config(Section::new(context, String::new(), place, table))
}

fn read(path: &Path) -> Result<String, Problem> {
    let unreadable = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => Problem::NoConfiguration,
        _ => Problem::Unreadable { source },
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Problem::FileTooLarge { limit: LARGEST });
    }
    String::from_utf8(bytes).map_err(|_| Problem::NotUnicode)
}

fn folder_of(path: &Path) -> io::Result<PathBuf> {
    let absolute = std::path::absolute(path)?;
    Ok(absolute
        .parent()
        .map_or_else(|| absolute.clone(), Path::to_owned))
}

fn mistake(path: &Arc<Path>, problem: Problem) -> ConfigErrors {
    ConfigErrors::from(Mistake {
        place: Place::File {
            path: Arc::clone(path),
            line: None,
        },
        key: String::new(),
        problem,
    })
}
