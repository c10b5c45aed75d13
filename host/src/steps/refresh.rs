//! Renewing a grant (RFC 6749 section 6). Only the grant's workflow calls this, so one refresh at a
//! time runs in a fleet.
//!
//! A refresh token that is spent by sending it is sent once. Where its answer was lost, the grant
//! needs the user again; it is never tried blindly.

use super::Steps;
use super::exchange::Obtaining;
use super::identify::Token;
use super::tokens::{TokenSet, grant_context};
use crate::clock;
use crate::metrics;
use crate::oidc::id_token::VerifiedIdToken;
use crate::oidc::subject::read_subject;
use crate::plugin::Revision;
use crate::plugin::bindings::Grant;
use crate::plugin::description::{Renewal, Source};
use crate::plugin::request::Purpose;
use crate::plugin::transcript::Stop;
use crate::seal::Context;
use crate::store::{AuditEvent, AuthorizationRecord, IdentityRecord, RenewedTokens};
use crate::traces::{self, Trace};
use celadon_workflows::types::{AuthorizationId, Reason, Refreshed, Refusal};
use std::time::{Duration, Instant};

/// How long one refresh may take.
const PATIENCE: Duration = Duration::from_secs(12);
/// A refresh that failed for a passing reason is not repeated for this long, in seconds.
const PAUSE: u64 = 2;

/// Whether a token is too close to its end to be handed out: the margin is a quarter of its
/// lifetime, at most a minute.
pub fn is_stale(grant: &AuthorizationRecord, now: u64) -> bool {
    grant.expires_at.is_some_and(|expires_at| {
        let lifetime = expires_at.saturating_sub(grant.updated_at);
        let margin = (lifetime / 4).min(60);
        now + margin >= expires_at
    })
}

impl Steps {
    /// Renews a grant's tokens, unless they are fresh already.
    pub(super) async fn refresh_grant(&self, id: &AuthorizationId) -> Result<Refreshed, Stop> {
        let Some(grant) = self.store.authorization(id).await? else {
            return Ok(needs_reauth("the grant is gone"));
        };
        if let Some(why) = &grant.needs_reauth {
            return Ok(needs_reauth(why));
        }
        let now = clock::now();
        if !is_stale(&grant, now) {
            return Ok(Refreshed::Fresh);
        }
        if grant.refresh_failed_at.is_some_and(|at| now < at + PAUSE) {
            return Ok(Refreshed::Unavailable {
                detail: "the last refresh failed a moment ago".to_owned(),
            });
        }
        let Some(opened) = self.opened(&grant).await? else {
            // Not written down: with the key back in the ring, the grant is good again.
            return Ok(needs_reauth(
                "the grant's tokens do not open; the log says why",
            ));
        };
        let trace = Trace::of_renewal(&grant.id, grant.version);
        traces::join(&trace);
        let began = clock::precise();
        let renewed = match self.renew(&grant, opened).await {
            Ok(()) => Ok(Refreshed::Fresh),
            Err(Stop::Refused(refusal)) => self.settle_failure(&grant, refusal).await,
            // It will be run again, and that run ends it.
            Err(trouble) => return Err(trouble),
        };
        let outcome = metrics::outcome_of(&renewed);
        traces::renewal_ended(&trace, &grant.provider, began, outcome);
        renewed
    }

    /// What a refresh that failed means for the grant: it is spent, or may be tried later.
    async fn settle_failure(
        &self,
        grant: &AuthorizationRecord,
        refusal: Refusal,
    ) -> Result<Refreshed, Stop> {
        let over = match refusal.reason {
            Reason::InvalidGrant | Reason::AnswerLost | Reason::AccessDenied => true,
            _ => self.may_be_spent(grant).await?,
        };
        if over {
            return self.give_up(grant, &refusal.detail).await;
        }
        self.store
            .mark_refresh_failed(&grant.id, clock::now())
            .await?;
        Ok(Refreshed::Unavailable {
            detail: refusal.detail,
        })
    }

    /// Whether a refresh token that is spent by being sent was sent and nothing usable came back.
    async fn may_be_spent(&self, grant: &AuthorizationRecord) -> Result<bool, Stop> {
        let revision = self.revisions.active(&grant.provider);
        let single_use = revision
            .is_none_or(|revision| matches!(revision.description.renewal, Renewal::SingleUse));
        if !single_use {
            return Ok(false);
        }
        let journal = self
            .store
            .journal(&grant.id.workflow_id(), &series_of(grant))
            .await?;
        Ok(journal.iter().any(|entry| entry.answer.is_none()))
    }

    /// What a renewal begins with. `None`: the identity is gone, or the tokens do not open.
    async fn opened(&self, grant: &AuthorizationRecord) -> Result<Option<Opened>, Stop> {
        let Some(identity) = self.store.identity(&grant.identity).await? else {
            return Ok(None);
        };
        let context = tokens_of(grant, &identity);
        match TokenSet::open(&self.keys, &context, &grant.tokens) {
            Ok(old) => Ok(Some(Opened {
                identity,
                context,
                old,
            })),
            Err(error) => {
                tracing::error!(error = %error, authorization = %grant.id, "a grant's tokens do not open");
                Ok(None)
            }
        }
    }

