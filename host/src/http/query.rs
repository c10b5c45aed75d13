//! Queries and forms as pairs: in order, duplicates included, bounded.

use super::problem::{Problem, kinds};
use url::form_urlencoded;

/// The longest query that is read. Codes of some providers have a few thousand characters.
const MAX_QUERY: usize = 32 << 10;
/// The most pairs that a query or form may have.
const MAX_PAIRS: usize = 64;

/// Decoded names and values.
pub type Pairs = Vec<(String, String)>;

/// The pairs of a request's query.
pub fn of_query(query: Option<&str>) -> Result<Pairs, Problem> {
    let query = query.unwrap_or_default();
    if query.len() > MAX_QUERY {
        return Err(Problem::new(&kinds::URI_TOO_LONG));
    }
    of_form(query.as_bytes())
}

/// The pairs of an `application/x-www-form-urlencoded` body.
pub fn of_form(form: &[u8]) -> Result<Pairs, Problem> {
    let pairs: Pairs = form_urlencoded::parse(form)
        .take(MAX_PAIRS + 1)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    if pairs.len() > MAX_PAIRS {
        return Err(Problem::new(&kinds::BAD_REQUEST).detail("there are too many parameters"));
    }
    Ok(pairs)
}

/// The one value of a name. A name that comes twice is an error: two readers might take
/// different ones.
pub fn single(pairs: &Pairs, name: &str) -> Result<Option<String>, Problem> {
    let mut found = pairs.iter().filter(|(found, _)| found == name);
    let first = found.next().map(|(_, value)| value.clone());
    match found.next() {
        None => Ok(first),
        Some(_) => Err(Problem::new(&kinds::BAD_REQUEST)
            .detail(format!("the parameter {name} may come only once"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn order_and_duplicates_are_kept_and_named() {
        let pairs = of_query(Some("a=1&b=%3D&a=2")).expect("pairs");
        let expected = [("a", "1"), ("b", "="), ("a", "2")];
        assert!(
            pairs
                .iter()
                .map(|(n, v)| (n.as_str(), v.as_str()))
                .eq(expected)
        );
        assert!(single(&pairs, "a").is_err());
        assert_eq!(single(&pairs, "b").expect("one"), Some("=".to_owned()));
        assert_eq!(single(&pairs, "c").expect("none"), None);
    }

    #[test]
    fn what_is_too_much_is_refused() {
        assert!(of_query(Some(&"a".repeat(MAX_QUERY + 1))).is_err());
        assert!(of_form("a&".repeat(MAX_PAIRS + 1).as_bytes()).is_err());
        assert!(of_form("a&".repeat(MAX_PAIRS).as_bytes()).is_ok());
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(pairs in proptest::collection::vec((any::<String>(), any::<String>()), 0..10)) {
            let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
            prop_assert_eq!(of_form(text.as_bytes()).expect("pairs"), pairs);
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = of_form(&bytes);
        }
    }
}
