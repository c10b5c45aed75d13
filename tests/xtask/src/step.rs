//! Progress: a line when a step begins and one with its time when it is done.

use crate::failure::Failure;
use std::time::{Duration, Instant};

/// Runs one step.
pub fn step<T>(what: &str, work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let begun = Instant::now();
    eprintln!("==> {what} …");
    let done = work()?;
    eprintln!("==> {what}: {}", elapsed(begun.elapsed()));
    Ok(done)
}

fn elapsed(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds}.{} s", time.subsec_millis() / 100),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        assert_eq!(elapsed(Duration::from_millis(2_340)), "2.3 s");
        assert_eq!(elapsed(Duration::from_secs(59)), "59.0 s");
        assert_eq!(elapsed(Duration::from_secs(125)), "2 min 5 s");
    }

    #[test]
    fn a_failure_passes_through() {
        let failed = step("nothing", || Err::<(), _>(Failure::Usage));
        assert!(matches!(failed, Err(Failure::Usage)));
    }
}
