//! The least that a durable login costs: a workflow of the same shape as `Authentication`, whose
//! steps do nothing.
//!
//! It starts eagerly, waits for an update or a timer, runs three local activities and answers the
//! update, with the same client, the same worker and the same options. It runs in a process of its
//! own, so that its CPU time can be told from that of whoever measures.

use crate::figures::Times;
use anyhow::{Context, Result, anyhow};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use temporalio_client::{
    Client, ClientOptions, Connection, ConnectionOptions, GrpcCompression,
    WorkflowExecuteUpdateOptions, WorkflowIdReusePolicy, WorkflowStartOptions,
};
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use temporalio_sdk::runtime::RuntimeOptions;
use temporalio_sdk::workflows::select;
use temporalio_sdk::{
    LocalActivityOptions, Runtime, Worker, WorkerOptions, WorkflowContext, WorkflowContextView,
    WorkflowResult,
};
use url::Url;

const QUEUE: &str = "bare";
/// The argument with which this executable becomes the bare process.
const ARGUMENT: &str = "--bare";

type Fault = Box<dyn std::error::Error + Send + Sync>;

/// As long as an attempt's id, address and lifetime.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Input {
    id: String,
    expires_in: u64,
}

/// The bare workflow.
#[workflow]
pub struct Bare {
    input: Input,
    callback: Option<String>,
    done: bool,
}

#[workflow_methods]
impl Bare {
    #[init]
    fn new(_: &WorkflowContextView, input: Input) -> Self {
        Self {
            input,
            callback: None,
            done: false,
        }
    }

    /// Waits, does nothing three times, ends.
    #[run(name = "Bare")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<String> {
        let (id, patience) = ctx.state(|bare| (bare.input.id.clone(), bare.input.expires_in));
        {
            let mut answered =
                std::pin::pin!(ctx.wait_condition(|bare: &Self| bare.callback.is_some()));
            let mut expiry = std::pin::pin!(ctx.timer(Duration::from_secs(patience)));
            select! {
                _ = answered => {}
                _ = expiry => return Ok(String::new()),
            }
        }
        for activity in 0..3 {
            let options = LocalActivityOptions::builder()
                .start_to_close_timeout(Duration::from_secs(30))
                .summary(format!("Nothing, number {activity}"))
                .build();
            ctx.execute_local_activity(Nothing::nothing, id.clone(), options)
                .await?;
        }
        ctx.state_mut(|bare| bare.done = true);
        let all = ctx.clone();
        ctx.wait_condition(move |_| all.all_handlers_finished())
            .await
            .ok();
        Ok(id)
    }

    #[update_validator(callback)]
    fn accept(&self, _: &WorkflowContextView, callback: &String) -> Result<(), Fault> {
        match &self.callback {
            Some(first) if first != callback => Err("another came first".into()),
            _ => Ok(()),
        }
    }

    /// Answers when the workflow is done.
    #[update(name = "callback")]
    pub async fn callback(
        ctx: &mut WorkflowContext<Self>,
        callback: String,
    ) -> Result<String, Fault> {
        ctx.state_mut(|bare| {
            bare.callback.get_or_insert(callback);
        });
        ctx.wait_condition(|bare| bare.done).await?;
        Ok(ctx.state(|bare| bare.input.id.clone()))
    }
}

/// The activity that does nothing.
pub struct Nothing;

#[activities]
impl Nothing {
    /// Gives back what it is given.
    #[activity(name = "nothing")]
    pub async fn nothing(
        self: Arc<Self>,
        _ctx: ActivityContext,
        id: String,
    ) -> Result<String, ActivityError> {
        Ok(id)
    }
}

/// What one turn cost.
#[derive(Debug, Serialize, Deserialize)]
pub struct Turn {
    /// CPU time of the process, in microseconds.
    pub cpu: u64,
    /// How long each update took, in microseconds.
    pub updates: Vec<u64>,
}

impl Turn {
    /// The updates' times.
    pub fn times(&self) -> Times {
        let mut times = Times::default();
        for update in &self.updates {
            times.add(Duration::from_micros(*update));
        }
        times
    }
}

