use super::*;
use proptest::prelude::*;
use serde_json::json;

fn read(text: &str) -> Result<Value, JsonError> {
    parse(text.as_bytes(), &Limits::default())
}

#[test]
fn reads_json() {
    for text in [
        "null",
        "true",
        " [1, -2, 3.5, 1e3, 0, -0, 9007199254740991] ",
        r#"{"a":{"b":["c",null,{"d":false}]},"":"\u00e9\ud83d\ude00"}"#,
        "{}",
        "[]",
        "\"\"",
    ] {
        assert_eq!(read(text).ok(), serde_json::from_str(text).ok(), "{text}");
    }
}

#[test]
fn keeps_the_digits_of_large_integers() {
    for digits in [
        "9007199254740992",
        "-9007199254740992",
        "12345678901234567890",
        "123456789012345678901234567890",
    ] {
        assert_eq!(read(digits), Ok(json!(digits)));
        let numbers = Limits {
            integers: Integers::Numbers,
            ..Limits::default()
        };
        let number = parse(digits.as_bytes(), &numbers).expect("a number");
        assert!(number.is_number());
    }
    assert_eq!(
        read("9007199254740991"),
        Ok(json!(9_007_199_254_740_991_i64))
    );
    assert_eq!(read("1e400"), Err(JsonError::Syntax));
    assert_eq!(read(&"9".repeat(400)), Err(JsonError::Syntax));
}

#[test]
fn refuses_names_that_stand_twice() {
    for text in [
        r#"{"a":1,"a":2}"#,
        r#"{"a":1,"\u0061":1}"#,
        r#"{"x":[{"a":1,"b":2,"a":1}]}"#,
        r#"{"":1,"":1}"#,
    ] {
        assert_eq!(read(text), Err(JsonError::Duplicate), "{text}");
    }
}

#[test]
fn refuses_what_is_no_json() {
    for text in [
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "'a'",
        "01",
        "+1",
        ".5",
        "1.",
        "NaN",
        "Infinity",
        "true false",
        "{} {}",
        "\u{feff}{}",
        "\"\\ud800\"",
        "\"\\x41\"",
        "\"\n\"",
        "// c\n1",
        "nul",
        "[1 2]",
        "\"",
        "\u{0}",
    ] {
        assert_eq!(read(text), Err(JsonError::Syntax), "{text:?}");
    }
    assert_eq!(
        parse(b"\"\xff\"", &Limits::default()),
        Err(JsonError::Encoding)
    );
    assert_eq!(
        parse(b"\"\xc0\x80\"", &Limits::default()),
        Err(JsonError::Encoding)
    );
}

#[test]
fn is_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(&nested(32)).is_ok());
    assert_eq!(read(&nested(33)), Err(JsonError::TooDeep));
    assert_eq!(read(&nested(100_000)), Err(JsonError::TooDeep));
    let objects = format!("{}1{}", "{\"a\":".repeat(33), "}".repeat(33));
    assert_eq!(read(&objects), Err(JsonError::TooDeep));
    assert_eq!(
        read(&format!("[{}0]", "0,".repeat(30_000))),
        Err(JsonError::TooMany)
    );
    assert_eq!(read(&" ".repeat(300_000)), Err(JsonError::TooLarge));
}

/// Any JSON value whose numbers are exact everywhere.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        (-EXACT..=EXACT).prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn reads_back_what_was_written(value in value()) {
        prop_assert_eq!(read(&value.to_string()), Ok(value));
    }

    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes, &Limits::default());
    }

    /// Whatever is taken is JSON to serde_json too, and the same but for large integers.
    #[test]
    fn takes_nothing_that_is_no_json(text in "[\\[\\]{}:,\"a01e.\\- ]{0,24}") {
        let limits = Limits { integers: Integers::Numbers, ..Limits::default() };
        if let Ok(value) = parse(text.as_bytes(), &limits) {
            prop_assert_eq!(serde_json::from_str::<Value>(&text).ok(), Some(value));
        }
    }
}
