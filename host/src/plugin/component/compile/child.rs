//! The host's side of a compiler in a child process: who is started, what it is given, how long it
//! is waited for, and what its end means.

use super::{Budget, CompileError, Complaint, Job, MAX_CODE_BYTES, confined};
use crate::config::{Limits, Tier};
use crate::plugin::engine::Purpose;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;

/// Children at work at once. With two, one component that takes long holds up no other.
const AT_ONCE: usize = 2;
/// The longest a child may take by the clock on the wall, as a multiple of its CPU time: it is nice
/// to everybody else, and on a busy machine its turn comes late.
const WALL_FACTOR: u32 = 20;
/// Bytes of what a child says that are read.
const MAX_COMPLAINT_BYTES: u64 = 4 << 10;

/// Compilers in child processes of this program.
pub struct Children {
    executable: PathBuf,
    room: Semaphore,
}

/// What a child is asked. `purpose` is what its code is for, if code is asked for.
#[derive(Clone, Copy)]
struct Asked {
    tier: Tier,
    purpose: Option<Purpose>,
    budget: Budget,
}

impl Children {
    /// `executable` is this program: it knows the command `compile-component`.
    pub fn new(executable: PathBuf) -> Self {
        Self {
            executable,
            room: Semaphore::new(AT_ONCE),
        }
    }

    /// Children of the program that is running.
    ///
    /// # Errors
    /// The system does not tell where it is.
    pub fn of_this_program() -> io::Result<Self> {
        // By this name it is found even where an update has replaced the file meanwhile.
        let same = PathBuf::from("/proc/self/exe");
        let executable = if same.exists() {
            same
        } else {
            std::env::current_exe()?
        };
        Ok(Self::new(executable))
    }

    pub(super) async fn compile(&self, job: &Job) -> Result<Vec<u8>, CompileError> {
        let asked = Asked {
            tier: job.engine.options().tier,
            purpose: Some(job.engine.purpose()),
            budget: job.budget,
        };
        self.ask(asked, &job.bytes).await
    }

    /// Whether these bytes are a provider of a tier. Nothing is compiled.
    ///
    /// # Errors
    /// See [`CompileError`].
    pub async fn inspect(&self, bytes: &[u8], limits: &Limits) -> Result<(), CompileError> {
        let asked = Asked {
            tier: limits.tier,
            purpose: None,
            budget: limits.into(),
        };
        self.ask(asked, bytes).await.map(drop)
    }

    async fn ask(&self, asked: Asked, bytes: &[u8]) -> Result<Vec<u8>, CompileError> {
        let turn = self.room.acquire().await;
        let _turn = turn.map_err(|_| CompileError::Interrupted)?;
        let mut child = self.start(asked).map_err(not_run)?;
        let patience = asked.budget.time.saturating_mul(WALL_FACTOR);
        let end = tokio::time::timeout(patience, converse(&mut child, bytes)).await;
        let result = match end {
            Ok(Ok(said)) => said.judge(asked.budget),
            Ok(Err(Lost::TooLong)) => Err(CompileError::TooLong),
            Ok(Err(Lost::Pipe(error))) => Err(not_run(error)),
            Err(_) => Err(CompileError::Starved(patience)),
        };
        // Where it has ended, this does nothing.
        child.kill().await.ok();
        result
    }

    fn start(&self, asked: Asked) -> io::Result<Child> {
        let budget = asked.budget;
        let seconds = budget.time.as_secs() + u64::from(budget.time.subsec_nanos() > 0);
        let purpose = asked.purpose.map_or(confined::VERDICT, Purpose::as_str);
        Command::new(&self.executable)
            .arg0("celadon")
            .arg(confined::COMMAND)
            .arg(asked.tier.as_str())
            .arg(purpose)
            .arg(seconds.to_string())
            .arg(budget.memory.to_string())
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // So it ends with whoever waits for it: a start that is broken off, a host that stops.
            .kill_on_drop(true)
            .spawn()
    }
}

fn not_run(error: io::Error) -> CompileError {
    CompileError::NotRun(Arc::new(error))
}

/// What a child has said until its end.
struct Said {
    status: ExitStatus,
    code: Vec<u8>,
    complaint: String,
}

/// Why nothing more is heard.
enum Lost {
    TooLong,
    Pipe(io::Error),
}

impl From<io::Error> for Lost {
    fn from(error: io::Error) -> Self {
        Self::Pipe(error)
    }
}

async fn converse(child: &mut Child, bytes: &[u8]) -> Result<Said, Lost> {
    let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(mut stdin), Some(mut stdout), Some(stderr)) = pipes else {
        return Err(io::Error::other("a pipe is missing").into());
    };
    let give = async {
        // A child that has ended early says why by its end.
        stdin.write_all(bytes).await.ok();
        drop(stdin);
        Ok(())
    };
    let take = async {
        let mut code = Vec::new();
        let read = (&mut stdout)
            .take(MAX_CODE_BYTES + 1)
            .read_to_end(&mut code)
            .await?;
        if read as u64 > MAX_CODE_BYTES {
            return Err(Lost::TooLong);
        }
        Ok(code)
    };
    let listen = async {
        let mut said = Vec::new();
        stderr
            .take(MAX_COMPLAINT_BYTES)
            .read_to_end(&mut said)
            .await?;
        Ok(String::from_utf8_lossy(&said).into_owned())
    };
    let ((), code, complaint) = tokio::try_join!(give, take, listen)?;
    let status = child.wait().await?;
    Ok(Said {
        status,
        code,
        complaint,
    })
}

impl Said {
    fn judge(self, budget: Budget) -> Result<Vec<u8>, CompileError> {
        match (self.status.code(), self.status.signal()) {
            (Some(0), _) if !self.code.is_empty() => Ok(self.code),
            (Some(confined::REFUSED), _) => {
                Err(CompileError::Refused(Complaint::new(&self.complaint)))
            }
            (Some(confined::NO_PROVIDER), _) => {
                Err(CompileError::NoProvider(Complaint::new(&self.complaint)))
            }
            (Some(confined::NO_MEMORY), _) => Err(CompileError::Memory(budget.memory)),
            (Some(confined::NOT_CONFINED), _) => {
                Err(not_run(io::Error::other("it could not give up its rights")))
            }
            (_, Some(libc::SIGXCPU)) => Err(CompileError::Time(budget.time)),
            // Not by us, who ask no more then, nor for its CPU time, of which SIGXCPU comes first.
            (_, Some(libc::SIGKILL)) => Err(CompileError::Killed),
            // An allocation that fails aborts, after the standard library has said so.
            (_, Some(libc::SIGABRT)) if self.complaint.contains("memory allocation of") => {
                Err(CompileError::Memory(budget.memory))
            }
            _ => Err(CompileError::Crashed(self.status)),
        }
    }
}
