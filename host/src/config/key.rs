//! How keys are written in messages, and which one a mistyped key most likely means.

use std::fmt::Write as _;

/// The known word that a mistyped one most likely means.
pub(super) fn nearest<'w>(word: &str, known: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let written = word.to_ascii_lowercase().replace('-', "_");
    known
        .map(|candidate| {
            let plain = candidate.replace('-', "_");
            (strsim::damerau_levenshtein(&written, &plain), candidate)
        })
        .filter(|(distance, candidate)| *distance <= candidate.len() / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// A key below another, as it would be written in the file: quoted where it is no bare key.
pub(super) fn join(key: &str, next: &str) -> String {
    /// Long enough to be found again.
    const LONGEST: usize = 80;
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let mut joined = key.to_owned();
    if !joined.is_empty() {
        joined.push('.');
    }
    if !next.is_empty() && next.len() <= LONGEST && next.chars().all(bare) {
        joined.push_str(next);
    } else {
        let short: String = next.chars().take(LONGEST).collect();
        // Writing to a String does not fail.
        let _ = write!(joined, "{short:?}");
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_quoted_where_they_must_be() {
        assert_eq!(join("", "server"), "server");
        assert_eq!(join("providers", "my-idp"), "providers.my-idp");
        assert_eq!(join("a", "b c"), "a.\"b c\"");
        assert_eq!(join("a", "\u{1b}"), "a.\"\\u{1b}\"");
        assert!(join("a", &"x".repeat(10_000)).len() < 100);
    }

    #[test]
    fn the_nearest_key_is_near() {
        let known = ["client_id", "client_secret", "scopes"];
        let nearest = |word| nearest(word, known.iter().copied());
        assert_eq!(nearest("clientid"), Some("client_id"));
        assert_eq!(nearest("Client-Secret"), Some("client_secret"));
        assert_eq!(nearest("scope"), Some("scopes"));
        assert_eq!(nearest("issuer"), None);
        assert_eq!(nearest(""), None);
    }
}
