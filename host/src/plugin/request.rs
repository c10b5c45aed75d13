//! From what a component asks for to what the host sends.
//!
//! The component names an endpoint, fields and credentials; the host writes URL, method, headers,
//! client authentication and every security parameter. Whatever the contract does not allow is
//! refused here, before anything is sent (WIT `request`, `secret`).

mod client;

pub use self::client::ClientCredentials;

use super::bindings::{Body, Credential, Field, Request, Value};
use super::description::{Endpoint, Method, Placement, Renewal, Role};
use super::fields::{Fields, Forbidden, host_written};
use super::references::Vault;
use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use url::Url;
use zeroize::Zeroizing;

/// Why a component's request was refused. All of these are the component's fault, but for
/// `NotGranted`, which the operator can mend.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RequestError {
    /// No endpoint of this name exists, and it is no role's name either.
    #[error("asks for an endpoint that its description does not have")]
    UnknownEndpoint,
    /// The endpoint is the host's alone.
    #[error("asks for an endpoint that only the host may use")]
    HostOnly,
    /// `userinfo` takes nothing from the component.
    #[error("sends something to a userinfo endpoint, which takes nothing but the token")]
    UserinfoTakesNothing,
    /// A credential where the table does not allow it.
    #[error("puts a credential where the contract does not allow it")]
    Misplaced,
    /// A name that means nothing here.
    #[error("names a credential that does not exist")]
    UnknownCredential,
    /// The code would be sent twice.
    #[error("sends the code a second time")]
    CodeTwice,
    /// A name that the host writes, or one name twice.
    #[error(transparent)]
    Field(#[from] Forbidden),
    /// A body that this method or endpoint cannot have.
    #[error("sends a body that this endpoint cannot have")]
    Body,
    /// A header that cannot be written.
    #[error("has a header or token that cannot be written")]
    Header,
    /// A relaxation is needed.
    #[error("needs the relaxation `secrets-in-query`, which is not granted")]
    NotGranted,
    /// The client's secret is needed and none is configured.
    #[error("authenticates as the client, and no client_secret is configured")]
    NoClientSecret,
}

/// What a series is for: decides what the host adds to a `token` request.
pub enum Purpose {
    /// The code of a login.
    Code {
        /// As it stood in the link.
        redirect_uri: String,
        /// PKCE, unless the operator relaxed it.
        code_verifier: Option<Zeroizing<String>>,
    },
    /// A refresh token.
    Refresh,
    /// No tokens: `identify`, `revoke`.
    Other,
}

impl Purpose {
    fn grant_type(&self) -> Option<&'static str> {
        match self {
            Self::Code { .. } => Some("authorization_code"),
            Self::Refresh => Some("refresh_token"),
            Self::Other => None,
        }
    }
}

/// Everything the host adds.
pub struct Rules<'a> {
    /// The series.
    pub purpose: &'a Purpose,
    /// Client authentication.
    pub client: &'a ClientCredentials,
    /// `client_id`.
    pub client_id: &'a str,
    /// The name under which it is sent.
    pub id_parameter: &'a str,
    /// The name under which the secret is sent.
    pub secret_parameter: &'a str,
    /// Names of scope and resource parameters: the host's.
    pub scope_parameters: &'a [String],
    /// How tokens are renewed: decides whether an access token may go to `token`.
    pub renewal: Renewal,
    /// `secrets-in-query` is granted.
    pub secrets_in_query: bool,
}

/// A request as the host will send it.
pub struct Prepared {
    /// Of its endpoint.
    pub role: Role,
    /// The endpoint's name.
    pub endpoint: String,
    /// Method.
    pub method: http::Method,
    /// URL with its query.
    pub url: Url,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Option<Zeroizing<Vec<u8>>>,
    /// The names of the credentials that it carries, the client's own aside.
    pub carries: Vec<String>,
    /// What was signed for this request alone: the component must not see it in an answer.
    pub signed: Option<Zeroizing<String>>,
}

/// Builds a request, or `None` where a credential is named that this grant does not have: such a
/// request is answered with 404 instead of being sent.
pub fn prepare(
    request: &Request,
    endpoint: &Endpoint,
    vault: &Vault,
    rules: &Rules<'_>,
) -> Result<Option<Prepared>, RequestError> {
    let mut builder = Builder::new(request, endpoint, vault, rules)?;
    if builder.lacks_credential()? {
        return Ok(None);
    }
    builder.take_fields()?;
    builder.add_grant()?;
    builder.add_credential()?;
    builder.finish().map(Some)
}

