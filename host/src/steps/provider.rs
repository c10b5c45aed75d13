//! A configured provider as the steps use it: its HTTP client, its keys, its secret.

use super::Steps;
use crate::config::{self, ClientAudience};
use crate::egress::{Egress, EgressError, Policy};
use crate::oidc::client_key::ClientKey;
use crate::oidc::discovery::DiscoveryError;
use crate::oidc::metadata::ProviderMetadata;
use crate::plugin::Revision;
use crate::plugin::description::{ClientAuthentication, Description, Relaxation, Role};
use crate::plugin::endpoints::Endpoints;
use crate::plugin::request::ClientCredentials;
use crate::plugin::transcript::Stop;
use celadon_workflows::ports::StepError;
use celadon_workflows::types::{ProviderName, Reason};
use std::sync::Arc;
use std::time::Instant;

/// A configured provider.
pub struct Provider {
    /// Its name.
    pub name: ProviderName,
    /// As configured now: secrets and relaxations are always current.
    pub config: config::Provider,
    /// Its own HTTP client.
    pub egress: Arc<Egress>,
}

impl Provider {
    /// Sets a provider up. Contacts nobody.
    pub fn new(name: ProviderName, config: config::Provider) -> Result<Self, EgressError> {
        let policy = Policy::of(&name, &config.grant, &config.limits);
        let egress = Arc::new(Egress::new(policy)?);
        Ok(Self {
            name,
            config,
            egress,
        })
    }

    /// Whether a check is relaxed: asked for by the pinned description and granted now.
    pub fn relaxed(&self, description: &Description, relaxation: Relaxation) -> bool {
        description.relax.contains(&relaxation)
            && self
                .config
                .grant
                .relax
                .iter()
                .any(|granted| granted == relaxation.as_str())
    }

    /// The client's credentials, read anew, in the first way that description, configuration and
    /// metadata agree on (WIT `client.authentication`).
    pub fn client_credentials(
        &self,
        description: &Description,
        metadata: Option<&ProviderMetadata>,
    ) -> Result<ClientCredentials, Stop> {
        let secret = match &self.config.client_secret {
            None => None,
            Some(secret) => Some(secret.read().map_err(|error| {
                tracing::error!(provider = %self.name, error = %error, "the client secret cannot be read");
                Stop::refused(Reason::InvalidClient, "the provider's client_secret cannot be read")
            })?),
        };
        let way = self.authentication(description, metadata, secret.is_some())?;
        match (way, secret) {
            (ClientAuthentication::None, _) => return Ok(ClientCredentials::None),
            (ClientAuthentication::Basic, Some(secret)) => {
                return Ok(ClientCredentials::Basic(secret));
            }
            (ClientAuthentication::Post, Some(secret)) => {
                return Ok(ClientCredentials::Post(secret));
            }
            (ClientAuthentication::SecretJwt, Some(secret)) => {
                let key = ClientKey::of_secret(&secret).map_err(|error| {
                    tracing::error!(provider = %self.name, error = %error, "the client secret cannot sign");
                    let detail = "the provider's client_secret is too short for client_secret_jwt";
                    Stop::refused(Reason::InvalidClient, detail)
                })?;
                let audience = self.audience(description, metadata)?;
                return Ok(ClientCredentials::SecretJwt {
                    secret,
                    key,
                    audience,
                });
            }
            _ => {}
        }
        match (way, self.client_key()?, &description.client.signed_secret) {
            (ClientAuthentication::PrivateKeyJwt, Some(key), _) => {
                let audience = self.audience(description, metadata)?;
                Ok(ClientCredentials::PrivateKeyJwt { key, audience })
            }
            (ClientAuthentication::SignedSecret, Some(key), Some(terms)) => {
                let terms = terms.clone();
                Ok(ClientCredentials::SignedSecret { key, terms })
            }
            _ => Err(Stop::refused(
                Reason::InvalidClient,
                "the configured client_auth needs a credential that is not configured",
            )),
        }
    }

    /// The client's key, read anew.
    fn client_key(&self) -> Result<Option<ClientKey>, Stop> {
        let Some(path) = &self.config.client_key else {
            return Ok(None);
        };
        ClientKey::read(path).map(Some).map_err(|error| {
            tracing::error!(provider = %self.name, error = %error, "the client key cannot be used");
            let detail = "the provider's client_key cannot be read";
            Stop::refused(Reason::InvalidClient, detail)
        })
    }

    /// To whom an assertion speaks. The issuer's identifier, which the host has checked, is the
    /// default: a server that names another's endpoints as its own gains nothing by it
    /// ([draft-ietf-oauth-rfc7523bis]). One with a `{claim}` is no name for a server.
    ///
    /// [draft-ietf-oauth-rfc7523bis]: https://datatracker.ietf.org/doc/draft-ietf-oauth-rfc7523bis/
    fn audience(
        &self,
        description: &Description,
        metadata: Option<&ProviderMetadata>,
    ) -> Result<String, Stop> {
        let issuer = &description.issuer.identifier;
        if self.config.client_audience == ClientAudience::Issuer && !issuer.contains('{') {
            return Ok(issuer.clone());
        }
        let endpoints = Endpoints {
            description,
            metadata,
        };
        let token = endpoints.with_role(Role::Token).ok_or_else(|| {
            Stop::refused(
                Reason::InvalidResponse,
                "the provider has no token endpoint",
            )
        })?;
        Ok(token.url.to_string())
    }

