//! The endpoints: where requests may go, how, and what they carry of themselves.

use super::{Checker, quoted};
use crate::plugin::bindings;
use crate::plugin::description::{Endpoint, Method, Placement, Role, names, strict_url};
use crate::plugin::json;
use std::collections::{BTreeMap, BTreeSet};
use url::Url;

const MAX_FIXED_QUERY: usize = 32;
const MAX_FIXED_BODY: usize = 16 << 10;

/// Roles of which there is at most one endpoint, because the host alone decides to use it.
const SINGLE: [Role; 5] = [
    Role::Authorization,
    Role::PushedAuthorization,
    Role::DeviceAuthorization,
    Role::Introspection,
    Role::EndSession,
];

impl Checker<'_> {
    pub(super) fn endpoints(&mut self, raw: &bindings::Description) -> BTreeMap<String, Endpoint> {
        let mut endpoints = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for (index, endpoint) in self.bounded(&raw.endpoints, "endpoints").iter().enumerate() {
            let at = format!("endpoints[{index}]");
            self.endpoint_name(endpoint, &at);
            let is_new = seen.insert(endpoint.name.as_str());
            self.ensure(is_new, format_args!("{at}.name"), "is the name of another endpoint too");
            if let Some(checked) = self.endpoint(endpoint, raw, &at) {
                endpoints.insert(endpoint.name.clone(), checked);
            }
        }
        self.needed_roles(raw);
        endpoints
    }

    fn endpoint_name(&mut self, endpoint: &bindings::Endpoint, at: &str) {
        let name = endpoint.name.as_str();
        let at = format!("{at}.name");
        let is_name = (1..=32).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        self.ensure(is_name, &at, "must be 1 to 32 of `a-z0-9-`");
        let is_source = matches!(name, "id-token" | "token-response");
        self.ensure(!is_source, &at, format_args!("`{name}` is the name of something else"));
        // Metadata's endpoints have the names of their roles; one that looks like it must be one.
        let misleads = Role::standard(name).is_some_and(|role| role != endpoint.role.into());
        self.ensure(!misleads, &at, "is the name of a role that the endpoint does not have");
    }

    fn needed_roles(&mut self, raw: &bindings::Description) {
        for role in SINGLE {
            let count = raw.endpoints.iter().filter(|endpoint| Role::from(endpoint.role) == role).count();
            self.ensure(count <= 1, "endpoints", format_args!("has more than one of role `{}`", role.as_str()));
        }
        let missing = "must list one, or the issuer must have `metadata`";
        let has_token = self.has_role(Role::Token);
        self.ensure(has_token, "endpoints", format_args!("no endpoint of role `token`: {missing}"));
        let begins = self.has_role(Role::Authorization) || self.has_role(Role::DeviceAuthorization);
        self.ensure(begins, "endpoints", format_args!("no endpoint of role `authorization`: {missing}"));
    }

    fn endpoint(&mut self, raw: &bindings::Endpoint, whole: &bindings::Description, at: &str) -> Option<Endpoint> {
        let role = Role::from(raw.role);
        let method = Method::from(raw.method);
        self.method(role, method, at);
        let headers = self.headers(&raw.headers, at);
        let bearer = self.bearer(raw, at);
        self.proof(raw, whole, at);
        let body = self.body(raw, at);
        let url = self.url(&raw.url, &format!("{at}.url"))?;
        self.fixed_query(raw, &url, whole, at);
        Some(Endpoint {
            role,
            method,
            url,
            headers,
            body,
            bearer,
            proof: raw.proof.clone(),
        })
    }

    /// A URL that may be called.
    pub(super) fn url(&mut self, text: &str, at: &str) -> Option<Url> {
        match strict_url::parse(text, self.operator.grant.insecure_http) {
            Ok(url) => Some(url),
            Err(error @ strict_url::UrlError::Insecure) => {
                let provider = self.operator.provider;
                self.mistake(at, format_args!("{}: {error} under [providers.{provider}.grant]", quoted(text)));
                None
            }
            Err(error) => {
                self.mistake(at, format_args!("{}: {error}", quoted(text)));
                None
            }
        }
    }

    fn method(&mut self, role: Role, method: Method, at: &str) {
        let (allowed, rule) = match role {
            // The browser goes there by a redirect.
            Role::Authorization | Role::EndSession => (method == Method::Get, "must be get"),
            Role::PushedAuthorization | Role::DeviceAuthorization | Role::Introspection => {
                (method == Method::Post, "must be post")
            }
            Role::Token | Role::Userinfo => (method != Method::Delete, "must be get or post"),
            Role::Revocation | Role::Resource => (true, ""),
        };
        self.ensure(allowed, format_args!("{at}.method"), format_args!("{rule} for this role"));
        if role == Role::Token && method == Method::Get {
            self.secret_in_query(format_args!("{at}.method"));
        }
    }

    fn headers(&mut self, raw: &[bindings::Parameter], at: &str) -> BTreeMap<String, String> {
        let mut headers = BTreeMap::new();
        let list = format!("{at}.headers");
        for (index, header) in self.bounded(raw, &list).iter().enumerate() {
            let at = format!("{list}[{index}]");
            let name = header.name.to_ascii_lowercase();
            self.ensure(
                names::is_fixed_header(&name),
                &at,
                format_args!("{} is a header that only the host may write, or none", quoted(&header.name)),
            );
            self.ensure(
                names::is_header_value(&header.value),
                &at,
                "must have a value of 1 to 512 visible ASCII characters and inner spaces",
            );
            let is_new = headers.insert(name, header.value.clone()).is_none();
            self.ensure(is_new, &at, "is there twice");
        }
        headers
    }

    fn bearer(&mut self, raw: &bindings::Endpoint, at: &str) -> Placement {
        let at = format!("{at}.bearer");
        let takes_bearer = matches!(
            Role::from(raw.role),
            Role::Userinfo | Role::Resource | Role::Revocation | Role::Token
        );
        let is_header = matches!(raw.bearer, bindings::Placement::Header);
        self.ensure(takes_bearer || is_header, &at, "must be header: no bearer token goes there");
        match &raw.bearer {
            bindings::Placement::Header => Placement::Header,
            bindings::Placement::Query(name) => {
                self.own_parameter(name, &at);
                self.secret_in_query(&at);
                Placement::Query(name.clone())
            }
            bindings::Placement::Form(name) => {
                self.own_parameter(name, &at);
                let is_post = raw.method == bindings::Method::Post && raw.body.is_none();
                self.ensure(is_post, &at, "a form needs method post and no fixed body");
                Placement::Form(name.clone())
            }
        }
    }

    fn proof(&mut self, raw: &bindings::Endpoint, whole: &bindings::Description, at: &str) {
        let Some(name) = &raw.proof else { return };
        let at = format!("{at}.proof");
        self.own_parameter(name, &at);
        let takes_bearer = matches!(Role::from(raw.role), Role::Userinfo | Role::Resource | Role::Revocation);
        self.ensure(takes_bearer, &at, "means nothing for this role");
        let is_bearer = match &raw.bearer {
            bindings::Placement::Query(other) | bindings::Placement::Form(other) => other == name,
            bindings::Placement::Header => false,
        };
        self.ensure(!is_bearer, &at, "is where the bearer token goes");
        let has_secret = whole.client.authentication.iter().any(|authentication| {
            matches!(authentication, bindings::ClientAuthentication::Basic | bindings::ClientAuthentication::Post)
        });
        self.ensure(has_secret, &at, "needs a client secret: `client.authentication` has neither basic nor post");
    }

    /// A parameter of this endpoint alone: other endpoints may use the same name.
    fn own_parameter(&mut self, name: &str, at: &str) {
        let is_right = names::is_parameter(name) && !names::is_protocol(name);
        self.ensure(is_right, at, format_args!("{} cannot be a parameter here", quoted(name)));
    }

    fn body(&mut self, raw: &bindings::Endpoint, at: &str) -> Option<serde_json::Value> {
        let text = raw.body.as_deref()?;
        let at = format!("{at}.body");
        let may = raw.method == bindings::Method::Post
            && matches!(Role::from(raw.role), Role::Userinfo | Role::Resource);
        self.ensure(may, &at, "needs method post and role userinfo or resource");
        self.ensure(text.len() <= MAX_FIXED_BODY, &at, "is longer than 16 KiB");
        match json::parse(text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.mistake(&at, format_args!("is {error}"));
                None
            }
        }
    }

    /// What the host writes into a request cannot be fixed in its URL, and nothing stands there twice.
    fn fixed_query(&mut self, raw: &bindings::Endpoint, url: &Url, whole: &bindings::Description, at: &str) {
        let at = format!("{at}.url");
        let mut seen = BTreeSet::new();
        let written: Vec<&str> = written_by_host(raw, whole);
        for (name, _) in url.query_pairs().take(MAX_FIXED_QUERY) {
            let is_new = seen.insert(name.to_ascii_lowercase());
            self.ensure(is_new, &at, format_args!("has {} twice in its query", quoted(&name)));
            // A token endpoint may fix its grant type; the host then adds none.
            let may = name == "grant_type" && Role::from(raw.role) == Role::Token;
            let is_host = names::is_protocol(&name)
                || written.iter().any(|other| other.eq_ignore_ascii_case(&name));
            self.ensure(
                may || !is_host,
                &at,
                format_args!("has {} in its query, which only the host writes", quoted(&name)),
            );
        }
        self.ensure(
            url.query_pairs().count() <= MAX_FIXED_QUERY,
            &at,
            "has more than 32 parameters in its query",
        );
    }
}

fn written_by_host<'d>(raw: &'d bindings::Endpoint, whole: &'d bindings::Description) -> Vec<&'d str> {
    let mut names = vec!["client_secret", whole.client.secret_parameter.as_str()];
    match &raw.bearer {
        bindings::Placement::Query(name) | bindings::Placement::Form(name) => names.push(name),
        bindings::Placement::Header => {}
    }
    names.extend(raw.proof.as_deref());
    let carries_scopes = !matches!(Role::from(raw.role), Role::Userinfo | Role::Resource);
    if carries_scopes {
        names.extend(["client_id", "scope", &whole.client.id_parameter, &whole.resource_parameter]);
        names.extend(whole.scopes.iter().map(|scope| scope.name.as_str()));
        names.extend(["code", "refresh_token", "device_code"]);
    }
    names
}
