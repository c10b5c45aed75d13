//! Whose tokens, and who it is.

use super::{Claim, each, refused_later, signed_in};
use crate::adversary::{Subject, adversary};
use crate::hostile::table::{PLUGIN_FAILED, Row};
use celadon_test_adversary::Attack;
use celadon_tests::liar::Lies;
use celadon_tests::liar::Place::{Collector, Token};
const DESCENT: &str = "a token must descend from the code (`plugin/transcript.rs`)";
const EVIDENCE: &str = "the host reads who it is itself (`steps/identify/finding.rs`)";

pub fn foreign_grant(attack: Attack) -> Claim {
    Claim::of(Subject::Identity, DESCENT, without_code(attack))
}

pub fn token_of_resource(attack: Attack) -> Claim {
    Claim::of(Subject::Identity, DESCENT, token_of_collector(attack))
}

pub fn token_of_error(attack: Attack) -> Claim {
    Claim::of(
        Subject::Identity,
        DESCENT,
        refused_later(
            attack,
            Lies::none().status(Token, 400),
            "its token stands in no answer to this grant",
        ),
    )
}

pub fn many_tokens(attack: Attack) -> Claim {
    Claim::of(
        Subject::Identity,
        "8 tokens (`steps/exchange.rs`)",
        refused_later(attack, Lies::none(), "more than 8 tokens"),
    )
}

pub fn forged_subject(attack: Attack) -> Claim {
    Claim::of(
        Subject::Identity,
        EVIDENCE,
        signed_in(attack, Lies::none(), adversary(attack)),
    )
}

pub fn forged_email(attack: Attack) -> Claim {
    Claim::of(Subject::Identity, EVIDENCE, forged_emails(attack))
}

pub fn picture_of_server(attack: Attack) -> Claim {
    Claim::of(
        Subject::Identity,
        "the server fetches no picture (`steps/identify/profile.rs`)",
        signed_in(attack, Lies::none(), adversary(attack)),
    )
}

pub fn markup_in_name(attack: Attack) -> Claim {
    Claim::of(
        Subject::Identity,
        "templates escape; `<` in JSON too (`web.rs`, `http/json.rs`)",
        signed_in(attack, Lies::none(), adversary(attack)),
    )
}

fn without_code(attack: Attack) -> Vec<Row> {
    // The provider gives tokens for whatever it was asked; that request came without the code.
    refused_later(
        attack,
        Lies::none(),
        "its token stands in no answer to this grant",
    )
}

fn token_of_collector(attack: Attack) -> Vec<Row> {
    let lies = Lies::none().edit(Collector, |answer, _| {
        answer["access_token"] = "a-token-of-mallory's".into();
        answer["id_token"] = "an.id.token".into();
    });
    refused_later(attack, lies, "its token stands in no answer to this grant")
}

fn forged_emails(attack: Attack) -> Vec<Row> {
    each(
        attack,
        &[
            "userinfo /name",
            "id-token /sub",
            "token-response /email",
            "collector /email",
            "userinfo /email/0",
            "nowhere /email",
        ],
        |guest, _| {
            guest.problem_says("names a place for the e-mail that its description does not have")
        },
        |row| row.refused(PLUGIN_FAILED),
    )
}
