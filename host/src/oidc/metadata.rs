//! What an issuer says of itself: [OIDC Discovery 1.0 section 3], [RFC 8414 section 2].
//!
//! A document is taken whole or not at all. What Celadon does not use is not looked at.
//!
//! [OIDC Discovery 1.0 section 3]: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata
//! [RFC 8414 section 2]: https://www.rfc-editor.org/rfc/rfc8414#section-2

use super::json::{self, JsonError, Limits};
use crate::egress::{Denial, Policy, UrlError, strict_url};
use celadon_workflows::types::ProviderName;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use url::{Origin, Url};

/// The metadata that Celadon uses, under its own names. Every URL here has been checked; whether
/// its host resolves to an address that may be dialled is found out when it is dialled.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the RFC's")]
pub struct ProviderMetadata {
    pub issuer: String,
    pub authorization_endpoint: Option<Url>,
    pub token_endpoint: Option<Url>,
    pub userinfo_endpoint: Option<Url>,
    pub revocation_endpoint: Option<Url>,
    pub introspection_endpoint: Option<Url>,
    pub end_session_endpoint: Option<Url>,
    pub pushed_authorization_request_endpoint: Option<Url>,
    pub device_authorization_endpoint: Option<Url>,
    pub jwks_uri: Option<Url>,
    pub id_token_signing_alg_values_supported: Option<BTreeSet<String>>,
    pub token_endpoint_auth_methods_supported: Option<BTreeSet<String>>,
    pub code_challenge_methods_supported: Option<BTreeSet<String>>,
    pub response_modes_supported: Option<BTreeSet<String>>,
    /// RFC 9207: a callback without `iss` is refused.
    pub authorization_response_iss_parameter_supported: bool,
}

/// Why a document is refused.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    /// It is no acceptable JSON object.
    #[error("the metadata cannot be read")]
    Json(#[from] JsonError),
    /// `issuer` is not, byte for byte, the one that was expected.
    #[error("the metadata is another issuer's")]
    Issuer,
    /// A member has another type than the RFC gives it, or too many elements.
    #[error("the metadata's {0} is not of the right type")]
    Type(&'static str),
    /// A URL is not acceptable.
    #[error("the metadata's {name} is not acceptable")]
    Url {
        /// The member.
        name: &'static str,
        /// Why.
        source: UrlError,
    },
    /// The policy forbids a URL.
    #[error("the metadata's {name} is not acceptable: {source}")]
    Denied {
        /// The member.
        name: &'static str,
        /// Why, and what would allow it.
        source: Denial,
    },
    /// An endpoint stands elsewhere than on the issuer's origin, and not with https.
    #[error(
        "the metadata's {name} is not on the issuer's origin; to allow it: \
         [providers.{provider}.grant] origins = [\"{origin}\"]"
    )]
    Origin {
        /// The member.
        name: &'static str,
        /// Whose metadata.
        provider: ProviderName,
        /// Where it stands.
        origin: String,
    },
}

impl ProviderMetadata {
    /// Reads the document at `url`.
    ///
    /// `issuer` must be `expected_issuer` byte for byte, a template such as
    /// `https://login.microsoftonline.com/{tenantid}/v2.0` included. Endpoints are on the issuer's
    /// origin, or use https, or are under one of the policy's `origins`.
    ///
    /// # Errors
    /// See [`MetadataError`].
    pub fn parse(
        document: &[u8],
        url: &Url,
        expected_issuer: &str,
        policy: &Policy,
    ) -> Result<Self, MetadataError> {
        let members = json::parse_object(document, &Limits::default())?;
        if members.get("issuer").and_then(Value::as_str) != Some(expected_issuer) {
            return Err(MetadataError::Issuer);
        }
        // An issuer of plain OAuth 2.0 may be a mere name: then its metadata's place stands in.
        let home = Url::parse(expected_issuer)
            .ok()
            .filter(Url::has_host)
            .map_or_else(|| url.origin(), |issuer| issuer.origin());
        let reader = Reader {
            members: &members,
            home,
            policy,
        };
        Ok(Self {
            issuer: expected_issuer.to_owned(),
            authorization_endpoint: reader.endpoint("authorization_endpoint")?,
            token_endpoint: reader.endpoint("token_endpoint")?,
            userinfo_endpoint: reader.endpoint("userinfo_endpoint")?,
            revocation_endpoint: reader.endpoint("revocation_endpoint")?,
            introspection_endpoint: reader.endpoint("introspection_endpoint")?,
            end_session_endpoint: reader.endpoint("end_session_endpoint")?,
            pushed_authorization_request_endpoint: reader
                .endpoint("pushed_authorization_request_endpoint")?,
            device_authorization_endpoint: reader.endpoint("device_authorization_endpoint")?,
            jwks_uri: reader.endpoint("jwks_uri")?,
            id_token_signing_alg_values_supported: reader
                .names("id_token_signing_alg_values_supported")?,
            token_endpoint_auth_methods_supported: reader
                .names("token_endpoint_auth_methods_supported")?,
            code_challenge_methods_supported: reader.names("code_challenge_methods_supported")?,
            response_modes_supported: reader.names("response_modes_supported")?,
            authorization_response_iss_parameter_supported: reader
                .flag("authorization_response_iss_parameter_supported")?,
        })
    }

