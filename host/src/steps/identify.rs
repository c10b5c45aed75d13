//! Step 2: who signed in.
//!
//! The host verifies the ID token before it asks anybody anything, lets the component ask for more
//! and make an identity of it, and then reads issuer, subject and e-mail itself, at the places that
//! the approved description names. What else the component says is kept as its word.

mod evidence;
mod finding;
mod profile;

pub use self::finding::Finding;

use self::evidence::Sources;
use super::Steps;
use super::attempt::{self, Callback, Secrets};
use super::exchange::{client_secret, hidden, scope_parameters};
use super::provider::{Provider, reason_of, reason_of_status};
use super::tokens::TokenSet;
use crate::clock;
use crate::fault;
use crate::oidc::algorithm::Algorithm;
use crate::oidc::id_token::{Expectations, VerifiedIdToken};
use crate::oidc::issuer::IssuerRules;
use crate::oidc::jwks::{JwksError, VerificationError};
use crate::oidc::metadata::ProviderMetadata;
use crate::plugin::Revision;
use crate::plugin::bindings::{Evidence, Identity, IdentityStep, Parameter};
use crate::plugin::description::Relaxation;
use crate::plugin::endpoints::Endpoints;
use crate::plugin::references::{Hiding, Vault};
use crate::plugin::request::{ClientCredentials, Purpose, Rules};
use crate::plugin::transcript::{Log, Next, Series, Stop};
use celadon_workflows::types::{LoginId, Reason};
use futures::FutureExt;
use std::time::Instant;

/// A login on its way to an identity.
struct Identifying<'a> {
    login: &'a LoginId,
    provider: &'a Provider,
    revision: &'a Revision,
    metadata: Option<&'a ProviderMetadata>,
    client: ClientCredentials,
    secrets: Secrets,
    callback: Callback,
    tokens: TokenSet,
    deadline: Instant,
}

impl Steps {
    /// Finds out who signed in, and keeps the finding, sealed.
    pub(super) async fn identify_user(&self, login: &LoginId) -> Result<(), Stop> {
        fault::point("activity.answered").await;
        let record = self.attempt_in_hand(login).await?;
        let Some(record) = record.filter(|record| record.profile.is_none()) else {
            return Ok(());
        };
        let missing = || {
            Stop::refused(
                Reason::Reconfigured,
                "the login's tokens are gone from the store",
            )
        };
        let sealed = record.tokens.as_ref().ok_or_else(missing)?;
        let callback = self.open_callback(&record)?;
        let deadline = attempt::deadline(&callback);
        let revision = self.revision_of(&record.attempt.revision).await?;
        let provider = self.provider_of(&record.attempt.provider)?;
        let metadata = self.metadata(provider, &revision, deadline).await?;
        let who = Identifying {
            login,
            provider,
            revision: &revision,
            metadata: metadata.as_deref(),
            client: provider.client_credentials(&revision.description, metadata.as_deref())?,
            secrets: self.open_secrets(&record)?,
            tokens: TokenSet::open(&self.keys, &attempt::tokens_of(login), sealed)?,
            callback,
            deadline,
        };
        let finding = self.find_out(&who).await?;
        let sealed = self.seal(&attempt::profile_of(login), &finding)?;
        self.store.put_profile(login, &sealed).await?;
        fault::point("identity.found").await;
        Ok(())
    }

    async fn find_out(&self, who: &Identifying<'_>) -> Result<Finding, Stop> {
        let id_token = match &who.tokens.id_token {
            Some(token) if who.revision.description.id_token => {
                let nonce = Some(who.secrets.nonce.as_str());
                Some(
                    self.verify_id_token(
                        who.provider,
                        who.revision,
                        who.metadata,
                        Token {
                            token,
                            nonce,
                            access_token: &who.tokens.access_token,
                            code: who.callback.code.as_deref(),
                            deadline: who.deadline,
                        },
                    )
                    .await?,
                )
            }
            _ => None,
        };
        let (identity, sources) = self.ask_component(who, id_token.as_ref()).await?;
        finding::read(who.revision, id_token.as_ref(), &sources, identity)
    }

    /// The component's identity, and the answers that it had asked for.
    async fn ask_component(
        &self,
        who: &Identifying<'_>,
        id_token: Option<&VerifiedIdToken>,
    ) -> Result<(Identity, Sources), Stop> {
        let description = &who.revision.description;
        let scope_parameters = scope_parameters(description);
        let reveal: Vec<String> = description.reveal.iter().map(ToString::to_string).collect();
        let purpose = Purpose::Other;
        let mut series = Series {
            log: Log {
                store: self.store.as_ref(),
                keys: &self.keys,
                owner: who.login.as_str(),
                name: "identify",
                everything: false,
                repeatable: false,
            },
            egress: &who.provider.egress,
            limits: &who.provider.config.limits,
            deadline: who.deadline,
            endpoints: Endpoints {
                description,
                metadata: who.metadata,
            },
            rules: Rules {
                purpose: &purpose,
                client: &who.client,
                client_id: &who.revision.setup.client_id,
                id_parameter: &description.client.id_parameter,
                secret_parameter: &description.client.secret_parameter,
                scope_parameters: &scope_parameters,
                renewal: description.renewal,
                secrets_in_query: who
                    .provider
                    .relaxed(description, Relaxation::SecretsInQuery),
            },
            vault: vault(who),
            reveal: &reveal,
            kept: Vec::new(),
            subject: id_token.map(|token| token.subject().to_owned()),
        };
        let evidence = evidence(who, id_token, &mut series.vault, &reveal);
        let identity = series
            .run(|transcript| {
                let asked = self
                    .sandbox()
                    .identify(who.revision, evidence.clone(), transcript);
                asked
                    .map(|answer| {
                        Ok(match self.call(answer)? {
                            IdentityStep::Send(requests) => Next::Send(requests),
                            IdentityStep::Done(identity) => Next::Done(identity),
                        })
                    })
                    .boxed()
            })
            .await
            .map_err(not_of_the_code)?;
        let sources = Sources::of(&series, &who.tokens.answer);
        let identity = profile::scrubbed(identity, &series.vault);
        Ok((identity, sources))
    }

