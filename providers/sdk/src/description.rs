//! The description: what Celadon knows of a provider before a login, and what the operator approves.

use crate::Endpoint;
use crate::wire::{
    self, ClientAuthentication, EmailSource, Relaxation, Renewal, ResponseMode, Role,
    ScopeParameter, Subject,
};

/// Everything that Celadon must know before a login.
///
/// Begin with [`Description::oidc`] or [`Description::oauth2`] and say what differs.
#[derive(Clone, Debug)]
#[must_use]
pub struct Description(wire::Description);

impl Description {
    /// An OpenID Connect provider: metadata at the well-known place under its issuer, an ID token
    /// whose `sub` is the subject, any client authentication, and refresh tokens that are spent by
    /// use. Its endpoints come from the metadata and are called as their roles.
    pub fn oidc(issuer: impl Into<String>) -> Self {
        let issuer = issuer.into();
        let metadata = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let mut description = Self::bare(issuer);
        description.0.id_token = true;
        description.0.client.authentication = vec![
            ClientAuthentication::PrivateKeyJwt,
            ClientAuthentication::Basic,
            ClientAuthentication::Post,
            ClientAuthentication::SecretJwt,
            ClientAuthentication::None,
        ];
        description.0.subject.source = String::from("id-token");
        description.0.subject.at = vec![String::from("/sub")];
        description.metadata(metadata)
    }

    /// A plain OAuth 2.0 provider, by the origin that names it. It needs `authorization`, `token` and
    /// a [`subject`](Self::subject).
    pub fn oauth2(identifier: impl Into<String>) -> Self {
        Self::bare(identifier.into())
    }

    fn bare(identifier: String) -> Self {
        Self(wire::Description {
            issuer: wire::Issuer {
                identifier,
                aliases: Vec::new(),
                allow: Vec::new(),
                deny: Vec::new(),
                metadata: None,
                metadata_issuer: None,
            },
            endpoints: Vec::new(),
            client: wire::Client {
                authentication: vec![ClientAuthentication::Basic, ClientAuthentication::Post],
                id_parameter: String::from("client_id"),
                secret_parameter: String::from("client_secret"),
                signed_secret: None,
            },
            callback: wire::Callback {
                mode: ResponseMode::Query,
                code_parameter: String::from("code"),
                keep: Vec::new(),
                issuers: Vec::new(),
            },
            scopes: vec![scope_parameter(("scope", " ", ""))],
            resource_parameter: String::from("resource"),
            id_token: false,
            subject: Subject {
                source: String::new(),
                at: Vec::new(),
            },
            emails: Vec::new(),
            renewal: Renewal::SingleUse,
            reveal: Vec::new(),
            logout: None,
            relax: Vec::new(),
        })
    }

    /// The URL of the metadata.
    pub fn metadata(mut self, url: impl Into<String>) -> Self {
        self.0.issuer.metadata = Some(url.into());
        self
    }

