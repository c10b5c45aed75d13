//! The answers in which the host may read who somebody is.

use crate::plugin::description::{Role, Source};
use crate::plugin::transcript::Series;
use serde_json::Value;
use std::collections::BTreeMap;

/// The pieces of evidence, as the provider sent them.
pub(super) struct Sources {
    token_response: Value,
    userinfo: BTreeMap<String, Value>,
}

impl Sources {
    /// Of a series that has ended: the first good answer of each `userinfo` endpoint that was asked
    /// with the first access token. Nothing else can prove a subject or an e-mail.
    pub(super) fn of(series: &Series<'_>, token_response: &Value) -> Self {
        let mut userinfo = BTreeMap::new();
        for (place, kept) in series.kept.iter().enumerate() {
            let good = kept.role == Role::Userinfo
                && (200..300).contains(&kept.status)
                && kept.carries == ["access_token"];
            if let Some(answer) = series.vault.answer(place).filter(|_| good) {
                userinfo
                    .entry(kept.endpoint.clone())
                    .or_insert_with(|| answer.clone());
            }
        }
        Self {
            token_response: token_response.clone(),
            userinfo,
        }
    }

    /// The evidence at a source, the ID token's claims aside.
    pub(super) fn get(&self, source: &Source) -> Option<&Value> {
        match source {
            Source::IdToken => None,
            Source::TokenResponse => Some(&self.token_response),
            Source::Endpoint(name) => self.userinfo.get(name),
        }
    }
}