    /// Verifies an ID token by the issuer's keys (OIDC Core 3.1.3.7).
    pub(super) async fn verify_id_token(
        &self,
        provider: &Provider,
        revision: &Revision,
        metadata: Option<&ProviderMetadata>,
        token: Token<'_>,
    ) -> Result<VerifiedIdToken, Stop> {
        let description = &revision.description;
        let metadata = metadata.ok_or_else(|| {
            Stop::refused(
                Reason::InvalidResponse,
                "the provider has no metadata, so no keys for its ID token",
            )
        })?;
        let hs256 = provider.relaxed(description, Relaxation::Hs256IdToken);
        let algorithms = Algorithm::allowed(
            metadata.id_token_signing_alg_values_supported.as_ref(),
            hs256,
        );
        let secret = match provider.client_credentials(description, Some(metadata))? {
            ClientCredentials::Basic(secret) | ClientCredentials::Post(secret) if hs256 => {
                Some(secret)
            }
            _ => None,
        };
        let issuer = IssuerRules {
            identifier: description.issuer.identifier.clone(),
            aliases: description.issuer.aliases.iter().cloned().collect(),
            allow: description.issuer.allow.iter().cloned().collect(),
            deny: description.issuer.deny.iter().cloned().collect(),
        };
        let expectations = Expectations {
            issuer: &issuer,
            client_id: &revision.setup.client_id,
            nonce: token.nonce,
            nonce_optional: provider.relaxed(description, Relaxation::NoNonce),
            access_token: Some(token.access_token),
            code: token.code,
            max_age: None,
            now: clock::now(),
            algorithms: &algorithms,
            client_secret: secret.as_deref().map(|secret| secret.as_bytes()),
        };
        let verified = self.signing_keys.verify(
            &provider.name,
            metadata,
            token.token,
            &expectations,
            &provider.egress,
        );
        match tokio::time::timeout_at(token.deadline.into(), verified).await {
            Ok(Ok(verified)) => Ok(verified),
            Ok(Err(error)) => {
                tracing::warn!(provider = %provider.name, error = %error, "an ID token does not hold");
                let reason = match &error {
                    VerificationError::Keys(keys) => reason_of_keys(keys),
                    VerificationError::Token(_) => Reason::InvalidResponse,
                };
                Err(Stop::refused(reason, format!("ID token: {error}")))
            }
            Err(_) => Err(Stop::refused(
                Reason::ProviderUnavailable,
                "ID token: the provider's keys took too long to come",
            )),
        }
    }
}

/// An ID token to verify, and what it is bound to.
pub(super) struct Token<'a> {
    pub(super) token: &'a str,
    /// `None` where none was sent, as at a refresh.
    pub(super) nonce: Option<&'a str>,
    pub(super) access_token: &'a str,
    pub(super) code: Option<&'a str>,
    pub(super) deadline: Instant,
}

/// The code was good, or there would be no token: a provider that does not take its own token
/// answers nonsense.
fn not_of_the_code(stop: Stop) -> Stop {
    match stop {
        Stop::Refused(refusal) if refusal.reason == Reason::InvalidGrant => Stop::refused(
            Reason::InvalidResponse,
            "the provider does not accept the token that it has just given",
        ),
        other => other,
    }
}

fn reason_of_keys(error: &JwksError) -> Reason {
    match error {
        JwksError::Fetch(error) => reason_of(error),
        JwksError::Status(status) => reason_of_status(*status),
        JwksError::NoUri | JwksError::KeySet(_) => Reason::InvalidResponse,
    }
}

fn vault(who: &Identifying<'_>) -> Vault {
    let secret = client_secret(&who.client);
    let further: Vec<(String, &str)> = who
        .tokens
        .further
        .iter()
        .map(|(name, token)| (format!("access_token:{name}"), token.as_str()))
        .collect();
    let named = further
        .iter()
        .map(|(name, token)| (name.as_str(), *token))
        .chain([("access_token", who.tokens.access_token.as_str())]);
    let hidden: Vec<&str> = hidden(&who.secrets)
        .into_iter()
        .chain(who.callback.code.as_deref())
        .chain(who.tokens.refresh_token.iter().map(|token| token.as_str()))
        .chain(who.tokens.id_token.iter().map(|token| token.as_str()))
        .chain(secret.as_deref().map(String::as_str))
        .collect();
    Vault::new(named, hidden)
}

/// What the component gets to see.
fn evidence(
    who: &Identifying<'_>,
    id_token: Option<&VerifiedIdToken>,
    vault: &mut Vault,
    reveal: &[String],
) -> Evidence {
    let claims = id_token.map(|token| {
        let mut claims = token.to_value();
        vault.scrub(&mut claims);
        claims.to_string()
    });
    let callback = who.callback.kept.iter().map(|(name, value)| {
        let mut value = value.clone();
        vault.scrub_text(&mut value);
        Parameter {
            name: name.clone(),
            value,
        }
    });
    Evidence {
        id_token: claims,
        access_token: None,
        callback: callback.collect(),
        token: vault
            .show(&who.tokens.answer, Hiding::DenyAll, reveal)
            .to_string(),
        scopes: who.tokens.scope.split(' ').map(str::to_owned).collect(),
    }
}
