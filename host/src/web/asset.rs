//! The files that pages load. Their addresses hold a hash of the content, so that a browser may
//! keep them for good and a new version is fetched at once.

use crate::random::sha256_hex;
use std::sync::LazyLock;

/// A file that pages load.
pub struct Asset {
    /// Its content.
    pub content: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    extension: &'static str,
    hash: LazyLock<String>,
}

/// The style sheet.
pub static STYLE: Asset = Asset {
    content: include_str!("celadon.css"),
    media_type: "text/css; charset=utf-8",
    extension: "css",
    hash: LazyLock::new(|| short_hash(include_str!("celadon.css"))),
};

/// The icon.
pub static ICON: Asset = Asset {
    content: include_str!("celadon.svg"),
    media_type: "image/svg+xml",
    extension: "svg",
    hash: LazyLock::new(|| short_hash(include_str!("celadon.svg"))),
};

/// All of them.
pub static ALL: [&Asset; 2] = [&STYLE, &ICON];

impl Asset {
    /// The file's name below `/assets/`.
    pub fn file(&self) -> String {
        format!("{}.{}", *self.hash, self.extension)
    }
}

fn short_hash(content: &str) -> String {
    let mut hash = sha256_hex(content.as_bytes());
    hash.truncate(16);
    hash
}
