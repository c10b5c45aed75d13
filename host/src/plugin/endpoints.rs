//! The endpoints that a component may name: those of its description, and those of the metadata
//! under the names of their roles.

use super::description::{Description, Endpoint, Method, Placement, Role};
use crate::oidc::metadata::ProviderMetadata;
use std::collections::BTreeMap;
use url::Url;

/// What a name means.
pub enum Found {
    /// An endpoint.
    Endpoint(Box<Endpoint>),
    /// A role's name that neither description nor metadata has an endpoint for.
    Missing(Role),
    /// Nothing.
    Unknown,
}

/// The endpoints of one provider.
#[derive(Clone, Copy)]
pub struct Endpoints<'a> {
    /// Approved.
    pub description: &'a Description,
    /// Discovered.
    pub metadata: Option<&'a ProviderMetadata>,
}

impl Endpoints<'_> {
    /// The endpoint of this name.
    pub fn find(&self, name: &str) -> Found {
        if let Some(own) = self.description.endpoints.get(name) {
            return Found::Endpoint(Box::new(own.clone()));
        }
        let Some(role) = Role::standard(name) else {
            return Found::Unknown;
        };
        match self
            .metadata
            .and_then(|metadata| discovered(metadata, role))
        {
            Some(url) => Found::Endpoint(Box::new(standard(role, url))),
            None => Found::Missing(role),
        }
    }

    /// The role behind a name, if the name means anything.
    pub fn role_of(&self, name: &str) -> Option<Role> {
        match self.find(name) {
            Found::Endpoint(endpoint) => Some(endpoint.role),
            Found::Missing(role) => Some(role),
            Found::Unknown => None,
        }
    }

    /// The endpoint with a role that only the host uses: of the description, else of the metadata.
    pub fn with_role(&self, role: Role) -> Option<Endpoint> {
        let own = self
            .description
            .endpoints
            .values()
            .find(|own| own.role == role);
        own.cloned().or_else(|| {
            let url = self
                .metadata
                .and_then(|metadata| discovered(metadata, role))?;
            Some(standard(role, url))
        })
    }
}

/// An endpoint of the metadata, called as the RFCs say.
fn standard(role: Role, url: &Url) -> Endpoint {
    Endpoint {
        role,
        method: match role {
            Role::Authorization | Role::Userinfo | Role::EndSession => Method::Get,
            _ => Method::Post,
        },
        url: url.clone(),
        headers: BTreeMap::new(),
        body: None,
        bearer: Placement::Header,
        proof: None,
    }
}

fn discovered(metadata: &ProviderMetadata, role: Role) -> Option<&Url> {
    match role {
        Role::Authorization => metadata.authorization_endpoint.as_ref(),
        Role::Token => metadata.token_endpoint.as_ref(),
        Role::Revocation => metadata.revocation_endpoint.as_ref(),
        Role::Userinfo => metadata.userinfo_endpoint.as_ref(),
        Role::PushedAuthorization => metadata.pushed_authorization_request_endpoint.as_ref(),
        Role::DeviceAuthorization => metadata.device_authorization_endpoint.as_ref(),
        Role::Introspection => metadata.introspection_endpoint.as_ref(),
        Role::EndSession => metadata.end_session_endpoint.as_ref(),
        Role::Resource => None,
    }
}
