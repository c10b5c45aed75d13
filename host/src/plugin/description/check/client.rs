//! The client, the callback, and how scopes and resources are sent.

use super::{Checker, quoted};
use crate::plugin::bindings;
use crate::plugin::description::{
    Callback, Client, ClientAuthentication, Relaxation, ResponseMode, Role, ScopeParameter,
    SignedSecret, names,
};
use std::collections::BTreeSet;
use url::Url;

/// A signed secret is made anew for each request, so it need not live long.
const MAX_SIGNED_LIFETIME: u32 = 300;

impl Checker<'_> {
    pub(super) fn client(&mut self, raw: &bindings::Description) -> Client {
        let client = &raw.client;
        self.parameter(&client.id_parameter, "client.id-parameter");
        self.parameter(&client.secret_parameter, "client.secret-parameter");
        let authentication = self.authentication(raw);
        let has_list = authentication.contains(&ClientAuthentication::SignedSecret);
        self.ensure(
            has_list == client.signed_secret.is_some(),
            "client.signed-secret",
            "must be there where `authentication` has `signed-secret`, and only there",
        );
        Client {
            authentication,
            id_parameter: client.id_parameter.clone(),
            secret_parameter: client.secret_parameter.clone(),
            signed_secret: self.signed_secret(raw),
        }
    }

    fn authentication(&mut self, raw: &bindings::Description) -> Vec<ClientAuthentication> {
        let at = "client.authentication";
        let mut ways: Vec<ClientAuthentication> = Vec::new();
        for way in self.bounded(&raw.client.authentication, at) {
            let way = ClientAuthentication::from(*way);
            self.ensure(!ways.contains(&way), at, "has something twice");
            ways.push(way);
        }
        self.ensure(
            !ways.is_empty(),
            at,
            "must not be empty; for a public client it is `none`",
        );
        // With neither a secret nor PKCE, whoever sees a code can use it.
        let unprotected =
            ways == [ClientAuthentication::None] && self.declared.contains(&Relaxation::NoPkce);
        self.ensure(
            !unprotected,
            at,
            "a client without a secret cannot do without PKCE",
        );
        ways
    }

    fn signed_secret(&mut self, raw: &bindings::Description) -> Option<SignedSecret> {
        let signed = raw.client.signed_secret.as_ref()?;
        self.ensure(
            names::is_visible(&signed.issuer, 255),
            "client.signed-secret.issuer",
            "must be 1 to 255 visible ASCII characters",
        );
        // The host signs for this provider and nobody else: an audience of the component's choice
        // would make it sign for others.
        let known = signed.audience == raw.issuer.identifier
            || raw.endpoints.iter().any(|endpoint| {
                Role::from(endpoint.role) == Role::Token
                    && is_token_audience(&endpoint.url, &signed.audience)
            });
        self.ensure(
            known,
            "client.signed-secret.audience",
            "must be the issuer's identifier, or the URL or origin of a token endpoint",
        );
        self.ensure(
            (1..=MAX_SIGNED_LIFETIME).contains(&signed.lifetime),
            "client.signed-secret.lifetime",
            "must be 1 to 300 seconds: the host makes a new one for each request",
        );
        Some(SignedSecret {
            issuer: signed.issuer.clone(),
            audience: signed.audience.clone(),
            lifetime: signed.lifetime,
        })
    }

    pub(super) fn callback(&mut self, raw: &bindings::Description) -> Callback {
        let callback = &raw.callback;
        let code = callback.code_parameter.as_str();
        let is_code = names::is_parameter(code) && !names::is_callback(code);
        self.ensure(
            is_code,
            "callback.code-parameter",
            format_args!("{} cannot be the code", quoted(code)),
        );
        let may_keep = |name: &str| {
            names::is_parameter(name)
                && !names::is_callback(name)
                && !name.eq_ignore_ascii_case(code)
        };
        Callback {
            mode: match callback.mode {
                bindings::ResponseMode::Query => ResponseMode::Query,
                bindings::ResponseMode::FormPost => ResponseMode::FormPost,
            },
            code_parameter: callback.code_parameter.clone(),
            keep: self.set(&callback.keep, "callback.keep", may_keep,
                "must be the name of a parameter, and neither a credential nor one that the host reads"),
            issuers: self.set(&callback.issuers, "callback.issuers",
                |issuer| names::is_visible(issuer, 512), "must be 1 to 512 visible ASCII characters"),
        }
    }

    pub(super) fn scopes(&mut self, raw: &bindings::Description) -> Vec<ScopeParameter> {
        let mut scopes = Vec::new();
        let mut prefixes = BTreeSet::new();
        let mut closed = false;
        for (index, scope) in self.bounded(&raw.scopes, "scopes").iter().enumerate() {
            let at = format!("scopes[{index}]");
            self.parameter(&scope.name, "scopes");
            let is_separator = (1..=4).contains(&scope.separator.len())
                && scope
                    .separator
                    .bytes()
                    .all(|byte| byte == b' ' || byte.is_ascii_punctuation());
            self.ensure(
                is_separator,
                format_args!("{at}.separator"),
                "must be 1 to 4 spaces or signs",
            );
            let is_prefix = scope.prefix.is_empty() || names::is_visible(&scope.prefix, 64);
            self.ensure(
                is_prefix,
                format_args!("{at}.prefix"),
                "must be at most 64 visible ASCII characters",
            );
            let reached = !closed && prefixes.insert(scope.prefix.as_str());
            self.ensure(
                reached,
                &at,
                "is never reached: another one before it takes its scopes",
            );
            closed |= scope.prefix.is_empty();
            scopes.push(ScopeParameter {
                name: scope.name.clone(),
                separator: scope.separator.clone(),
                prefix: scope.prefix.clone(),
            });
        }
        scopes
    }

    pub(super) fn resource_parameter(&mut self, raw: &bindings::Description) {
        self.parameter(&raw.resource_parameter, "resource-parameter");
    }
}

fn is_token_audience(endpoint: &str, audience: &str) -> bool {
    let origin = Url::parse(endpoint).map(|url| url.origin().ascii_serialization());
    endpoint == audience || origin.is_ok_and(|origin| origin == audience)
}
