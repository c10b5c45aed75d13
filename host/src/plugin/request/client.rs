//! Client authentication: how the host proves to the provider which client asks.

use super::{Builder, RequestError, Rules, secret_header};
use crate::oidc::client_key::ClientKey;
use crate::plugin::description::{Method, Role, SignedSecret};
use data_encoding::BASE64;
use http::header;
use zeroize::Zeroizing;

/// `client_assertion_type` ([RFC 7523 section 2.2](https://www.rfc-editor.org/rfc/rfc7523#section-2.2)).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How the host authenticates the client in this series.
pub enum ClientCredentials {
    /// A public client: the id alone.
    None,
    /// HTTP Basic (RFC 6749 section 2.3.1).
    Basic(Zeroizing<String>),
    /// In the body.
    Post(Zeroizing<String>),
    /// An assertion, made anew for each request ([OIDC Core section 9], [RFC 7523 section 2.2]).
    ///
    /// [OIDC Core section 9]: https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication
    /// [RFC 7523 section 2.2]: https://www.rfc-editor.org/rfc/rfc7523#section-2.2
    PrivateKeyJwt {
        /// Signs it.
        key: ClientKey,
        /// Its `aud`.
        audience: String,
    },
    /// An assertion under the client secret, made anew for each request: `client_secret_jwt` of
    /// OIDC Core section 9.
    SecretJwt {
        /// The secret, for what else needs it.
        secret: Zeroizing<String>,
        /// Signs the assertion.
        key: ClientKey,
        /// Its `aud`.
        audience: String,
    },
    /// A JWT in the secret's place, made anew for each request.
    SignedSecret {
        /// Signs it.
        key: ClientKey,
        /// `iss`, `aud` and lifetime.
        terms: SignedSecret,
    },
}

impl ClientCredentials {
    pub(super) fn secret(&self) -> Option<&str> {
        match self {
            Self::None | Self::PrivateKeyJwt { .. } | Self::SignedSecret { .. } => None,
            Self::Basic(secret) | Self::Post(secret) | Self::SecretJwt { secret, .. } => {
                Some(secret)
            }
        }
    }
}

impl Builder<'_> {
    /// Client authentication (RFC 6749 section 2.3, OIDC Core section 9).
    pub(super) fn add_client(&mut self) -> Result<(), RequestError> {
        if !matches!(self.endpoint.role, Role::Token | Role::Revocation) {
            return Err(RequestError::Misplaced);
        }
        let Rules {
            client,
            client_id,
            id_parameter,
            secret_parameter,
            ..
        } = *self.rules;
        match client {
            ClientCredentials::Basic(secret) => {
                let pair = Zeroizing::new(format!("{}:{}", form(client_id), form(secret)));
                let value = Zeroizing::new(format!("Basic {}", BASE64.encode(pair.as_bytes())));
                self.headers
                    .insert(header::AUTHORIZATION, secret_header(&value)?);
            }
            ClientCredentials::Post(secret) => {
                self.client_may_be_field()?;
                self.own_fields().add_host(id_parameter, client_id)?;
                self.own_fields().add_host(secret_parameter, secret)?;
            }
            ClientCredentials::PrivateKeyJwt { key, audience }
            | ClientCredentials::SecretJwt { key, audience, .. } => {
                self.client_may_be_field()?;
                let assertion = key.assertion(client_id, audience);
                let fields = self.own_fields();
                fields.add_host(id_parameter, client_id)?;
                fields.add_host("client_assertion_type", JWT_BEARER)?;
                fields.add_host("client_assertion", &assertion)?;
                self.signed = Some(assertion);
            }
            ClientCredentials::SignedSecret { key, terms } => {
                self.client_may_be_field()?;
                let (issuer, audience) = (&terms.issuer, &terms.audience);
                let secret = key.signed_secret(issuer, client_id, audience, terms.lifetime);
                self.own_fields().add_host(id_parameter, client_id)?;
                self.own_fields().add_host(secret_parameter, &secret)?;
                self.signed = Some(secret);
            }
            ClientCredentials::None => self.own_fields().add_host(id_parameter, client_id)?,
        }
        Ok(())
    }

    /// By GET, what proves the client would stand in the URL.
    fn client_may_be_field(&self) -> Result<(), RequestError> {
        if self.endpoint.method == Method::Get && !self.rules.secrets_in_query {
            return Err(RequestError::NotGranted);
        }
        Ok(())
    }
}

/// One value in application/x-www-form-urlencoded form.
fn form(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