/// The bare process, from outside.
pub struct BareProcess {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl BareProcess {
    /// Starts this executable again, as the bare process of that Temporal server.
    pub fn start(temporal: &str) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args([ARGUMENT, temporal])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = child.stdin.take().context("no stdin")?;
        let answers = BufReader::new(child.stdout.take().context("no stdout")?);
        Ok(Self {
            child,
            orders,
            answers,
        })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Runs so many flows, so many at a time.
    pub fn turn(&mut self, flows: usize, at_once: usize) -> Result<Turn> {
        writeln!(self.orders, "{flows} {at_once}")?;
        self.orders.flush()?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        serde_json::from_str(&line).with_context(|| format!("the bare process said {line:?}"))
    }
}

impl Drop for BareProcess {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Becomes the bare process if this executable was started as it. Answers whether it was.
pub fn was_meant() -> Result<bool> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() != Some(ARGUMENT) {
        return Ok(false);
    }
    let address = arguments.next().context("no address")?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(serve(address))?;
    Ok(true)
}

async fn serve(address: String) -> Result<()> {
    let connection = ConnectionOptions::new(Url::parse(&format!("http://{address}"))?)
        .grpc_compression(GrpcCompression::None)
        .build();
    let connection = Connection::connect(connection).await?;
    let client = Client::new(connection, ClientOptions::new("default").build())?;
    work(client.clone())?;

    for (turns, line) in std::io::stdin().lock().lines().enumerate() {
        let line = line?;
        let (flows, at_once) = line.split_once(' ').context("two numbers")?;
        let (flows, at_once) = (flows.parse::<usize>()?, at_once.parse::<usize>()?);
        let before = crate::figures::own_cpu_time();
        let flows = (0..flows).map(|flow| one(&client, format!("bare-{turns}-{flow}")));
        let updates: Vec<Result<u64>> = futures::stream::iter(flows)
            .buffer_unordered(at_once)
            .collect()
            .await;
        let cpu = crate::figures::own_cpu_time() - before;
        let turn = Turn {
            cpu: u64::try_from(cpu.as_micros())?,
            updates: updates.into_iter().collect::<Result<_>>()?,
        };
        println!("{}", serde_json::to_string(&turn)?);
        std::io::stdout().flush()?;
    }
    Ok(())
}

/// One flow: how long its update took, in microseconds.
async fn one(client: &Client, id: String) -> Result<u64> {
    let options = WorkflowStartOptions::new(QUEUE, id.clone())
        .id_reuse_policy(WorkflowIdReusePolicy::RejectDuplicate)
        .enable_eager_workflow_start(true)
        .task_timeout(Duration::from_secs(22))
        .build();
    let input = Input {
        id: id.clone(),
        expires_in: 600,
    };
    let handle = client.start_workflow(Bare::run, input, options).await?;
    let callback = WorkflowExecuteUpdateOptions::builder()
        .update_id(format!("callback-{id}"))
        .build();
    let begun = Instant::now();
    let answered = handle.execute_update(Bare::callback, format!("callback-{id}"), callback);
    answered.await.map_err(|error| anyhow!("{error:?}"))?;
    Ok(u64::try_from(begun.elapsed().as_micros())?)
}

fn work(client: Client) -> Result<()> {
    let options = RuntimeOptions::builder()
        .build()
        .map_err(anyhow::Error::msg)?;
    let runtime = Runtime::from_current_tokio(options)?;
    let options = WorkerOptions::new(QUEUE)
        .max_cached_workflows(5000_usize)
        .register_workflow::<Bare>()?
        .register_activities(Nothing)
        .build();
    let tokio = tokio::runtime::Handle::current();
    std::thread::spawn(move || {
        let _inside = tokio.enter();
        let worked = Worker::new(&runtime, client, options)
            .map_err(|error| anyhow!("{error}"))
            .and_then(|mut worker| {
                tokio
                    .block_on(worker.run())
                    .map_err(|error| anyhow!("{error}"))
            });
        if let Err(error) = worked {
            eprintln!("the bare worker: {error:#}");
        }
    });
    Ok(())
}
