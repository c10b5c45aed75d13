//! The command line: what can be asked for, and which exit code answers it. Each command has a file
//! of its own; what they do, others own.
//!
//! Exit codes: 0 for success, 2 for a mistake in the arguments or the configuration, 1 for
//! everything else.

pub mod check;
mod compile;
pub mod dev;
mod keys;
mod log;
mod provider;
mod say;
mod serve;

use crate::app::AppError;
use crate::config::{self, Config, ConfigErrors, Environment, Warning};
use crate::plain;
use crate::plugin::approval::ApprovalError;
use crate::plugin::component::compile::confined;
use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, error, io};
use tokio::runtime::Runtime;

/// The longest line of an error, in characters: a word of a description is shorter.
const LONGEST_LINE: usize = 4096;

const EXAMPLES: &str = "\
Examples:
  celadon dev                          everything on this machine, with a demo provider
  celadon check                        what is wrong, and what each provider may do
  celadon provider approve             read what new components may do, and approve it
  celadon --config sso.toml serve      sign users in
  CELADON_SERVER__LISTEN=0.0.0.0:8080 celadon serve

Environment:
  CELADON_CONFIG            the configuration file, where --config does not name it
  CELADON_SECTION__KEY      any key of the configuration
  CELADON_LOG               what is logged, as in \"info\" or \"celadon=debug\"
  CELADON_LOG_FORMAT        \"text\" or \"json\"

Exit codes: 0 success, 2 wrong arguments or configuration, 1 anything else.";

