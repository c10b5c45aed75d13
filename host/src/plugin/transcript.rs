//! The transcript loop: the component says what it wants to know, the host asks the provider and
//! calls again with the answer.
//!
//! A [`Series`] is one such loop. Requests that spend something go through a sealed journal in the
//! store: intent before, answer after. So a step may be run again after a crash: what was answered
//! is not sent again, and an intent without an answer is never sent again. The component must ask
//! the same when it is asked again; its requests are hashed.

mod journal;

use super::bindings::{Parameter, Request, Response};
use super::description::{Method, Role};
use super::endpoints::{Endpoints, Found};
use super::references::{Hiding, Vault};
use super::request::{Prepared, RequestError, Rules, prepare};
use super::sending::{Answered, Bounds, send_harmless};
use crate::config::Limits;
use crate::egress::Egress;
use crate::seal::KeyRing;
use crate::store::{JournalEntry, Store, StoreError};
use celadon_workflows::ports::StepError;
use celadon_workflows::types::{Reason, Refusal};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Value;
use std::time::Instant;

/// Why a series ended without a result.
#[derive(Debug)]
pub enum Stop {
    /// For good.
    Refused(Refusal),
    /// The host's own trouble; the step may be run again.
    Trouble(StepError),
}

impl Stop {
    /// A refusal.
    pub fn refused(reason: Reason, detail: impl Into<String>) -> Self {
        Self::Refused(Refusal::new(reason, detail))
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Trouble(StepError {
            what: "the store",
            source: Some(Box::new(error)),
        })
    }
}

/// What the component answered: requests to send, or its result.
pub enum Next<D> {
    /// Send these and call again.
    Send(Vec<Request>),
    /// Done.
    Done(D),
}

/// What the host keeps of an answer beside what the component sees.
pub struct Kept {
    /// The endpoint's name.
    pub endpoint: String,
    /// Its role.
    pub role: Role,
    /// The status.
    pub status: u16,
    /// The credentials that the request carried.
    pub carries: Vec<String>,
    /// Whether the request carried the grant's credential, or a secret of an answer that does.
    pub descends: bool,
}

/// Where a series is written down.
pub struct Log<'a> {
    /// The journal.
    pub store: &'a dyn Store,
    /// Seals the answers.
    pub keys: &'a KeyRing,
    /// Whose journal: a login's id or a grant's.
    pub owner: &'a str,
    /// `obtain`, `identify`, `refresh:…`.
    pub name: &'a str,
    /// Whether every request is journaled, or only those that change something.
    pub everything: bool,
    /// Whether a request whose answer was lost may be sent again: nothing in it is spent by being
    /// sent (`renewal` is `reusable`).
    pub repeatable: bool,
}

/// One transcript loop.
pub struct Series<'a> {
    /// Its journal.
    pub log: Log<'a>,
    /// How requests go out.
    pub egress: &'a Egress,
    /// How many they may be, and how long; the answers too. Never more than the contract's bounds.
    pub limits: &'a Limits,
    /// When the browser's patience ends.
    pub deadline: Instant,
    /// The endpoints that the component may name.
    pub endpoints: Endpoints<'a>,
    /// What the host adds.
    pub rules: Rules<'a>,
    /// The credentials.
    pub vault: Vault,
    /// Places in token answers that are no credentials.
    pub reveal: &'a [String],
    /// What came back, in the transcript's order.
    pub kept: Vec<Kept>,
    /// The verified ID token's `sub`: a userinfo answer must tell of the same user.
    pub subject: Option<String>,
}

