//! `cargo bench -p celadon-bench --bench login`: what a login costs, next to a bare Temporal
//! workflow of the same shape; and ten thousand logins that wait at once.
//!
//! `CELADON_BENCH_ROUNDS`, `_FLOWS` and `_PARKED` change how much is done.

use anyhow::{Result, ensure};
use celadon_bench::bare::{self, BareProcess};
use celadon_bench::figures::{Short, Times, cpu_time, median, ratio, table};
use celadon_bench::provider::Provider;
use celadon_bench::visitor::Visitor;
use celadon_tests::{Celadon, Sandbox, Setup, Temporal, number};
use std::time::{Duration, Instant};

fn main() -> Result<()> {
    if bare::was_meant()? {
        return Ok(());
    }
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(compare())
}

async fn compare() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let temporal = Temporal::start(&sandbox).await?;
    let provider = Provider::start().await?;
    let setup = Setup::new(&temporal)?
        .issuer("bench", provider.issuer())?
        .scopes(&["openid", "email", "profile"])
        .login("expires_in = \"60m\"")
        .variable("CELADON_SERVER__TRUSTED_PROXIES", "[\"127.0.0.0/8\"]")
        .variable("CELADON_LOG", "warn");
    let celadon = Celadon::start(&sandbox, setup).await?;
    let visitor = Visitor::new(&celadon, &provider)?;
    let mut bare = BareProcess::start(&temporal.address())?;

    println!("# Logins");
    side_by_side(&celadon, &visitor, &mut bare).await?;
    drop(bare);
    parked(&celadon, &visitor).await
}

/// One side of a comparison, turn after turn.
#[derive(Default)]
struct Side {
    cpu: Duration,
    flows: usize,
    times: Times,
    cpu_of_turns: Vec<f64>,
    p50_of_turns: Vec<f64>,
}

impl Side {
    fn add(&mut self, flows: usize, cpu: Duration, times: &Times) {
        self.cpu += cpu;
        self.flows += flows;
        self.times.join(times);
        self.cpu_of_turns.push(cpu.as_secs_f64());
        self.p50_of_turns.push(times.p50().as_secs_f64());
    }

    fn row(&self, name: &str) -> Vec<String> {
        let flows = u32::try_from(self.flows).unwrap_or(1).max(1);
        vec![
            name.to_owned(),
            Short(self.cpu / flows).to_string(),
            Short(self.times.p50()).to_string(),
            Short(self.times.p99()).to_string(),
        ]
    }
}

/// Turn by turn: the program, and the bare workflow.
async fn side_by_side(
    celadon: &Celadon,
    visitor: &Visitor<'_>,
    bare: &mut BareProcess,
) -> Result<()> {
    let rounds = number("CELADON_BENCH_ROUNDS", 7);
    let flows = number("CELADON_BENCH_FLOWS", 200);
    // Connections, caches and the provider's metadata.
    visitor.sign_in_many(flows, 4).await?;
    bare.turn(flows, 4)?;
    for at_once in [1, 8] {
        let (mut program, mut least) = (Side::default(), Side::default());
        for _ in 0..rounds {
            let before = cpu_time(celadon.id())?;
            let times = visitor.sign_in_many(flows, at_once).await?;
            program.add(
                flows,
                cpu_time(celadon.id())?.saturating_sub(before),
                &times,
            );
            let turn = bare.turn(flows, at_once)?;
            least.add(flows, Duration::from_micros(turn.cpu), &turn.times());
        }
        let heads = ["", "CPU a login", "callback p50", "callback p99"];
        let of_turns = |a: &[f64], b: &[f64]| {
            let ratios: Vec<f64> = a.iter().zip(b).map(|(a, b)| a / b).collect();
            format!("{:.2}", median(&ratios))
        };
        let ratios = vec![
            "**ratio** (median of the turns)".to_owned(),
            of_turns(&program.cpu_of_turns, &least.cpu_of_turns),
            of_turns(&program.p50_of_turns, &least.p50_of_turns),
            format!("{:.2}", ratio(program.times.p99(), least.times.p99())),
        ];
        table(
            &format!("{at_once} at a time, {rounds} turns of {flows}"),
            &heads,
            &[
                program.row("Celadon: a whole login"),
                least.row("bare workflow: start, update, three empty local activities"),
                ratios,
            ],
        );
    }
    Ok(())
}

/// Logins whose users take their time.
async fn parked(celadon: &Celadon, visitor: &Visitor<'_>) -> Result<()> {
    let logins = number("CELADON_BENCH_PARKED", 10_000);
    let (empty, cpu) = (celadon.resident()?, cpu_time(celadon.id())?);
    let from = Instant::now();
    let begun = visitor.begin_many(logins, 16).await?;
    let (began, full) = (from.elapsed(), celadon.resident()?);
    let began_cpu = cpu_time(celadon.id())?.saturating_sub(cpu);
    let from = Instant::now();
    let times = visitor.end_many(&begun, 16).await?;
    let ended = from.elapsed();
    ensure!(times.len() == logins, "{} of {logins} ended", times.len());
    let ended_cpu = cpu_time(celadon.id())?.saturating_sub(cpu + began_cpu);
    let mebibytes = |bytes: u64| format!("{} MiB", bytes >> 20);
    let rate = |time: Duration| format!("{:.0} a second", logins as f64 / time.as_secs_f64());
    let row = |cells: [String; 4]| cells.to_vec();
    table(
        &format!("{logins} logins wait at once, 16 requests at a time"),
        &["", "time", "rate", "CPU of the program"],
        &[
            row([
                "all begin".into(),
                Short(began).to_string(),
                rate(began),
                Short(began_cpu).to_string(),
            ]),
            row([
                "all end, signed in".into(),
                Short(ended).to_string(),
                rate(ended),
                Short(ended_cpu).to_string(),
            ]),
        ],
    );
    println!(
        "\nCallbacks: p50 {}, p99 {}. Memory of the program: {} before, {} with all of them, {} after.",
        Short(times.p50()),
        Short(times.p99()),
        mebibytes(empty),
        mebibytes(full),
        mebibytes(celadon.resident()?),
    );
    Ok(())
}