    fn authentication(
        &self,
        description: &Description,
        metadata: Option<&ProviderMetadata>,
        secret: bool,
    ) -> Result<ClientAuthentication, Stop> {
        let listed = &description.client.authentication;
        if let Some(chosen) = self.config.client_auth {
            let chosen = ClientAuthentication::from(chosen);
            return if listed.contains(&chosen) {
                Ok(chosen)
            } else {
                Err(Stop::refused(
                    Reason::InvalidClient,
                    "the configured client_auth is none that the component offers",
                ))
            };
        }
        let key = self.config.client_key.is_some();
        let possible = |way: &&ClientAuthentication| match way {
            ClientAuthentication::None => !secret && !key,
            ClientAuthentication::Basic
            | ClientAuthentication::Post
            | ClientAuthentication::SecretJwt => secret,
            ClientAuthentication::PrivateKeyJwt | ClientAuthentication::SignedSecret => key,
        };
        let supported = |way: &&ClientAuthentication| {
            metadata
                .and_then(|metadata| metadata.token_endpoint_auth_methods_supported.as_ref())
                .is_none_or(|methods| methods.contains(method_name(**way)))
        };
        listed
            .iter()
            .filter(possible)
            .find(supported)
            .or_else(|| listed.iter().find(possible))
            .copied()
            .ok_or_else(|| {
                Stop::refused(
                    Reason::InvalidClient,
                    "the component offers no client authentication that the configuration has a credential for",
                )
            })
    }
}

/// As `token_endpoint_auth_methods_supported` has it (OIDC Discovery section 3).
fn method_name(way: ClientAuthentication) -> &'static str {
    match way {
        ClientAuthentication::None => "none",
        ClientAuthentication::Basic => "client_secret_basic",
        ClientAuthentication::Post | ClientAuthentication::SignedSecret => "client_secret_post",
        ClientAuthentication::PrivateKeyJwt => "private_key_jwt",
        ClientAuthentication::SecretJwt => "client_secret_jwt",
    }
}

impl Steps {
    /// A configured provider.
    pub fn provider(&self, name: &ProviderName) -> Option<&Arc<Provider>> {
        self.providers.get(name)
    }

    /// The provider of a login that began earlier.
    pub(super) fn provider_of(&self, name: &ProviderName) -> Result<&Arc<Provider>, Stop> {
        self.provider(name).ok_or_else(|| {
            Stop::refused(Reason::Reconfigured, "the provider is no longer configured")
        })
    }

    /// The provider's metadata, where its description has any.
    pub async fn metadata(
        &self,
        provider: &Provider,
        revision: &Revision,
        deadline: Instant,
    ) -> Result<Option<Arc<ProviderMetadata>>, Stop> {
        let issuer = &revision.description.issuer;
        let Some(url) = &issuer.metadata else {
            return Ok(None);
        };
        let expected = issuer
            .metadata_issuer
            .as_deref()
            .unwrap_or(&issuer.identifier);
        let asked =
            self.discovery
                .metadata(&provider.name, url.as_str(), expected, &provider.egress);
        match tokio::time::timeout_at(deadline.into(), asked).await {
            Ok(Ok(metadata)) => Ok(Some(metadata)),
            Ok(Err(error)) => {
                tracing::warn!(provider = %provider.name, error = %error, "discovery failed");
                Err(refused_by_discovery(&error))
            }
            Err(_) => Err(Stop::refused(
                Reason::ProviderUnavailable,
                "discovery: the provider took too long to answer",
            )),
        }
    }
}

fn refused_by_discovery(error: &DiscoveryError) -> Stop {
    let reason = match error {
        DiscoveryError::Fetch(error) => reason_of(error),
        DiscoveryError::Status(status) => reason_of_status(*status),
        DiscoveryError::Moved { .. } => Reason::NotGranted,
        DiscoveryError::Url(_) | DiscoveryError::Metadata(_) => Reason::InvalidResponse,
        DiscoveryError::Store(_) => {
            return Stop::Trouble(StepError {
                what: "the store",
                source: None,
            });
        }
    };
    Stop::refused(reason, format!("discovery: {error}"))
}

/// What a request without a usable answer means for a login.
pub(super) fn reason_of(error: &EgressError) -> Reason {
    match error {
        EgressError::Denied(_) => Reason::NotGranted,
        EgressError::TooLarge { .. } | EgressError::Redirect { .. } | EgressError::Encoding => {
            Reason::InvalidResponse
        }
        _ => Reason::ProviderUnavailable,
    }
}

/// What an answer other than 200 to a document's request means for a login.
pub(super) fn reason_of_status(status: u16) -> Reason {
    if status == 429 || status >= 500 {
        Reason::ProviderUnavailable
    } else {
        Reason::InvalidResponse
    }
}
