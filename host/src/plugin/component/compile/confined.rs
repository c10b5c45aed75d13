//! The child's side: gives up what it could do, then inspects and compiles what comes in.
//!
//! The child is this program under the hidden command `compile-component`. It has an empty
//! environment, three pipes and no file; before it reads the first byte it closes what it inherited, and
//! takes CPU time, memory, files and processes away from itself. It never opens a configuration, a key or a store.

use super::with_causes;
use crate::config::Tier;
use crate::plugin::component::inspect::inspect_for;
use crate::plugin::engine::{Purpose, precompile};
use std::io::{self, Read, Write};

/// The command by which the program is asked to do this.
pub const COMMAND: &str = "compile-component";

/// In the place of a purpose: whether it is a provider is asked, and nothing is compiled.
pub const VERDICT: &str = "verdict";
/// What is answered then, where code would stand.
const USABLE: &[u8] = b"usable";

/// Exit code: the compiler refuses the component. What it says stands on stderr.
pub(super) const REFUSED: i32 = 3;
/// Exit code: it is no provider. Why stands on stderr.
pub(super) const NO_PROVIDER: i32 = 6;
/// Exit code: memory is lacking.
pub(super) const NO_MEMORY: i32 = 4;
/// Exit code: the limits could not be set, and so nothing was read.
pub(super) const NOT_CONFINED: i32 = 5;

/// Files that may be open: three pipes, and what the compiler's memory may need.
const FILES: u64 = 8;
/// Stdin, stdout and stderr: all that is open at first.
const PIPES: libc::c_int = 3;
/// How nice the child is to everybody else.
const NICE: libc::c_int = 5;
/// More than any component that is allowed to be compiled, in bytes.
const MAX_INPUT: u64 = 64 << 20;

/// What to compile, for whom, and what it may cost.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// The kind of guest.
    pub tier: Tier,
    /// What the code is for. `None`: only whether it is a provider is asked.
    pub purpose: Option<Purpose>,
    /// Seconds of CPU time.
    pub seconds: u64,
    /// Bytes of address space.
    pub memory: u64,
}

/// Compiles stdin to stdout. Answers the exit code.
pub fn run(order: Order) -> u8 {
    if confine(order).is_err() {
        return exit(NOT_CONFINED);
    }
    let mut bytes = Vec::new();
    if io::stdin()
        .lock()
        .take(MAX_INPUT)
        .read_to_end(&mut bytes)
        .is_err()
    {
        return exit(NOT_CONFINED);
    }
    if let Err(error) = inspect_for(&bytes, order.tier) {
        eprintln!("{}", with_causes(&error));
        return exit(NO_PROVIDER);
    }
    let Some(purpose) = order.purpose else {
        return answer(USABLE);
    };
    match precompile(order.tier, purpose, &bytes) {
        Ok(code) => answer(&code),
        Err(error) if lacks_memory(&error) => exit(NO_MEMORY),
        Err(error) => {
            eprintln!("{error:#}");
            exit(REFUSED)
        }
    }
}

fn answer(bytes: &[u8]) -> u8 {
    let mut out = io::stdout().lock();
    let written = out.write_all(bytes).and_then(|()| out.flush());
    u8::from(written.is_err())
}

fn exit(code: i32) -> u8 {
    u8::try_from(code).unwrap_or(1)
}

fn lacks_memory(error: &wasmtime::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::OutOfMemory)
    })
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
type Resource = libc::__rlimit_resource_t;
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
type Resource = libc::c_int;

/// Takes away from this process what compiling does not need.
fn confine(order: Order) -> io::Result<()> {
    end_with_parent()?;
    close_files();
    limit(libc::RLIMIT_CORE, 0)?;
    limit(libc::RLIMIT_FSIZE, 0)?;
    limit(libc::RLIMIT_NOFILE, FILES)?;
    limit(libc::RLIMIT_NPROC, 0)?;
    limit(libc::RLIMIT_AS, order.memory)?;
    heed_cpu_limit();
    limit(libc::RLIMIT_CPU, order.seconds)?;
    #[allow(unsafe_code, reason = "the standard library has no nice")]
    // SAFETY: it takes a number and touches no memory. That it fails makes nothing less safe.
    let _ = unsafe { libc::nice(NICE) };
    Ok(())
}

/// Whoever started the host may have left files open, which it passes on unknowingly.
fn close_files() {
    if close_all_at_once() {
        return;
    }
    #[allow(
        unsafe_code,
        reason = "the standard library closes no file that is not its own"
    )]
    // SAFETY: both take numbers and touch no memory, and nothing here owns a file but the pipes.
    unsafe {
        let most = libc::sysconf(libc::_SC_OPEN_MAX).clamp(256, 1 << 20);
        for file in PIPES..libc::c_int::try_from(most).unwrap_or(libc::c_int::MAX) {
            libc::close(file);
        }
    }
}

/// Since Linux 5.9.
#[cfg(target_os = "linux")]
fn close_all_at_once() -> bool {
    #[allow(
        unsafe_code,
        reason = "the standard library closes no file that is not its own"
    )]
    // SAFETY: it takes numbers and touches no memory, and nothing here owns a file but the pipes.
    let done = unsafe { libc::syscall(libc::SYS_close_range, PIPES, libc::c_uint::MAX, 0) };
    done == 0
}

#[cfg(not(target_os = "linux"))]
fn close_all_at_once() -> bool {
    false
}

/// A host that was started with the signal ignored passes that on.
fn heed_cpu_limit() {
    #[allow(unsafe_code, reason = "the standard library sets no signal's action")]
    // SAFETY: the default action is no handler of ours, and there is one thread.
    let _ = unsafe { libc::signal(libc::SIGXCPU, libc::SIG_DFL) };
}

/// The soft limit and the hard one, so that it cannot be raised again.
fn limit(resource: Resource, value: u64) -> io::Result<()> {
    let limit = libc::rlimit {
        rlim_cur: value,
        // The signal of the soft limit says why the process ends, so the hard one comes after it.
        rlim_max: if resource == libc::RLIMIT_CPU {
            value.saturating_add(1)
        } else {
            value
        },
    };
    #[allow(unsafe_code, reason = "the standard library has no resource limits")]
    // SAFETY: the pointer is to a struct of ours that outlives the call.
    let failed = unsafe { libc::setrlimit(resource, &raw const limit) } != 0;
    if failed {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// No child outlives a host that was killed, and none can gain a right by running another program.
#[cfg(target_os = "linux")]
fn end_with_parent() -> io::Result<()> {
    let calls = [
        (libc::PR_SET_PDEATHSIG, libc::SIGKILL),
        (libc::PR_SET_NO_NEW_PRIVS, 1),
    ];
    for (option, value) in calls {
        let value = libc::c_ulong::try_from(value).unwrap_or_default();
        #[allow(unsafe_code, reason = "the standard library has no prctl")]
        // SAFETY: these options take numbers and touch no memory.
        let failed = unsafe { libc::prctl(option, value, 0_u64, 0_u64, 0_u64) } != 0;
        if failed {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Elsewhere a child ends when its pipes do.
#[cfg(not(target_os = "linux"))]
fn end_with_parent() -> io::Result<()> {
    Ok(())
}
