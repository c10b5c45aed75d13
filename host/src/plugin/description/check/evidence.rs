//! Where subject and e-mail stand, what of a token answer may be read, and how to sign out.

use super::{Checker, quoted};
use crate::plugin::bindings;
use crate::plugin::description::{EmailSource, Logout, Pointer, Role, Source, Subject, names};
use std::collections::BTreeSet;
use std::fmt;

/// Members of token answers that are credentials under any provider.
const CREDENTIALS: [&str; 9] = [
    "access_token",
    "refresh_token",
    "id_token",
    "code",
    "device_code",
    "client_secret",
    "password",
    "assertion",
    "registration_access_token",
];

impl Checker<'_> {
    pub(super) fn subject(&mut self, raw: &bindings::Description) -> Option<Subject> {
        let source = Source::from_name(&raw.subject.source);
        self.source(&source, raw, "subject.source");
        let mut at = Vec::new();
        for (index, text) in self
            .bounded(&raw.subject.at, "subject.at")
            .iter()
            .enumerate()
        {
            let field = format!("subject.at[{index}]");
            let Some(pointer) = self.pointer(text, &field) else {
                continue;
            };
            self.ensure(!pointer.has_star(), &field, "must be one place: no `*`");
            self.ensure(!at.contains(&pointer), &field, "is there twice");
            at.push(pointer);
        }
        self.ensure(
            !raw.subject.at.is_empty(),
            "subject.at",
            "must name a place",
        );
        Some(Subject { source, at })
    }

    pub(super) fn emails(&mut self, raw: &bindings::Description) -> Vec<EmailSource> {
        let mut emails = Vec::new();
        for (index, email) in self.bounded(&raw.emails, "emails").iter().enumerate() {
            let at = format!("emails[{index}]");
            let source = Source::from_name(&email.source);
            // What only the token endpoint says of an e-mail is no proof of who reads it.
            let is_token = source == Source::TokenResponse;
            self.ensure(
                !is_token,
                format_args!("{at}.source"),
                "must be `id-token` or a userinfo endpoint",
            );
            self.source(&source, raw, &format!("{at}.source"));
            let address = self.pointer(&email.address, &format!("{at}.address"));
            let verified = email
                .verified
                .as_deref()
                .and_then(|text| self.pointer(text, &format!("{at}.verified")));
            let Some(address) = address else { continue };
            if let Some(verified) = &verified {
                self.same_item(&address, verified, &at);
            }
            emails.push(EmailSource {
                source,
                address,
                verified,
            });
        }
        emails
    }

    /// A star in `verified` stands for the index that `address` has, so both must mean one array.
    fn same_item(&mut self, address: &Pointer, verified: &Pointer, at: &str) {
        let holds = match verified.before_star() {
            None => true,
            Some(before) => address.before_star() == Some(before),
        };
        self.ensure(
            holds,
            format_args!("{at}.verified"),
            "has a `*` that does not stand where that of `address` stands",
        );
        let any_for_all = address.has_star() && !verified.has_star();
        self.ensure(
            !any_for_all,
            format_args!("{at}.verified"),
            "must have a `*` too: one place cannot verify every address of an array",
        );
    }

    pub(super) fn reveal(&mut self, raw: &bindings::Description) -> BTreeSet<Pointer> {
        let mut reveal = BTreeSet::new();
        for (index, text) in self.bounded(&raw.reveal, "reveal").iter().enumerate() {
            let at = format!("reveal[{index}]");
            let Some(pointer) = self.pointer(text, &at) else {
                continue;
            };
            let is_credential = pointer.segments().iter().any(|segment| {
                CREDENTIALS
                    .iter()
                    .any(|name| name.eq_ignore_ascii_case(segment))
            });
            self.ensure(
                !is_credential,
                &at,
                format_args!("{} is a credential", quoted(text)),
            );
            let is_new = reveal.insert(pointer);
            self.ensure(is_new, &at, "is there twice");
        }
        reveal
    }

    pub(super) fn logout(&mut self, raw: &bindings::Description) -> Option<Logout> {
        let logout = raw.logout.as_ref()?;
        let is_end_session = self.role_of(&logout.endpoint) == Some(Role::EndSession);
        self.ensure(
            is_end_session,
            "logout.endpoint",
            format_args!(
                "{} is no endpoint of role `end-session`",
                quoted(&logout.endpoint)
            ),
        );
        let name = logout.return_parameter.as_str();
        let is_free = names::is_parameter(name)
            && !names::is_protocol(name)
            && !name.eq_ignore_ascii_case(&raw.client.id_parameter);
        self.ensure(
            is_free,
            "logout.return-parameter",
            format_args!("{} cannot say where to return", quoted(name)),
        );
        self.ensure(
            !logout.hint || raw.id_token,
            "logout.hint",
            "needs an ID token, but `id-token` is false",
        );
        Some(Logout {
            endpoint: logout.endpoint.clone(),
            return_parameter: logout.return_parameter.clone(),
            hint: logout.hint,
        })
    }

    /// A source of evidence that there will be, and that can prove something.
    fn source(&mut self, source: &Source, raw: &bindings::Description, at: &str) {
        match source {
            Source::IdToken => self.ensure(
                raw.id_token,
                at,
                "is the ID token, but `id-token` is false: one that may be missing proves nothing",
            ),
            Source::TokenResponse => {}
            Source::Endpoint(name) => match self.role_of(name) {
                Some(Role::Userinfo) => {}
                Some(role) => self.mistake(
                    at,
                    format_args!(
                        "`{name}` has role `{}`: only userinfo proves anything",
                        role.as_str()
                    ),
                ),
                None => self.mistake(at, format_args!("{} is no endpoint", quoted(name))),
            },
        }
    }

    fn pointer(&mut self, text: &str, at: &(impl fmt::Display + ?Sized)) -> Option<Pointer> {
        match Pointer::parse(text) {
            Ok(pointer) => Some(pointer),
            Err(error) => {
                self.mistake(at, format_args!("{}: {error}", quoted(text)));
                None
            }
        }
    }
}
