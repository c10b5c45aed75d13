//! Who operates: the secret of `[operators]`, as `Bearer`, or as the password of `Basic` under any
//! name.
//!
//! Without the section nothing of theirs exists, and their addresses answer 404.

use super::address::ClientAddress;
use super::problem::{Problem, kinds};
use super::{Edge, clients};
use crate::config::Operators;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use subtle::Choice;

const CHALLENGE: &str = r#"Bearer realm="celadon operators", Basic realm="celadon operators""#;

/// The operators' section, or 404.
pub fn configured(edge: &Edge) -> Result<&Operators, Problem> {
    let operators = edge.web.config.operators.as_ref();
    operators.ok_or_else(|| Problem::new(&kinds::NOT_FOUND))
}

/// Lets an operator pass, and nobody else.
pub fn require(
    edge: &Edge,
    headers: &HeaderMap,
    ClientAddress(address): ClientAddress,
) -> Result<(), Problem> {
    let operators = configured(edge)?;
    let refused = || Problem::new(&kinds::OPERATOR_UNAUTHENTICATED).challenge(CHALLENGE);
    let header = headers.get(AUTHORIZATION).ok_or_else(refused)?;
    if holds(operators, header.to_str().unwrap_or_default()) {
        return Ok(());
    }
    edge.limits.wrong_credential(address)?;
    Err(refused())
}

/// A secret that cannot be read now lets nobody in.
fn holds(operators: &Operators, header: &str) -> bool {
    let secret = match operators.secret.read() {
        Ok(secret) => secret,
        Err(error) => {
            tracing::error!(%error, "the operators' secret cannot be read");
            return false;
        }
    };
    clients::presented(header)
        .iter()
        .map(|presented| presented.has(&secret))
        .fold(Choice::from(0), |any, one| any | one)
        .into()
}
