//! A description in words, for the operator who must decide whether to trust it.

use super::{ClientAuthentication, Description, Endpoint, Placement, Relaxation, Renewal, Role};
use std::collections::BTreeMap;

impl Description {
    /// What the component may do, one sentence a line.
    pub fn explain(&self) -> Vec<String> {
        let mut lines = vec![self.issuer_line()];
        lines.extend(self.reach_lines());
        lines.push(self.client_line());
        lines.push(self.subject_line());
        lines.extend(self.email_lines());
        lines.push(self.renewal_line());
        if !self.reveal.is_empty() {
            lines.push(format!("may read of token answers: {}", join(&self.reveal)));
        }
        if !self.callback.keep.is_empty() {
            lines.push(format!(
                "is given these unsigned parameters of the callback: {}",
                join(&self.callback.keep)
            ));
        }
        lines.extend(
            self.relax
                .iter()
                .map(|relaxation| relaxed(*relaxation).to_owned()),
        );
        lines
    }

    fn issuer_line(&self) -> String {
        let issuer = &self.issuer;
        let mut line = format!("users are those of {}", issuer.identifier);
        if !issuer.aliases.is_empty() {
            line += &format!(", also known as {}", join(&issuer.aliases));
        }
        if let Some(template) = issuer.template() {
            let claim = template.claim;
            line += &match (issuer.allow.is_empty(), issuer.deny.is_empty()) {
                (true, true) => format!(", with any {claim}"),
                (false, true) => format!(", where {claim} is one of {}", join(&issuer.allow)),
                (true, false) => format!(", where {claim} is none of {}", join(&issuer.deny)),
                (false, false) => format!(
                    ", where {claim} is one of {} and none of {}",
                    join(&issuer.allow),
                    join(&issuer.deny)
                ),
            };
        }
        line
    }

    fn reach_lines(&self) -> Vec<String> {
        let mut by_origin: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, endpoint) in &self.endpoints {
            by_origin
                .entry(endpoint.url.origin().ascii_serialization())
                .or_default()
                .push(reach(name, endpoint));
        }
        let mut lines: Vec<String> = by_origin
            .into_iter()
            .map(|(origin, uses)| format!("reaches {origin}: {}", uses.join("; ")))
            .collect();
        if let Some(metadata) = &self.issuer.metadata {
            lines.push(format!(
                "takes keys and the standard endpoints that are not listed from {metadata}"
            ));
        }
        lines
    }

    fn client_line(&self) -> String {
        let ways: Vec<&str> = self
            .client
            .authentication
            .iter()
            .map(|way| match way {
                ClientAuthentication::None => "not at all (public client)",
                ClientAuthentication::Basic => "client_secret_basic",
                ClientAuthentication::Post => "client_secret_post",
                ClientAuthentication::PrivateKeyJwt => "private_key_jwt",
                ClientAuthentication::SecretJwt => "client_secret_jwt",
                ClientAuthentication::SignedSecret => "a client secret signed by Celadon",
            })
            .collect();
        format!("Celadon authenticates by {}", ways.join(", or "))
    }

    fn subject_line(&self) -> String {
        let subject = &self.subject;
        format!("subject from {} at {}", subject.source, join(&subject.at))
    }

    fn email_lines(&self) -> Vec<String> {
        if self.emails.is_empty() {
            return vec!["e-mail from nowhere".to_owned()];
        }
        self.emails
            .iter()
            .map(|email| {
                let proof = match &email.verified {
                    None => "never verified".to_owned(),
                    Some(place) if *place == email.address => "verified by being there".to_owned(),
                    Some(place) => format!("verified where {place} says so"),
                };
                format!("e-mail from {} at {}, {proof}", email.source, email.address)
            })
            .collect()
    }

    fn renewal_line(&self) -> String {
        match self.renewal {
            Renewal::None => "tokens are not renewed",
            Renewal::Reusable => "tokens are renewed by a refresh token that may be sent again",
            Renewal::SingleUse => {
                "tokens are renewed by a refresh token that is spent by sending it"
            }
            Renewal::AccessToken => "tokens are renewed by the access token itself",
        }
        .to_owned()
    }
}

fn reach(name: &str, endpoint: &Endpoint) -> String {
    let what = match endpoint.role {
        Role::Authorization => "sends browsers to",
        Role::Token => "sends codes, refresh tokens and the client's authentication to",
        Role::Revocation => "withdraws tokens at",
        Role::Userinfo => "asks about the user at",
        Role::Resource => "sends the access token and text of its own to",
        Role::PushedAuthorization => "pushes authorization requests to",
        Role::DeviceAuthorization => "begins device logins at",
        Role::Introspection => "asks about tokens at",
        Role::EndSession => "sends browsers to sign out to",
    };
    let query = endpoint
        .url
        .query()
        .map_or(String::new(), |query| format!("?{query}"));
    let bearer = match &endpoint.bearer {
        Placement::Header => String::new(),
        Placement::Query(parameter) => format!(" with the token in the query as {parameter}"),
        Placement::Form(parameter) => format!(" with the token in the form as {parameter}"),
    };
    format!("{what} {}{query} ({name}){bearer}", endpoint.url.path())
}

fn relaxed(relaxation: Relaxation) -> &'static str {
    match relaxation {
        Relaxation::NoPkce => "RELAXED no-pkce: a stolen code is not bound to the login",
        Relaxation::NoNonce => "RELAXED no-nonce: an ID token is not bound to the login",
        Relaxation::SecretsInQuery => {
            "RELAXED secrets-in-query: credentials stand in URLs, which servers log"
        }
        Relaxation::Hs256IdToken => {
            "RELAXED hs256-id-token: whoever has the client secret can make ID tokens"
        }
    }
}

fn join<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let texts: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    texts.join(", ")
}
