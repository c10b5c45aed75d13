//! JSON from strangers.

use celadon::oidc::json::{Integers, Limits, parse};
use serde_json::Value;

/// What is accepted is what another parser reads, and reads back as itself.
pub fn json(input: &[u8]) {
    let numbers = Limits {
        integers: Integers::Numbers,
        ..Limits::default()
    };
    let Ok(value) = parse(input, &numbers) else {
        return;
    };
    let other: Value = serde_json::from_slice(input).expect("JSON by any reading");
    assert_eq!(value, other);
    assert!(depth(&value) <= numbers.depth);

    let digits = parse(input, &Limits::default()).expect("JSON still");
    let text = digits.to_string();
    assert_eq!(
        parse(text.as_bytes(), &Limits::default()).expect("its own text"),
        digits
    );
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}
