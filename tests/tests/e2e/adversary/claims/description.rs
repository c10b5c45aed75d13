//! Descriptions that ask for more than they may have.

use super::{Claim, collecting, each, not_loaded, refused_later};
use crate::adversary::Subject;
use crate::hostile::table::{Row, row};
use celadon_test_adversary::Attack;
use celadon_tests::liar::Lies;
use celadon_tests::liar::Place::Token;
const DESCRIPTION: &str = "the check of descriptions (`plugin/description/check.rs`)";

pub fn relaxations(attack: Attack) -> Claim {
    Claim::of(
        Subject::Description,
        DESCRIPTION,
        not_loaded(attack, "which is not granted"),
    )
}

pub fn header_in_description(attack: Attack) -> Claim {
    Claim::of(Subject::Description, DESCRIPTION, headers(attack))
}

pub fn url_in_description(attack: Attack) -> Claim {
    Claim::of(
        Subject::Description,
        "URLs that read as they are called (`plugin/description/strict_url.rs`)",
        urls(attack),
    )
}

pub fn subject_from_resource(attack: Attack) -> Claim {
    Claim::of(
        Subject::Description,
        DESCRIPTION,
        not_loaded(attack, "only userinfo proves anything"),
    )
}

pub fn issuer_of_another(attack: Attack) -> Claim {
    Claim::of(
        Subject::Description,
        "keys come from the issuer's origin, or one that is granted (`plugin/description/check/issuer.rs`)",
        not_loaded(attack, "is not on the issuer's origin"),
    )
}

pub fn reveal_the_token(attack: Attack) -> Claim {
    Claim::of(
        Subject::Description,
        DESCRIPTION,
        not_loaded(attack, "is a credential"),
    )
}

pub fn reveal_and_use(attack: Attack) -> Claim {
    Claim::of(
        Subject::Description,
        "a token must stand where it was hidden (`plugin/transcript.rs`)",
        refused_later(
            attack,
            in_a_ticket(),
            "its token stands where it may read it",
        ),
    )
}

pub fn signing_oracle(attack: Attack) -> Claim {
    Claim::of(Subject::Description, DESCRIPTION, signatures(attack))
}

pub fn words_in_option_errors(attack: Attack) -> Claim {
    Claim::of(
        Subject::Description,
        "a component's words are escaped (`plugin/revisions/fit.rs`)",
        not_loaded(attack, "options/\\u{1b}[2J"),
    )
}

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
