//! The authentication workflow: one login, from its link to its grant.
//!
//! `run` is the whole order of the steps; nothing else knows it. The workflow parks on the user
//! without holding a thread, and whichever process gets the callback may finish it.

use crate::activities::Activities;
use crate::open::open_payload;
use crate::options::step;
use crate::search;
use crate::types::{
    Attempt, AuthenticationInput, CallbackDigest, Conclusion, LoginId, Outcome, Persisted,
    Preparation, Reason, Refusal, Stage, Status, Step,
};
use crate::words;
use std::time::Duration;
use temporalio_common::data_converters::RawValue;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::workflows::select;
use temporalio_sdk::{
    ActivityExecutionError, WorkflowContext, WorkflowContextView, WorkflowResult,
};

type Fault = Box<dyn std::error::Error + Send + Sync>;

/// One login.
#[workflow]
pub struct Authentication {
    input: AuthenticationInput,
    attempt: Option<Attempt>,
    stage: Stage,
    callback: Option<CallbackDigest>,
    outcome: Option<Outcome>,
}

#[workflow_methods]
impl Authentication {
    #[init]
    fn new(view: &WorkflowContextView, input: AuthenticationInput) -> Self {
        // The host starts a login under its attempt's own id. Anybody else's word for an attempt
        // would let one workflow end another's login.
        let own = |attempt: &Attempt| attempt.login.workflow_id() == view.workflow_id();
        Self {
            attempt: input.attempt.clone().filter(own),
            input,
            stage: Stage::Preparing,
            callback: None,
            outcome: None,
        }
    }

    /// Waits for the user, exchanges the code, finds out who it is, writes it down.
    #[run(name = "Authentication")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<Outcome> {
        let outcome = match log_in(ctx).await {
            Ok(persisted) => signed_in(persisted),
            Err(ended) => conclude(ctx, ended).await,
        };
        search::note(ctx, &outcome);
        ctx.state_mut(|login| {
            login.stage = Stage::Ended;
            login.outcome = Some(outcome.clone());
        });
        // A workflow that completes while an update waits for it would leave its caller without
        // the answer.
        let all = ctx.clone();
        ctx.wait_condition(move |_| all.all_handlers_finished())
            .await
            .ok();
        Ok(outcome)
    }

    #[update_validator(callback)]
    fn accept_callback(
        &self,
        _: &WorkflowContextView,
        callback: &CallbackDigest,
    ) -> Result<(), Fault> {
        match (&self.outcome, &self.callback) {
            (Some(_), _) => Err("the login has ended".into()),
            (None, Some(first)) if first != callback => Err("another callback came first".into()),
            (None, _) => Ok(()),
        }
    }

    /// The user came back. Answers when the login has ended, with its outcome.
    #[update(name = "callback")]
    pub async fn callback(
        ctx: &mut WorkflowContext<Self>,
        callback: CallbackDigest,
    ) -> Result<Outcome, Fault> {
        ctx.state_mut(|login| {
            login.callback.get_or_insert(callback);
        });
        ctx.wait_condition(|login| login.outcome.is_some()).await?;
        ctx.state(|login| login.outcome.clone())
            .ok_or_else(|| "the login has no outcome".into())
    }

    /// Where the login stands: a [`Status`] in plain JSON, so that whoever may ask can read it. It
    /// holds ids and Celadon's own words, and an answer to a query stands in no history.
    #[query(name = "status")]
    pub fn status(&self, _: &WorkflowContextView) -> Result<RawValue, Fault> {
        let waiting = self.stage == Stage::WaitingForUser;
        let status = Status {
            summary: words::summary(&self.input.provider, self.stage, self.outcome.as_ref()),
            stage: self.stage,
            provider: self.input.provider.clone(),
            login: self.attempt.as_ref().map(|attempt| attempt.login.clone()),
            login_url: self
                .attempt
                .as_ref()
                .filter(|_| waiting)
                .map(|attempt| attempt.login_url.clone()),
            outcome: self.outcome.clone(),
        };
        Ok(open_payload(&status)?)
    }
}

