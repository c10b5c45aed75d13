//! What many loaded providers cost: memory, and the time of a call to any of them.

use crate::subjects::{check, evidence, revision};
use anyhow::{Context, Result, anyhow};
use celadon::config::Tier;
use celadon::plugin::call::Sandbox;
use celadon::plugin::component;
use celadon::plugin::engine::{Engine, Engines};
use celadon_bench::figures::{Short, Times, table};
use celadon_tests::{component, number};
use std::sync::Arc;
use std::time::Instant;

/// 1, 100 and 1,000 providers, each with a component of its own.
pub fn providers() -> Result<()> {
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let bytes = std::fs::read(component("oidc")?)?;
    let engines = Engines::usual()?;
    let engine = engines.of(Tier::Compact)?;
    let sandbox = Sandbox::new(&engines);
    let mut revisions = Vec::new();
    let mut rows = Vec::new();
    let (empty, most) = (resident()?, number("CELADON_BENCH_PROVIDERS", 1_000));
    for number in [1, 100, 1_000].into_iter().filter(|number| *number <= most) {
        let from = Instant::now();
        let new = (revisions.len()..number)
            .map(|index| distinct(&bytes, index))
            .collect::<Vec<_>>();
        let before = revisions.len();
        for (index, component) in compiled(&engine, &new)?.into_iter().enumerate() {
            let name = format!("provider-{}", before + index);
            revisions.push(tokio.block_on(revision(&sandbox, &name, Arc::new(component)))?);
        }
        let (loading, memory) = (from.elapsed(), resident()?.saturating_sub(empty));
        let mut times = Times::default();
        for call in 0..5_000 {
            let revision = &revisions[call * 7 % revisions.len()];
            let evidence = evidence();
            let from = Instant::now();
            let step = tokio.block_on(sandbox.identify(revision, evidence, Vec::new()))?;
            times.add(from.elapsed());
            check(&step.map_err(|_| anyhow!("a failure"))?)?;
        }
        rows.push(vec![
            number.to_string(),
            format!("{} MiB", memory >> 20),
            format!("{} KiB", (memory >> 10) / u64::try_from(number)?),
            Short(loading / u32::try_from(new.len())?).to_string(),
            Short(times.p50()).to_string(),
            Short(times.p99()).to_string(),
        ]);
    }
    let heads = [
        "providers, a component each",
        "memory",
        "each",
        "inspect, compile, describe",
        "`identify` p50",
        "p99",
    ];
    table("Loaded providers", &heads, &rows);
    Ok(())
}

/// The component with another digest: a custom section more.
fn distinct(bytes: &[u8], index: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    // A custom section: id 0, its length, the length of its name, its name.
    bytes.extend([0, 9, 8]);
    bytes.extend(format!("{index:08}").into_bytes());
    bytes
}

/// Compiles all, on two threads.
fn compiled(engine: &Engine, all: &[Vec<u8>]) -> Result<Vec<component::LoadedComponent>> {
    let compile = |part: &[Vec<u8>]| -> Result<Vec<_>> {
        let compiled = part.iter().map(|bytes| component::load(engine, bytes));
        Ok(compiled.collect::<Result<_, _>>()?)
    };
    let (left, right) = all.split_at(all.len() / 2);
    std::thread::scope(|threads| {
        let left = threads.spawn(|| compile(left));
        let mut right = compile(right)?;
        let mut all = left.join().map_err(|_| anyhow!("a thread panicked"))??;
        all.append(&mut right);
        Ok(all)
    })
}

/// The memory that this process occupies, in bytes.
fn resident() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.context("no VmRSS")?.trim().trim_end_matches(" kB");
    Ok(kilobytes.trim().parse::<u64>()? << 10)
}
