//! `cargo bench -p celadon-bench --bench plugin --features javascript`: what a plugin call costs,
//! next to native code, a bare wasmtime loop, a webhook and an embedded JavaScript engine; with
//! many providers loaded; and beside a component that never ends.
//!
//! `CELADON_BENCH_ROUNDS` and `CELADON_BENCH_CALLS` change how much is done.

mod hostile;
#[cfg(feature = "javascript")]
mod javascript;
mod loaded;
mod subjects;
mod webhook;

use anyhow::Result;
use celadon_bench::figures::{Short, Times, ratio, table};
use celadon_tests::number;
use std::time::Instant;
use subjects::{Bare, Native, Runtime};

fn main() -> Result<()> {
    println!("# Plugin calls");
    calls()?;
    loaded::providers()?;
    hostile::beside()
}

/// One thing that is measured: its name, and one call.
pub struct Subject<'a> {
    name: &'static str,
    call: Box<dyn FnMut() -> Result<()> + 'a>,
}

impl<'a> Subject<'a> {
    /// A subject.
    pub fn new(name: &'static str, call: impl FnMut() -> Result<()> + 'a) -> Self {
        Self {
            name,
            call: Box::new(call),
        }
    }
}

/// Calls all subjects in turns.
pub fn in_turns(subjects: &mut [Subject<'_>]) -> Result<Vec<Times>> {
    let rounds = number("CELADON_BENCH_ROUNDS", 7);
    let calls = number("CELADON_BENCH_CALLS", 1_000);
    let mut times = vec![Times::default(); subjects.len()];
    // The first round warms the caches, and its times are thrown away.
    for round in 0..=rounds {
        for (subject, times) in subjects.iter_mut().zip(&mut times) {
            for _ in 0..calls {
                let from = Instant::now();
                (subject.call)()?;
                let took = from.elapsed();
                if round > 0 {
                    times.add(took);
                }
            }
        }
    }
    Ok(times)
}

/// Prints subjects and their times as multiples of the one at `base`.
pub fn print(title: &str, subjects: &[Subject<'_>], times: &[Times], base: usize) {
    let Some(base) = times.get(base) else { return };
    let rows: Vec<_> = subjects
        .iter()
        .zip(times)
        .map(|(subject, times)| {
            vec![
                subject.name.to_owned(),
                Short(times.p50()).to_string(),
                Short(times.p99()).to_string(),
                format!("{:.2}", ratio(times.p50(), base.p50())),
            ]
        })
        .collect();
    table(
        title,
        &["", "p50", "p99", "p50 as a multiple of native"],
        &rows,
    );
}

fn calls() -> Result<()> {
    let native = Native::new();
    let bare = Bare::new()?;
    let runtime = Runtime::new()?;
    let webhook = webhook::Webhook::start()?;
    #[cfg(feature = "javascript")]
    let (kept, fresh) = (javascript::Script::new()?, javascript::Fresh);

    let mut subjects = vec![
        Subject::new("native", || native.authorize()),
        Subject::new("bare wasmtime loop, fresh instance", || bare.authorize()),
        Subject::new("Celadon's runtime on this thread", || {
            runtime.authorize_here()
        }),
        Subject::new("Celadon's runtime, thread hop included", || {
            runtime.authorize()
        }),
        Subject::new("an empty thread hop", || runtime.hop()),
    ];
    let times = in_turns(&mut subjects)?;
    print("`authorize`", &subjects, &times, 0);

    let mut subjects = vec![
        Subject::new("native", || native.identify()),
        Subject::new("bare wasmtime loop, fresh instance", || bare.identify()),
        Subject::new("Celadon's runtime on this thread", || {
            runtime.identify_here()
        }),
        Subject::new("Celadon's runtime, thread hop included", || {
            runtime.identify()
        }),
        Subject::new("webhook on localhost, connection kept", || {
            webhook.identify()
        }),
    ];
    #[cfg(feature = "javascript")]
    subjects.extend([
        Subject::new("QuickJS, one context for all calls", || kept.identify()),
        Subject::new("QuickJS, a fresh context for each", || fresh.identify()),
    ]);
    let times = in_turns(&mut subjects)?;
    print("`identify` on 2 KB of claims", &subjects, &times, 0);
    Ok(())
}
