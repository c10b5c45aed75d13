//! Where a description says that subject and e-mail stand.

use super::Pointer;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The verified claims of the ID token.
    IdToken,
    /// The answer in which the first token stood.
    TokenResponse,
    /// The answer of a `userinfo` endpoint of that name.
    Endpoint(String),
}

impl Source {
    /// Reads a source as the contract writes it.
    pub fn from_name(name: &str) -> Self {
        match name {
            "id-token" => Self::IdToken,
            "token-response" => Self::TokenResponse,
            endpoint => Self::Endpoint(endpoint.to_owned()),
        }
    }

    /// As the contract writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::IdToken => "id-token",
            Self::TokenResponse => "token-response",
            Self::Endpoint(name) => name,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Ok(Self::from_name(&name))
    }
}

/// Where the user's id stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// In what.
    pub source: Source,
    /// At which places, joined; never empty, never with `*`.
    pub at: Vec<Pointer>,
}

/// Where an e-mail address may stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailSource {
    /// In what.
    pub source: Source,
    /// At which place.
    pub address: Pointer,
    /// At which place it says that the address is verified.
    pub verified: Option<Pointer>,
}
