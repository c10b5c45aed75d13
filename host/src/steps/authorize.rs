//! The link to the provider, written by the host (RFC 6749 section 4.1.1, OIDC Core 3.1.2.1).
//!
//! The component may add parameters; every parameter that matters for security is the host's, and
//! one that the host writes cannot be added, repeated or written in another case.

use super::attempt::Secrets;
use super::provider::Provider;
use super::{Steps, watched};
use crate::oidc::metadata::ProviderMetadata;
use crate::plugin::Revision;
use crate::plugin::bindings::{AuthorizationRequest, Parameter};
use crate::plugin::description::{Description, Relaxation, ResponseMode, Role, names};
use crate::plugin::endpoints::Endpoints;
use crate::plugin::transcript::{Stop, fault};
use celadon_workflows::types::Reason;
use std::time::{Duration, Instant};
use tracing::Instrument;
use url::Url;

/// How long a browser waits for the link.
const PATIENCE: Duration = Duration::from_secs(12);

/// Bytes of a link. Servers take 8 KiB or so.
const LONGEST_LINK: usize = 16 << 10;

/// Parameters of the link that the host alone writes, in lower case.
const HOST_WRITTEN: [&str; 14] = [
    "response_type",
    "response_mode",
    "client_id",
    "client_secret",
    "redirect_uri",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "request",
    "request_uri",
    "registration",
    "scope",
    "dpop_jkt",
];

impl Steps {
    /// Writes the link of a login.
    pub async fn link(
        &self,
        provider: &Provider,
        revision: &Revision,
        secrets: &Secrets,
    ) -> Result<Url, Stop> {
        let span = super::of_login("authorize", &secrets.login());
        let link = self
            .write_link(provider, revision, secrets)
            .instrument(span);
        watched("authorize", None, link).await
    }

    async fn write_link(
        &self,
        provider: &Provider,
        revision: &Revision,
        secrets: &Secrets,
    ) -> Result<Url, Stop> {
        let deadline = Instant::now() + PATIENCE;
        let metadata = self.metadata(provider, revision, deadline).await?;
        let request = AuthorizationRequest {
            scopes: secrets.scopes.clone(),
            hints: secrets.hints.iter().map(parameter).collect(),
        };
        let extra = self.call(self.sandbox().authorize(revision, request).await)?;
        let endpoint = authorization_endpoint(&revision.description, metadata.as_deref())?;
        let mut link = Link::new(&endpoint)?;
        let description = &revision.description;
        let no_pkce = provider.relaxed(description, Relaxation::NoPkce);
        link.write_own(description, &revision.setup.client_id, secrets, no_pkce)?;
        link.write_scopes(description, &secrets.scopes)?;
        link.write_extra(description, extra)?;
        let link = link.finish();
        if link.as_str().len() > LONGEST_LINK {
            return Err(fault("the link is longer than 16 KiB"));
        }
        Ok(link)
    }
}

fn parameter((name, value): &(String, String)) -> Parameter {
    Parameter {
        name: name.clone(),
        value: value.clone(),
    }
}

fn authorization_endpoint(
    description: &Description,
    metadata: Option<&ProviderMetadata>,
) -> Result<Url, Stop> {
    let endpoints = Endpoints {
        description,
        metadata,
    };
    let url = endpoints
        .with_role(Role::Authorization)
        .map(|endpoint| endpoint.url);
    url.ok_or_else(|| {
        Stop::refused(
            Reason::InvalidResponse,
            "the provider's metadata has no authorization_endpoint",
        )
    })
}

/// A link in the making: its parameters, each once.
struct Link {
    url: Url,
    parameters: Vec<(String, String)>,
}

impl Link {
    /// Begins with the endpoint's own query (RFC 6749 section 3.1: it must be kept).
    fn new(endpoint: &Url) -> Result<Self, Stop> {
        let mut link = Self {
            url: endpoint.clone(),
            parameters: Vec::new(),
        };
        for (name, value) in endpoint.query_pairs() {
            if HOST_WRITTEN.iter().any(|own| names::alike(own, &name)) {
                return Err(Stop::refused(
                    Reason::InvalidResponse,
                    format!(
                        "the authorization_endpoint's own query has `{name}`, which the host writes"
                    ),
                ));
            }
            link.parameters
                .push((name.into_owned(), value.into_owned()));
        }
        Ok(link)
    }

    fn write_own(
        &mut self,
        description: &Description,
        client_id: &str,
        secrets: &Secrets,
        no_pkce: bool,
    ) -> Result<(), Stop> {
        self.put("response_type", "code")?;
        self.put(&description.client.id_parameter, client_id)?;
        self.put("redirect_uri", &secrets.redirect_uri)?;
        self.put("state", &secrets.state)?;
        if description.id_token {
            self.put("nonce", &secrets.nonce)?;
        }
        if !no_pkce {
            self.put("code_challenge", &secrets.code_challenge())?;
            self.put("code_challenge_method", "S256")?;
        }
        if matches!(description.callback.mode, ResponseMode::FormPost) {
            self.put("response_mode", "form_post")?;
        }
        Ok(())
    }

    /// Scopes, each under the first parameter whose prefix it has.
    fn write_scopes(&mut self, description: &Description, scopes: &[String]) -> Result<(), Stop> {
        let mut left: Vec<&str> = scopes.iter().map(String::as_str).collect();
        for parameter in &description.scopes {
            let (taken, rest): (Vec<&str>, Vec<&str>) = left
                .into_iter()
                .partition(|scope| scope.starts_with(&parameter.prefix));
            left = rest;
            let taken: Vec<&str> = taken
                .into_iter()
                .map(|scope| &scope[parameter.prefix.len()..])
                .collect();
            if !taken.is_empty() {
                self.put(&parameter.name, &taken.join(&parameter.separator))?;
            }
        }
        match left.first() {
            None => Ok(()),
            Some(scope) => Err(Stop::refused(
                Reason::NotGranted,
                format!("the provider has no parameter for the scope `{scope}`"),
            )),
        }
    }

    /// What the component adds.
    fn write_extra(
        &mut self,
        description: &Description,
        extra: Vec<Parameter>,
    ) -> Result<(), Stop> {
        for Parameter { name, value } in extra {
            let is = |own: &str| names::alike(own, &name);
            let host_written = HOST_WRITTEN.iter().any(|own| is(own))
                || is(&description.client.id_parameter)
                || is(&description.client.secret_parameter)
                || is(&description.resource_parameter)
                || is(&description.callback.code_parameter)
                || description.scopes.iter().any(|scope| is(&scope.name));
            if host_written {
                return Err(fault(
                    "it adds a parameter to the link that only the host writes",
                ));
            }
            let repeats = self
                .parameters
                .iter()
                .any(|(own, fixed)| *own == name && *fixed == value);
            if !repeats {
                self.put(&name, &value)?;
            }
        }
        Ok(())
    }

    fn put(&mut self, name: &str, value: &str) -> Result<(), Stop> {
        let twice = self
            .parameters
            .iter()
            .any(|(own, _)| own.eq_ignore_ascii_case(name));
        if twice {
            return Err(fault("the link has a parameter twice"));
        }
        self.parameters.push((name.to_owned(), value.to_owned()));
        Ok(())
    }

    fn finish(mut self) -> Url {
        self.url
            .query_pairs_mut()
            .clear()
            .extend_pairs(&self.parameters);
        self.url
    }
}

#[cfg(test)]
mod tests;
