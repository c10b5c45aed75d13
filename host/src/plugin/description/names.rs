//! Names of parameters and headers: which exist, and which only the host writes.

use super::Description;

/// The longest name of a parameter.
const MAX_PARAMETER: usize = 128;
/// The longest name of a header.
const MAX_HEADER: usize = 128;
/// The longest value of a fixed header.
const MAX_HEADER_VALUE: usize = 512;

/// Parameters of the protocol that the host writes, under any description. Lower case.
const PROTOCOL: &[&str] = &[
    "client_assertion",
    "client_assertion_type",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "dpop_jkt",
    "grant_type",
    "id_token_hint",
    "nonce",
    "redirect_uri",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "state",
];

/// Parameters of the callback that mean something to the host, or are credentials.
const CALLBACK: &[&str] = &[
    "access_token",
    "error",
    "error_description",
    "error_uri",
    "id_token",
    "iss",
    "refresh_token",
    "response",
    "state",
];

/// Whether this can be the name of a parameter at all: 1 to 128 of the characters that mean the same
/// in every encoding, and the brackets that some providers use.
pub fn is_parameter(name: &str) -> bool {
    (1..=MAX_PARAMETER).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte))
}

/// Whether the protocol, not a provider, gives this name its meaning. Without regard to case: some
/// servers have none.
pub fn is_protocol(name: &str) -> bool {
    contains(PROTOCOL, name)
}

/// Whether the host reads this parameter of a callback itself.
pub fn is_callback(name: &str) -> bool {
    contains(CALLBACK, name)
}

fn contains(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| alike(known, name))
}

/// Whether a server might take one name for the other. Some have no case; PHP reads `.`, a space and
/// a bracket that nobody closes as `_`, and leaves out what stands in brackets.
pub fn alike(one: &str, other: &str) -> bool {
    folded(one).eq(folded(other))
}

fn folded(name: &str) -> impl Iterator<Item = u8> {
    let index = name
        .find('[')
        .filter(|at| *at > 0 && name[*at..].contains(']'));
    name.bytes()
        .take(index.unwrap_or(name.len()))
        .map(|byte| match byte {
            b'.' | b' ' | b'[' => b'_',
            other => other.to_ascii_lowercase(),
        })
}

impl Description {
    /// Whether only the host writes this parameter: into the link, or into a request that carries
    /// a credential.
    pub fn is_host_written(&self, name: &str) -> bool {
        let lower = name.to_ascii_lowercase();
        let own = [
            "client_id",
            "client_secret",
            "scope",
            self.client.id_parameter.as_str(),
            &self.client.secret_parameter,
            &self.resource_parameter,
        ];
        is_protocol(name)
            || lower.starts_with("code_challenge")
            || contains(&own, name)
            || self
                .scopes
                .iter()
                .any(|scope| scope.name.eq_ignore_ascii_case(name))
    }
}

/// Headers that carry authority, routing, caching, framing, or what the host itself says.
const FORBIDDEN_HEADERS: &[&str] = &[
    "accept-encoding",
    "age",
    "alt-svc",
    "alt-used",
    "authority",
    "connection",
    "cookie",
    "cookie2",
    "date",
    "destination",
    "dpop",
    "expect",
    "expires",
    "forwarded",
    "from",
    "front-end-https",
    "host",
    "http2-settings",
    "keep-alive",
    "link",
    "location",
    "max-forwards",
    "origin",
    "pragma",
    "priority",
    "range",
    "referer",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "true-client-ip",
    "upgrade",
    "via",
    "warning",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-host",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-real-ip",
    "x-remote-user",
];

/// Families of them.
const FORBIDDEN_PREFIXES: &[&str] = &[
    "access-control-",
    "cache-",
    "cdn-",
    "cf-",
    "content-",
    "if-",
    "proxy-",
    "sec-",
    "surrogate-",
    "x-amz-",
    "x-envoy-",
    "x-forwarded",
    "x-forward-",
    "x-original-",
    "x-rewrite-",
];

/// What names of headers that carry authority end in.
const FORBIDDEN_SUFFIXES: &[&str] = &[
    "assertion",
    "authentication",
    "authorization",
    "cookie",
    "credential",
    "credentials",
    "key",
    "password",
    "secret",
    "signature",
    "token",
];

/// Whether a description may fix this header. The name in lower case.
pub fn is_fixed_header(name: &str) -> bool {
    (1..=MAX_HEADER).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !FORBIDDEN_HEADERS.contains(&name)
        && !FORBIDDEN_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
        && !FORBIDDEN_SUFFIXES
            .iter()
            .any(|suffix| name.ends_with(suffix))
}

/// Whether this can be the value of a fixed header: visible ASCII and single inner spaces.
pub fn is_header_value(value: &str) -> bool {
    (1..=MAX_HEADER_VALUE).contains(&value.len())
        && value
            .bytes()
            .all(|byte| byte == b' ' || byte.is_ascii_graphic())
        && value.trim() == value
}

/// Whether this is 1 to `max` visible ASCII characters.
pub fn is_visible(text: &str, max: usize) -> bool {
    (1..=max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocol_names_have_no_case() {
        for name in ["state", "STATE", "Redirect_Uri", "code_challenge_method"] {
            assert!(is_protocol(name), "{name}");
        }
        assert!(!is_protocol("access_type"));
        assert!(!is_protocol("requested_token_type"));
    }

    #[test]
    fn names_that_servers_take_for_another_are_alike() {
        for name in [
            "redirect_uri",
            "Redirect_URI",
            "redirect.uri",
            "redirect[uri",
            "redirect_uri[]",
            "redirect.uri[a][b]",
        ] {
            assert!(alike(name, "redirect_uri"), "{name}");
            assert!(is_protocol(name), "{name}");
        }
        for name in [
            "redirect-uri",
            "redirecturi",
            "[redirect_uri]",
            "redirect_uri2",
            "xredirect_uri",
        ] {
            assert!(!alike(name, "redirect_uri"), "{name}");
        }
    }

    #[test]
    fn parameters_are_plain() {
        for name in ["client_id", "client.id", "scope[]", "urn:x"] {
            assert!(is_parameter(name), "{name}");
        }
        for name in ["", "a b", "a&b", "a=b", "a%62", "ä", "a\r\n", "a#"] {
            assert!(!is_parameter(name), "{name}");
        }
        assert!(!is_parameter(&"a".repeat(129)));
    }

    #[test]
    fn fixed_headers_carry_nothing_that_matters() {
        for name in [
            "accept",
            "user-agent",
            "x-github-api-version",
            "linkedin-version",
            "client-id",
        ] {
            assert!(is_fixed_header(name), "{name}");
        }
        for name in [
            "host",
            "authorization",
            "cookie",
            "content-length",
            "content-type",
            "transfer-encoding",
            "x-forwarded-for",
            "private-token",
            "x-api-key",
            "cache-control",
            "proxy-authorization",
            "x-http-method-override",
            "sec-fetch-site",
            "te",
            "Accept",
            "a b",
            "",
            ":authority",
            "x-original-url",
            "connection",
            "upgrade",
            "if-none-match",
            "x_forwarded_for",
        ] {
            assert!(!is_fixed_header(name), "{name}");
        }
        assert!(is_header_value("application/json, text/plain"));
        for value in ["", " a", "a\r\nb: c", "a\tb", "ä", "a\0"] {
            assert!(!is_header_value(value), "{value:?}");
        }
    }
}
