//! The cookies that Celadon sets: the session's, and one for each login in progress that binds
//! the login to its browser.
//!
//! With https both carry the `__Host-` prefix, so that no other host and no plain connection can
//! plant them ([RFC 6265bis section 4.1.3.2](https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-4.1.3.2)).

use axum_extra::extract::cookie::{Cookie, SameSite};
use celadon_workflows::types::LoginId;
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

/// Logins that one browser may have in progress before the oldest are forgotten: their cookies
/// would otherwise grow past what servers accept.
pub const MAX_BINDINGS: usize = 20;

const SESSION: &str = "celadon-session";
const BINDING: &str = "celadon-login-";
const HOST_PREFIX: &str = "__Host-";

/// How cookies are named and marked.
#[derive(Clone, Copy, Debug)]
pub struct Cookies {
    secure: bool,
}

impl Cookies {
    /// `secure`: whether browsers reach us by https.
    pub fn new(secure: bool) -> Self {
        Self { secure }
    }

    fn prefix(self) -> &'static str {
        if self.secure { HOST_PREFIX } else { "" }
    }

    /// The name of the session's cookie.
    pub fn session_name(self) -> String {
        format!("{}{SESSION}", self.prefix())
    }

    /// The name of the cookie that binds a login: part of the login's id, so that logins in
    /// parallel tabs do not overwrite each other.
    pub fn binding_name(self, login: &LoginId) -> String {
        let short: String = login.as_str().chars().take(16).collect();
        format!("{}{BINDING}{short}", self.prefix())
    }

    /// The session's cookie among a request's.
    pub fn session(self, headers: &HeaderMap) -> Option<String> {
        let name = self.session_name();
        all(headers)
            .into_iter()
            .find_map(|(found, value)| (found == name).then_some(value))
    }

    /// All binding cookies of a request, the oldest first where the browser keeps to
    /// [RFC 6265 section 5.4](https://datatracker.ietf.org/doc/html/rfc6265#section-5.4).
    pub fn bindings(self, headers: &HeaderMap) -> Vec<(String, String)> {
        let start = format!("{}{BINDING}", self.prefix());
        all(headers)
            .into_iter()
            .filter(|(name, _)| name.starts_with(&start))
            .collect()
    }

    /// The names of binding cookies that must go so that one more has room.
    pub fn surplus(self, headers: &HeaderMap) -> Vec<String> {
        let bindings = self.bindings(headers);
        let surplus = (bindings.len() + 1).saturating_sub(MAX_BINDINGS);
        bindings
            .into_iter()
            .take(surplus)
            .map(|(name, _)| name)
            .collect()
    }

    /// Adds the session's cookie to a response. It lives as long as the browser does; the store
    /// decides when the session ends.
    pub fn set_session(self, response: &mut HeaderMap, value: &str) {
        self.put(response, &self.session_name(), value, None);
    }

    /// Adds a login's binding cookie to a response, for so many seconds.
    pub fn set_binding(self, response: &mut HeaderMap, login: &LoginId, value: &str, seconds: u64) {
        self.put(response, &self.binding_name(login), value, Some(seconds));
    }

    /// Has the browser forget a cookie of ours.
    pub fn clear(self, response: &mut HeaderMap, name: &str) {
        self.put(response, name, "", Some(0));
    }

    fn put(self, response: &mut HeaderMap, name: &str, value: &str, max_age: Option<u64>) {
        let mut cookie = Cookie::build((name, value))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(self.secure)
            .build()
            .to_string();
        if let Some(seconds) = max_age {
            // Max-Age as text: the builder's type comes from a crate that nothing else needs.
            cookie.push_str(&format!("; Max-Age={seconds}"));
        }
        // Names and values are ours or came in as a cookie: neither has a character that a header
        // refuses. Should one have, no cookie is the safe answer.
        if let Ok(value) = HeaderValue::try_from(cookie) {
            response.append(SET_COOKIE, value);
        }
    }
}

/// The cookies of a request in their order, duplicates included. What is no cookie is left out.
fn all(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .map(|cookie| (cookie.name().to_owned(), cookie.value().to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn request(cookie: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(
            COOKIE,
            HeaderValue::from_str(cookie).expect("a header value"),
        );
        headers
    }

    fn login(id: &str) -> LoginId {
        LoginId::new(id)
    }

    #[test]
    fn with_https_cookies_are_host_only_and_secure() {
        let mut headers = HeaderMap::new();
        Cookies::new(true).set_session(&mut headers, "value");
        assert_eq!(
            headers[SET_COOKIE],
            "__Host-celadon-session=value; HttpOnly; SameSite=Lax; Secure; Path=/"
        );
    }

    #[test]
    fn without_https_they_have_no_prefix() {
        let mut headers = HeaderMap::new();
        let id = login("0123456789abcdef0123");
        Cookies::new(false).set_binding(&mut headers, &id, "value", 600);
        assert_eq!(
            headers[SET_COOKIE],
            "celadon-login-0123456789abcdef=value; HttpOnly; SameSite=Lax; Path=/; Max-Age=600"
        );
    }

    #[test]
    fn with_https_a_cookie_without_the_prefix_does_not_count() {
        let headers = request("celadon-session=planted");
        assert_eq!(Cookies::new(true).session(&headers), None);
        assert!(Cookies::new(false).session(&headers).is_some());
    }

    #[test]
    fn the_oldest_logins_give_way() {
        let many: Vec<String> = (0..25)
            .map(|n| format!("celadon-login-{n:016}=v"))
            .collect();
        let surplus = Cookies::new(false).surplus(&request(&many.join("; ")));
        assert_eq!(surplus.len(), 6);
        assert_eq!(surplus[0], "celadon-login-0000000000000000");
        assert!(
            Cookies::new(false)
                .surplus(&request("celadon-login-1=v; a=b"))
                .is_empty()
        );
    }

    proptest! {
        #[test]
        fn any_header_is_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut headers = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                headers.insert(COOKIE, value);
            }
            let cookies = Cookies::new(false);
            for (name, _) in cookies.bindings(&headers) {
                prop_assert!(name.starts_with("celadon-login-"));
            }
            let mut answer = HeaderMap::new();
            for name in cookies.surplus(&headers) {
                cookies.clear(&mut answer, &name);
            }
        }

        #[test]
        fn what_is_set_is_found_again(value in "[A-Za-z0-9_-]{1,64}", id in "[0-9a-f]{64}") {
            let cookies = Cookies::new(true);
            let mut answer = HeaderMap::new();
            cookies.set_binding(&mut answer, &login(&id), &value, 600);
            let set = answer[SET_COOKIE].to_str().expect("ascii");
            let pair = set.split(';').next().expect("a pair");
            let found = cookies.bindings(&request(pair));
            prop_assert_eq!(found, vec![(cookies.binding_name(&login(&id)), value)]);
        }
    }
}