    /// `issuer` in the metadata, where it is not the identifier.
    pub fn metadata_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.0.issuer.metadata_issuer = Some(issuer.into());
        self
    }

    /// Another `iss` that means the same issuer.
    pub fn alias(mut self, issuer: impl Into<String>) -> Self {
        self.0.issuer.aliases.push(issuer.into());
        self
    }

    /// The values that the `{claim}` of the issuer may have; none: all that are not denied.
    pub fn allow(mut self, values: impl IntoIterator<Item = String>) -> Self {
        self.0.issuer.allow.extend(values);
        self
    }

    /// Values that the `{claim}` of the issuer must not have.
    pub fn deny(mut self, values: impl IntoIterator<Item = String>) -> Self {
        self.0.issuer.deny.extend(values);
        self
    }

    /// Where the browser goes; called `authorization`.
    pub fn authorization(self, url: impl Into<String>) -> Self {
        self.endpoint(Endpoint::new("authorization", Role::Authorization, url))
    }

    /// Where tokens are had; called `token`.
    pub fn token(self, url: impl Into<String>) -> Self {
        self.endpoint(Endpoint::new("token", Role::Token, url))
    }

    /// Where tokens are withdrawn; called `revocation`.
    pub fn revocation(self, url: impl Into<String>) -> Self {
        self.endpoint(Endpoint::new("revocation", Role::Revocation, url))
    }

    /// Tells of the token's owner, and can prove subject and e-mail. It takes no query and no body.
    pub fn userinfo(self, name: &str, url: impl Into<String>) -> Self {
        self.endpoint(Endpoint::new(name, Role::Userinfo, url))
    }

    /// Other data for the access token. It proves nothing.
    pub fn resource(self, name: &str, url: impl Into<String>) -> Self {
        self.endpoint(Endpoint::new(name, Role::Resource, url))
    }

    /// Any endpoint.
    pub fn endpoint(mut self, endpoint: Endpoint) -> Self {
        self.0.endpoints.push(endpoint.into_wire());
        self
    }

    /// How the client authenticates, best first.
    pub fn authentication(mut self, methods: &[ClientAuthentication]) -> Self {
        self.0.client.authentication = methods.to_vec();
        self
    }

    /// The parameters' names, if not `client_id` and `client_secret`.
    pub fn client_parameters(mut self, id: &str, secret: &str) -> Self {
        self.0.client.id_parameter = id.to_owned();
        self.0.client.secret_parameter = secret.to_owned();
        self
    }

    /// The client secret is a JWT of this `iss` and `aud` that lives so many seconds, signed by
    /// Celadon with the operator's key.
    pub fn signed_secret(mut self, issuer: &str, audience: &str, lifetime: u32) -> Self {
        self.0.client.signed_secret = Some(wire::SignedSecret {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            lifetime,
        });
        self.authentication(&[ClientAuthentication::SignedSecret])
    }

    /// The callback comes as a form post.
    pub fn form_post(mut self) -> Self {
        self.0.callback.mode = ResponseMode::FormPost;
        self
    }

    /// The callback's parameter with the code, if not `code`.
    pub fn callback_code(mut self, parameter: &str) -> Self {
        self.0.callback.code_parameter = parameter.to_owned();
        self
    }

    /// Keeps a parameter of the callback. Unsigned: whoever holds the browser chose it.
    pub fn callback_keep(mut self, parameter: &str) -> Self {
        self.0.callback.keep.push(parameter.to_owned());
        self
    }

    /// A right value of the callback's `iss`, in the place of the issuer's identifier.
    pub fn callback_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.0.callback.issuers.push(issuer.into());
        self
    }

    /// How scopes are sent, if not in `scope` with spaces: parameter, separator, and the prefix (cut
    /// off) of the scopes that go there. The first match wins.
    pub fn scopes(mut self, parameters: &[(&str, &str, &str)]) -> Self {
        self.0.scopes = parameters.iter().copied().map(scope_parameter).collect();
        self
    }

    /// The parameter of the configured resources, if not `resource`.
    pub fn resource_parameter(mut self, name: &str) -> Self {
        self.0.resource_parameter = name.to_owned();
        self
    }

    /// Whether an ID token must come with the code's tokens.
    pub fn id_token(mut self, required: bool) -> Self {
        self.0.id_token = required;
        self
    }

    /// Where the stable, never reassigned id of a user stands: `id-token`, `token-response` or a
    /// `userinfo` endpoint, and the pointers of its parts.
    pub fn subject(mut self, source: &str, at: &[&str]) -> Self {
        self.0.subject = Subject {
            source: source.to_owned(),
            at: at.iter().map(|&pointer| pointer.to_owned()).collect(),
        };
        self
    }

    /// A place that may prove an e-mail address, and the pointer that says whether it is verified.
    /// One segment may be `*`, the same index in both.
    pub fn email(mut self, source: &str, address: &str, verified: Option<&str>) -> Self {
        self.0.emails.push(EmailSource {
            source: source.to_owned(),
            address: address.to_owned(),
            verified: verified.map(str::to_owned),
        });
        self
    }

    /// How tokens are renewed.
    pub fn renewal(mut self, renewal: Renewal) -> Self {
        self.0.renewal = renewal;
        self
    }

    /// A string in token answers that is no credential and may be shown to this component.
    pub fn reveal(mut self, pointer: &str) -> Self {
        self.0.reveal.push(pointer.to_owned());
        self
    }

    /// Logout at the provider: an `end-session` endpoint, the parameter of the way back, and whether
    /// it takes `id_token_hint`.
    pub fn logout(mut self, endpoint: &str, return_parameter: &str, hint: bool) -> Self {
        self.0.logout = Some(wire::Logout {
            endpoint: endpoint.to_owned(),
            return_parameter: return_parameter.to_owned(),
            hint,
        });
        self
    }

    /// Asks Celadon to do without a check. Only the operator can grant it.
    pub fn relax(mut self, relaxation: Relaxation) -> Self {
        self.0.relax.push(relaxation);
        self
    }

    pub(crate) fn first_revocation(&self) -> Option<String> {
        self.0
            .endpoints
            .iter()
            .find(|endpoint| endpoint.role == Role::Revocation)
            .map(|endpoint| endpoint.name.clone())
    }

    #[doc(hidden)]
    pub fn into_wire(self) -> wire::Description {
        self.0
    }
}

fn scope_parameter((name, separator, prefix): (&str, &str, &str)) -> ScopeParameter {
    ScopeParameter {
        name: name.to_owned(),
        separator: separator.to_owned(),
        prefix: prefix.to_owned(),
    }
}
