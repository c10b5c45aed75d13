//! A component that never ends: when it is stopped, and what others feel of it.

use crate::subjects::{check, configured, evidence, request, revision};
use anyhow::{Result, anyhow, ensure};
use celadon::config::Tier;
use celadon::plugin::Revision;
use celadon::plugin::call::{CallError, Sandbox};
use celadon::plugin::component;
use celadon::plugin::engine::{Engine, Engines};
use celadon_bench::figures::{Short, Times, ratio, table};
use celadon_tests::component as built;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The CPU time that the hostile call may take.
const DEADLINE: Duration = Duration::from_millis(10);
/// Calls of each kind.
const CALLS: usize = 2_000;
/// A flood of the hostile provider: so many calls wait for it at any time.
const FLOOD: usize = 8;

/// How late a loop is stopped, and what it does to others.
pub fn beside() -> Result<()> {
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    tokio.block_on(async {
        let engines = Engines::usual()?;
        let sandbox = Sandbox::new(&engines);
        let engine = engines.of(Tier::Compact)?;
        let looping = Arc::new(looping(&sandbox, &engine).await?);
        let honest = load(&engine, "oidc")?;
        let honest = revision(&sandbox, "honest", honest).await?;

        let alone = honest_calls(&sandbox, &honest).await?;
        let mut stopped = Times::default();
        for _ in 0..200 {
            stopped.add(stop(&sandbox, &looping).await?);
        }
        let (one, flood) = (
            with_loops(&sandbox, &looping, &honest, 1).await?,
            with_loops(&sandbox, &looping, &honest, FLOOD).await?,
        );
        show(&alone, &stopped, &one, &flood);
        Ok(())
    })
}

fn load(engine: &Engine, name: &str) -> Result<Arc<component::LoadedComponent>> {
    let bytes = std::fs::read(built(name)?)?;
    Ok(Arc::new(component::load(engine, &bytes)?))
}

async fn looping(sandbox: &Sandbox, engine: &Engine) -> Result<Revision> {
    let options = json!({"issuer": "https://op.example.com", "attack": "loop-in-authorize"});
    let component = load(engine, "test/adversary")?;
    let mut revision = configured(sandbox, "hostile", component, &options.to_string()).await?;
    revision.limits.deadline = DEADLINE;
    Ok(revision)
}

/// One call that never ends: how long it took.
async fn stop(sandbox: &Sandbox, looping: &Revision) -> Result<Duration> {
    let from = Instant::now();
    let ended = sandbox.authorize(looping, request()).await;
    let took = from.elapsed();
    ensure!(matches!(ended, Err(CallError::Deadline)), "{ended:?}");
    Ok(took)
}

async fn honest_calls(sandbox: &Sandbox, honest: &Revision) -> Result<Times> {
    let mut times = Times::default();
    for _ in 0..CALLS {
        let evidence = evidence();
        let from = Instant::now();
        let step = sandbox.identify(honest, evidence, Vec::new()).await?;
        times.add(from.elapsed());
        check(&step.map_err(|_| anyhow!("a failure"))?)?;
    }
    Ok(times)
}

/// Honest calls while so many calls of the hostile provider are under way all the time.
async fn with_loops(
    sandbox: &Sandbox,
    looping: &Arc<Revision>,
    honest: &Revision,
    loops: usize,
) -> Result<Times> {
    let over = Arc::new(AtomicBool::new(false));
    let hostile: Vec<_> = (0..loops)
        .map(|_| {
            let (sandbox, looping, over) = (sandbox.clone(), looping.clone(), over.clone());
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    // It may be refused for want of room, too.
                    let _ = sandbox.authorize(&looping, request()).await;
                }
            })
        })
        .collect();
    let times = honest_calls(sandbox, honest).await;
    over.store(true, Ordering::Relaxed);
    for looping in hostile {
        looping.await?;
    }
    times
}

fn show(alone: &Times, stopped: &Times, one: &Times, flood: &Times) {
    let row = |name: &str, times: &Times| {
        vec![
            name.to_owned(),
            Short(times.p50()).to_string(),
            Short(times.p99()).to_string(),
            format!("{:.2}", ratio(times.p99(), alone.p99())),
        ]
    };
    let late = stopped.p50().saturating_sub(DEADLINE);
    println!(
        "\nAn endless loop under a deadline of {} is stopped {} after it (p50); p99 of the call: {}.",
        Short(DEADLINE),
        Short(late),
        Short(stopped.p99())
    );
    table(
        "Honest `identify`, thread hop included, beside a provider that loops",
        &["", "p50", "p99", "p99 as a multiple of alone"],
        &[
            row("alone", alone),
            row("beside one endless call at a time", one),
            row(&format!("beside {FLOOD} endless calls at a time"), flood),
        ],
    );
}
