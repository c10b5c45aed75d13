//! Credentials and addresses that a request may not have.

use super::{
    BOUNDS, Claim, collecting, each, each_refused, named, plugin_failed, refused, refused_later,
};
use crate::adversary::{Subject, adversary};
use crate::hostile::table::{NOT_GRANTED, PLUGIN_FAILED, Row, row};
use celadon_test_adversary::Attack;
use celadon_tests::liar::Lies;
use celadon_tests::liar::Place::Collector;
const TABLE: &str = "the table of credentials and roles (`plugin/request.rs`)";
const NAMES: &str = "names are places of one transcript; texts stay texts (`plugin/references.rs`)";
const ENDPOINTS: &str = "endpoints of the approved description, by name (`plugin/endpoints.rs`)";
const TRANSCRIPT: &str = "16 answers, 1 MiB (`plugin/transcript.rs`)";

const FORGED_NAMES: [&str; 11] = [
    "client_secret",
    "code_verifier",
    "id_token",
    "state",
    "nonce",
    "secret:0/access_token",
    "secret:7/code",
    "Code",
    "access_token:bot",
    "hidden",
    "subject_token",
];

const NO_ENDPOINTS: [&str; 6] = [
    "evil",
    "http://127.0.0.1/collect",
    "collector/../token",
    "collector?x=y",
    "Collector",
    "resource",
];

pub fn code_to_resource(attack: Attack) -> Claim {
    Claim::of(
        Subject::Request,
        TABLE,
        refused(
            attack,
            "puts a credential where the contract does not allow it",
        ),
    )
}

pub fn code_in_query(attack: Attack) -> Claim {
    Claim::of(Subject::Request, TABLE, secret_in_query(attack))
}

pub fn code_twice(attack: Attack) -> Claim {
    Claim::of(
        Subject::Request,
        TABLE,
        refused(attack, "sends the code a second time"),
    )
}

pub fn code_again(attack: Attack) -> Claim {
    Claim::of(
        Subject::Request,
        "a code goes out in one request, ever (`plugin/transcript.rs`)",
        refused_later(attack, Lies::none(), "sends the code a second time"),
    )
}

pub fn token_in_field(attack: Attack) -> Claim {
    Claim::of(Subject::Request, TABLE, field_of_resource(attack))
}

pub fn forged_name(attack: Attack) -> Claim {
    Claim::of(
        Subject::Request,
        NAMES,
        each_refused(
            attack,
            &FORGED_NAMES,
            "names a credential that does not exist",
            plugin_failed,
        ),
    )
}

pub fn name_as_text(attack: Attack) -> Claim {
    Claim::of(Subject::Request, NAMES, names_as_text(attack))
}

pub fn no_such_endpoint(attack: Attack) -> Claim {
    Claim::of(
        Subject::Request,
        ENDPOINTS,
        each_refused(
            attack,
            &NO_ENDPOINTS,
            "asks for an endpoint that its description does not have",
            plugin_failed,
        ),
    )
}

pub fn host_only_endpoint(attack: Attack) -> Claim {
    Claim::of(
        Subject::Request,
        ENDPOINTS,
        refused(attack, "asks for an endpoint that only the host may use"),
    )
}

pub fn query_contradicts(attack: Attack) -> Claim {
    Claim::of(
        Subject::Request,
        "only the query is the guest's, and it adds (`plugin/fields.rs`)",
        contradiction(attack),
    )
}

pub fn userinfo_of_another(attack: Attack) -> Claim {
    Claim::of(
        Subject::Request,
        "`userinfo` takes nothing from a guest (`plugin/request.rs`)",
        refused_later(attack, Lies::none(), "takes nothing but the token"),
    )
}

pub fn token_in_company(attack: Attack) -> Claim {
    Claim::of(
        Subject::Request,
        TRANSCRIPT,
        refused(attack, "has to go alone"),
    )
}

pub fn sends_nothing(attack: Attack) -> Claim {
    Claim::of(
        Subject::Request,
        BOUNDS,
        refused(attack, "no request in a step that sends"),
    )
}

pub fn too_many_at_once(attack: Attack) -> Claim {
    Claim::of(
        Subject::Request,
        BOUNDS,
        refused(attack, "more than 16 requests"),
    )
}

pub fn hundred_requests(attack: Attack) -> Claim {
    Claim::of(
        Subject::Request,
        TRANSCRIPT,
        flood(attack, Lies::none(), "asks for more than 16 answers"),
    )
}

pub fn big_transcript(attack: Attack) -> Claim {
    Claim::of(
        Subject::Request,
        TRANSCRIPT,
        flood(
            attack,
            fat_answers(),
            "its transcript is longer than 1048576 bytes",
        ),
    )
}

pub fn private(attack: Attack) -> Claim {
    Claim::of(
        Subject::Request,
        "only public addresses are dialled (`egress/addresses.rs`, `egress/resolver.rs`)",
        addresses(attack),
    )
}

fn secret_in_query(attack: Attack) -> Vec<Row> {
    let guest = collecting(attack).problem_says("needs the relaxation `secrets-in-query`");
    vec![
        named(attack, Lies::none(), guest)
            .refused(NOT_GRANTED)
            .codes(0),
    ]
}

fn field_of_resource(attack: Attack) -> Vec<Row> {
    let guest = collecting(attack)
        .problem_says("puts a credential where the contract does not allow it")
        .collects_at_most(0);
    vec![named(attack, Lies::none(), guest).refused(PLUGIN_FAILED)]
}

fn names_as_text(attack: Attack) -> Vec<Row> {
    each(
        attack,
        &[
            "code",
            "secret:1/access_token",
            "access_token",
            "client_secret",
        ],
        |guest, value| {
            let written: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
            guest.collects(format!("a={written}&b=x{written}y&"))
        },
        |row| row.signed_in_as("alice"),
    )
}

fn contradiction(attack: Attack) -> Vec<Row> {
    let guest = adversary(attack)
        .option("collector", "{issuer}/collect?fixed=1")
        .problem_says("contradicts the query of the endpoint's URL")
        .collects_at_most(0);
    vec![
        named(attack, Lies::none(), guest)
            .refused(PLUGIN_FAILED)
            .codes(0),
    ]
}

fn flood(attack: Attack, lies: Lies, says: &'static str) -> Vec<Row> {
    let guest = collecting(attack).problem_says(says).collects_at_most(16);
    vec![named(attack, lies, guest).refused(PLUGIN_FAILED).codes(0)]
}

fn fat_answers() -> Lies {
    Lies::none().edit(Collector, |answer, _| {
        answer["fat"] = "a".repeat(200_000).into()
    })
}

/// Addresses that nobody granted. Names and rebinding: host/src/egress/tests/reach.rs.
fn addresses(attack: Attack) -> Vec<Row> {
    let hosts = [
        "169.254.169.254",
        "10.0.0.1",
        "192.168.0.1",
        "172.16.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "0.0.0.0",
        "[::1]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[::ffff:a9fe:a9fe]",
        "[64:ff9b::a9fe:a9fe]",
        "255.255.255.255",
        "224.0.0.1",
    ];
    let rows = hosts.into_iter().enumerate().map(|(index, host)| {
        let guest = adversary(attack)
            .option("collector", format!("http://{host}/latest/meta-data"))
            .problem_says("endpoint `collector`: ");
        let name = format!("{}-{index}", attack.name());
        row(name, attack.tries(), Lies::none())
            .guest(guest)
            .refused(NOT_GRANTED)
            .codes(0)
    });
    rows.collect()
}
