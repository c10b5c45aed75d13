//! What contains each attack that a guest can make, and how it ends.

use super::{Subject, adversary};
use crate::hostile::guest::Guest;
use crate::hostile::table::{ACCESS_DENIED, NOT_GRANTED, PLUGIN_FAILED, Row, row};
use celadon_test_adversary::Attack;
use celadon_tests::liar::Lies;
use celadon_tests::liar::Place::{Claims, Collector, Token, Userinfo};
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use serde_json::{Value, json};

/// What is claimed of an attack.
pub struct Claim {
    pub subject: Subject,
    /// The rule, and where it is written.
    pub contained_by: &'static str,
    /// Every variant that is played.
    pub rows: Vec<Row>,
}

const DEADLINE: &str = "the CPU deadline of a call (`plugin/call/confinement.rs`)";
const MEMORY: &str =
    "the memory limit; a growth that fails is a crash (`plugin/call/confinement.rs`)";
const CRASH: &str = "an instance of its own for each call (`plugin/call.rs`)";
const OUTPUT: &str =
    "the limit of output, counted while it is copied (`plugin/call/confinement.rs`)";
const BOUNDS: &str = "bounds on every list and text (`plugin/call/answer.rs`)";
const DESCRIPTION: &str = "the check of descriptions (`plugin/description/check.rs`)";
const LINK: &str = "names that only the host writes, in any spelling (`steps/authorize.rs`)";
const FIELDS: &str = "names that only the host writes, in any spelling (`plugin/fields.rs`)";
const TABLE: &str = "the table of credentials and roles (`plugin/request.rs`)";
const NAMES: &str = "names are places of one transcript; texts stay texts (`plugin/references.rs`)";
const ENDPOINTS: &str = "endpoints of the approved description, by name (`plugin/endpoints.rs`)";
const TRANSCRIPT: &str = "16 answers, 1 MiB (`plugin/transcript.rs`)";
const DESCENT: &str = "a token must descend from the code (`plugin/transcript.rs`)";
const EVIDENCE: &str = "the host reads who it is itself (`steps/identify/finding.rs`)";
const HIDDEN: &str = "credentials are hidden by default and scrubbed in every listed encoding (`plugin/references.rs`, `plugin/scrub.rs`)";

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

/// A provider that puts everything it was ever sent or gave into its answers, in every encoding that
/// the contract lists.
fn reflecting() -> Lies {
    Lies::none()
        .edit(Token, |answer, scene| {
            let echo = format!("{}\n{}", scene.asked, scene.code());
            reflect(answer, &echo);
            answer["error_hint"] = scene.code().into();
            answer["expires_note"] = encodings(&scene.code());
            answer["scope_of"] = json!({"token": scene.access_token()});
        })
        .edit(Claims, |claims, scene| {
            claims["copy"] = encodings(&scene.access_token());
            claims["of_code"] = encodings(&scene.code());
        })
        .edit(Userinfo, |answer, scene| {
            let echo = format!("{}\n{}\n{}", scene.asked, scene.given, scene.access_token());
            reflect(answer, &echo);
            answer["token"] = encodings(&scene.access_token());
            answer["name"] = format!("Alice {}", scene.access_token()).into();
            answer["groups"] = json!([scene.access_token(), scene.code()]);
        })
        .head(
            Userinfo,
            "link",
            "<https://id.example/?next=2>; rel=\"next\"",
        )
}

fn reflect(answer: &mut Value, echo: &str) {
    answer["echo"] = echo.into();
    answer["Access-Token"] = json!({"deep": [echo]});
    let base64: Vec<String> = (0..3)
        .map(|before| BASE64.encode(format!("{}{echo}", "x".repeat(before)).as_bytes()))
        .collect();
    answer["echo64"] = json!(base64);
    answer["echo64url"] = BASE64URL_NOPAD.encode(echo.as_bytes()).into();
    answer["echo16"] = HEXLOWER.encode(echo.as_bytes()).into();
}

/// A text in every form, also as a member's name.
fn encodings(text: &str) -> Value {
    let reversed: String = text.chars().rev().collect();
    let percent: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    json!({
        text: 1,
        "plain": text,
        "within": format!("<{text}>"),
        "reversed": reversed,
        "percent": percent,
        "hex": HEXLOWER.encode(text.as_bytes()),
        "base64": [BASE64.encode(text.as_bytes()), BASE64.encode(format!("a{text}").as_bytes()), BASE64URL_NOPAD.encode(format!("ab{text}").as_bytes())],
    })
}

/// A carrier of what it saw: it comes to the collector, and holds no credential.
fn carrying(attack: Attack, what: &str) -> Vec<Row> {
    let guest = collecting(attack).collects(what);
    signed_in(attack, reflecting(), guest)
}

