//! The protected resource, fetched with a token that is good (A7).
//!
//! The read path is the store alone. Where the token is stale, the grant's workflow renews it, and
//! the store is read again.

use super::Steps;
use super::provider::Provider;
use super::refresh::{is_stale, tokens_of};
use super::tokens::TokenSet;
use crate::clock;
use crate::egress::{Answer, EgressError, Outgoing};
use crate::http::resource::{Resource, ResourceError, Resources};
use crate::plugin::description::Role;
use crate::store::{AuthorizationRecord, StoreError};
use crate::temporal::{Temporal, TemporalError};
use crate::traces::{self, Trace};
use async_trait::async_trait;
use celadon_workflows::types::{AuthorizationId, ProviderName, Refreshed, UserId};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::sync::Arc;
use std::time::{Duration, Instant};
use url::Url;

/// How long a browser waits for a refresh.
const REFRESH: Duration = Duration::from_secs(9);
/// How long it waits for the resource.
const FETCH: Duration = Duration::from_secs(9);
/// How long it waits for all of it: a resource that refuses the token is asked again with a new one.
const ALL: Duration = Duration::from_secs(19);
/// Bytes of a resource that are shown.
const MOST_BYTES: usize = 256 << 10;

/// Fetches protected resources.
pub struct ProtectedResources {
    /// Tokens and HTTP clients.
    pub steps: Arc<Steps>,
    /// Renews grants.
    pub temporal: Temporal,
}

#[async_trait]
impl Resources for ProtectedResources {
    async fn fetch(
        &self,
        user: &UserId,
        provider: &ProviderName,
    ) -> Result<Resource, ResourceError> {
        let known = self
            .steps
            .provider(provider)
            .ok_or(ResourceError::NotConfigured)?;
        let url = known
            .config
            .resource_url
            .clone()
            .ok_or(ResourceError::NotConfigured)?;
        let deadline = Instant::now() + ALL;
        let grant = self.grant(user, provider).await?;
        let mut answer = self.ask(known, &url, &grant, deadline).await?;
        if answer.status == StatusCode::UNAUTHORIZED && self.reject(&grant).await? {
            let renewed = self.renewed(&grant, deadline).await?;
            answer = self.ask(known, &url, &renewed, deadline).await?;
        }
        let content_type = answer.headers.get(header::CONTENT_TYPE);
        match StatusCode::from_u16(answer.status) {
            Ok(status) if status.is_success() => Ok(Resource {
                content_type: content_type
                    .and_then(|value| value.to_str().ok())
                    .unwrap_or("application/octet-stream")
                    .to_owned(),
                body: answer.body.into(),
                fetched_at: clock::now(),
            }),
            _ => Err(ResourceError::Provider(format!(
                "the resource answered with status {}",
                answer.status
            ))),
        }
    }
}

impl ProtectedResources {
    /// The user's own grant of this provider; one that a client's login made is the client's.
    async fn grant(
        &self,
        user: &UserId,
        provider: &ProviderName,
    ) -> Result<AuthorizationRecord, ResourceError> {
        let grants = self
            .steps
            .store
            .authorizations(user)
            .await
            .map_err(|e| store(&e))?;
        let grant = grants
            .into_iter()
            .find(|grant| grant.provider == *provider && grant.client.is_none())
            .ok_or(ResourceError::NotConnected)?;
        let fresh = match grant.needs_reauth {
            Some(_) => return Err(ResourceError::NeedsReauth),
            None => !is_stale(&grant, clock::now()),
        };
        if fresh {
            return Ok(grant);
        }
        self.renewed(&grant, Instant::now() + REFRESH).await
    }

    /// GET with the grant's token.
    async fn ask(
        &self,
        provider: &Provider,
        url: &Url,
        grant: &AuthorizationRecord,
        deadline: Instant,
    ) -> Result<Answer, ResourceError> {
        let tokens = self.tokens(grant).await?;
        let outgoing = with_token(url.clone(), &tokens, deadline)?;
        let sent = provider.egress.send(outgoing).await;
        sent.map_err(|error| failed(&provider.name, &error))
    }

