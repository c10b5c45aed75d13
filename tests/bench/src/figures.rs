//! Figures: percentiles of many, CPU time of a process, and tables of both.

use anyhow::{Context, Result};
use std::fmt;
use std::time::Duration;

/// Times of the same thing, many times over.
#[derive(Clone, Debug, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    /// One more.
    pub fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// Others' times, too.
    pub fn join(&mut self, others: &Self) {
        self.0.extend_from_slice(&others.0);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The time that so many per mille do not exceed. Zero of none.
    pub fn per_mille(&self, rank: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let last = sorted.len().saturating_sub(1);
        sorted.get(last * rank / 1000).copied().unwrap_or_default()
    }

    /// The median.
    pub fn p50(&self) -> Duration {
        self.per_mille(500)
    }

    /// What one in a hundred exceeds.
    pub fn p99(&self) -> Duration {
        self.per_mille(990)
    }
}

/// The median of some figures. Zero of none.
pub fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// One duration as a multiple of another.
pub fn ratio(of: Duration, to: Duration) -> f64 {
    of.as_secs_f64() / to.as_secs_f64()
}

/// The CPU time that a process has used, in user and kernel mode, children that ended included.
pub fn cpu_time(process: u32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in parentheses may hold anything; what follows it is numbers.
    let (_, numbers) = stat.rsplit_once(')').context("no name in stat")?;
    let mut fields = numbers.split_whitespace().skip(11);
    let mut ticks = 0;
    for _ in 0..2 {
        ticks += fields.next().context("a short stat")?.parse::<u64>()?;
    }
    Ok(Duration::from_millis(ticks * 1000 / ticks_per_second()))
}

fn ticks_per_second() -> u64 {
    #[allow(unsafe_code, reason = "the standard library does not tell")]
    // SAFETY: sysconf takes a number and gives a number.
    let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    u64::try_from(ticks).unwrap_or(100).max(1)
}

/// A duration as people read it: three digits and a unit.
pub struct Short(pub Duration);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        let (figure, unit) = match seconds {
            _ if seconds >= 1.0 => (seconds, "s"),
            _ if seconds >= 1e-3 => (seconds * 1e3, "ms"),
            _ => (seconds * 1e6, "µs"),
        };
        let digits = match figure {
            _ if figure >= 100.0 => 0,
            _ if figure >= 10.0 => 1,
            _ => 2,
        };
        write!(f, "{figure:.digits$} {unit}")
    }
}

/// Prints a table in Markdown.
pub fn table(title: &str, heads: &[&str], rows: &[Vec<String>]) {
    println!("\n### {title}\n\n| {} |", heads.join(" | "));
    println!("|{}", "---|".repeat(heads.len()));
    for row in rows {
        println!("| {} |", row.join(" | "));
    }
}

/// The CPU time that this process has used.
pub fn own_cpu_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    #[allow(unsafe_code, reason = "the standard library has no process clock")]
    // SAFETY: the pointer is to a timespec of ours that outlives the call.
    unsafe {
        libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time);
    }
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}
