//! Child processes that end with their test, however that ends.
//!
//! A child is killed when its [`Child`] is dropped, so also when a test panics. A test that is
//! itself killed drops nothing: a guardian, one shell for each test process, reads the ids of the
//! living from a pipe and kills them when the pipe closes.

use anyhow::{Context, Result};
use std::io::Write as _;
use std::path::Path;
use std::process::{Child as Process, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

const GUARDIAN: &str = r#"
living=" "
while read -r sign pid; do
  case $sign in
    +) living="$living$pid " ;;
    -) living="${living%% "$pid" *} ${living#* "$pid" }" ;;
  esac
done
[ -z "${living// /}" ] || kill -9 $living 2>/dev/null
"#;

/// A child process.
pub(crate) struct Child {
    process: Process,
}

impl Child {
    /// Starts `command`. Its standard error, and its output unless piped, go to the file `log`.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let errors = std::fs::File::options()
            .create(true)
            .append(true)
            .open(log)
            .with_context(|| format!("cannot write {}", log.display()))?;
        let program = command.get_program().to_string_lossy().into_owned();
        let process = command
            .stderr(errors)
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        guard("+", process.id())?;
        Ok(Self { process })
    }

    /// The operating system's id of it.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Its standard output, where piped.
    pub(crate) fn stdout(&mut self) -> Option<std::process::ChildStdout> {
        self.process.stdout.take()
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.process.try_wait()?)
    }

    /// Ends it at once, as SIGKILL does, and waits until it is gone.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Sends a signal by its name without `SIG`.
    pub(crate) fn signal(&self, name: &str) -> Result<()> {
        let status = Command::new("kill")
            .args([format!("-{name}"), self.id().to_string()])
            .status()?;
        anyhow::ensure!(status.success(), "the process to signal is gone");
        Ok(())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // What can fail here is that it has ended already.
        let _ = self.kill();
        let _ = guard("-", self.id());
    }
}

fn guard(sign: &str, pid: u32) -> Result<()> {
    static PIPE: OnceLock<Mutex<ChildStdin>> = OnceLock::new();
    if PIPE.get().is_none() {
        // Two threads may race to make it; the guardian that is not kept sees its pipe close.
        let _ = PIPE.set(Mutex::new(guardian()?));
    }
    let pipe = PIPE.get().context("the guardian was just started")?;
    let mut pipe = pipe.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(writeln!(pipe, "{sign} {pid}")?)
}

fn guardian() -> Result<ChildStdin> {
    Command::new("bash")
        .args(["-c", GUARDIAN])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start bash")?
        .stdin
        .context("the guardian's input is piped")
}
