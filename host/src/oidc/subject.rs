//! The subject: who somebody is at an issuer, read by the host at approved places.

use super::id_token::VerifiedIdToken;
use serde_json::Value;

/// The longest subject, in characters ([OIDC Core section 2]).
///
/// [OIDC Core section 2]: https://openid.net/specs/openid-connect-core-1_0.html#IDToken
const MAX_SUBJECT: usize = 255;

/// Why there is no subject. Never holds a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// The description names no place.
    #[error("the description names no place for the subject")]
    NoPlace,
    /// Nothing stands there.
    #[error("the subject is missing")]
    Missing,
    /// Neither a string nor an integer stands there.
    #[error("the subject is neither a string nor an integer")]
    Type,
    /// It is empty, longer than 255 characters or has characters beyond printable ASCII.
    #[error("the subject has a length or characters that are not allowed")]
    Characters,
    /// userinfo tells of somebody else than the ID token.
    #[error("the userinfo's sub is not the ID token's")]
    AnotherSubject,
}

/// Reads a subject at JSON pointers (RFC 6901). Each part is a string or an integer of 1 to 255
/// printable ASCII characters.
///
/// One part is the subject as it stands. Several are joined by `|`, and `|` and `\` in them are
/// escaped by `\`, so that two different lists of parts never make one subject. All together is at
/// most 255 characters long.
///
/// # Errors
/// See [`SubjectError`].
pub fn read_subject(source: &Value, at: &[String]) -> Result<String, SubjectError> {
    let parts = at
        .iter()
        .map(|pointer| part(source, pointer))
        .collect::<Result<Vec<_>, _>>()?;
    let subject = match parts.as_slice() {
        [] => return Err(SubjectError::NoPlace),
        [single] => single.clone(),
        several => several
            .iter()
            .map(|part| part.replace('\\', "\\\\").replace('|', "\\|"))
            .collect::<Vec<_>>()
            .join("|"),
    };
    is_subject(&subject)
        .then_some(subject)
        .ok_or(SubjectError::Characters)
}

fn part(source: &Value, pointer: &str) -> Result<String, SubjectError> {
    let text = match source.pointer(pointer) {
        None | Some(Value::Null) => return Err(SubjectError::Missing),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) if number.is_i64() || number.is_u64() => number.to_string(),
        Some(_) => return Err(SubjectError::Type),
    };
    is_subject(&text)
        .then_some(text)
        .ok_or(SubjectError::Characters)
}

/// Whether a text can be a subject: 1 to 255 printable ASCII characters, without a space at either
/// end, where nobody would see it.
pub fn is_subject(text: &str) -> bool {
    (1..=MAX_SUBJECT).contains(&text.len())
        && text.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
        && text.trim_matches(' ').len() == text.len()
}

/// Whether a userinfo answer tells of the ID token's subject, as
/// [OIDC Core 5.3.2](https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse) demands
/// before anything of it is used.
///
/// # Errors
/// `sub` is missing, no string, or another.
pub fn check_userinfo_subject(
    id_token: &VerifiedIdToken,
    userinfo: &Value,
) -> Result<(), SubjectError> {
    let sub = match userinfo.get("sub") {
        None | Some(Value::Null) => return Err(SubjectError::Missing),
        Some(value) => value.as_str().ok_or(SubjectError::Type)?,
    };
    (sub == id_token.subject())
        .then_some(())
        .ok_or(SubjectError::AnotherSubject)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(source: &Value, at: &[&str]) -> Result<String, SubjectError> {
        let at: Vec<String> = at.iter().map(|pointer| (*pointer).to_owned()).collect();
        read_subject(source, &at)
    }

    #[test]
    fn reads_strings_and_integers() {
        let source = json!({"id": 583231, "sub": "auth0|5f 7", "list": [{"x": -1}], "a/b": "c"});
        assert_eq!(read(&source, &["/id"]).as_deref(), Ok("583231"));
        assert_eq!(read(&source, &["/sub"]).as_deref(), Ok("auth0|5f 7"));
        assert_eq!(read(&source, &["/list/0/x"]).as_deref(), Ok("-1"));
        assert_eq!(read(&source, &["/a~1b"]).as_deref(), Ok("c"));
        assert_eq!(
            read(&source, &["/sub", "/id"]).as_deref(),
            Ok("auth0\\|5f 7|583231")
        );
    }

    #[test]
    fn refuses_everything_else() {
        for (value, fault) in [
            (json!(null), SubjectError::Missing),
            (json!(true), SubjectError::Type),
            (json!(1.0), SubjectError::Type),
            (json!(1e20), SubjectError::Type),
            (json!(["a"]), SubjectError::Type),
            (json!({"a": 1}), SubjectError::Type),
            (json!(""), SubjectError::Characters),
            (json!(" "), SubjectError::Characters),
            (json!(" a"), SubjectError::Characters),
            (json!("a "), SubjectError::Characters),
            (json!("a\n"), SubjectError::Characters),
            (json!("a\u{0}"), SubjectError::Characters),
            (json!("\u{430}dmin"), SubjectError::Characters),
            (json!("a\u{200b}"), SubjectError::Characters),
            (json!("x".repeat(256)), SubjectError::Characters),
        ] {
            let source = json!({ "id": value });
            assert_eq!(read(&source, &["/id"]), Err(fault), "{value}");
            assert_eq!(read(&source, &["/id", "/id"]), Err(fault), "{value}");
        }
        let source = json!({"id": "x".repeat(200)});
        assert_eq!(
            read(&source, &["/id", "/id"]),
            Err(SubjectError::Characters)
        );
        assert_eq!(read(&source, &[]), Err(SubjectError::NoPlace));
        for pointer in ["", "/", "id", "/x", "/id/0", "/*", "/0", "/01"] {
            assert!(read(&source, &[pointer]).is_err(), "{pointer}");
        }
    }

    proptest! {
        /// Different parts never make one subject.
        #[test]
        fn joins_injectively(
            a in "[a|\\\\]{1,4}", b in "[a|\\\\]{1,4}", c in "[a|\\\\]{1,4}", d in "[a|\\\\]{1,4}",
        ) {
            let two = read(&json!([&a, &b]), &["/0", "/1"]);
            prop_assert_eq!(two == read(&json!([&c, &d]), &["/0", "/1"]), (&a, &b) == (&c, &d));
            let three = read(&json!([&a, &b, &c]), &["/0", "/1", "/2"]);
            prop_assert_ne!(read(&json!([&a, &d]), &["/0", "/1"]), three);
        }

        #[test]
        fn never_panics(pointer in "\\PC{0,12}", text in "\\PC{0,12}") {
            if let Ok(subject) = read(&json!({ "a": [text], "b": 1 }), &[&pointer, "/b"]) {
                prop_assert!(is_subject(&subject));
            }
        }
    }
}
