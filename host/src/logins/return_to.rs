//! Where a browser may go at the end: a path of this site or a configured origin, and nowhere
//! else (RFC 9700 section 4.11: no open redirector).

use crate::config::Config;
use url::Url;

/// The longest `return_to`.
const LONGEST: usize = 2048;

/// Checks a `return_to`; `None` means home.
pub(crate) fn check(config: &Config, wish: Option<&str>) -> Option<String> {
    let Some(text) = wish else {
        return Some("/".to_owned());
    };
    let plain = text.len() <= LONGEST
        && !text.contains('\\')
        && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    if !plain {
        return None;
    }
    let own = &config.server.public_url;
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
    let allowed = origin == own.origin() || config.login.return_origins.contains(&origin);
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