/// What each attack is held to. There is no wildcard: an attack without a claim does not compile.
pub fn claim(attack: Attack) -> Claim {
    let subject = subject(attack);
    let (contained_by, rows) = match attack {
        Attack::LoopInDescribe => (
            DEADLINE,
            not_loaded(attack, "did not answer within its deadline"),
        ),
        Attack::LoopInAuthorize => (
            DEADLINE,
            no_link(attack, "did not answer within its deadline"),
        ),
        Attack::LoopInObtain => (
            DEADLINE,
            refused(attack, "did not answer within its deadline"),
        ),
        Attack::LoopInIdentify => (
            DEADLINE,
            refused_later(attack, Lies::none(), "did not answer within its deadline"),
        ),
        Attack::MemoryBomb | Attack::GrowAndGoOn => (
            MEMORY,
            no_link(attack, "needs more memory than its limit allows"),
        ),
        Attack::NanBits => {
            let guest = adversary(attack).link_has("nan=7ff8000000000000");
            (
                "every NaN has the same bits (`plugin/engine.rs`)",
                signed_in(attack, Lies::none(), guest),
            )
        }
        Attack::Trap | Attack::Panic => (CRASH, no_link(attack, "the component crashed")),
        Attack::HugeString | Attack::HugeList => (
            OUTPUT,
            no_link(attack, "the component's answer is too large"),
        ),
        Attack::LongList => (BOUNDS, no_link(attack, "more than 256 parameters")),
        Attack::DeepAttributes => (
            BOUNDS,
            refused_later(
                attack,
                Lies::none(),
                "attributes that is not acceptable JSON",
            ),
        ),
        Attack::DeepDocument => (
            BOUNDS,
            refused(attack, "a document that is not acceptable JSON"),
        ),
        Attack::FatAttributes => (
            "64 KiB of attributes (`steps/identify/profile.rs`)",
            refused_later(
                attack,
                Lies::none(),
                "its attributes are larger than 64 KiB",
            ),
        ),

        Attack::Relaxations => (DESCRIPTION, not_loaded(attack, "which is not granted")),
        Attack::HeaderInDescription => (DESCRIPTION, headers(attack)),
        Attack::UrlInDescription => (
            "URLs that read as they are called (`plugin/description/strict_url.rs`)",
            urls(attack),
        ),
        Attack::SubjectFromResource | Attack::EmailFromResource => (
            DESCRIPTION,
            not_loaded(attack, "only userinfo proves anything"),
        ),
        Attack::RevealTheToken => (DESCRIPTION, not_loaded(attack, "is a credential")),
        Attack::RevealAndUse => (
            "a token must stand where it was hidden (`plugin/transcript.rs`)",
            refused_later(
                attack,
                in_a_ticket(),
                "its token stands where it may read it",
            ),
        ),
        Attack::SigningOracle => (DESCRIPTION, signatures(attack)),
        Attack::WordsInOptionErrors => (
            "a component's words are escaped (`plugin/revisions/fit.rs`)",
            not_loaded(attack, "options/\\u{1b}[2J"),
        ),

        Attack::LinkParameter => (LINK, link_parameters(attack)),
        Attack::LinkParameterTwice => (LINK, no_link(attack, "the link has a parameter twice")),
        Attack::LineBreakInLink => {
            let guest = adversary(attack).link_has("a=b%0D%0Aset-cookie");
            (
                "the host writes the query (`steps/authorize.rs`)",
                signed_in(attack, Lies::none(), guest),
            )
        }

        Attack::TokenField => (
            FIELDS,
            each_refused(
                attack,
                &HOST_FIELDS,
                "sets a parameter that only the host writes",
                plugin_failed,
            ),
        ),
        Attack::TokenFieldInJson => (
            FIELDS,
            each_refused(
                attack,
                &HOST_FIELDS,
                "sets a parameter that only the host writes",
                plugin_failed,
            ),
        ),
        Attack::FieldTwice => (FIELDS, refused(attack, "sets one parameter twice")),
        Attack::DocumentToToken => (
            "documents are for resources (`plugin/request.rs`)",
            refused(attack, "sends a body that this endpoint cannot have"),
        ),
        Attack::CodeToResource | Attack::CodeAsBearer | Attack::ClientToResource => (
            TABLE,
            refused(
                attack,
                "puts a credential where the contract does not allow it",
            ),
        ),
        Attack::CodeInQuery => (TABLE, secret_in_query(attack)),
        Attack::CodeTwice => (TABLE, refused(attack, "sends the code a second time")),
        Attack::CodeAgain => (
            "a code goes out in one request, ever (`plugin/transcript.rs`)",
            refused_later(attack, Lies::none(), "sends the code a second time"),
        ),
        Attack::TokenInField => (TABLE, token_in_field(attack)),
        Attack::ForgedName => (
            NAMES,
            each_refused(
                attack,
                &FORGED_NAMES,
                "names a credential that does not exist",
                plugin_failed,
            ),
        ),
        Attack::NameAsText => (NAMES, names_as_text(attack)),
        Attack::NoSuchEndpoint => (
            ENDPOINTS,
            each_refused(
                attack,
                &NO_ENDPOINTS,
                "asks for an endpoint that its description does not have",
                plugin_failed,
            ),
        ),
        Attack::HostOnlyEndpoint => (
            ENDPOINTS,
            refused(attack, "asks for an endpoint that only the host may use"),
        ),
        Attack::QueryContradicts => (
            "only the query is the guest's, and it adds (`plugin/fields.rs`)",
            contradiction(attack),
        ),
        Attack::UserinfoOfAnother => (
            "`userinfo` takes nothing from a guest (`plugin/request.rs`)",
            refused_later(attack, Lies::none(), "takes nothing but the token"),
        ),
        Attack::TokenInCompany => (TRANSCRIPT, refused(attack, "has to go alone")),
        Attack::SendsNothing => (BOUNDS, refused(attack, "no request in a step that sends")),
        Attack::TooManyAtOnce => (BOUNDS, refused(attack, "more than 16 requests")),
        Attack::HundredRequests => (
            TRANSCRIPT,
            flood(attack, Lies::none(), "asks for more than 16 answers"),
        ),
        Attack::BigTranscript => (
            TRANSCRIPT,
            flood(attack, fat_answers(), "its transcript is longer than 1 MiB"),
        ),
        Attack::Private => (
            "only public addresses are dialled (`egress/addresses.rs`, `egress/resolver.rs`)",
            private(attack),
        ),

        Attack::ForeignGrant => (DESCENT, foreign_grant(attack)),
        Attack::TokenOfResource => (DESCENT, token_of_resource(attack)),
        Attack::TokenOfError => (
            DESCENT,
            refused_later(
                attack,
                Lies::none().status(Token, 400),
                "its token stands in no answer to this grant",
            ),
        ),
        Attack::ManyTokens => (
            "8 tokens (`steps/exchange.rs`)",
            refused_later(attack, Lies::none(), "more than 8 tokens"),
        ),
        Attack::ForgedSubject => (EVIDENCE, signed_in(attack, Lies::none(), adversary(attack))),
        Attack::ForgedEmail => (EVIDENCE, forged_emails(attack)),
        Attack::PictureOfServer => (
            "the server fetches no picture (`steps/identify/profile.rs`)",
            signed_in(attack, Lies::none(), adversary(attack)),
        ),
        Attack::MarkupInName => (
            "templates escape; `<` in JSON too (`web.rs`, `http/json.rs`)",
            signed_in(attack, Lies::none(), adversary(attack)),
        ),

        Attack::ExfilByQuery
        | Attack::ExfilByForm
        | Attack::ExfilByJson
        | Attack::ExfilByDocument => (HIDDEN, carrying(attack, "{issuer}")),
        Attack::ExfilInObtain => (HIDDEN, carrying(attack, "secret:0/access_token")),
        Attack::ExfilByIdentity => (HIDDEN, signed_in(attack, reflecting(), adversary(attack))),
        Attack::ExfilByFailure => (HIDDEN, exfil_by_failure(attack)),
    };
    Claim {
        subject,
        contained_by,
        rows,
    }
}