impl Series<'_> {
    /// Calls the component until it is done.
    pub async fn run<'c, D>(
        &mut self,
        call: impl Fn(Vec<Response>) -> BoxFuture<'c, Result<Next<D>, Stop>> + Send + Sync,
    ) -> Result<D, Stop> {
        let journal = self
            .log
            .store
            .journal(self.log.owner, self.log.name)
            .await?;
        let mut transcript: Vec<Response> = Vec::new();
        let mut bytes = 0;
        loop {
            let requests = match call(transcript.clone()).await? {
                Next::Done(done) => return Ok(done),
                Next::Send(requests) => requests,
            };
            self.check_list(&requests)?;
            let place = self.kept.len();
            let answers = self.answer_all(&requests, place, &journal).await?;
            for answer in answers {
                self.check_userinfo(&answer)?;
                let response = self.admit(answer);
                bytes += response.body.len();
                transcript.push(response);
            }
            check_transcript(bytes, self.limits)?;
        }
    }

    /// Bounds on a list of requests, before anything is sent.
    fn check_list(&self, requests: &[Request]) -> Result<(), Stop> {
        if requests.is_empty() {
            return Err(fault("it asks to send nothing"));
        }
        check_number(self.kept.len() + requests.len(), self.limits)?;
        let alone = |request: &Request| {
            matches!(
                self.endpoints.role_of(&request.endpoint),
                Some(Role::Token | Role::Revocation)
            )
        };
        if requests.len() > 1 && requests.iter().any(alone) {
            return Err(fault("a token or revocation request has to go alone"));
        }
        Ok(())
    }

    /// The answers to all requests of a list, in its order.
    async fn answer_all(
        &self,
        requests: &[Request],
        place: usize,
        journal: &[JournalEntry],
    ) -> Result<Vec<Answered>, Stop> {
        let asked = requests
            .iter()
            .enumerate()
            .map(|(index, request)| self.answer(request, place + index, journal).boxed());
        futures::future::try_join_all(asked).await
    }

    /// The answer to one request: from the journal, or from the provider.
    async fn answer(
        &self,
        request: &Request,
        place: usize,
        journal: &[JournalEntry],
    ) -> Result<Answered, Stop> {
        let endpoint = match self.endpoints.find(&request.endpoint) {
            Found::Endpoint(endpoint) => endpoint,
            Found::Missing(role) => return Ok(Answered::missing(&request.endpoint, role)),
            Found::Unknown => return Err(RequestError::UnknownEndpoint.into()),
        };
        let Some(prepared) = prepare(request, &endpoint, &self.vault, &self.rules)? else {
            return Ok(Answered::missing(&request.endpoint, endpoint.role));
        };
        self.check_code_once(&prepared)?;
        // What a request says, credentials and all.
        let body = prepared.body.as_ref().map_or(0, |body| body.len());
        check_request(prepared.url.as_str().len() + body, self.limits)?;
        if !self.log.everything && endpoint.method == Method::Get {
            return send_harmless(self.egress, &prepared, self.bounds())
                .await
                .map_err(Into::into);
        }
        self.answer_once(request, &prepared, place, journal).await
    }

    fn bounds(&self) -> Bounds {
        Bounds {
            deadline: self.deadline,
            max_body: self.limits.answer_size,
        }
    }

    /// A code goes out in one request of a login, ever.
    fn check_code_once(&self, prepared: &Prepared) -> Result<(), Stop> {
        let has_code = |carries: &[String]| carries.iter().any(|name| name == "code");
        let before = self.kept.iter().any(|kept| has_code(&kept.carries));
        if before && has_code(&prepared.carries) {
            return Err(RequestError::CodeTwice.into());
        }
        Ok(())
    }

    /// OIDC Core 5.3.2: userinfo that tells of somebody else than the ID token is not used, not
    /// even shown. The standard endpoint must say of whom it tells; another may have no `sub`.
    fn check_userinfo(&self, answered: &Answered) -> Result<(), Stop> {
        let Some(subject) = &self.subject else {
            return Ok(());
        };
        if answered.role != Role::Userinfo || !(200..300).contains(&answered.status) {
            return Ok(());
        }
        let told = answered.body.get("sub");
        let standard = answered.endpoint == Role::Userinfo.as_str();
        match told {
            None if !standard => Ok(()),
            Some(Value::String(told)) if told == subject => Ok(()),
            _ => Err(Stop::refused(
                Reason::InvalidResponse,
                "userinfo's sub is not the ID token's (OIDC Core 5.3.2)",
            )),
        }
    }

    /// Takes an answer into the transcript; gives what the component sees of it.
    fn admit(&mut self, answered: Answered) -> Response {
        let descends = answered.carries.iter().any(|name| self.descends(name));
        let hiding = match answered.role {
            Role::Token | Role::Revocation => Hiding::DenyAll,
            _ => Hiding::ByName,
        };
        if let Some(signed) = &answered.signed {
            self.vault.hide_text(signed);
        }
        let shown = self.vault.admit(answered.body, hiding, self.reveal);
        let headers = answered
            .headers
            .into_iter()
            .map(|(name, mut value)| {
                self.vault.scrub_text(&mut value);
                Parameter { name, value }
            })
            .collect();
        self.kept.push(Kept {
            endpoint: answered.endpoint,
            role: answered.role,
            status: answered.status,
            carries: answered.carries,
            descends,
        });
        Response {
            status: answered.status,
            headers,
            body: shown.to_string(),
        }
    }

    /// Whether a request that carried this credential descends from the grant.
    fn descends(&self, name: &str) -> bool {
        match super::references::parse_secret(name) {
            Some((place, _)) => self.kept.get(place).is_some_and(|kept| kept.descends),
            None => true,
        }
    }

    /// The value of a `secret:N/POINTER` in a good answer that descends from the grant's
    /// credential: the only place a token may come from (WIT `tokens`).
    pub fn token(&self, name: &str) -> Result<&str, Stop> {
        let place = super::references::parse_secret(name).map(|(place, _)| place);
        let kept = place.and_then(|place| self.kept.get(place));
        let from_grant = kept.is_some_and(|kept| {
            kept.descends && kept.role == Role::Token && (200..300).contains(&kept.status)
        });
        if !from_grant {
            return Err(fault("its token stands in no answer to this grant"));
        }
        let value = self.vault.value(name).unwrap_or_default();
        if value.is_empty()
            || value.len() > 32 << 10
            || !value.bytes().all(|b| (0x20..0x7f).contains(&b))
        {
            return Err(Stop::refused(
                Reason::InvalidResponse,
                "the token answer has no usable token at the place that the component named",
            ));
        }
        if !self.vault.hides(name) {
            return Err(fault("its token stands where it may read it"));
        }
        Ok(value)
    }
}

