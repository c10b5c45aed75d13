//! The endpoints: where requests may go, how, and what they carry of themselves.

mod contents;

use super::{Checker, quoted};
use crate::plugin::bindings;
use crate::plugin::description::{Endpoint, Method, Role, strict_url};
use std::collections::{BTreeMap, BTreeSet};
use url::Url;

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
            self.ensure(
                is_new,
                format_args!("{at}.name"),
                "is the name of another endpoint too",
            );
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
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        self.ensure(is_name, &at, "must be 1 to 32 of `a-z0-9-`");
        let is_source = matches!(name, "id-token" | "token-response");
        self.ensure(
            !is_source,
            &at,
            format_args!("`{name}` is the name of something else"),
        );
        // Metadata's endpoints have the names of their roles; one that looks like it must be one.
        let misleads = Role::standard(name).is_some_and(|role| role != endpoint.role.into());
        self.ensure(
            !misleads,
            &at,
            "is the name of a role that the endpoint does not have",
        );
    }

    fn needed_roles(&mut self, raw: &bindings::Description) {
        for role in SINGLE {
            let count = raw
                .endpoints
                .iter()
                .filter(|endpoint| Role::from(endpoint.role) == role)
                .count();
            self.ensure(
                count <= 1,
                "endpoints",
                format_args!("has more than one of role `{}`", role.as_str()),
            );
        }
        let missing = "must list one, or the issuer must have `metadata`";
        let has_token = self.has_role(Role::Token);
        self.ensure(
            has_token,
            "endpoints",
            format_args!("no endpoint of role `token`: {missing}"),
        );
        let begins = self.has_role(Role::Authorization) || self.has_role(Role::DeviceAuthorization);
        self.ensure(
            begins,
            "endpoints",
            format_args!("no endpoint of role `authorization`: {missing}"),
        );
    }

    fn endpoint(
        &mut self,
        raw: &bindings::Endpoint,
        whole: &bindings::Description,
        at: &str,
    ) -> Option<Endpoint> {
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
                self.mistake(
                    at,
                    format_args!(
                        "{}: {error} under [providers.{provider}.grant]",
                        quoted(text)
                    ),
                );
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
        self.ensure(
            allowed,
            format_args!("{at}.method"),
            format_args!("{rule} for this role"),
        );
        if role == Role::Token && method == Method::Get {
            self.secret_in_query(format_args!("{at}.method"));
        }
    }
}
