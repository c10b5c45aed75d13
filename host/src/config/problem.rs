//! Every sentence that tells an operator what is wrong with a value, each with its mend. Values are
//! not repeated: a secret that was pasted into the wrong place must not reach a log.

use super::secret::SecretError;
use crate::oidc::client_key::ClientKeyError;
use std::io;
use std::path::PathBuf;

/// What is wrong, and what to write instead.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    // -- the file and the environment --
    /// There is no such file.
    #[error("no such file: name the configuration with --config or CELADON_CONFIG")]
    NoConfiguration,
    /// The file is there and cannot be read.
    #[error("cannot be read: {source}")]
    Unreadable {
        /// Why.
        source: io::Error,
    },
    /// The file is longer than any configuration.
    #[error("is larger than {limit} bytes: is this the right file?")]
    FileTooLarge {
        /// The bound.
        limit: u64,
    },
    /// Not UTF-8.
    #[error("is not UTF-8: save it as UTF-8")]
    NotUnicode,
    /// Not TOML. The parser's words hold nothing of the file.
    #[error("is not TOML: {message}")]
    Syntax {
        /// What the parser met and what it waited for.
        message: String,
    },
    /// `CELADON_SERVER__`, `CELADON___LISTEN` or a name with too many parts.
    #[error(
        "is not the name of a key: write CELADON_SECTION__KEY with two underscores between the parts"
    )]
    VariableName,

    // -- keys and types --
    /// A key that nobody reads.
    #[error("unknown key; {mend}")]
    UnknownKey {
        /// The nearest known key, or all of them.
        mend: String,
    },
    /// Another type.
    #[error("is {found}: write {expected}")]
    WrongType {
        /// With an example.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A key that has no default.
    #[error("is missing: write {mend}")]
    Missing {
        /// What to write.
        mend: &'static str,
    },
    /// Two ways of saying where a value comes from, or none.
    #[error("names {count} sources: name exactly one of {sources}")]
    NotOneSource {
        /// How many there are.
        count: usize,
        /// Which there could be.
        sources: &'static str,
    },
    /// An empty text.
    #[error("is empty: write a value, or leave the key out")]
    Empty,
    /// A text that is too long.
    #[error("is longer than {limit} characters: shorten it")]
    TooLong {
        /// The bound.
        limit: usize,
    },
    /// A line feed or the like.
    #[error("holds a control character: remove it (a line break, a tab?)")]
    ControlCharacter,
    /// A number out of bounds.
    #[error("is out of range: write a number from {least} to {most}")]
    NumberRange {
        /// The smallest.
        least: u64,
        /// The largest.
        most: u64,
    },
    /// No part of a whole.
    #[error("is no part of all logins: write a number from 0 to 1, as in 0.1 for every tenth")]
    NotRatio,
    /// No duration.
    #[error("is not a duration: write a whole number and its unit (ms, s, m, h, d), as in \"10m\"")]
    NotDuration,
    /// A duration out of bounds.
    #[error("is out of range: write a duration from {least:?} to {most:?}")]
    DurationRange {
        /// The shortest.
        least: std::time::Duration,
        /// The longest.
        most: std::time::Duration,
    },
    /// No size.
    #[error(
        "is not a size: write bytes as a number, or a whole number with KiB, MiB or GiB, as in \"32MiB\""
    )]
    NotSize,
    /// A date, a NaN, a number beyond 64 bits.
    #[error(
        "is {found}, which JSON does not have: options go to the component as JSON, so write it as a string"
    )]
    NotJson {
        /// What it is.
        found: &'static str,
    },
    /// One entry twice.
    #[error("stands in the list already: remove it")]
    Twice,
    /// A word that is not in the list.
    #[error("is not one of {choices}{}", suggestion.map(|word| format!("; did you mean \"{word}\"?")).unwrap_or_default())]
    NotOneOf {
        /// All of them.
        choices: String,
        /// The nearest.
        suggestion: Option<&'static str>,
    },

    // -- addresses and URLs --
    /// `listen`
    #[error("is not an IP address and a port: write it as in \"127.0.0.1:8080\" or \"[::1]:8080\"")]
    NotSocketAddress,
    /// A network.
    #[error("is neither an address nor a network: write it as in \"10.0.0.1\" or \"10.0.0.0/8\"")]
    NotNetwork,
    /// `[temporal] address`
    #[error("is not a host and a port: write it as in \"127.0.0.1:7233\", without a scheme")]
    NotHostAndPort,
    /// No URL at all.
    #[error("is not a URL: write it with its scheme, as in \"https://login.example.com\"")]
    NotUrl,
    /// Neither http nor https.
    #[error("has another scheme: write https://… or, where it is allowed, http://…")]
    NotHttp,
    /// `https://user:password@host`
    #[error("holds a user or a password: remove everything before the @")]
    UrlUser,
    /// A query or a fragment.
    #[error("has a query or a fragment: end it before the ? or #")]
    UrlQuery,
    /// A path where an origin is asked for.
    #[error("has a path: write the origin alone, as in \"https://login.example.com\"")]
    UrlPath,
    /// A fragment.
    #[error("has a fragment: end it before the #")]
    UrlFragment,
    /// A wildcard host.
    #[error("has a wildcard: name each host")]
    Wildcard,
    /// `http://` to the world.
    #[error("is http and not on loopback: write https://…, or use 127.0.0.1, [::1] or localhost")]
    InsecurePublic,
    /// `https://` to a collector.
    #[error(
        "is https, which is not available yet: name a collector on this machine or in the private network by http://…, and let that one pass the traces on"
    )]
    CollectorTls,
    /// `http://` to a collector out in the world.
    #[error(
        "is http to a public host: traces tell who signs in when, so name a collector on this machine or in the private network, and let that one pass them on"
    )]
    CollectorPublic,
    /// `listen` is open and nobody said what the world calls it.
    #[error(
        "is missing: listen is not a loopback address, so write the https:// address that browsers use"
    )]
    NoPublicUrl,
    /// `http://` without the permission.
    #[error(
        "is http: write https://…, or allow it with insecure_http = true in [providers.{provider}.grant]"
    )]
    InsecureGrant {
        /// The provider.
        provider: String,
    },

    // -- the store, files --
    /// A store that is not there yet.
    #[error("PostgreSQL is not available yet: write \"sqlite://celadon.db\"")]
    Postgres,
    /// Another store.
    #[error(
        "is not a store: write \"sqlite://celadon.db\" (a path from this file's folder) or \"sqlite:///absolute/path.db\""
    )]
    NotStore,
    /// `?mode=…`
    #[error("has parameters, which the store takes none of: end it before the ?")]
    StoreParameters,
    /// A store that forgets.
    #[error("a store in memory would lose every login at a restart: write \"sqlite://celadon.db\"")]
    StoreInMemory,
    /// A path that is no text.
    #[error("the folder's name is not UTF-8: move the store to a path that is")]
    FolderNotUnicode,
    /// A file that should be there.
    #[error("there is no file {path:?}: relative paths start at the configuration file's folder")]
    NoFile {
        /// The absolute path.
        path: PathBuf,
    },
    /// A file whose folder should be there.
    #[error("there is no folder {path:?}: create it, or name another one")]
    NoFolder {
        /// The absolute path.
        path: PathBuf,
    },
    /// A folder where a file is meant.
    #[error("{path:?} is not a file: name a file")]
    NotFile {
        /// The absolute path.
        path: PathBuf,
    },

    // -- logins, providers, clients --
    /// `session_idle` beyond `session_lifetime`
    #[error("is longer than session_lifetime, so it would never apply: shorten it")]
    IdleBeyondLifetime,
    /// A name that would not fit into a URL.
    #[error("is not a name: use 1 to 63 of a-z, 0-9 and -, and do not begin with -")]
    BadName,
    /// `component = "folder"`
    #[error("is a directory, and building one is not available yet: name the .wasm file")]
    ComponentDirectory,
    /// `component = "oci://…"`
    #[error("oci:// is not available yet: download the component and name the .wasm file")]
    ComponentRegistry,
    /// A scope that could not be sent.
    #[error(
        "is not a scope (RFC 6749 section 3.3): one word of printable ASCII without quotes, backslashes and spaces; write each scope as its own entry"
    )]
    NotScope,
    /// An authentication method without what it needs.
    #[error("\"{method}\" needs a {needed}: add it, or choose another method")]
    MethodNeeds {
        /// The method.
        method: &'static str,
        /// The key that it needs.
        needed: &'static str,
    },

    // -- secrets --
    /// A secret store that is not there yet.
    #[error("{store} is not available yet: write {{ env = \"NAME\" }} or {{ file = \"path\" }}")]
    SecretStore {
        /// Which.
        store: &'static str,
    },
    /// A name that no variable can have.
    #[error("is not the name of an environment variable: it cannot hold = or NUL")]
    NotVariable,
    /// A secret that is not there.
    #[error("{0}")]
    Secret(SecretError),
    /// A client key that cannot sign.
    #[error("{0}")]
    ClientKey(ClientKeyError),
    /// A secret that can be guessed.
    #[error(
        "is shorter than {least} characters: make a random one, for example with `openssl rand -hex 32`"
    )]
    SecretTooShort {
        /// The bound.
        least: usize,
    },
    /// Two callers that could not be told apart.
    #[error("is the same secret as {other}: each caller needs its own")]
    SecretShared {
        /// The other's key.
        other: String,
    },
}