/// Signs users in through any identity provider.
///
/// Each login is one durable workflow; what differs between providers is in a sandboxed component.
#[derive(Debug, Parser)]
#[command(name = "celadon", version, after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Arguments {
    /// The configuration file [default: $CELADON_CONFIG, else celadon.toml]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run Celadon until SIGTERM or SIGINT
    Serve,
    /// Run everything on this machine, with a demo provider
    Dev(dev::Options),
    /// Check the configuration and tell what each provider may do
    Check,
    /// List, check and rotate the keys that seal everything at rest
    #[command(after_help = keys::PROCEDURE)]
    Keys(keys::Keys),
    /// Build, look at, check and approve provider components
    #[command(subcommand)]
    Provider(provider::Command),
    /// What the program asks of a child of its own
    #[command(name = confined::COMMAND, hide = true)]
    CompileComponent(compile::Order),
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// The configuration is wrong; the mistakes speak for themselves.
    #[error(transparent)]
    Configuration(#[from] ConfigErrors),
    /// `check` has found providers wrong, and has said which and why.
    #[error("{count} of the configured providers cannot be used")]
    Providers {
        /// How many.
        count: usize,
    },
    /// `celadon.lock`, or the list of what comes with the program.
    #[error(transparent)]
    Approvals(#[from] ApprovalError),
    /// `CELADON_LOG` or `CELADON_LOG_FORMAT`.
    #[error(transparent)]
    Log(#[from] log::LogError),
    /// The sandbox could not be set up.
    #[error("the sandbox cannot be set up")]
    Sandbox(#[source] crate::plugin::engine::EngineError),
    /// The threads could not be started.
    #[error("cannot start the runtime")]
    Runtime(#[source] io::Error),
    /// `serve` or `dev`.
    #[error(transparent)]
    App(#[from] AppError),
    /// `dev`
    #[error(transparent)]
    Dev(#[from] dev::DevError),
    /// `keys …`
    #[error(transparent)]
    Keys(#[from] keys::KeysError),
    /// `provider …`
    #[error(transparent)]
    Provider(#[from] provider::ProviderError),
}

impl CliError {
    fn code(&self) -> u8 {
        match self {
            Self::Configuration(_)
            | Self::Providers { .. }
            | Self::Log(_)
            | Self::Approvals(_)
            | Self::App(AppError::Approvals(_)) => 2,
            Self::Sandbox(_) | Self::Runtime(_) | Self::App(_) | Self::Dev(_) | Self::Keys(_) => 1,
            Self::Provider(error) => error.code(),
        }
    }
}

/// Does what the arguments ask for. What goes wrong is said on stderr, once, here.
pub fn run(arguments: Arguments) -> ExitCode {
    // A compiler gives up its rights before anything else is done.
    if let Command::CompileComponent(order) = &arguments.command {
        return ExitCode::from(confined::run(order.into()));
    }
    let file = arguments.config.or_else(file_of_environment);
    let file = file.as_deref();
    let done = match arguments.command {
        Command::CompileComponent(_) => Ok(()),
        Command::Serve => serve::run(file),
        Command::Dev(options) => develop(options),
        Command::Check => check::run(file, check::inspect),
        Command::Keys(keys) => keys::run(file, keys),
        Command::Provider(command) => provider::run(file, command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::from(error.code())
        }
    }
}

fn develop(options: dev::Options) -> Result<(), CliError> {
    log::start()?;
    let runtime = Runtime::new().map_err(CliError::Runtime)?;
    Ok(runtime.block_on(dev::run(options))?)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is where the configuration is found"
)]
fn file_of_environment() -> Option<PathBuf> {
    env::var_os("CELADON_CONFIG")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}

fn configuration(file: Option<&Path>) -> Result<(Config, Vec<Warning>), ConfigErrors> {
    config::load(file, Environment::of_process())
}

fn complain(error: &CliError) {
    if let CliError::Configuration(errors) = error {
        for mistake in errors.mistakes() {
            say::error(format_args!("error: {mistake}"));
        }
        return;
    }
    // An error may quote what a stranger wrote. Celadon's own lines stay lines.
    let safe = |error: &dyn error::Error| plain::lines(&error.to_string(), LONGEST_LINE);
    say::error(format_args!("error: {}", safe(error)));
    let mut source = error::Error::source(error);
    while let Some(cause) = source {
        say::error(format_args!("  because: {}", safe(cause)));
        source = cause.source();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use celadon_workflows::types::ProviderName;
    use clap::CommandFactory;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_definition_holds() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn config_may_stand_on_either_side() {
        for line in [
            "celadon --config a.toml check",
            "celadon check --config a.toml",
            "celadon check --config=a.toml",
        ] {
            assert_eq!(
                parse(line).unwrap().config,
                Some(PathBuf::from("a.toml")),
                "{line}"
            );
        }
        let build = parse("celadon provider build a.wasm --output b.wasm --config c.toml").unwrap();
        assert_eq!(build.config, Some(PathBuf::from("c.toml")));
    }

    #[test]
    fn the_compiler_is_no_command_for_people() {
        let help = Arguments::command().render_long_help().to_string();
        assert!(!help.contains(confined::COMMAND), "{help}");
        assert!(parse("celadon compile-component large diagnosis 1 1").is_ok());
        assert!(parse("celadon compile-component huge calls 1 1").is_err());
    }

    #[test]
    fn a_wrong_configuration_ends_with_2() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("celadon.toml");
        std::fs::write(&file, "[server]\nlisen = 1\n").unwrap();
        let unreached = |_: &Config| panic!("nothing to inspect");
        let error = check::run(Some(&file), unreached).unwrap_err();
        assert_eq!(error.code(), 2);
        assert!(
            error
                .to_string()
                .contains("server.lisen: unknown key; did you mean `listen`?")
        );
    }

    #[test]
    fn a_provider_that_cannot_be_used_ends_with_2() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("celadon.toml");
        std::fs::write(&file, "").unwrap();
        let report = check::ProviderReport {
            provider: ProviderName::new("idp"),
            facts: Vec::new(),
            warnings: Vec::new(),
            mistakes: vec!["options.issuer: is missing".to_owned()],
        };
        let error = check::run(Some(&file), |_| Ok(vec![report])).unwrap_err();
        assert_eq!(error.code(), 2);
    }

    #[test]
    fn wrong_arguments_end_with_2() {
        for line in [
            "celadon",
            "celadon serv",
            "celadon serve x",
            "celadon provider build a.wasm",
            "celadon --config",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
        for line in ["celadon --help", "celadon help serve", "celadon --version"] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 0, "{line}");
        }
    }
}
