//! A cookie jar with the rules of RFC 6265bis that decide anything in these tests.

use reqwest::header::{HeaderMap, SET_COOKIE};
use std::time::{Duration, Instant};
use url::Url;

/// Cookies, by host.
#[derive(Clone, Default)]
pub(super) struct Jar {
    cookies: Vec<Cookie>,
}

#[derive(Clone)]
struct Cookie {
    host: String,
    path: String,
    name: String,
    value: String,
    secure: bool,
    same_site: SameSite,
    /// `Max-Age`. None: as long as the browser lives.
    ends: Option<Instant>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum SameSite {
    Strict,
    Lax,
    None,
}

impl Jar {
    /// The `Cookie` header of a request. `foreign`: another site began it; `safe`: it is a GET.
    /// Every request of these tests is a top-level navigation.
    pub(super) fn header(&self, url: &Url, foreign: bool, safe: bool) -> Option<String> {
        let allowed = |cookie: &&Cookie| match cookie.same_site {
            SameSite::Strict => !foreign,
            SameSite::Lax => !foreign || safe,
            SameSite::None => true,
        };
        let pairs: Vec<_> = self
            .cookies
            .iter()
            .filter(|cookie| cookie.belongs_to(url))
            .filter(allowed)
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Takes in the cookies of an answer.
    pub(super) fn keep(&mut self, url: &Url, headers: &HeaderMap) {
        let lines = headers
            .get_all(SET_COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok());
        for (cookie, gone) in lines.filter_map(|line| parse(url, line)) {
            self.cookies.retain(|old| !old.is_replaced_by(&cookie));
            if !gone {
                self.cookies.push(cookie);
            }
        }
    }

    /// Cookies whose name begins so.
    pub(super) fn named(&self, prefix: &str) -> Vec<(String, String)> {
        let named = self
            .cookies
            .iter()
            .filter(|cookie| cookie.name.starts_with(prefix));
        named
            .map(|cookie| (cookie.name.clone(), cookie.value.clone()))
            .collect()
    }
}

impl Cookie {
    fn belongs_to(&self, url: &Url) -> bool {
        let path = url.path();
        let below = path.strip_prefix(&self.path).is_some_and(|rest| {
            rest.is_empty() || rest.starts_with('/') || self.path.ends_with('/')
        });
        let lives = self.ends.is_none_or(|ends| Instant::now() < ends);
        lives
            && url.host_str() == Some(&self.host)
            && below
            && (!self.secure || url.scheme() == "https")
    }

    fn is_replaced_by(&self, new: &Self) -> bool {
        (&self.host, &self.path, &self.name) == (&new.host, &new.path, &new.name)
    }
}

/// One `Set-Cookie` line: the cookie, and whether the line removes it.
fn parse(url: &Url, line: &str) -> Option<(Cookie, bool)> {
    let mut parts = line.split(';').map(str::trim);
    let (name, value) = parts.next()?.split_once('=')?;
    let mut cookie = Cookie {
        host: url.host_str()?.to_owned(),
        path: url
            .path()
            .rsplit_once('/')
            .map_or(
                "/",
                |(folder, _)| if folder.is_empty() { "/" } else { folder },
            )
            .to_owned(),
        name: name.to_owned(),
        value: value.to_owned(),
        secure: false,
        same_site: SameSite::Lax,
        ends: None,
    };
    let mut gone = false;
    for attribute in parts {
        let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        match name.to_ascii_lowercase().as_str() {
            "path" if value.starts_with('/') => value.clone_into(&mut cookie.path),
            "secure" => cookie.secure = true,
            "max-age" => match value.parse::<i64>() {
                Ok(age) if age <= 0 => gone = true,
                Ok(age) => {
                    cookie.ends = Some(Instant::now() + Duration::from_secs(age.unsigned_abs()))
                }
                Err(_) => {}
            },
            "expires" => gone |= value.contains(" 1970 "),
            "samesite" => {
                cookie.same_site = match value.to_ascii_lowercase().as_str() {
                    "strict" => SameSite::Strict,
                    "none" => SameSite::None,
                    _ => SameSite::Lax,
                }
            }
            _ => {}
        }
    }
    Some((cookie, gone))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jar(line: &str) -> Jar {
        let mut jar = Jar::default();
        let mut headers = HeaderMap::new();
        headers.insert(SET_COOKIE, line.parse().expect("a header"));
        jar.keep(&url("http://127.0.0.1:1/callback/op"), &headers);
        jar
    }

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    #[test]
    fn lax_cookies_are_withheld_from_foreign_posts_alone() {
        let jar = jar("a=1; Path=/; HttpOnly; SameSite=Lax");
        let here = url("http://127.0.0.1:2/");
        assert_eq!(jar.header(&here, true, true).as_deref(), Some("a=1"));
        assert_eq!(jar.header(&here, false, false).as_deref(), Some("a=1"));
        assert_eq!(jar.header(&here, true, false), None);
    }

    #[test]
    fn strict_cookies_are_withheld_from_all_that_is_foreign() {
        let jar = jar("a=1; Path=/; SameSite=Strict");
        assert_eq!(jar.header(&url("http://127.0.0.1/"), true, true), None);
    }

    #[test]
    fn paths_hosts_and_secure_decide() {
        assert!(
            jar("a=1")
                .header(&url("http://127.0.0.1/callback/x"), false, true)
                .is_some()
        );
        assert!(
            jar("a=1")
                .header(&url("http://127.0.0.1/callbacks"), false, true)
                .is_none()
        );
        assert!(
            jar("a=1; Path=/")
                .header(&url("http://localhost/"), false, true)
                .is_none()
        );
        assert!(
            jar("a=1; Path=/; Secure")
                .header(&url("http://127.0.0.1/"), false, true)
                .is_none()
        );
        assert!(jar("a=1; Path=/; Max-Age=0").named("a").is_empty());
    }
}
