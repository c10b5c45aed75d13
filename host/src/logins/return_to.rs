//! Where a browser may go at the end: a path of this site or a configured origin, and nowhere
//! else (RFC 9700 section 4.11: no open redirector).

use crate::config::Config;
use url::{Origin, Url};

/// The longest `return_to`.
const LONGEST: usize = 2048;

/// Checks a `return_to`; `None` means home.
pub(crate) fn check(config: &Config, wish: Option<&str>) -> Option<String> {
    let Some(text) = wish else {
        return Some("/".to_owned());
    };
    place(
        &config.server.public_url,
        &config.login.return_origins,
        text,
    )
}

/// The place that a `return_to` names, as a path of this site or a URL of one of the `others`;
/// `None` where it is neither.
pub fn place(own: &Url, others: &[Origin], text: &str) -> Option<String> {
    let plain = text.len() <= LONGEST
        && !text.contains('\\')
        && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    if !plain {
        return None;
    }
    if text.starts_with('/') {
        let url = own.join(text).ok()?;
        // `//host`, `/../` and friends are resolved as a browser would, and must stay at home. A
        // path that begins with two slashes once it is resolved would name another host.
        let home = url.origin() == own.origin()
            && !text.starts_with("//")
            && !url.path().starts_with("//");
        return home.then(|| relative(&url));
    }
    let url = Url::parse(text).ok()?;
    let web = matches!(url.scheme(), "http" | "https");
    let bare = url.username().is_empty() && url.password().is_none();
    let origin = url.origin();
    let allowed = origin == own.origin() || others.contains(&origin);
    (web && bare && allowed).then(|| url.to_string())
}

fn relative(url: &Url) -> String {
    let mut text = url.path().to_owned();
    if let Some(query) = url.query() {
        text.push('?');
        text.push_str(query);
    }
    if let Some(fragment) = url.fragment() {
        text.push('#');
        text.push_str(fragment);
    }
    text
}

/// Adds what the waiting client needs to fetch the result.
pub(super) fn with_result(return_to: &str, login: &str, code: &str) -> String {
    let (rest, fragment) = match return_to.split_once('#') {
        Some((rest, fragment)) => (rest, Some(fragment)),
        None => (return_to, None),
    };
    let mark = if rest.contains('?') { '&' } else { '?' };
    let mut text = format!("{rest}{mark}login={login}&result={code}");
    if let Some(fragment) = fragment {
        text.push('#');
        text.push_str(fragment);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Environment};
    use proptest::prelude::*;

    fn config() -> Config {
        let variables = [
            ("CELADON_SERVER__PUBLIC_URL", "https://sso.example"),
            ("CELADON_LOGIN__RETURN_ORIGINS", "[\"https://app.example\"]"),
        ];
        let environment: Environment = variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        config::load(None, environment).expect("a configuration").0
    }

    #[test]
    fn own_paths_and_configured_origins_are_allowed() {
        let config = config();
        for (wish, expected) in [
            ("/", "/"),
            ("/a/b?c=d#e", "/a/b?c=d#e"),
            ("/a/../b", "/b"),
            ("https://app.example/x?y=z", "https://app.example/x?y=z"),
            ("https://sso.example/x", "https://sso.example/x"),
        ] {
            assert_eq!(
                check(&config, Some(wish)).as_deref(),
                Some(expected),
                "{wish}"
            );
        }
        assert_eq!(check(&config, None).as_deref(), Some("/"));
    }

    #[test]
    fn everything_else_is_refused() {
        let config = config();
        for wish in [
            "",
            "a",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/..//evil.example",
            "/.//evil.example",
            "https://evil.example",
            "https:evil.example",
            "https://app.example@evil.example",
            "https://user@app.example",
            "http://app.example",
            "https://app.example:444",
            "https://app.example.evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "/a\r\nSet-Cookie: x=y",
            "/a\tb",
            "/ a",
            "\u{a0}/a",
            "https://sso.example\\@evil.example",
            "//sso.example@evil.example",
        ] {
            assert_eq!(check(&config, Some(wish)), None, "{wish:?}");
        }
        assert_eq!(
            check(&config, Some(&format!("/{}", "a".repeat(LONGEST)))),
            None
        );
    }

    #[test]
    fn the_result_joins_what_is_there() {
        for (place, expected) in [
            ("/done", "/done?login=l&result=c"),
            ("/done?a=b", "/done?a=b&login=l&result=c"),
            (
                "https://app.example/#/x",
                "https://app.example/?login=l&result=c#/x",
            ),
        ] {
            assert_eq!(with_result(place, "l", "c"), expected);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_allowed_stays_at_home_or_at_a_configured_origin(wish in "[/\\\\a.:@?#%\\t-]{0,12}") {
            let config = config();
            if let Some(place) = check(&config, Some(&wish)) {
                let url = config.server.public_url.join(&place).expect("a URL");
                prop_assert_eq!(url.host_str(), Some("sso.example"), "{} from {}", place, wish);
            }
        }
    }
}