fn check_number(requests: usize, limits: &Limits) -> Result<(), Stop> {
    let most = limits.requests;
    if requests > most {
        return Err(fault(&format!(
            "it asks for more than {most} answers (`limits.requests`)"
        )));
    }
    Ok(())
}

fn check_request(bytes: usize, limits: &Limits) -> Result<(), Stop> {
    let most = limits.request_size;
    if bytes > most {
        return Err(fault(&format!(
            "its request is longer than {most} bytes (`limits.request_size`)"
        )));
    }
    Ok(())
}

fn check_transcript(bytes: usize, limits: &Limits) -> Result<(), Stop> {
    let most = limits.transcript_size;
    if bytes > most {
        return Err(fault(&format!(
            "its transcript is longer than {most} bytes (`limits.transcript_size`)"
        )));
    }
    Ok(())
}

/// The component's fault, in the host's words.
pub fn fault(what: &str) -> Stop {
    Stop::refused(
        Reason::PluginFailed,
        format!("the component broke the contract: {what}"),
    )
}

impl From<RequestError> for Stop {
    fn from(error: RequestError) -> Self {
        let reason = match error {
            RequestError::NotGranted | RequestError::NoClientSecret => Reason::NotGranted,
            _ => Reason::PluginFailed,
        };
        Self::refused(reason, format!("the component {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_allows_itself_and_not_one_more() {
        type Check = fn(usize, &Limits) -> Result<(), Stop>;
        let limits = Limits {
            requests: 3,
            request_size: 2_000,
            transcript_size: 4_000,
            ..Limits::default()
        };
        let checks: [(Check, usize, &str); 3] = [
            (check_number, 3, "limits.requests"),
            (check_request, 2_000, "limits.request_size"),
            (check_transcript, 4_000, "limits.transcript_size"),
        ];
        for (check, most, named) in checks {
            assert!(check(most, &limits).is_ok(), "{named}");
            match check(most + 1, &limits) {
                Err(Stop::Refused(refusal)) => {
                    assert_eq!(refusal.reason, Reason::PluginFailed);
                    assert!(refusal.detail.contains(named), "{}", refusal.detail);
                }
                other => panic!("{named}: {other:?}"),
            }
        }
    }
}