fn subject(attack: Attack) -> Subject {
    match attack {
        Attack::LoopInDescribe
        | Attack::LoopInAuthorize
        | Attack::LoopInObtain
        | Attack::LoopInIdentify
        | Attack::MemoryBomb
        | Attack::GrowAndGoOn
        | Attack::NanBits
        | Attack::Trap
        | Attack::Panic
        | Attack::HugeString
        | Attack::HugeList
        | Attack::LongList
        | Attack::DeepAttributes
        | Attack::DeepDocument
        | Attack::FatAttributes => Subject::Machine,
        Attack::Relaxations
        | Attack::HeaderInDescription
        | Attack::UrlInDescription
        | Attack::SubjectFromResource
        | Attack::EmailFromResource
        | Attack::RevealTheToken
        | Attack::RevealAndUse
        | Attack::SigningOracle
        | Attack::WordsInOptionErrors => Subject::Description,
        Attack::LinkParameter | Attack::LinkParameterTwice | Attack::LineBreakInLink => {
            Subject::Link
        }
        Attack::TokenField
        | Attack::TokenFieldInJson
        | Attack::FieldTwice
        | Attack::DocumentToToken => Subject::Fields,
        Attack::CodeToResource
        | Attack::CodeInQuery
        | Attack::CodeAsBearer
        | Attack::CodeTwice
        | Attack::CodeAgain
        | Attack::TokenInField
        | Attack::ClientToResource
        | Attack::ForgedName
        | Attack::NameAsText
        | Attack::NoSuchEndpoint
        | Attack::HostOnlyEndpoint
        | Attack::QueryContradicts
        | Attack::UserinfoOfAnother
        | Attack::TokenInCompany
        | Attack::SendsNothing
        | Attack::TooManyAtOnce
        | Attack::HundredRequests
        | Attack::BigTranscript
        | Attack::Private => Subject::Request,
        Attack::ForeignGrant
        | Attack::TokenOfResource
        | Attack::TokenOfError
        | Attack::ManyTokens
        | Attack::ForgedSubject
        | Attack::ForgedEmail
        | Attack::PictureOfServer
        | Attack::MarkupInName => Subject::Identity,
        Attack::ExfilByQuery
        | Attack::ExfilByForm
        | Attack::ExfilByJson
        | Attack::ExfilByDocument
        | Attack::ExfilInObtain
        | Attack::ExfilByIdentity
        | Attack::ExfilByFailure => Subject::WayOut,
    }
}

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

