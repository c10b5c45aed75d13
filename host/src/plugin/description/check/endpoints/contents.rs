//! What a request to an endpoint always carries: headers, body, query, and where its token goes.

use super::super::{Checker, quoted};
use crate::plugin::bindings;
use crate::plugin::description::{Placement, Role, names};
use crate::plugin::json;
use std::collections::{BTreeMap, BTreeSet};
use url::Url;

const MAX_FIXED_QUERY: usize = 32;
const MAX_FIXED_BODY: usize = 16 << 10;

impl Checker<'_> {
    pub(super) fn headers(
        &mut self,
        raw: &[bindings::Parameter],
        at: &str,
    ) -> BTreeMap<String, String> {
        let mut headers = BTreeMap::new();
        let list = format!("{at}.headers");
        for (index, header) in self.bounded(raw, &list).iter().enumerate() {
            let at = format!("{list}[{index}]");
            let name = header.name.to_ascii_lowercase();
            self.ensure(
                names::is_fixed_header(&name),
                &at,
                format_args!(
                    "{} is a header that only the host may write, or none",
                    quoted(&header.name)
                ),
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

    pub(super) fn bearer(&mut self, raw: &bindings::Endpoint, at: &str) -> Placement {
        let at = format!("{at}.bearer");
        let takes_bearer = matches!(
            Role::from(raw.role),
            Role::Userinfo | Role::Resource | Role::Revocation | Role::Token
        );
        let is_header = matches!(raw.bearer, bindings::Placement::Header);
        self.ensure(
            takes_bearer || is_header,
            &at,
            "must be header: no bearer token goes there",
        );
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

    pub(super) fn proof(
        &mut self,
        raw: &bindings::Endpoint,
        whole: &bindings::Description,
        at: &str,
    ) {
        let Some(name) = &raw.proof else { return };
        let at = format!("{at}.proof");
        self.own_parameter(name, &at);
        let takes_bearer = matches!(
            Role::from(raw.role),
            Role::Userinfo | Role::Resource | Role::Revocation
        );
        self.ensure(takes_bearer, &at, "means nothing for this role");
        let is_bearer = match &raw.bearer {
            bindings::Placement::Query(other) | bindings::Placement::Form(other) => other == name,
            bindings::Placement::Header => false,
        };
        self.ensure(!is_bearer, &at, "is where the bearer token goes");
        let has_secret = whole.client.authentication.iter().any(|authentication| {
            matches!(
                authentication,
                bindings::ClientAuthentication::Basic | bindings::ClientAuthentication::Post
            )
        });
        self.ensure(
            has_secret,
            &at,
            "needs a client secret: `client.authentication` has neither basic nor post",
        );
    }

    /// A parameter of this endpoint alone: other endpoints may use the same name.
    fn own_parameter(&mut self, name: &str, at: &str) {
        let is_right = names::is_parameter(name) && !names::is_protocol(name);
        self.ensure(
            is_right,
            at,
            format_args!("{} cannot be a parameter here", quoted(name)),
        );
    }

    pub(super) fn body(&mut self, raw: &bindings::Endpoint, at: &str) -> Option<serde_json::Value> {
        let text = raw.body.as_deref()?;
        let at = format!("{at}.body");
        let may = raw.method == bindings::Method::Post
            && matches!(Role::from(raw.role), Role::Userinfo | Role::Resource);
        self.ensure(may, &at, "needs method post and role userinfo or resource");
        self.ensure(text.len() <= MAX_FIXED_BODY, &at, "is longer than 16 KiB");
        match json::parse(text) {
            Ok(serde_json::Value::Null) => {
                self.mistake(&at, "is null, which is no body");
                None
            }
            Ok(value) if !is_lasting(&value) => {
                self.mistake(&at, "has a fraction of too many digits");
                None
            }
            Ok(value) => Some(value),
            Err(error) => {
                self.mistake(&at, format_args!("is {error}"));
                None
            }
        }
    }

    /// What the host writes into a request cannot be fixed in its URL, and nothing stands there twice.
    pub(super) fn fixed_query(
        &mut self,
        raw: &bindings::Endpoint,
        url: &Url,
        whole: &bindings::Description,
        at: &str,
    ) {
        let at = format!("{at}.url");
        let mut seen = BTreeSet::new();
        let written: Vec<&str> = written_by_host(raw, whole);
        for (name, _) in url.query_pairs().take(MAX_FIXED_QUERY) {
            let is_new = seen.insert(name.to_ascii_lowercase());
            self.ensure(
                is_new,
                &at,
                format_args!("has {} twice in its query", quoted(&name)),
            );
            // A token endpoint may fix its grant type; the host then adds none.
            let may = name == "grant_type" && Role::from(raw.role) == Role::Token;
            let is_host = names::is_protocol(&name)
                || written
                    .iter()
                    .any(|other| other.eq_ignore_ascii_case(&name));
            self.ensure(
                may || !is_host,
                &at,
                format_args!(
                    "has {} in its query, which only the host writes",
                    quoted(&name)
                ),
            );
        }
        self.ensure(
            url.query_pairs().count() <= MAX_FIXED_QUERY,
            &at,
            "has more than 32 parameters in its query",
        );
    }
}

fn written_by_host<'d>(
    raw: &'d bindings::Endpoint,
    whole: &'d bindings::Description,
) -> Vec<&'d str> {
    let mut names = vec!["client_secret", whole.client.secret_parameter.as_str()];
    match &raw.bearer {
        bindings::Placement::Query(name) | bindings::Placement::Form(name) => names.push(name),
        bindings::Placement::Header => {}
    }
    names.extend(raw.proof.as_deref());
    let carries_scopes = !matches!(Role::from(raw.role), Role::Userinfo | Role::Resource);
    if carries_scopes {
        names.extend([
            "client_id",
            "scope",
            &whole.client.id_parameter,
            &whole.resource_parameter,
        ]);
        names.extend(whole.scopes.iter().map(|scope| scope.name.as_str()));
        names.extend(["code", "refresh_token", "device_code"]);
    }
    names
}

/// Whether a value comes back from its canonical form as it was, as what an operator approves has to.
fn is_lasting(value: &serde_json::Value) -> bool {
    let canonical = json::canonical(value);
    json::parse(&canonical).is_ok_and(|again| json::canonical(&again) == canonical)
}
