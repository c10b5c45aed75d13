//! Logging: to stderr, readable on a terminal, JSON where a machine collects it.

use std::env::{self, VarError};
use std::io::{self, IsTerminal};
use tracing_subscriber::EnvFilter;

const FILTER: &str = "CELADON_LOG";
const FORMAT: &str = "CELADON_LOG_FORMAT";

/// What is logged where nobody says otherwise. The quieter crates tell of every connection and
/// poll; they speak up only when they are named.
const DEFAULT: &str = "info,h2=warn,hyper=warn,reqwest=warn,sqlx=warn,tonic=warn,tower=warn,\
    wasmtime=warn,cranelift=warn,temporalio_client=warn,temporalio_sdk=warn,temporalio_sdk_core=warn";

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogError {
    /// `CELADON_LOG`
    #[error(
        "environment variable CELADON_LOG: is not a filter: write it as in \"info\" or \"celadon=debug,sqlx=info\""
    )]
    Filter,
    /// `CELADON_LOG_FORMAT`
    #[error("environment variable CELADON_LOG_FORMAT: is not a format: write text or json")]
    Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Text,
    Json,
}

/// Starts logging. A second start changes nothing.
pub(crate) fn start() -> Result<(), LogError> {
    let filter = filter(&setting(FILTER).map_err(|_| LogError::Filter)?)?;
    let format = format(&setting(FORMAT).map_err(|_| LogError::Format)?)?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    // An error here means that somebody logs already, which is as good.
    let _ = match format {
        Format::Json => builder.json().flatten_event(true).try_init(),
        Format::Text => builder.with_ansi(io::stderr().is_terminal()).try_init(),
    };
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "logging starts before the configuration is read"
)]
fn setting(name: &str) -> Result<String, VarError> {
    match env::var(name) {
        Err(VarError::NotPresent) => Ok(String::new()),
        other => other,
    }
}

fn filter(said: &str) -> Result<EnvFilter, LogError> {
    let directives = match said.trim() {
        "" => DEFAULT.to_owned(),
        said => format!("{DEFAULT},{said}"),
    };
    EnvFilter::try_new(directives).map_err(|_| LogError::Filter)
}

fn format(said: &str) -> Result<Format, LogError> {
    match said {
        "" | "text" => Ok(Format::Text),
        "json" => Ok(Format::Json),
        _ => Err(LogError::Format),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_adds_to_the_default() {
        let debug = filter("debug").unwrap().to_string();
        assert!(
            debug.split(',').any(|directive| directive == "debug"),
            "{debug}"
        );
        assert!(
            !debug.split(',').any(|directive| directive == "info"),
            "{debug}"
        );
        assert!(debug.contains("sqlx=warn"), "{debug}");
        assert!(
            filter("sqlx=trace")
                .unwrap()
                .to_string()
                .contains("sqlx=trace")
        );
        assert!(filter("").is_ok());
        assert!(matches!(filter("celadon=loud=no"), Err(LogError::Filter)));
    }

    #[test]
    fn formats() {
        assert_eq!(format("").unwrap(), Format::Text);
        assert_eq!(format("json").unwrap(), Format::Json);
        assert!(matches!(format("xml"), Err(LogError::Format)));
    }
}
