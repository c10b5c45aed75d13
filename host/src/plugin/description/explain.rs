//! A description in words, for the operator who must decide whether to trust it.
//!
//! One fact, one line, and no fact without its words: two descriptions that differ have different
//! lines, so that a comparison of lines hides nothing. What is as usual (a code that is called
//! `code`) is left out. A component's own text is always a [`word`].

use super::{
    ClientAuthentication, Description, Endpoint, Placement, Relaxation, Renewal, ResponseMode,
    Role, ScopeParameter,
};
use crate::plain::word;
use crate::plugin::json;

impl Description {
    /// What the component may do, one sentence a line.
    pub fn explain(&self) -> Vec<String> {
        let mut lines = vec![self.issuer_line()];
        lines.extend(self.metadata_line());
        lines.extend(self.endpoints.iter().map(|(name, it)| reach(name, it)));
        lines.extend(self.client_lines());
        lines.extend(self.callback_lines());
        lines.extend(self.request_lines());
        lines.push(self.id_token_line().to_owned());
        lines.push(self.subject_line());
        lines.extend(self.email_lines());
        lines.push(self.renewal_line().to_owned());
        lines.extend(listed("may read of token answers:", &self.reveal));
        lines.extend(self.logout_line());
        lines.extend(self.relax.iter().map(|it| relaxed(*it).to_owned()));
        lines
    }

    fn issuer_line(&self) -> String {
        let issuer = &self.issuer;
        let mut line = format!("users are those of {}", word(&issuer.identifier));
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

    fn metadata_line(&self) -> Option<String> {
        let metadata = self.issuer.metadata.as_ref()?;
        let mut line = format!(
            "takes keys and the standard endpoints that are not listed from {}",
            word(metadata.as_str())
        );
        if let Some(issuer) = &self.issuer.metadata_issuer {
            line += &format!(", whose issuer is {}", word(issuer));
        }
        Some(line)
    }

    fn client_lines(&self) -> Vec<String> {
        let client = &self.client;
        let ways: Vec<&str> = client
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
        let mut lines = vec![format!("Celadon authenticates by {}", ways.join(", or "))];
        let names = (
            client.id_parameter.as_str(),
            client.secret_parameter.as_str(),
        );
        if names != ("client_id", "client_secret") {
            let (id, secret) = (word(names.0), word(names.1));
            lines.push(format!(
                "client id and client secret are called {id} and {secret}"
            ));
        }
        if let Some(signed) = &client.signed_secret {
            lines.push(format!(
                "client secrets are signed for {} in the name of {}, each good for {} s",
                word(&signed.audience),
                word(&signed.issuer),
                signed.lifetime
            ));
        }
        lines
    }

    fn callback_lines(&self) -> Vec<String> {
        let callback = &self.callback;
        let mut lines = Vec::new();
        if callback.mode == ResponseMode::FormPost {
            lines.push("the provider answers by form_post".to_owned());
        }
        if callback.code_parameter != "code" {
            let name = word(&callback.code_parameter);
            lines.push(format!("the code is called {name}"));
        }
        lines.extend(listed(
            "is given these unsigned parameters of the callback:",
            &callback.keep,
        ));
        lines.extend(listed("callbacks may have the iss", &callback.issuers));
        lines
    }

    /// How scopes and resources are sent, where it is not as RFC 6749 and RFC 8707 have it.
    fn request_lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let is_usual =
            |it: &ScopeParameter| it.name == "scope" && it.separator == " " && it.prefix.is_empty();
        if self.scopes.is_empty() {
            lines.push("no scopes are sent".to_owned());
        } else if self.scopes.len() > 1 || !self.scopes.iter().all(is_usual) {
            lines.extend(self.scopes.iter().map(|it| {
                format!(
                    "scopes that begin with {} are sent as {}, separated by {}",
                    word(&it.prefix),
                    word(&it.name),
                    word(&it.separator)
                )
            }));
        }
        if self.resource_parameter != "resource" {
            let name = word(&self.resource_parameter);
            lines.push(format!("resources are sent as {name}"));
        }
        lines
    }

    pub(super) fn id_token_line(&self) -> &'static str {
        if self.id_token {
            "a login needs a valid ID token"
        } else {
            "a login needs no ID token, and takes none"
        }
    }

    pub(super) fn subject_line(&self) -> String {
        let subject = &self.subject;
        let source = word(subject.source.as_str());
        format!("subject from {source} at {}", join(&subject.at))
    }

    fn email_lines(&self) -> Vec<String> {
        if self.emails.is_empty() {
            return vec!["e-mail from nowhere".to_owned()];
        }
        self.emails
            .iter()
            .map(|email| {
                let address = word(&email.address.to_string());
                let proof = match &email.verified {
                    None => "never verified".to_owned(),
                    Some(place) if *place == email.address => "verified by being there".to_owned(),
                    Some(place) => {
                        format!("verified where {} says so", word(&place.to_string()))
                    }
                };
                let source = word(email.source.as_str());
                format!("e-mail from {source} at {address}, {proof}")
            })
            .collect()
    }

    fn renewal_line(&self) -> &'static str {
        match self.renewal {
            Renewal::None => "tokens are not renewed",
            Renewal::Reusable => "tokens are renewed by a refresh token that may be sent again",
            Renewal::SingleUse => {
                "tokens are renewed by a refresh token that is spent by sending it"
            }
            Renewal::AccessToken => "tokens are renewed by the access token itself",
        }
    }

    fn logout_line(&self) -> Option<String> {
        let logout = self.logout.as_ref()?;
        let hint = if logout.hint {
            " and the ID token as a hint"
        } else {
            ""
        };
        Some(format!(
            "users are signed out at the endpoint {}, with the way back as {}{hint}",
            word(&logout.endpoint),
            word(&logout.return_parameter)
        ))
    }
}

pub(super) fn reach(name: &str, endpoint: &Endpoint) -> String {
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
    let url = &endpoint.url;
    let origin = url.origin().ascii_serialization();
    let query = url
        .query()
        .map_or(String::new(), |query| format!("?{query}"));
    let path = word(&format!("{}{query}", url.path()));
    let (name, method) = (word(name), endpoint.method.as_str());
    format!(
        "reaches {origin}: {what} {path} ({name}, {method}){}",
        sent(endpoint)
    )
}

/// What is sent to an endpoint besides the usual.
fn sent(endpoint: &Endpoint) -> String {
    let mut text = match &endpoint.bearer {
        Placement::Header => String::new(),
        Placement::Query(parameter) => {
            format!(" with the token in the query as {}", word(parameter))
        }
        Placement::Form(parameter) => format!(" with the token in the form as {}", word(parameter)),
    };
    for (name, value) in &endpoint.headers {
        text += &format!(", with the header {}: {}", word(name), word(value));
    }
    if let Some(body) = &endpoint.body {
        text += &format!(", with the body {}", word(&json::canonical(body)));
    }
    if let Some(proof) = &endpoint.proof {
        text += &format!(
            ", with the token's HMAC under the client secret as {}",
            word(proof)
        );
    }
    text
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

fn listed<'a, T: ToString + 'a>(
    what: &str,
    items: impl IntoIterator<Item = &'a T>,
) -> Option<String> {
    let joined = join(items);
    (!joined.is_empty()).then(|| format!("{what} {joined}"))
}

pub(super) fn join<'a, T: ToString + 'a>(items: impl IntoIterator<Item = &'a T>) -> String {
    let texts: Vec<String> = items
        .into_iter()
        .map(|item| word(&item.to_string()))
        .collect();
    texts.join(", ")
}
