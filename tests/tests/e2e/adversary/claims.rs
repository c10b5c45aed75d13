//! What contains each attack that a guest can make, and how it ends.
//!
//! [`claim`] sends each attack to its subject's module; what rows have in common is here.

mod description;
mod fields;
mod identity;
mod link;
mod machine;
mod request;
mod way_out;

use super::{Subject, adversary};
use crate::hostile::guest::Guest;
use crate::hostile::table::{PLUGIN_FAILED, Row, row};
use celadon_test_adversary::Attack;
use celadon_tests::liar::Lies;

/// What is claimed of an attack.
pub struct Claim {
    pub subject: Subject,
    /// The rule, and where it is written.
    pub contained_by: &'static str,
    /// Every variant that is played.
    pub rows: Vec<Row>,
}

impl Claim {
    fn of(subject: Subject, contained_by: &'static str, rows: Vec<Row>) -> Self {
        Self {
            subject,
            contained_by,
            rows,
        }
    }
}

const BOUNDS: &str = "bounds on every list and text (`plugin/call/answer.rs`)";

/// What each attack is held to. There is no wildcard: an attack without a claim does not compile.
pub fn claim(attack: Attack) -> Claim {
    match attack {
        Attack::LoopInDescribe => machine::loop_in_describe(attack),
        Attack::LoopInAuthorize => machine::loop_in_authorize(attack),
        Attack::LoopInObtain => machine::loop_in_obtain(attack),
        Attack::LoopInIdentify => machine::loop_in_identify(attack),
        Attack::MemoryBomb | Attack::GrowAndGoOn => machine::memory_bomb(attack),
        Attack::NanBits => machine::nan_bits(attack),
        Attack::Trap | Attack::Panic => machine::trap(attack),
        Attack::HugeString | Attack::HugeList => machine::huge_string(attack),
        Attack::LongList => machine::long_list(attack),
        Attack::DeepAttributes => machine::deep_attributes(attack),
        Attack::DeepDocument => machine::deep_document(attack),
        Attack::FatAttributes => machine::fat_attributes(attack),
        Attack::Relaxations => description::relaxations(attack),
        Attack::HeaderInDescription => description::header_in_description(attack),
        Attack::UrlInDescription => description::url_in_description(attack),
        Attack::SubjectFromResource | Attack::EmailFromResource => {
            description::subject_from_resource(attack)
        }
        Attack::IssuerOfAnother => description::issuer_of_another(attack),
        Attack::RevealTheToken => description::reveal_the_token(attack),
        Attack::RevealAndUse => description::reveal_and_use(attack),
        Attack::SigningOracle => description::signing_oracle(attack),
        Attack::WordsInOptionErrors => description::words_in_option_errors(attack),
        Attack::LinkParameter => link::link_parameter(attack),
        Attack::LinkParameterTwice => link::link_parameter_twice(attack),
        Attack::LongLink => link::long_link(attack),
        Attack::LineBreakInLink => link::line_break_in_link(attack),
        Attack::TokenField => fields::token_field(attack),
        Attack::TokenFieldInJson => fields::token_field_in_json(attack),
        Attack::FieldTwice => fields::field_twice(attack),
        Attack::DocumentToToken => fields::document_to_token(attack),
        Attack::CodeToResource | Attack::CodeAsBearer | Attack::ClientToResource => {
            request::code_to_resource(attack)
        }
        Attack::CodeInQuery => request::code_in_query(attack),
        Attack::CodeTwice => request::code_twice(attack),
        Attack::CodeAgain => request::code_again(attack),
        Attack::TokenInField => request::token_in_field(attack),
        Attack::ForgedName => request::forged_name(attack),
        Attack::NameAsText => request::name_as_text(attack),
        Attack::NoSuchEndpoint => request::no_such_endpoint(attack),
        Attack::HostOnlyEndpoint => request::host_only_endpoint(attack),
        Attack::QueryContradicts => request::query_contradicts(attack),
        Attack::UserinfoOfAnother => request::userinfo_of_another(attack),
        Attack::TokenInCompany => request::token_in_company(attack),
        Attack::SendsNothing => request::sends_nothing(attack),
        Attack::TooManyAtOnce => request::too_many_at_once(attack),
        Attack::HundredRequests => request::hundred_requests(attack),
        Attack::BigTranscript => request::big_transcript(attack),
        Attack::Private => request::private(attack),
        Attack::ForeignGrant => identity::foreign_grant(attack),
        Attack::TokenOfResource => identity::token_of_resource(attack),
        Attack::TokenOfError => identity::token_of_error(attack),
        Attack::ManyTokens => identity::many_tokens(attack),
        Attack::ForgedSubject => identity::forged_subject(attack),
        Attack::ForgedEmail => identity::forged_email(attack),
        Attack::PictureOfServer => identity::picture_of_server(attack),
        Attack::MarkupInName => identity::markup_in_name(attack),
        Attack::ExfilByQuery
        | Attack::ExfilByForm
        | Attack::ExfilByJson
        | Attack::ExfilByDocument => way_out::exfil_by_query(attack),
        Attack::ExfilInObtain => way_out::exfil_in_obtain(attack),
        Attack::ExfilByIdentity => way_out::exfil_by_identity(attack),
        Attack::ExfilByFailure => way_out::exfil_by_failure(attack),
    }
}

