//! Whether a request that changes something comes from our own pages.
//!
//! `Sec-Fetch-Site` decides where the browser sends it, `Origin` elsewhere. Our pages forbid
//! referrers, so browsers say `Origin: null` for our own forms: it counts as foreign, and
//! `Sec-Fetch-Site` must vouch. A request with neither header comes from no browser of these
//! days; `SameSite=Lax` still keeps the cookie out of other sites' forms.

use super::problem::{Problem, kinds};
use http::header::ORIGIN;
use http::{HeaderMap, HeaderName};
use url::Url;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses what another site sends.
pub fn require_own(headers: &HeaderMap, public_url: &Url) -> Result<(), Problem> {
    let own = match (headers.get(SEC_FETCH_SITE), headers.get(ORIGIN)) {
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, Some(origin)) => origin == public_url.origin().ascii_serialization().as_str(),
        (None, None) => true,
    };
    if own {
        Ok(())
    } else {
        Err(Problem::new(&kinds::FOREIGN_ORIGIN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn own(pairs: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        let url = Url::parse("https://sign-in.example").expect("a URL");
        require_own(&headers, &url).is_ok()
    }

    #[test]
    fn other_sites_are_refused() {
        assert!(own(&[
            ("sec-fetch-site", "same-origin"),
            ("origin", "null")
        ]));
        assert!(own(&[("origin", "https://sign-in.example")]));
        assert!(own(&[]));
        assert!(!own(&[("sec-fetch-site", "same-site")]));
        assert!(!own(&[
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://sign-in.example")
        ]));
        assert!(!own(&[("origin", "https://evil.example")]));
        assert!(!own(&[("origin", "null")]));
        assert!(!own(&[("origin", "https://sign-in.example.evil.example")]));
    }
}
