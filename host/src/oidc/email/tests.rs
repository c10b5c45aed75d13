use super::*;
use proptest::prelude::*;
use serde_json::json;

fn email(address: &str, verified: bool) -> Option<Email> {
    Some(Email {
        address: address.to_owned(),
        verified,
    })
}

#[test]
fn reads_a_claim_and_its_proof() {
    for (proof, verified) in [
        (json!(true), true),
        (json!(1), true),
        (json!("true"), true),
        (json!("1"), true),
        (json!(false), false),
        (json!(0), false),
        (json!(2), false),
        (json!(1.0), false),
        (json!("True"), false),
        (json!("yes"), false),
        (json!(" true"), false),
        (json!([true]), false),
        (json!({"a": true}), false),
        (json!(null), false),
    ] {
        let source = json!({"email": "a@b.c", "email_verified": proof});
        let found = read_email(&source, "/email", "/email", Some("/email_verified"));
        assert_eq!(found, email("a@b.c", verified), "{proof}");
    }
    let source = json!({"email": "a@b.c"});
    assert_eq!(
        read_email(&source, "/email", "/email", None),
        email("a@b.c", false)
    );
    assert_eq!(
        read_email(&source, "/email", "/email", Some("/none")),
        email("a@b.c", false)
    );
    assert_eq!(
        read_email(&source, "/email", "/email", Some("/email")),
        email("a@b.c", true)
    );
}

#[test]
fn a_star_is_one_index_and_the_same_one() {
    let source = json!({"emails": [
        {"email": "a@b.c", "verified": false},
        {"email": "d@e.f", "verified": true},
    ], "odd": {"0": {"email": "g@h.i", "verified": true}}});
    let read = |place| {
        read_email(
            &source,
            place,
            "/emails/*/email",
            Some("/emails/*/verified"),
        )
    };
    assert_eq!(read("/emails/0/email"), email("a@b.c", false));
    assert_eq!(read("/emails/1/email"), email("d@e.f", true));
    for place in [
        "/emails/2/email",
        "/emails/01/email",
        "/emails/*/email",
        "/emails/-/email",
        "/emails//email",
        "/emails/1/verified",
        "/emails/1/email/",
        "/emails/1",
        "/emails/1/x/email",
        "emails/1/email",
        "/emails/+1/email",
        "/odd/0/email",
        "",
    ] {
        assert_eq!(read(place), None, "{place}");
    }
    let odd = read_email(
        &source,
        "/odd/0/email",
        "/odd/*/email",
        Some("/odd/*/verified"),
    );
    assert_eq!(odd, None, "a name is no index");
    let whole = read_email(&json!(["a@b.c"]), "/0", "/*", Some("/*"));
    assert_eq!(whole, email("a@b.c", true));
}

#[test]
fn a_pattern_has_one_star() {
    let source = json!([[{"email": "a@b.c"}]]);
    assert_eq!(read_email(&source, "/0/0/email", "/*/*/email", None), None);
    // A star in `verified` without one in the address has no index to take.
    let source = json!({"email": "a@b.c", "v": [true]});
    assert_eq!(
        read_email(&source, "/email", "/email", Some("/v/*")),
        email("a@b.c", false)
    );
    // A star inside a segment is a character like any other.
    let source = json!({"e*": "a@b.c", "*e": "d@e.f"});
    assert_eq!(
        read_email(&source, "/e*", "/e*", None),
        email("a@b.c", false)
    );
    assert_eq!(
        read_email(&source, "/*e", "/*e", None),
        email("d@e.f", false)
    );
}

#[test]
fn refuses_what_is_no_address() {
    let long = format!("{}@b.c", "a".repeat(251));
    for text in [
        "",
        "@",
        "a@",
        "@b",
        "a",
        "a@b@c",
        "a b@c.d",
        "a@b.c\n",
        "a@b\u{0}.c",
        "<a@b.c>",
        "\"a\"@b.c",
        "a@b.c,d",
        "a\u{202e}@b.c",
        "a\u{200b}@b.c",
        "a@[127.0.0.1]",
        "a\\@b.c",
        &long,
    ] {
        let source = json!({ "email": text });
        assert_eq!(
            read_email(&source, "/email", "/email", None),
            None,
            "{text:?}"
        );
    }
    for value in [
        json!(1),
        json!(null),
        json!(["a@b.c"]),
        json!({"a": "a@b.c"}),
    ] {
        let source = json!({ "email": value });
        assert_eq!(read_email(&source, "/email", "/email", None), None);
    }
    for text in ["o'neil+tag@sub.example.com", "jürgen@bücher.example", "a@b"] {
        let source = json!({ "email": text });
        assert!(
            read_email(&source, "/email", "/email", None).is_some(),
            "{text}"
        );
    }
}

proptest! {
    #[test]
    fn reads_only_where_the_pattern_points(place in "/?[a-b0-2*/~]{0,8}", pattern in "/?[a-b0-2*/~]{0,8}") {
        let source = json!({"a": [{"b": "x@y.z"}, "x@y.z"], "b": "x@y.z", "0": ["x@y.z"]});
        if read_email(&source, &place, &pattern, None).is_some() {
            let (place, pattern): (Vec<_>, Vec<_>) = (place.split('/').collect(), pattern.split('/').collect());
            prop_assert_eq!(place.len(), pattern.len());
            for (segment, wanted) in place.iter().zip(&pattern) {
                let index = *wanted == "*" && segment.parse::<usize>().is_ok();
                prop_assert!(segment == wanted || index);
            }
        }
    }
}
