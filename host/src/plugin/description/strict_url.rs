//! URLs of a description: written in the one way that every parser reads alike.

use url::{Host, Url};

/// The longest URL, in bytes.
const MAX_BYTES: usize = 8 << 10;

/// Why a URL is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum UrlError {
    /// Too long, or with characters that no URL has.
    #[error("must be a URL of at most {MAX_BYTES} visible ASCII characters")]
    Characters,
    /// Not an absolute URL.
    #[error("must be an absolute URL")]
    Syntax,
    /// Neither https nor http.
    #[error("must begin with `https://`")]
    Scheme,
    /// http, and the operator has not granted it.
    #[error(
        "must be https; to allow http for a provider on this machine, set `insecure_http = true`"
    )]
    Insecure,
    /// A user or password.
    #[error("must not name a user")]
    User,
    /// A fragment.
    #[error("must not have a fragment")]
    Fragment,
    /// Host written in an unusual way.
    #[error("must have a host in canonical form, such as `{0}`")]
    Host(String),
    /// Not in canonical form.
    #[error("must be in canonical form: `{0}`")]
    Canonical(Url),
}

/// Reads a URL of a description.
pub(super) fn parse(text: &str, insecure_http: bool) -> Result<Url, UrlError> {
    if !super::names::is_visible(text, MAX_BYTES) || text.contains('\\') {
        return Err(UrlError::Characters);
    }
    let url = Url::parse(text).map_err(|_| UrlError::Syntax)?;
    match url.scheme() {
        "https" => {}
        "http" if insecure_http => {}
        "http" => return Err(UrlError::Insecure),
        _ => return Err(UrlError::Scheme),
    }
    if text.contains('#') {
        return Err(UrlError::Fragment);
    }
    if !url.username().is_empty() || url.password().is_some() || authority(text).contains('@') {
        return Err(UrlError::User);
    }
    check_host(text, &url)?;
    // `https://host` and `https://host/` are the same to everybody.
    let canonical = url.as_str() == text || url.as_str().strip_suffix('/') == Some(text);
    if canonical {
        Ok(url)
    } else {
        Err(UrlError::Canonical(url))
    }
}

fn check_host(text: &str, url: &Url) -> Result<(), UrlError> {
    let host = url.host_str().ok_or(UrlError::Syntax)?;
    let expected = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let trailing_dot = matches!(url.host(), Some(Host::Domain(name)) if name.ends_with('.'));
    if authority(text) != expected || trailing_dot {
        return Err(UrlError::Host(expected.trim_end_matches('.').to_owned()));
    }
    Ok(())
}

fn authority(text: &str) -> &str {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn takes_what_is_canonical() {
        for text in [
            "https://example.com",
            "https://example.com/",
            "https://example.com:8443/a/b?c=d&e=f,g",
            "https://graph.facebook.com/v21.0/me?fields=id,name,email",
            "https://[2001:db8::1]/token",
            "https://xn--bcher-kva.example/",
        ] {
            assert!(parse(text, false).is_ok(), "{text}");
        }
        assert!(parse("http://127.0.0.1:9000/realms/a", true).is_ok());
    }

    #[test]
    fn refuses_every_other_spelling() {
        for text in [
            "http://example.com/",
            "ftp://example.com/",
            "javascript:alert(1)",
            "https:example.com",
            "https:///example.com",
            "//example.com/",
            "/path",
            "",
            "https://user@example.com/",
            "https://user:pass@example.com/",
            "https://@example.com/",
            "https://:@example.com/",
            "https://example.com/#x",
            "https://example.com/#",
            "https://EXAMPLE.com/",
            "HTTPS://example.com/",
            "https://example.com./",
            "https://example.com:443/",
            "https://example.com:/",
            "https://example.com:0443/",
            "https://ex%61mple.com/",
            "https://bücher.example/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://127.1/",
            "https://[::ffff:127.0.0.1]/",
            "https://[0:0::1]/",
            "https://example.com/../token",
            "https://example.com/a/./b",
            "https://example.com/%2e%2e/token",
            "https://example.com\\@evil.example/",
            "https://example.com/a b",
            " https://example.com/",
            "https://example.com/\n",
            "https://exa\tmple.com/",
        ] {
            assert!(parse(text, false).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_has_one_spelling(text in "https?://[a-zA-Z0-9.:@\\[\\]%-]{1,20}(/[ -~]{0,12})?") {
            if let Ok(url) = parse(&text, false) {
                prop_assert_eq!(url.scheme(), "https");
                prop_assert_eq!(url.as_str().trim_end_matches('/'), text.trim_end_matches('/'));
            }
        }
    }
}
