//! The program under test as a child process.

mod dev;
mod setup;

use crate::children::Child;
use crate::places::built;
use crate::{Browser, Sandbox, browser, waiting};
use anyhow::{Context, Result, bail, ensure};
pub use dev::Dev;
pub(crate) use setup::SECRET_OF_ANY;
pub use setup::Setup;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// A running Celadon.
pub struct Celadon {
    child: Child,
    setup: Setup,
    config: PathBuf,
    log: PathBuf,
    http: reqwest::Client,
}

impl Celadon {
    /// Writes the configuration, starts the program and waits until it is ready.
    pub async fn start(sandbox: &Sandbox, setup: Setup) -> Result<Self> {
        let mut celadon = Self::launch(sandbox, setup)?;
        celadon.ready(30).await?;
        Ok(celadon)
    }

    /// As [`Self::start`], but waits for nothing.
    pub fn launch(sandbox: &Sandbox, setup: Setup) -> Result<Self> {
        let name = format!("celadon-{}", setup.port());
        let config = sandbox.file(&format!("{name}.toml"));
        std::fs::write(&config, setup.toml()?)?;
        if setup.needs_approval() {
            approve(&setup, &config)?;
        }
        let log = sandbox.file(&format!("{name}.log"));
        let child = Child::start(serve(&setup, &config, &log)?.stdin(Stdio::null()), &log)?;
        let http = crate::http_client()?;
        Ok(Self {
            child,
            setup,
            config,
            log,
            http,
        })
    }

    /// Waits until `/readyz` is 200.
    pub async fn ready(&mut self, seconds: u64) -> Result<()> {
        let readyz = self.url("/readyz");
        waiting::until("Celadon is ready", seconds, async || {
            if let Some(status) = self.child.ended()? {
                bail!("Celadon ended ({status})");
            }
            let answer = self
                .http
                .get(&readyz)
                .timeout(Duration::from_secs(2))
                .send()
                .await;
            Ok(answer
                .ok()
                .filter(|answer| answer.status() == 200)
                .map(drop))
        })
        .await
    }