fn headers(attack: Attack) -> Vec<Row> {
    let mut rows = each(
        attack,
        &[
            "authorization: Basic eDp5",
            "host: evil.example",
            "cookie: a=b",
            "x-forwarded-for: 10.0.0.1",
            "forwarded: for=10.0.0.1",
            "content-length: 0",
            "transfer-encoding: chunked",
            "connection: upgrade",
            "content-type: text/html",
            "proxy-authorization: Basic eDp5",
            "x-http-method-override: DELETE",
            "x a: b",
        ],
        |guest, _| guest,
        |row| row.not_loaded("is a header that only the host may write, or none"),
    );
    let guest = collecting(attack).option("with", "x-a: b{crlf}authorization: c");
    let broken = row(
        format!("{}-line-break", attack.name()),
        attack.tries(),
        Lies::none(),
    );
    rows.push(broken.guest(guest).not_loaded("must have a value of"));
    rows
}

fn urls(attack: Attack) -> Vec<Row> {
    each(
        attack,
        &[
            "https://user@id.example/",
            "https://id.example/#x",
            "http://2852039166/",
            "http://0xa9fea9fe/",
            "http://0251.0376.0251.0376/",
            "http://169.254.43518/",
            "https://id.example\\@evil.example/",
            "https://b\u{fc}cher.example/",
            "file:///etc/passwd",
            "/relative",
            "//id.example/",
            "https://ID.example/",
            "https://id.example/a/../b",
            "ftp://id.example/",
        ],
        |guest, _| guest,
        |row| row.not_loaded("endpoints[0].url"),
    )
}

fn signatures(attack: Attack) -> Vec<Row> {
    let mut rows = each(
        attack,
        &[
            "https://accounts.example.com 300",
            "{issuer}/elsewhere 300",
            "* 300",
        ],
        |guest, _| guest,
        |row| row.not_loaded("must be the issuer's identifier"),
    );
    for (index, terms) in ["{issuer} 301", "{issuer} 0", "{issuer} 4294967295"]
        .into_iter()
        .enumerate()
    {
        let name = format!("{}-lifetime-{index}", attack.name());
        let guest = collecting(attack).option("with", terms);
        rows.push(
            row(name, attack.tries(), Lies::none())
                .guest(guest)
                .not_loaded("must be 1 to 300 seconds"),
        );
    }
    rows
}

/// The provider gives its token under a name of its own.
fn in_a_ticket() -> Lies {
    Lies::none().edit(Token, |answer, scene| {
        answer["ticket"] = scene.access_token().into();
        answer
            .as_object_mut()
            .map(|members| members.remove("access_token"));
    })
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

fn secret_in_query(attack: Attack) -> Vec<Row> {
    let guest = collecting(attack).problem_says("needs the relaxation `secrets-in-query`");
    vec![
        named(attack, Lies::none(), guest)
            .refused(NOT_GRANTED)
            .codes(0),
    ]
}

fn token_in_field(attack: Attack) -> Vec<Row> {
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
fn private(attack: Attack) -> Vec<Row> {
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

fn foreign_grant(attack: Attack) -> Vec<Row> {
    // The provider gives tokens for whatever it was asked; that request came without the code.
    refused_later(
        attack,
        Lies::none(),
        "its token stands in no answer to this grant",
    )
}

fn token_of_resource(attack: Attack) -> Vec<Row> {
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

fn exfil_by_failure(attack: Attack) -> Vec<Row> {
    let guest = adversary(attack).problem_says("the user refused, or may not sign in");
    vec![named(attack, reflecting(), guest).refused(ACCESS_DENIED)]
}
