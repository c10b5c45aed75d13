//! What a guest does to the machine that it runs on.

use super::{BOUNDS, Claim, no_link, not_loaded, refused, refused_later, signed_in};
use crate::adversary::{Subject, adversary};
use celadon_test_adversary::Attack;
use celadon_tests::liar::Lies;
const DEADLINE: &str = "the CPU deadline of a call (`plugin/call/confinement.rs`)";
const MEMORY: &str =
    "the memory limit; a growth that fails is a crash (`plugin/call/confinement.rs`)";
const CRASH: &str = "an instance of its own for each call (`plugin/call.rs`)";
const OUTPUT: &str =
    "the limit of output, counted while it is copied (`plugin/call/confinement.rs`)";

pub fn loop_in_describe(attack: Attack) -> Claim {
    Claim::of(
        Subject::Machine,
        DEADLINE,
        not_loaded(attack, "did not answer within its deadline"),
    )
}

pub fn loop_in_authorize(attack: Attack) -> Claim {
    Claim::of(
        Subject::Machine,
        DEADLINE,
        no_link(attack, "did not answer within its deadline"),
    )
}

pub fn loop_in_obtain(attack: Attack) -> Claim {
    Claim::of(
        Subject::Machine,
        DEADLINE,
        refused(attack, "did not answer within its deadline"),
    )
}

pub fn loop_in_identify(attack: Attack) -> Claim {
    Claim::of(
        Subject::Machine,
        DEADLINE,
        refused_later(attack, Lies::none(), "did not answer within its deadline"),
    )
}

pub fn memory_bomb(attack: Attack) -> Claim {
    Claim::of(
        Subject::Machine,
        MEMORY,
        no_link(attack, "needs more memory than its limit allows"),
    )
}

pub fn nan_bits(attack: Attack) -> Claim {
    let guest = adversary(attack).link_has("nan=7ff8000000000000");
    Claim::of(
        Subject::Machine,
        "every NaN has the same bits (`plugin/engine/settings.rs`)",
        signed_in(attack, Lies::none(), guest),
    )
}

pub fn trap(attack: Attack) -> Claim {
    Claim::of(
        Subject::Machine,
        CRASH,
        no_link(attack, "the component crashed"),
    )
}

pub fn huge_string(attack: Attack) -> Claim {
    Claim::of(
        Subject::Machine,
        OUTPUT,
        no_link(attack, "the component's answer is too large"),
    )
}

pub fn long_list(attack: Attack) -> Claim {
    Claim::of(
        Subject::Machine,
        BOUNDS,
        no_link(attack, "more than 256 parameters"),
    )
}

pub fn deep_attributes(attack: Attack) -> Claim {
    Claim::of(
        Subject::Machine,
        BOUNDS,
        refused_later(
            attack,
            Lies::none(),
            "attributes that is not acceptable JSON",
        ),
    )
}

pub fn deep_document(attack: Attack) -> Claim {
    Claim::of(
        Subject::Machine,
        BOUNDS,
        refused(attack, "a document that is not acceptable JSON"),
    )
}

pub fn fat_attributes(attack: Attack) -> Claim {
    Claim::of(
        Subject::Machine,
        "64 KiB of attributes (`steps/identify/profile.rs`)",
        refused_later(
            attack,
            Lies::none(),
            "its attributes are larger than 64 KiB",
        ),
    )
}
