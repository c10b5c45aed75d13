//! The link to the provider.

use super::{Claim, each, no_link, signed_in};
use crate::adversary::{Subject, adversary};
use crate::hostile::table::{PLUGIN_FAILED, Row};
use celadon_test_adversary::Attack;
use celadon_tests::liar::Lies;
const LINK: &str = "names that only the host writes, in any spelling (`steps/authorize.rs`)";

pub fn link_parameter(attack: Attack) -> Claim {
    Claim::of(Subject::Link, LINK, link_parameters(attack))
}

pub fn link_parameter_twice(attack: Attack) -> Claim {
    Claim::of(
        Subject::Link,
        LINK,
        no_link(attack, "the link has a parameter twice"),
    )
}

pub fn long_link(attack: Attack) -> Claim {
    Claim::of(
        Subject::Link,
        "16 KiB (`steps/authorize.rs`)",
        no_link(attack, "the link is longer than 16 KiB"),
    )
}

pub fn line_break_in_link(attack: Attack) -> Claim {
    let guest = adversary(attack).link_has("a=b%0D%0Aset-cookie");
    Claim::of(
        Subject::Link,
        "the host writes the query (`steps/authorize.rs`)",
        signed_in(attack, Lies::none(), guest),
    )
}

fn link_parameters(attack: Attack) -> Vec<Row> {
    each(
        attack,
        &[
            "redirect_uri",
            "Redirect_URI",
            "state",
            "STATE",
            "nonce",
            "scope",
            "response_type",
            "response_mode",
            "code_challenge",
            "code_challenge_method",
            "client_id",
            "client_secret",
            "request",
            "request_uri",
            "registration",
            "code",
            "resource",
            "dpop_jkt",
            "redirect.uri",
            "redirect[uri",
            "redirect_uri[]",
            "code.challenge.method",
        ],
        |guest, _| guest.problem_says("adds a parameter to the link that only the host writes"),
        |row| row.no_link(PLUGIN_FAILED),
    )
}