type Context = WorkflowContext<Authentication>;

/// The login, step by step. `Err` is an end without success.
async fn log_in(ctx: &mut Context) -> Result<Persisted, Outcome> {
    let attempt = prepare(ctx).await?;
    wait_for_user(ctx, Duration::from_secs(attempt.expires_in)).await?;
    let login = attempt.login;

    enter(ctx, Stage::Exchanging);
    let exchange = step("Send the code to the provider, once, and seal its tokens");
    done(
        ctx.execute_local_activity(Activities::exchange, login.clone(), exchange)
            .await,
    )?;

    enter(ctx, Stage::Identifying);
    let identify = step("Verify the evidence and find out who signed in");
    done(
        ctx.execute_local_activity(Activities::identify, login.clone(), identify)
            .await,
    )?;

    enter(ctx, Stage::Persisting);
    let persist = step("Write identity and grant");
    done(
        ctx.execute_local_activity(Activities::persist, login, persist)
            .await,
    )
}

/// The attempt that the host made, or a new one for another Temporal client's login.
async fn prepare(ctx: &mut Context) -> Result<Attempt, Outcome> {
    if let Some(attempt) = ctx.state(|login| login.attempt.clone()) {
        return Ok(attempt);
    }
    let workflow_id = ctx.workflow_id().to_owned();
    let request = ctx.state(|login| Preparation {
        workflow_id,
        provider: login.input.provider.clone(),
        scopes: login.input.scopes.clone(),
        return_to: login.input.return_to.clone(),
        user: login.input.user.clone(),
    });
    let prepare = step("Make the login's attempt");
    let attempt = done(
        ctx.execute_local_activity(Activities::prepare, request, prepare)
            .await,
    )?;
    ctx.state_mut(|login| login.attempt = Some(attempt.clone()));
    Ok(attempt)
}

/// Parks until the callback, the expiry or a cancellation, whichever is first.
async fn wait_for_user(ctx: &mut Context, patience: Duration) -> Result<(), Outcome> {
    enter(ctx, Stage::WaitingForUser);
    let mut answered =
        std::pin::pin!(ctx.wait_condition(|login: &Authentication| login.callback.is_some()));
    let mut expiry = std::pin::pin!(ctx.timer(patience));
    select! {
        came = answered => came.map_err(|_| Outcome::Cancelled),
        _ = expiry => {
            if ctx.cancellation_token().is_cancelled() {
                Err(Outcome::Cancelled)
            } else {
                Err(Outcome::Expired)
            }
        }
    }
}

/// Records an end without success. What cannot be recorded now is swept when it expires.
async fn conclude(ctx: &mut Context, outcome: Outcome) -> Outcome {
    let login: Option<LoginId> = ctx.state(|l| l.attempt.as_ref().map(|a| a.login.clone()));
    if let Some(login) = login {
        let conclusion = Conclusion {
            login,
            outcome: outcome.clone(),
        };
        let options = step("Record the outcome and wipe the attempt");
        ctx.execute_local_activity(Activities::conclude, conclusion, options)
            .await
            .ok();
    }
    outcome
}

fn enter(ctx: &mut Context, stage: Stage) {
    ctx.state_mut(|login| login.stage = stage);
}

/// A step's value, or the outcome that its refusal or failure means.
fn done<T>(answer: Result<Step<T>, ActivityExecutionError>) -> Result<T, Outcome> {
    match answer {
        Ok(Step::Done(value)) => Ok(value),
        Ok(Step::Refused(refusal)) => Err(Outcome::Refused(refusal)),
        Err(_) => Err(Outcome::Refused(Refusal::new(
            Reason::HostFailed,
            "a step of the login could not be done in two minutes; the log says which and why",
        ))),
    }
}

fn signed_in(persisted: Persisted) -> Outcome {
    Outcome::SignedIn {
        authorization: persisted.authorization,
        identity: persisted.identity,
        user: persisted.user,
    }
}
