//! Step 0, for a login that another Temporal client started: its attempt.

use super::Steps;
use super::attempt::{NotMade, Wish};
use crate::logins::begin::check_words;
use crate::logins::return_to;
use crate::metrics;
use crate::plugin::transcript::Stop;
use celadon_workflows::ports::StepError;
use celadon_workflows::types::{Attempt, Preparation, Reason};

impl Steps {
    /// Makes the attempt of a workflow that has none, once.
    pub(super) async fn prepare_attempt(&self, request: Preparation) -> Result<Attempt, Stop> {
        if let Some(record) = self.store.attempt_of_workflow(&request.workflow_id).await? {
            let attempt = record.attempt;
            return Ok(self.invite(&attempt.provider, attempt.id, attempt.expires_at));
        }
        if request.provider.as_str().is_empty() {
            return Err(Stop::refused(
                Reason::NotGranted,
                "the input is {\"provider\": name, \"scopes\"?: [...], \"return_to\"?: text, \"user\"?: text}",
            ));
        }
        let unknown = || {
            Stop::refused(
                Reason::Reconfigured,
                "no provider of this name is configured",
            )
        };
        self.provider(&request.provider).ok_or_else(unknown)?;
        let revision = self
            .revisions
            .active(&request.provider)
            .ok_or_else(unknown)?;
        let return_to =
            return_to::check(&self.config, request.return_to.as_deref()).ok_or_else(|| {
                Stop::refused(
                    Reason::NotGranted,
                    "return_to may name a path of this site or a configured origin",
                )
            })?;
        check_words(request.scopes.as_deref(), request.user.as_deref())
            .map_err(|error| Stop::refused(Reason::NotGranted, error.to_string()))?;
        let wish = Wish {
            provider: request.provider.clone(),
            scopes: request.scopes,
            return_to,
            hints: Vec::new(),
            client: None,
            user: request.user,
            address: None,
            binding: None,
            workflow_id: Some(request.workflow_id),
        };
        match self.make_attempt(wish, &revision).await {
            Ok(made) => {
                metrics::login_started(&request.provider);
                Ok(self.invite(&request.provider, made.login, made.expires_at))
            }
            Err(NotMade::Stop(stop)) => Err(stop),
            Err(NotMade::Bound(_)) => Err(Stop::Trouble(StepError {
                what: "room for another login",
                source: None,
            })),
        }
    }

    fn invite(
        &self,
        provider: &celadon_workflows::types::ProviderName,
        login: celadon_workflows::types::LoginId,
        expires_at: u64,
    ) -> Attempt {
        Attempt {
            login_url: self.login_url(provider, &login),
            expires_in: expires_at.saturating_sub(crate::clock::now()).max(1),
            login,
        }
    }
}
