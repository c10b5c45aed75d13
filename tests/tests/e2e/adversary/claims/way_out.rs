//! What a guest carries out, from a provider that reflects all it knows.

use super::{Claim, collecting, named, signed_in};
use crate::adversary::{Subject, adversary};
use crate::hostile::table::{ACCESS_DENIED, Row};
use celadon_test_adversary::Attack;
use celadon_tests::liar::Lies;
use celadon_tests::liar::Place::{Claims, Token, Userinfo};
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use serde_json::{Value, json};
const HIDDEN: &str = "credentials are hidden by default and scrubbed in every listed encoding (`plugin/references.rs`, `plugin/scrub.rs`)";

pub fn exfil_by_query(attack: Attack) -> Claim {
    Claim::of(Subject::WayOut, HIDDEN, carrying(attack, "{issuer}"))
}

pub fn exfil_in_obtain(attack: Attack) -> Claim {
    Claim::of(
        Subject::WayOut,
        HIDDEN,
        carrying(attack, "secret:0/access_token"),
    )
}

pub fn exfil_by_identity(attack: Attack) -> Claim {
    Claim::of(
        Subject::WayOut,
        HIDDEN,
        signed_in(attack, reflecting(), adversary(attack)),
    )
}

pub fn exfil_by_failure(attack: Attack) -> Claim {
    Claim::of(Subject::WayOut, HIDDEN, failing(attack))
}

/// A carrier of what it saw: it comes to the collector, and holds no credential.
fn carrying(attack: Attack, what: &str) -> Vec<Row> {
    let guest = collecting(attack).collects(what);
    signed_in(attack, reflecting(), guest)
}

fn failing(attack: Attack) -> Vec<Row> {
    let guest = adversary(attack).problem_says("the user refused, or may not sign in");
    vec![named(attack, reflecting(), guest).refused(ACCESS_DENIED)]
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