/// A component with a place to carry things to.
fn collecting(attack: Attack) -> Guest {
    adversary(attack).option("collector", "{issuer}/collect")
}

fn named(attack: Attack, lies: Lies, guest: Guest) -> Row {
    row(attack.name(), attack.tries(), lies).guest(guest)
}

/// There is no link: the component failed, and the problem says so.
fn no_link(attack: Attack, says: &'static str) -> Vec<Row> {
    let guest = adversary(attack).problem_says(says);
    vec![named(attack, Lies::none(), guest).no_link(PLUGIN_FAILED)]
}

fn not_loaded(attack: Attack, says: &'static str) -> Vec<Row> {
    vec![named(attack, Lies::none(), collecting(attack)).not_loaded(says)]
}

/// The login is refused before the code went anywhere.
fn refused(attack: Attack, says: &'static str) -> Vec<Row> {
    let guest = collecting(attack).problem_says(says).collects_at_most(0);
    vec![
        named(attack, Lies::none(), guest)
            .refused(PLUGIN_FAILED)
            .codes(0),
    ]
}

/// The login is refused after the code was redeemed, once.
fn refused_later(attack: Attack, lies: Lies, says: &'static str) -> Vec<Row> {
    let guest = collecting(attack).problem_says(says);
    vec![named(attack, lies, guest).refused(PLUGIN_FAILED)]
}

fn signed_in(attack: Attack, lies: Lies, guest: Guest) -> Vec<Row> {
    vec![named(attack, lies, guest).signed_in_as("alice")]
}

/// A row for each value of the option `with`.
fn each(
    attack: Attack,
    values: &[&str],
    make: impl Fn(Guest, &str) -> Guest,
    end: fn(Row) -> Row,
) -> Vec<Row> {
    let rows = values.iter().enumerate().map(|(index, value)| {
        let guest = make(collecting(attack).option("with", *value), value);
        let name = format!("{}-{index}", attack.name());
        end(row(name, attack.tries(), Lies::none()).guest(guest))
    });
    rows.collect()
}

fn each_refused(
    attack: Attack,
    values: &[&str],
    says: &'static str,
    kind: fn(Row) -> Row,
) -> Vec<Row> {
    each(
        attack,
        values,
        |guest, _| guest.problem_says(says).collects_at_most(0),
        kind,
    )
}

fn plugin_failed(row: Row) -> Row {
    row.refused(PLUGIN_FAILED).codes(0)
}
