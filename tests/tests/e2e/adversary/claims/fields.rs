//! Token requests whose fields are the host's.

use super::{Claim, each_refused, plugin_failed, refused};
use crate::adversary::Subject;
use celadon_test_adversary::Attack;
const FIELDS: &str = "names that only the host writes, in any spelling (`plugin/fields.rs`)";

/// Names in a token request that are the host's.
const HOST_FIELDS: [&str; 17] = [
    "grant_type",
    "GRANT_TYPE",
    "redirect_uri",
    "Redirect_Uri",
    "code_verifier",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "scope",
    "resource",
    "request_uri",
    "response_type",
    "state",
    "grant.type",
    "grant_type[]",
    "redirect[uri",
];

pub fn token_field(attack: Attack) -> Claim {
    Claim::of(
        Subject::Fields,
        FIELDS,
        each_refused(
            attack,
            &HOST_FIELDS,
            "sets a parameter that only the host writes",
            plugin_failed,
        ),
    )
}

pub fn token_field_in_json(attack: Attack) -> Claim {
    Claim::of(
        Subject::Fields,
        FIELDS,
        each_refused(
            attack,
            &HOST_FIELDS,
            "sets a parameter that only the host writes",
            plugin_failed,
        ),
    )
}

pub fn field_twice(attack: Attack) -> Claim {
    Claim::of(
        Subject::Fields,
        FIELDS,
        refused(attack, "sets one parameter twice"),
    )
}

pub fn document_to_token(attack: Attack) -> Claim {
    Claim::of(
        Subject::Fields,
        "documents are for resources (`plugin/request.rs`)",
        refused(attack, "sends a body that this endpoint cannot have"),
    )
}
