//! What a browser sends.

use celadon::http::cookies::Cookies;
use celadon::logins::return_to;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use std::sync::LazyLock;
use url::Url;

static HOME: LazyLock<Url> =
    LazyLock::new(|| Url::parse("https://auth.example.com").expect("a URL"));

/// Where a browser is sent at the end is this site.
pub fn return_to(input: &[u8]) {
    let Ok(wish) = std::str::from_utf8(input) else {
        return;
    };
    let Some(allowed) = return_to::place(&HOME, &[], wish) else {
        return;
    };
    let there = HOME.join(&allowed).expect("a URL");
    assert_eq!(there.origin(), HOME.origin(), "{allowed}");
    assert!(
        !allowed.starts_with("//") && !allowed.contains('\\'),
        "{allowed}"
    );
    assert!(!allowed.contains(['\r', '\n']), "{allowed}");
}

/// Any header is read, and what is read can be a cookie's value.
pub fn cookies(input: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(input) else {
        return;
    };
    let mut headers = HeaderMap::new();
    headers.append(COOKIE, value);
    for secure in [true, false] {
        let cookies = Cookies::new(secure);
        if let Some(session) = cookies.session(&headers) {
            assert!(!session.contains([';', '\r', '\n']), "{session:?}");
        }
        for (name, value) in cookies.bindings(&headers) {
            assert!(
                !name.contains(['=', ';']) && !value.contains(';'),
                "{name:?}={value:?}"
            );
        }
        cookies.surplus(&headers);
    }
}
