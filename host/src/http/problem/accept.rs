//! Which of two forms a client would rather read: HTML or JSON
//! ([RFC 9110 section 12.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1)).

use http::HeaderMap;
use http::header::ACCEPT;

/// How much a media range is wanted, in thousandths, and how exactly it was named.
type Wish = (u16, u8);

/// The media range names the type itself.
const EXACT: u8 = 3;

/// Whether JSON is wanted more than HTML. A tie, as with `*/*` or no header, goes to HTML.
pub fn prefers_json(headers: &HeaderMap) -> bool {
    let json = wish(headers, "application", &["json", "problem+json"]);
    let html = wish(headers, "text", &["html"]);
    json > html
}

/// Whether HTML is asked for by name, as every browser does when it opens a page.
pub fn names_html(headers: &HeaderMap) -> bool {
    let (quality, exactness) = wish(headers, "text", &["html"]);
    quality > 0 && exactness == EXACT
}

/// The best wish for any of these subtypes: the most exact range decides for each.
fn wish(headers: &HeaderMap, kind: &str, subtypes: &[&str]) -> Wish {
    subtypes
        .iter()
        .map(|subtype| {
            ranges(headers)
                .filter_map(|(range, quality)| {
                    exactness(&range, kind, subtype).map(|exact| (exact, quality))
                })
                .max()
                .filter(|(_, quality)| *quality > 0)
                .map_or((0, 0), |(exact, quality)| (quality, exact))
        })
        .max()
        .unwrap_or((0, 0))
}

fn ranges(headers: &HeaderMap) -> impl Iterator<Item = (String, u16)> {
    headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|item| {
            let mut parts = item.split(';').map(str::trim);
            let range = parts.next().unwrap_or_default().to_ascii_lowercase();
            let quality =
                parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
            (range, quality.map_or(1000, thousandths))
        })
}

/// A quality in thousandths; what is none counts as unwanted.
fn thousandths(text: &str) -> u16 {
    match text.trim().parse::<f32>() {
        // In 0..=1 the product is in 0..=1000, and NaN fails the comparison.
        Ok(quality) if (0.0..=1.0).contains(&quality) => (quality * 1000.0) as u16,
        _ => 0,
    }
}

fn exactness(range: &str, kind: &str, subtype: &str) -> Option<u8> {
    let (range_kind, range_subtype) = range.split_once('/')?;
    match (range_kind == kind, range_subtype == subtype) {
        (true, true) => Some(EXACT),
        (true, false) if range_subtype == "*" => Some(2),
        (false, _) if range == "*/*" => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn accept(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_str(value).expect("a value"));
        headers
    }

    #[test]
    fn programs_read_json_and_browsers_pages() {
        for json in [
            "application/json",
            "application/problem+json",
            "application/json, text/plain, */*",
            "text/html;q=0.5, application/json",
            "APPLICATION/JSON",
            "application/*",
            "application/json;charset=utf-8, */*;q=0.1",
        ] {
            assert!(prefers_json(&accept(json)), "{json}");
        }
        for html in [
            "*/*",
            "",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "text/html, application/json",
            "application/json;q=0",
            "application/json;q=x",
            "text/html, application/json;q=0.9",
        ] {
            assert!(!prefers_json(&accept(html)), "{html}");
        }
        assert!(!prefers_json(&HeaderMap::new()));
    }

    #[test]
    fn a_wildcard_names_no_html() {
        assert!(names_html(&accept("text/html,*/*;q=0.8")));
        assert!(!names_html(&accept("*/*")));
        assert!(!names_html(&accept("text/html;q=0")));
    }

    proptest! {
        #[test]
        fn any_header_is_read_without_panic(text in "[ -~]{0,200}") {
            prefers_json(&accept(&text));
            names_html(&accept(&text));
        }
    }
}