    async fn renew(&self, grant: &AuthorizationRecord, opened: Opened) -> Result<(), Stop> {
        let Opened {
            identity,
            context,
            old,
        } = opened;
        let provider = self.provider_of(&grant.provider)?;
        // Refresh and revocation use the active revision.
        let revision = self.revisions.active(&grant.provider).ok_or_else(|| {
            Stop::refused(
                Reason::Reconfigured,
                "the provider's component is not loaded",
            )
        })?;
        let deadline = Instant::now() + PATIENCE;
        let metadata = self.metadata(provider, &revision, deadline).await?;
        let asked: Vec<String> = grant.scope.split(' ').map(str::to_owned).collect();
        let series = series_of(grant);
        let want = Obtaining {
            owner: &grant.id.workflow_id(),
            series: &series,
            provider,
            revision: &revision,
            metadata: metadata.as_deref(),
            deadline,
            purpose: Purpose::Refresh,
            named: named(&old, &revision)?,
            hidden: old.id_token.iter().map(|token| token.as_str()).collect(),
            asked: &asked,
            repeatable: matches!(
                revision.description.renewal,
                Renewal::Reusable | Renewal::AccessToken
            ),
        };
        let mut new = self.obtain(want, Grant::Refresh(String::new())).await?;
        if revision.description.id_token
            && let Some(token) = &new.id_token
        {
            let token = Token {
                token,
                nonce: None,
                access_token: &new.access_token,
                code: None,
                deadline,
            };
            let verified = self
                .verify_id_token(provider, &revision, metadata.as_deref(), token)
                .await?;
            check_same_user(&identity, &revision, &verified)?;
        }
        new.refresh_token = new.refresh_token.or(old.refresh_token);
        new.id_token = new.id_token.or(old.id_token);
        self.write(grant, &context, &new).await
    }

    async fn write(
        &self,
        grant: &AuthorizationRecord,
        context: &Context,
        new: &TokenSet,
    ) -> Result<(), Stop> {
        let renewed = RenewedTokens {
            tokens: new.seal_for_grant(&self.keys, context)?,
            renewable: new.refresh_token.is_some(),
            scope: new.scope.clone(),
            token_type: new.token_type.clone(),
            expires_at: new.expires_at,
            now: clock::now(),
        };
        self.store
            .renew_tokens(&grant.id, grant.version, &renewed)
            .await?;
        self.note(grant, "token.refreshed", "").await
    }

    async fn give_up(&self, grant: &AuthorizationRecord, why: &str) -> Result<Refreshed, Stop> {
        self.store
            .mark_needs_reauth(&grant.id, grant.version, why)
            .await?;
        self.note(grant, "token.needs_reauth", why).await?;
        Ok(needs_reauth(why))
    }

    async fn note(&self, grant: &AuthorizationRecord, what: &str, why: &str) -> Result<(), Stop> {
        let event = AuditEvent {
            at: clock::now(),
            what: what.to_owned(),
            who: format!("user:{}", grant.user),
            provider: Some(grant.provider.clone()),
            login: None,
            why: why.to_owned(),
        };
        Ok(self.store.audit(&event).await?)
    }
}

/// A grant whose tokens are at hand.
struct Opened {
    identity: IdentityRecord,
    context: Context,
    old: TokenSet,
}

/// The journal of one try: the next one, after a failure that was answered, begins anew.
fn series_of(grant: &AuthorizationRecord) -> String {
    let failed_at = grant.refresh_failed_at.unwrap_or_default();
    format!("refresh:{}:{failed_at}", grant.version.0)
}

/// Where a grant's tokens belong.
pub(super) fn tokens_of(grant: &AuthorizationRecord, identity: &IdentityRecord) -> Context {
    grant_context(
        grant.provider.as_str(),
        &identity.issuer,
        &identity.subject,
        grant.client.as_deref(),
    )
}

/// The credentials that a renewal may name, as the description says that tokens are renewed.
fn named<'a>(old: &'a TokenSet, revision: &Revision) -> Result<Vec<(&'static str, &'a str)>, Stop> {
    let spent = |why: &str| Err(Stop::refused(Reason::InvalidGrant, why));
    let access = ("access_token", old.access_token.as_str());
    match (revision.description.renewal, &old.refresh_token) {
        (Renewal::None, _) => spent("the access token has expired, and the provider renews none"),
        (Renewal::AccessToken, _) => Ok(vec![access]),
        (Renewal::Reusable | Renewal::SingleUse, None) => {
            spent("the access token has expired, and there is no refresh token")
        }
        (Renewal::Reusable | Renewal::SingleUse, Some(refresh)) => {
            Ok(vec![access, ("refresh_token", refresh.as_str())])
        }
    }
}

/// OIDC Core 12.2: an ID token that comes with a refresh must be of the same issuer and user.
fn check_same_user(
    identity: &IdentityRecord,
    revision: &Revision,
    verified: &VerifiedIdToken,
) -> Result<(), Stop> {
    let subject = &revision.description.subject;
    let at: Vec<String> = subject.at.iter().map(ToString::to_string).collect();
    let other = match subject.source {
        Source::IdToken => {
            read_subject(&verified.to_value(), &at).ok().as_deref() != Some(&identity.subject)
        }
        // The subject stands elsewhere, which a refresh does not ask for.
        Source::TokenResponse | Source::Endpoint(_) => false,
    };
    if other || verified.issuer() != identity.issuer {
        return Err(Stop::refused(
            Reason::InvalidGrant,
            "the refreshed ID token is of another issuer or user",
        ));
    }
    Ok(())
}

fn needs_reauth(why: &str) -> Refreshed {
    Refreshed::NeedsReauth {
        detail: why.to_owned(),
    }
}