    /// Takes the resource's word that the token is worth nothing any more, as after a revocation at
    /// the provider. Answers whether it is worth asking again.
    async fn reject(&self, grant: &AuthorizationRecord) -> Result<bool, ResourceError> {
        let now = clock::now();
        let accounts = &self.steps.store;
        let marked = accounts.mark_token_rejected(&grant.id, grant.version, now);
        marked.await.map_err(|e| store(&e))
    }

    /// The grant, once its tokens are fresh.
    async fn renewed(
        &self,
        grant: &AuthorizationRecord,
        deadline: Instant,
    ) -> Result<AuthorizationRecord, ResourceError> {
        traces::join(&Trace::of_renewal(&grant.id, grant.version));
        let left = deadline.saturating_duration_since(Instant::now());
        self.refresh(&grant.id, left.min(REFRESH)).await?;
        let renewed = self.steps.store.authorization(&grant.id).await;
        renewed
            .map_err(|e| store(&e))?
            .ok_or(ResourceError::NotConnected)
    }

    async fn refresh(
        &self,
        grant: &AuthorizationId,
        patience: Duration,
    ) -> Result<(), ResourceError> {
        match self.temporal.refresh(grant, patience).await {
            Ok(Refreshed::Fresh) => Ok(()),
            Ok(Refreshed::NeedsReauth { .. }) => Err(ResourceError::NeedsReauth),
            Ok(Refreshed::Unavailable { detail }) => Err(ResourceError::Provider(format!(
                "the token could not be renewed: {detail}"
            ))),
            Err(TemporalError::TimedOut) => Err(ResourceError::Provider(
                "the token is being renewed still".to_owned(),
            )),
            Err(error) => {
                tracing::error!(error = %error, "a refresh could not be asked for");
                Err(ResourceError::Unavailable)
            }
        }
    }

    async fn tokens(&self, grant: &AuthorizationRecord) -> Result<TokenSet, ResourceError> {
        let identity = self
            .steps
            .store
            .identity(&grant.identity)
            .await
            .map_err(|e| store(&e))?;
        let identity = identity.ok_or(ResourceError::NotConnected)?;
        let context = tokens_of(grant, &identity);
        TokenSet::open(&self.steps.keys, &context, &grant.tokens).map_err(|error| {
            tracing::error!(error = %error, authorization = %grant.id, "a grant's tokens do not open");
            // What does not open now will not open later, and a new sign-in brings new tokens.
            ResourceError::NeedsReauth
        })
    }
}

/// RFC 6750 section 2.1.
fn with_token(url: Url, tokens: &TokenSet, deadline: Instant) -> Result<Outgoing, ResourceError> {
    let value = zeroize::Zeroizing::new(format!("Bearer {}", tokens.access_token.as_str()));
    let mut value = HeaderValue::from_str(&value).map_err(|_| ResourceError::Unavailable)?;
    value.set_sensitive(true);
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, value);
    headers.insert(
        header::ACCEPT,
        HeaderValue::from_static("application/json, text/plain;q=0.9, */*;q=0.5"),
    );
    Ok(Outgoing {
        method: http::Method::GET,
        url,
        headers,
        body: None,
        deadline: deadline.min(Instant::now() + FETCH),
        max_body: MOST_BYTES,
        purpose: Role::Resource.as_str(),
    })
}

fn failed(provider: &ProviderName, error: &EgressError) -> ResourceError {
    tracing::warn!(provider = %provider, error = %error, "a protected resource could not be fetched");
    ResourceError::Provider(error.to_string())
}

fn store(error: &StoreError) -> ResourceError {
    tracing::error!(error = %error, "the store cannot be used");
    ResourceError::Unavailable
}