    /// An address of this instance.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.setup.port())
    }

    /// The address at which a browser begins to sign in.
    pub fn login(&self, provider: &str) -> String {
        self.url(&format!("/login/{provider}"))
    }

    /// A callback address, made out for this instance whichever one it was meant for.
    pub fn here(&self, callback: &url::Url) -> String {
        let query = callback.query().unwrap_or_default();
        self.url(&format!("{}?{query}", callback.path()))
    }

    /// GET by a program that has no cookies.
    pub async fn get(&self, path: &str) -> Result<browser::Page> {
        Browser::new()?.open(&self.url(path)).await
    }

    /// The operating system's id of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it was configured with.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// All it has logged, of former runs too.
    pub fn logs(&self) -> Result<String> {
        Ok(String::from_utf8_lossy(&std::fs::read(&self.log)?).into_owned())
    }

    /// The memory that it occupies now, in bytes.
    pub fn resident(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.context("no VmRSS")?.trim().trim_end_matches(" kB");
        Ok(kilobytes.trim().parse::<u64>()? << 10)
    }

    /// SIGKILL: nothing is put in order.
    pub fn kill9(&mut self) -> Result<()> {
        self.child.kill()
    }

    /// SIGTERM, and the time and status with which it ended.
    pub async fn sigterm(&mut self) -> Result<(Duration, ExitStatus)> {
        let begin = Instant::now();
        self.child.signal("TERM")?;
        let status = waiting::until("Celadon ends", 20, async || self.child.ended()).await?;
        Ok((begin.elapsed(), status))
    }

    /// Starts it again with the same configuration, after it was killed.
    pub async fn restart(&mut self) -> Result<()> {
        ensure!(self.child.ended()?.is_some(), "it still runs");
        let mut command = serve(&self.setup, &self.config, &self.log)?;
        self.child = Child::start(command.stdin(Stdio::null()), &self.log)?;
        self.ready(30).await
    }

    /// Runs a subcommand with this configuration, to its end.
    pub fn run(sandbox: &Sandbox, setup: &Setup, arguments: &[&str]) -> Result<Output> {
        let config = sandbox.file("celadon.toml");
        std::fs::write(&config, setup.toml()?)?;
        command(setup, &config, arguments)?
            .output()
            .context("cannot run celadon")
    }

    /// As [`Self::run`], with the file that it wrote.
    pub fn run_again(sandbox: &Sandbox, setup: &Setup, arguments: &[&str]) -> Result<Output> {
        command(setup, &sandbox.file("celadon.toml"), arguments)?
            .output()
            .context("cannot run celadon")
    }

    /// As [`Self::run`], where nothing that it says can be written. The exit code.
    pub fn run_unheard(
        sandbox: &Sandbox,
        setup: &Setup,
        arguments: &[&str],
    ) -> Result<Option<i32>> {
        let config = sandbox.file("celadon.toml");
        std::fs::write(&config, setup.toml()?)?;
        let full = || std::fs::File::options().write(true).open("/dev/full");
        let status = command(setup, &config, arguments)?
            .stdout(full()?)
            .stderr(full()?)
            .status()
            .context("cannot run celadon")?;
        Ok(status.code())
    }

    /// As [`Self::run_again`], of another copy of the program.
    pub fn run_copy(
        program: &Path,
        sandbox: &Sandbox,
        setup: &Setup,
        arguments: &[&str],
    ) -> Result<Output> {
        command_of(program, setup, &sandbox.file("celadon.toml"), arguments)
            .output()
            .context("cannot run celadon")
    }

    /// Puts the program into another folder.
    pub fn copy_program(folder: &Path) -> Result<PathBuf> {
        let (built, copy) = (binary()?, folder.join("celadon"));
        // A second name is enough, where the file system allows it.
        if std::fs::hard_link(&built, &copy).is_err() {
            std::fs::copy(&built, &copy)?;
        }
        Ok(copy)
    }

    /// Runs a subcommand that reads no configuration, to its end.
    pub fn run_alone(arguments: &[&str]) -> Result<Output> {
        let mut command = Command::new(binary()?);
        command.args(arguments).stdin(Stdio::null());
        command.output().context("cannot run celadon")
    }
}

impl Drop for Celadon {
    /// Test runners show what a failed test has printed: its program's log, then.
    fn drop(&mut self) {
        eprintln!(
            "--- {}\n{}",
            self.log.display(),
            self.logs().unwrap_or_default()
        );
    }
}

/// As the operator does who has read what each component may do. One that cannot be loaded at all
/// is left: its test says what becomes of it.
fn approve(setup: &Setup, config: &Path) -> Result<()> {
    let arguments = ["provider", "approve", "--yes", "--migrate"];
    let output = command(setup, config, &arguments)?
        .output()
        .context("cannot run celadon")?;
    if !output.status.success() {
        eprintln!("--- approve\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

fn command(setup: &Setup, config: &Path, arguments: &[&str]) -> Result<Command> {
    Ok(command_of(&binary()?, setup, config, arguments))
}

fn command_of(program: &Path, setup: &Setup, config: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .arg("--config")
        .arg(config)
        .envs(setup.environment())
        .stdin(Stdio::null());
    command
}

fn binary() -> Result<PathBuf> {
    built("CELADON_BIN", "debug/celadon")
}

fn serve(setup: &Setup, config: &Path, log: &Path) -> Result<Command> {
    let output = std::fs::File::options()
        .create(true)
        .append(true)
        .open(log)?;
    let mut command = Command::new("bash");
    command
        // A file that may not grow is to be an error, not the end: see `Database::fill`.
        .args(["-c", "trap '' XFSZ; exec \"$@\"", "bash"])
        .arg(binary()?)
        .args(["serve", "--config"])
        .arg(config)
        .envs(setup.environment())
        .stdout(output);
    Ok(command)
}
