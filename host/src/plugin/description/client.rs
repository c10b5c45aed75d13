//! The client of a description.

use crate::config;
use crate::plugin::bindings;
use serde::{Deserialize, Serialize};

/// How the client authenticates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Best first; never empty.
    pub authentication: Vec<ClientAuthentication>,
    /// Usually `client_id`.
    pub id_parameter: String,
    /// Usually `client_secret`.
    pub secret_parameter: String,
    /// There whenever `authentication` has [`ClientAuthentication::SignedSecret`].
    pub signed_secret: Option<SignedSecret>,
}

/// A way to authenticate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "documented in the WIT")]
pub enum ClientAuthentication {
    None,
    Basic,
    Post,
    PrivateKeyJwt,
    SignedSecret,
    SecretJwt,
}

impl From<bindings::ClientAuthentication> for ClientAuthentication {
    fn from(authentication: bindings::ClientAuthentication) -> Self {
        match authentication {
            bindings::ClientAuthentication::None => Self::None,
            bindings::ClientAuthentication::Basic => Self::Basic,
            bindings::ClientAuthentication::Post => Self::Post,
            bindings::ClientAuthentication::PrivateKeyJwt => Self::PrivateKeyJwt,
            bindings::ClientAuthentication::SignedSecret => Self::SignedSecret,
            bindings::ClientAuthentication::SecretJwt => Self::SecretJwt,
        }
    }
}

/// What a host-made client secret says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedSecret {
    /// Its `iss`.
    pub issuer: String,
    /// Its `aud`.
    pub audience: String,
    /// How long it lives, in seconds: 1 to 300.
    pub lifetime: u32,
}

impl From<config::ClientAuth> for ClientAuthentication {
    fn from(auth: config::ClientAuth) -> Self {
        match auth {
            config::ClientAuth::None => Self::None,
            config::ClientAuth::Basic => Self::Basic,
            config::ClientAuth::Post => Self::Post,
            config::ClientAuth::PrivateKeyJwt => Self::PrivateKeyJwt,
            config::ClientAuth::SignedSecret => Self::SignedSecret,
            config::ClientAuth::SecretJwt => Self::SecretJwt,
        }
    }
}
