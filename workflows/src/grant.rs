//! The workflow of a grant: the one writer of its tokens.
//!
//! It is started on demand under an id that names the grant, and a second start joins the first.
//! So one refresh at a time runs in a whole fleet, and a rotating refresh token cannot race.

use crate::activities::Activities;
use crate::options::step;
use crate::types::{AuthorizationId, Refreshed};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{WorkflowContext, WorkflowContextView, WorkflowResult};

/// The refresh of one grant.
#[workflow]
pub struct Grant {
    authorization: AuthorizationId,
}

#[workflow_methods]
impl Grant {
    #[init]
    fn new(_: &WorkflowContextView, authorization: AuthorizationId) -> Self {
        Self { authorization }
    }

    /// Renews the tokens, unless they are fresh already.
    #[run(name = "Grant")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<Refreshed> {
        let authorization = ctx.state(|grant| grant.authorization.clone());
        let options = step("Renew the grant's tokens");
        let refreshed = ctx
            .execute_local_activity(Activities::refresh, authorization, options)
            .await?;
        Ok(refreshed)
    }
}

impl AuthorizationId {
    /// The id of the workflow that writes this grant.
    pub fn workflow_id(&self) -> String {
        format!("grant-{}", self.as_str())
    }
}
