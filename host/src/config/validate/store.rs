//! `[store]`

use crate::config::Store;
use crate::config::problem::Problem;
use crate::config::section::{Context, Section};
use std::path::{Path, PathBuf};

const DEFAULT_URL: &str = "sqlite://celadon.db";
const DEFAULT_KEYS: &str = "celadon.keys";

pub(super) fn read(mut section: Section<'_>) -> Option<Store> {
    let context = section.context;
    let url = match section.take("url") {
        Some(found) => found.parsed(|text| sqlite(context, text)),
        None => section_default(&section, "url", sqlite(context, DEFAULT_URL)),
    };
    let mut source = section.section("keys");
    let keys = match source.take("file") {
        Some(found) => found.parsed(|text| new_file(context, text)),
        None => section_default(&source, "file", new_file(context, DEFAULT_KEYS)),
    };
    source.finish();
    section.finish();
    Some(Store {
        url: url?,
        keys: keys?,
    })
}

/// A default can be wrong too: the folder may be.
fn section_default<T>(section: &Section<'_>, key: &str, value: Result<T, Problem>) -> Option<T> {
    value.map_err(|problem| section.mistake(key, problem)).ok()
}

/// `sqlite://relative.db` or `sqlite:///absolute.db`, with the path absolute.
fn sqlite(context: &Context, text: &str) -> Result<String, Problem> {
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return Err(Problem::Postgres);
    }
    let Some(path) = text.strip_prefix("sqlite://") else {
        return Err(if text == "sqlite::memory:" {
            Problem::StoreInMemory
        } else {
            Problem::NotStore
        });
    };
    if path.contains(['?', '#']) {
        return Err(Problem::StoreParameters);
    }
    if path == ":memory:" {
        return Err(Problem::StoreInMemory);
    }
    if path.is_empty() || path.contains('\0') {
        return Err(Problem::NotStore);
    }
    let path = new_file(context, path)?;
    let path = path.to_str().ok_or(Problem::FolderNotUnicode)?;
    // What follows the scheme is the path as it is: the store decodes nothing.
    Ok(format!("sqlite://{path}"))
}

/// A file that is made where it is missing; its folder is not.
fn new_file(context: &Context, written: &str) -> Result<PathBuf, Problem> {
    let path = context.path(written);
    let folder = path.parent().unwrap_or(Path::new("/"));
    if path.is_dir() || written.ends_with('/') {
        Err(Problem::NotFile { path })
    } else if folder.is_dir() {
        Ok(path)
    } else {
        Err(Problem::NoFolder {
            path: folder.to_owned(),
        })
    }
}