    /// All endpoints by name.
    pub fn endpoints(&self) -> [(&'static str, Option<&Url>); 9] {
        [
            (
                "authorization_endpoint",
                self.authorization_endpoint.as_ref(),
            ),
            ("token_endpoint", self.token_endpoint.as_ref()),
            ("userinfo_endpoint", self.userinfo_endpoint.as_ref()),
            ("revocation_endpoint", self.revocation_endpoint.as_ref()),
            (
                "introspection_endpoint",
                self.introspection_endpoint.as_ref(),
            ),
            ("end_session_endpoint", self.end_session_endpoint.as_ref()),
            (
                "pushed_authorization_request_endpoint",
                self.pushed_authorization_request_endpoint.as_ref(),
            ),
            (
                "device_authorization_endpoint",
                self.device_authorization_endpoint.as_ref(),
            ),
            ("jwks_uri", self.jwks_uri.as_ref()),
        ]
    }

    /// The names of what differs from `other`.
    pub fn changes(&self, other: &Self) -> Vec<&'static str> {
        let endpoints = self.endpoints().into_iter().zip(other.endpoints());
        let lists = self.lists().into_iter().zip(other.lists());
        let flag = self.authorization_response_iss_parameter_supported
            != other.authorization_response_iss_parameter_supported;
        endpoints
            .filter(|(ours, theirs)| ours != theirs)
            .map(|((name, _), _)| name)
            .chain(
                lists
                    .filter(|(ours, theirs)| ours != theirs)
                    .map(|((name, _), _)| name),
            )
            .chain(flag.then_some("authorization_response_iss_parameter_supported"))
            .collect()
    }

    fn lists(&self) -> [(&'static str, &Option<BTreeSet<String>>); 4] {
        [
            (
                "id_token_signing_alg_values_supported",
                &self.id_token_signing_alg_values_supported,
            ),
            (
                "token_endpoint_auth_methods_supported",
                &self.token_endpoint_auth_methods_supported,
            ),
            (
                "code_challenge_methods_supported",
                &self.code_challenge_methods_supported,
            ),
            ("response_modes_supported", &self.response_modes_supported),
        ]
    }
}

/// Elements that a list may have.
const MAX_NAMES: usize = 100;

struct Reader<'a> {
    members: &'a Map<String, Value>,
    home: Origin,
    policy: &'a Policy,
}

impl Reader<'_> {
    /// A member; `null` is as good as none, which real issuers rely on.
    fn member(&self, name: &str) -> Option<&Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    fn endpoint(&self, name: &'static str) -> Result<Option<Url>, MetadataError> {
        let Some(value) = self.member(name) else {
            return Ok(None);
        };
        let text = value.as_str().ok_or(MetadataError::Type(name))?;
        let url = strict_url(text).map_err(|source| MetadataError::Url { name, source })?;
        self.policy
            .check_url(&url)
            .map_err(|source| MetadataError::Denied { name, source })?;
        let at_home = url.origin() == self.home || url.scheme() == "https";
        if !at_home && !is_under(&url, &self.policy.origins) {
            return Err(MetadataError::Origin {
                name,
                provider: self.policy.provider.clone(),
                origin: url.origin().ascii_serialization(),
            });
        }
        Ok(Some(url))
    }

    fn names(&self, name: &'static str) -> Result<Option<BTreeSet<String>>, MetadataError> {
        let Some(value) = self.member(name) else {
            return Ok(None);
        };
        let list = value
            .as_array()
            .filter(|list| list.len() <= MAX_NAMES)
            .ok_or(MetadataError::Type(name))?;
        list.iter()
            .map(|element| element.as_str().map(str::to_owned))
            .collect::<Option<BTreeSet<_>>>()
            .map(Some)
            .ok_or(MetadataError::Type(name))
    }

    fn flag(&self, name: &'static str) -> Result<bool, MetadataError> {
        self.member(name).map_or(Ok(false), |value| {
            value.as_bool().ok_or(MetadataError::Type(name))
        })
    }
}

/// Whether a URL is under one of `origins`: the same origin, and the path below its prefix.
pub fn is_under(url: &Url, origins: &[Url]) -> bool {
    origins.iter().any(|granted| {
        let prefix = granted.path().trim_end_matches('/');
        url.origin() == granted.origin()
            && url
                .path()
                .strip_prefix(prefix)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}
