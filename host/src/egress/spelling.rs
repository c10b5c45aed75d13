//! URLs as plugins and metadata may write them: in one spelling only.
//!
//! A URL that two parsers read differently is a way around a check. So whatever a stranger wrote
//! must be, byte for byte, what the [`url`] crate would write; decimal and octal addresses, default
//! ports, dot segments, upper-case hosts, backslashes and invisible characters all fall away.

use url::Url;

/// The longest URL a stranger may give.
const MAX_URL: usize = 2048;

/// Why a URL is refused. Never holds the URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Longer than 2048 bytes.
    #[error("the URL is too long")]
    TooLong,
    /// Not a URL.
    #[error("the URL cannot be read")]
    Syntax(#[source] url::ParseError),
    /// Neither https nor http.
    #[error("the URL is neither https nor http")]
    Scheme,
    /// It has a user or password.
    #[error("the URL has a user or password")]
    Userinfo,
    /// It has a fragment.
    #[error("the URL has a fragment")]
    Fragment,
    /// It is not written in the canonical way.
    #[error("the URL is not in its canonical spelling")]
    Spelling,
}

/// Reads a URL that a plugin or a provider's metadata gave.
///
/// An empty path may be left out (`https://example.com`). Whether the scheme and the host may be
/// used is the [policy's](super::Policy::check_url) to say.
///
/// # Errors
/// Everything that is not an absolute http or https URL in canonical spelling, without user and
/// fragment.
pub fn strict_url(text: &str) -> Result<Url, UrlError> {
    if text.len() > MAX_URL {
        return Err(UrlError::TooLong);
    }
    let url = Url::parse(text).map_err(UrlError::Syntax)?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(UrlError::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlError::Userinfo);
    }
    if url.fragment().is_some() {
        return Err(UrlError::Fragment);
    }
    let canonical = url.as_str();
    let same = canonical == text || canonical.strip_suffix('/') == Some(text);
    // A trailing dot names the same host by another origin.
    if !same || url.host_str().is_none_or(|host| host.ends_with('.')) {
        return Err(UrlError::Spelling);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn takes_canonical_urls() {
        for text in [
            "https://example.com",
            "https://example.com/",
            "https://example.com/a/b?c=d&e=%20f",
            "https://example.com:8443/token",
            "http://127.0.0.1:9000/jwks",
            "https://[2606:4700::1111]/",
            "https://xn--bcher-kva.example/",
            "https://login.microsoftonline.com/common/oauth2/v2.0/token",
        ] {
            assert!(strict_url(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn refuses_every_other_spelling() {
        for text in [
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://0/",
            "http://127.0.0.1./",
            "http://[::ffff:127.0.0.1]/",
            "http://[0:0:0:0:0:0:0:1]/",
            "https://EXAMPLE.com/",
            "https://ex%61mple.com/",
            "https://exa\tmple.com/",
            "https://example.com/\n",
            " https://example.com/",
            "https:/example.com/",
            "https:example.com",
            "https:///example.com/",
            "https:\\\\example.com/",
            "https://example.com\\@evil.example/",
            "https://example.com./",
            "https://example.com:443/",
            "http://example.com:80/",
            "https://example.com:/",
            "https://example.com/a/../b",
            "https://example.com/a/%2e%2e/b",
            "https://example.com?x",
            "https://user@example.com/",
            "https://user:word@example.com/",
            "https://@example.com/",
            "https://:@example.com/",
            "https://example.com/#",
            "https://example.com/#x",
            "https://bücher.example/",
            "https://ｅxample.com/",
            "https://example。com/",
            "HTTPS://example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "data:text/plain,x",
            "//example.com/",
            "/path",
            "example.com",
            "",
        ] {
            assert!(strict_url(text).is_err(), "{text}");
        }
        let long = format!("https://example.com/{}", "a".repeat(MAX_URL));
        assert_eq!(strict_url(&long), Err(UrlError::TooLong));
    }

    proptest! {
        #[test]
        fn what_is_taken_is_what_was_written(text in "https?:[/\\\\]{0,3}[a-z0-9.@:%x\\[\\]#?-]{0,24}(/[a-z.%2e]{0,8})?") {
            if let Ok(url) = strict_url(&text) {
                prop_assert_eq!(url.as_str().trim_end_matches('/'), text.trim_end_matches('/'));
                prop_assert!(!text.contains(['@', '#', '\\']));
            }
        }
    }
}