struct Builder<'a> {
    request: &'a Request,
    endpoint: &'a Endpoint,
    vault: &'a Vault,
    rules: &'a Rules<'a>,
    url: Url,
    query: Fields,
    body: Fields,
    headers: HeaderMap,
    carries: Vec<String>,
    signed: Option<Zeroizing<String>>,
}

impl<'a> Builder<'a> {
    fn new(
        request: &'a Request,
        endpoint: &'a Endpoint,
        vault: &'a Vault,
        rules: &'a Rules<'a>,
    ) -> Result<Self, RequestError> {
        let takes_text = !matches!(endpoint.role, Role::Userinfo);
        match endpoint.role {
            Role::Token | Role::Revocation | Role::Resource | Role::Userinfo => {}
            _ => return Err(RequestError::HostOnly),
        }
        let empty = request.query.is_empty() && matches!(request.body, Body::None);
        if !takes_text && !empty {
            return Err(RequestError::UserinfoTakesNothing);
        }
        Ok(Self {
            query: Fields::fixed(&endpoint.url),
            body: Fields::default(),
            headers: HeaderMap::new(),
            carries: Vec::new(),
            signed: None,
            request,
            endpoint,
            vault,
            rules,
            url: endpoint.url.clone(),
        })
    }

    /// Whether a credential is named that may be missing, and is. Unknown names are faults.
    fn lacks_credential(&self) -> Result<bool, RequestError> {
        let mut lacks = false;
        for name in self.named() {
            if self.vault.value(name).is_none() {
                let optional = ["refresh_token", "access_token", "actor_token"].contains(&name);
                if !optional {
                    return Err(RequestError::UnknownCredential);
                }
                lacks = true;
            }
        }
        Ok(lacks)
    }

