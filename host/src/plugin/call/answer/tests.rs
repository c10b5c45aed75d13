use super::*;

fn identity() -> Identity {
    Identity {
        email: None,
        username: None,
        name: None,
        picture: None,
        locale: None,
        groups: vec![],
        attributes: "{}".to_owned(),
    }
}

fn token(name: &str) -> Token {
    Token {
        name: name.to_owned(),
        access: "secret:0/access_token".to_owned(),
        refresh: None,
        token_type: None,
        lifetime: crate::plugin::bindings::Lifetime::Unknown,
        scopes: None,
    }
}

fn tokens(names: &[&str]) -> TokenStep {
    TokenStep::Done(Tokens {
        tokens: names.iter().copied().map(token).collect(),
        id_token: None,
    })
}

fn request(body: Body) -> Request {
    Request {
        endpoint: "token".to_owned(),
        query: vec![],
        body,
        credential: Credential::None,
    }
}

#[test]
fn a_step_sends_something_and_not_too_much() {
    assert!(TokenStep::Send(vec![]).check().is_err());
    assert!(TokenStep::Send(vec![request(Body::None)]).check().is_ok());
    assert!(
        TokenStep::Send(vec![request(Body::None); 17])
            .check()
            .is_err()
    );
}

#[test]
fn a_document_is_json() {
    for document in ["", "{", r#"{"a":1,"a":2}"#] {
        let step = IdentityStep::Send(vec![request(Body::Document(document.to_owned()))]);
        assert_eq!(step.check(), Err(Breach::NotJson { what: "a document" }));
    }
}

#[test]
fn tokens_are_named_but_the_first() {
    assert!(tokens(&[""]).check().is_ok());
    assert!(tokens(&["", "bot", "user"]).check().is_ok());
    for wrong in [&[] as &[&str], &["bot"], &["", ""], &["", "bot", "bot"]] {
        assert!(tokens(wrong).check().is_err(), "{wrong:?}");
    }
}

#[test]
fn attributes_are_an_object() {
    assert!(IdentityStep::Done(identity()).check().is_ok());
    for attributes in ["", "[]", "null", "{\"a\":1,\"a\":1}"] {
        let identity = Identity {
            attributes: attributes.to_owned(),
            ..identity()
        };
        assert!(
            IdentityStep::Done(identity).check().is_err(),
            "{attributes}"
        );
    }
}

#[test]
fn text_is_bounded() {
    let failure = Failure {
        kind: crate::plugin::bindings::FailureKind::InvalidGrant,
        code: None,
        detail: "x".repeat(TEXT + 1),
    };
    assert!(failure.check().is_err());
    let groups = Identity {
        groups: vec![String::new(); MAX_GROUPS + 1],
        ..identity()
    };
    assert!(IdentityStep::Done(groups).check().is_err());
}
