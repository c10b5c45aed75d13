//! Search attributes of a login: what an operator may list logins by.
//!
//! Temporal keeps them in the open, outside the payload codec, so there is nothing of a user in
//! them: the provider, which is configuration, and the outcome, which is one of five words. A
//! namespace may lack them: the host gives them at the start where it has them, and a workflow that
//! began without them goes on without. That is decided by its first event, so it replays.

use crate::types::{Outcome, ProviderName};
use temporalio_common::search_attributes::{SearchAttributeKey, SearchAttributes};
use temporalio_sdk::WorkflowContext;

/// The provider's configured name.
pub const PROVIDER: SearchAttributeKey<String> = SearchAttributeKey::keyword("CeladonProvider");
/// `pending`, then [`Outcome::as_str`].
pub const OUTCOME: SearchAttributeKey<String> = SearchAttributeKey::keyword("CeladonOutcome");

/// The outcome of a login that has none yet.
const PENDING: &str = "pending";

/// Those of a login that begins.
pub fn begun(provider: &ProviderName) -> SearchAttributes {
    SearchAttributes::new([
        PROVIDER.value_set(provider.to_string()),
        OUTCOME.value_set(PENDING.to_owned()),
    ])
}

/// Notes how a login ended, if it began with [`OUTCOME`].
pub(crate) fn note<W>(ctx: &WorkflowContext<W>, outcome: &Outcome) {
    if ctx.search_attributes().contains_key(&OUTCOME) {
        ctx.upsert_search_attributes([OUTCOME.value_set(outcome.as_str().to_owned())]);
    }
}