    /// The names of all credentials in the request.
    fn named(&self) -> Vec<&'a str> {
        let fields = match &self.request.body {
            Body::Form(fields) | Body::Json(fields) => fields.as_slice(),
            Body::None | Body::Document(_) => &[],
        };
        let mut names: Vec<&str> = self
            .request
            .query
            .iter()
            .chain(fields)
            .filter_map(|field| match &field.value {
                Value::Secret(name) => Some(name.as_str()),
                Value::Text(_) => None,
            })
            .collect();
        if let Credential::Bearer(name) = &self.request.credential {
            names.push(name);
        }
        names
    }

    fn take_fields(&mut self) -> Result<(), RequestError> {
        let secret_in_query = self
            .request
            .query
            .iter()
            .any(|field| matches!(field.value, Value::Secret(_)));
        if secret_in_query && !self.rules.secrets_in_query {
            return Err(RequestError::NotGranted);
        }
        for field in &self.request.query {
            let value = self.resolve(field)?;
            self.query.add_guest(&field.name, value)?;
        }
        match &self.request.body {
            Body::None => {}
            Body::Form(fields) | Body::Json(fields) => {
                self.body_allowed()?;
                for field in fields {
                    let value = self.resolve(field)?;
                    self.body.add_guest(&field.name, value)?;
                }
            }
            Body::Document(_) => {
                self.body_allowed()?;
                if self.endpoint.role != Role::Resource {
                    return Err(RequestError::Body);
                }
            }
        }
        Ok(())
    }

    fn body_allowed(&self) -> Result<(), RequestError> {
        let fixed = self.endpoint.body.is_some();
        let get = self.endpoint.method == Method::Get;
        if fixed || get {
            Err(RequestError::Body)
        } else {
            Ok(())
        }
    }

    /// A field's text, or the credential it names where the table allows it.
    fn resolve(&mut self, field: &Field) -> Result<Zeroizing<String>, RequestError> {
        if let Some(forbidden) = host_written(&field.name, self.endpoint, self.rules) {
            return Err(forbidden.into());
        }
        match &field.value {
            Value::Text(text) => Ok(Zeroizing::new(text.clone())),
            Value::Secret(name) => {
                if !self.may_be_field(name) {
                    return Err(RequestError::Misplaced);
                }
                self.use_credential(name)
            }
        }
    }

    fn use_credential(&mut self, name: &str) -> Result<Zeroizing<String>, RequestError> {
        let value = self
            .vault
            .value(name)
            .ok_or(RequestError::UnknownCredential)?;
        if name == "code" && self.carries.iter().any(|carried| carried == "code") {
            return Err(RequestError::CodeTwice);
        }
        self.carries.push(name.to_owned());
        Ok(Zeroizing::new(value.to_owned()))
    }

    /// The table at `secret` in the contract, for fields.
    fn may_be_field(&self, name: &str) -> bool {
        let token = self.endpoint.role == Role::Token;
        let revocation = self.endpoint.role == Role::Revocation;
        match name {
            "code" | "device_code" | "subject_token" | "actor_token" => token,
            "refresh_token" => token || revocation,
            "access_token" => revocation || (token && self.rules.renewal == Renewal::AccessToken),
            _ => name.starts_with("secret:") && token,
        }
    }

    /// The table at `secret` in the contract, for bearer tokens.
    fn may_be_bearer(&self, name: &str) -> bool {
        let role = self.endpoint.role;
        match name {
            "access_token" => matches!(role, Role::Userinfo | Role::Resource | Role::Revocation),
            _ if name.starts_with("access_token:") => role == Role::Resource,
            _ => name.starts_with("secret:") && role == Role::Token,
        }
    }

    /// Where the request's own fields are: the query by GET, else the body.
    fn own_fields(&mut self) -> &mut Fields {
        if self.endpoint.method == Method::Get {
            &mut self.query
        } else {
            &mut self.body
        }
    }

    /// What a `token` request needs to say, in the host's words.
    fn add_grant(&mut self) -> Result<(), RequestError> {
        if self.endpoint.role != Role::Token {
            return Ok(());
        }
        let purpose = self.rules.purpose;
        if let Some(grant_type) = purpose.grant_type()
            && !self.query.has("grant_type")
        {
            self.own_fields().add_host("grant_type", grant_type)?;
        }
        if let Purpose::Code {
            redirect_uri,
            code_verifier,
        } = purpose
            && self.carries.iter().any(|name| name == "code")
        {
            self.own_fields().add_host("redirect_uri", redirect_uri)?;
            if let Some(verifier) = code_verifier {
                self.own_fields().add_host("code_verifier", verifier)?;
            }
        }
        Ok(())
    }

    fn add_credential(&mut self) -> Result<(), RequestError> {
        match &self.request.credential {
            Credential::None => Ok(()),
            Credential::Client => self.add_client(),
            Credential::Bearer(name) => {
                if !self.may_be_bearer(name) {
                    return Err(RequestError::Misplaced);
                }
                let token = self.use_credential(name)?;
                self.add_bearer(&token)
            }
        }
    }

    fn add_bearer(&mut self, token: &str) -> Result<(), RequestError> {
        match &self.endpoint.bearer {
            Placement::Header => {
                let value = Zeroizing::new(format!("Bearer {token}"));
                self.headers
                    .insert(header::AUTHORIZATION, secret_header(&value)?);
            }
            Placement::Query(name) => {
                if !self.rules.secrets_in_query {
                    return Err(RequestError::NotGranted);
                }
                self.query.add_host(name, token)?;
            }
            Placement::Form(name) => {
                if self.endpoint.method == Method::Get {
                    return Err(RequestError::Body);
                }
                self.body.add_host(name, token)?;
            }
        }
        if let Some(proof) = &self.endpoint.proof {
            let secret = self
                .rules
                .client
                .secret()
                .ok_or(RequestError::NoClientSecret)?;
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
            let tag = HEXLOWER.encode(hmac::sign(&key, token.as_bytes()).as_ref());
            self.query.add_host(proof, &tag)?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Prepared, RequestError> {
        self.query.write_query(&mut self.url);
        let body = self.finish_body()?;
        for (name, value) in &self.endpoint.headers {
            let name = HeaderName::from_bytes(name.as_bytes());
            let value = HeaderValue::from_str(value);
            let (Ok(name), Ok(value)) = (name, value) else {
                return Err(RequestError::Header);
            };
            self.headers.insert(name, value);
        }
        self.headers
            .entry(header::ACCEPT)
            .or_insert(HeaderValue::from_static("application/json"));
        Ok(Prepared {
            role: self.endpoint.role,
            endpoint: self.request.endpoint.clone(),
            method: match self.endpoint.method {
                Method::Get => http::Method::GET,
                Method::Post => http::Method::POST,
                Method::Delete => http::Method::DELETE,
            },
            url: self.url,
            headers: self.headers,
            body,
            carries: self.carries,
            signed: self.signed,
        })
    }

    fn finish_body(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, RequestError> {
        let (kind, bytes) = match (&self.endpoint.body, &self.request.body) {
            (Some(fixed), _) => ("application/json", fixed.to_string().into_bytes()),
            (None, Body::Document(text)) => ("application/json", text.clone().into_bytes()),
            (None, Body::Json(_)) => ("application/json", self.body.to_json()),
            (None, _) if self.body.is_empty() && self.endpoint.method != Method::Post => {
                return Ok(None);
            }
            (None, _) => ("application/x-www-form-urlencoded", self.body.to_form()),
        };
        self.headers
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        Ok(Some(Zeroizing::new(bytes)))
    }
}

fn secret_header(text: &str) -> Result<HeaderValue, RequestError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| RequestError::Header)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests;
