//! What a text means: addresses, URLs, durations, sizes, names. Pure functions, without a place.

use super::key::nearest;
use super::problem::Problem;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;
use url::{Host, Url};

/// One or more characters, none of control, at most `limit`.
pub(super) fn text(limit: usize) -> impl Fn(&str) -> Result<String, Problem> {
    move |text| {
        if text.chars().any(char::is_control) {
            Err(Problem::ControlCharacter)
        } else if text.chars().count() > limit {
            Err(Problem::TooLong { limit })
        } else {
            Ok(text.to_owned())
        }
    }
}

/// One of a list of words.
pub(super) fn word<T: Copy>(
    text: &str,
    choices: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<T, Problem> {
    let found = choices.iter().copied().find(|choice| name(*choice) == text);
    found.ok_or_else(|| {
        let names: Vec<_> = choices.iter().map(|choice| name(*choice)).collect();
        Problem::NotOneOf {
            choices: names.join(", "),
            suggestion: nearest(text, names.iter().copied()),
        }
    })
}

/// Whether a text is `[a-z0-9][a-z0-9-]{0,62}`: it stands in URLs.
pub fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len()) && !text.starts_with('-') && text.bytes().all(allowed)
}

/// A scope-token, [RFC 6749 section 3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3).
pub(super) fn scope(text: &str) -> Result<String, Problem> {
    let allowed = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    if text.len() <= 512 && text.bytes().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err(Problem::NotScope)
    }
}

/// `listen`
pub(super) fn socket_address(text: &str) -> Result<SocketAddr, Problem> {
    text.parse().map_err(|_| Problem::NotSocketAddress)
}

/// A CIDR, or one address.
pub(super) fn network(text: &str) -> Result<IpNet, Problem> {
    text.parse::<IpNet>()
        .map(|network| network.trunc())
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| Problem::NotNetwork)
}

/// `host:port`, without a scheme.
pub(super) fn host_and_port(text: &str) -> Result<String, Problem> {
    let port = text
        .rsplit_once(':')
        .and_then(|(_, port)| port.parse::<u16>().ok());
    let plain = !text.contains(['/', '?', '#', '@', '\\']) && !has_space(text);
    let url = Url::parse(&format!("http://{text}")).ok();
    match (port, url) {
        (Some(1..), Some(url)) if plain && url.host().is_some() => Ok(text.to_owned()),
        _ => Err(Problem::NotHostAndPort),
    }
}

/// An http or https URL with a host, and nothing in it that is no part of an address.
pub(super) fn http_url(text: &str) -> Result<Url, Problem> {
    // The parser would drop white space and turn backslashes around.
    if has_space(text) || text.contains('\\') {
        return Err(Problem::NotUrl);
    }
    let url = Url::parse(text).map_err(|_| Problem::NotUrl)?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(if text.contains("://") {
            Problem::NotHttp
        } else {
            Problem::NotUrl
        });
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Problem::UrlUser);
    }
    if url.host_str().is_some_and(|host| host.contains('*')) {
        return Err(Problem::Wildcard);
    }
    Ok(url)
}

/// `scheme://host[:port]`, http on loopback only: `public_url` and `return_origins`.
pub(super) fn own_origin(text: &str) -> Result<Url, Problem> {
    let url = origin_with_prefix(text)?;
    if url.path() != "/" {
        return Err(Problem::UrlPath);
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(Problem::InsecurePublic);
    }
    Ok(url)
}

/// `scheme://host[:port][/prefix]`, without a slash at the end.
pub(super) fn origin_with_prefix(text: &str) -> Result<Url, Problem> {
    let mut url = http_url(text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Problem::UrlQuery);
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

/// A collector of traces: `http://host[:port]` on this machine or in a private network. A name
/// counts as private where no public resolver knows it: one label, `.internal`, `.local`.
pub(super) fn collector(text: &str) -> Result<Url, Problem> {
    let url = origin_with_prefix(text)?;
    if url.path() != "/" {
        return Err(Problem::UrlPath);
    }
    if url.scheme() == "https" {
        return Err(Problem::CollectorTls);
    }
    let private = match url.host() {
        Some(Host::Ipv4(address)) => address.is_private() || address.is_link_local(),
        Some(Host::Ipv6(address)) => address.is_unique_local() || address.is_unicast_link_local(),
        Some(Host::Domain(name)) => {
            let private = |end: &str| name.ends_with(end);
            !name.contains('.') || private(".internal") || private(".local")
        }
        None => false,
    };
    if private || is_loopback(&url) {
        Ok(url)
    } else {
        Err(Problem::CollectorPublic)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(domain)) => domain == "localhost",
        None => false,
    }
}

fn has_space(text: &str) -> bool {
    text.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// A whole number with its unit: `50ms`, `3s`, `10m`, `12h`, `7d`.
pub(super) fn duration(
    range: RangeInclusive<Duration>,
) -> impl Fn(&str) -> Result<Duration, Problem> {
    move |text| {
        let (number, unit) = number_and_unit(text).ok_or(Problem::NotDuration)?;
        let milliseconds = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(Problem::NotDuration),
        };
        let duration = Duration::from_millis(number.saturating_mul(milliseconds));
        if range.contains(&duration) {
            Ok(duration)
        } else {
            let (least, most) = (*range.start(), *range.end());
            Err(Problem::DurationRange { least, most })
        }
    }
}

/// Bytes: `65536`, `64KiB`, `32MiB`, `1GiB`.
pub(super) fn size(text: &str) -> Result<u64, Problem> {
    let (number, unit) = number_and_unit(text).ok_or(Problem::NotSize)?;
    let factor = match unit {
        "" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(Problem::NotSize),
    };
    Ok(number.saturating_mul(factor))
}

fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    Some((number.parse().ok()?, unit.trim_start_matches(' ')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_and_sizes() {
        let any = duration(Duration::ZERO..=Duration::MAX);
        for (text, milliseconds) in [
            ("50ms", 50),
            ("3s", 3_000),
            ("10m", 600_000),
            ("12h", 43_200_000),
            ("7d", 604_800_000),
        ] {
            assert_eq!(any(text).unwrap(), Duration::from_millis(milliseconds));
        }
        for text in [
            "",
            "10",
            "m",
            "-1s",
            "1.5s",
            "1 0s",
            "10M",
            "10min",
            "99999999999999999999s",
            "١s",
        ] {
            assert!(any(text).is_err(), "{text}");
        }
        assert_eq!(size("32MiB").unwrap(), 32 << 20);
        assert_eq!(size("7").unwrap(), 7);
        assert!(size("32MB").is_err());
        assert_eq!(size("18446744073709551615GiB").unwrap(), u64::MAX);
    }

    #[test]
    fn own_origins() {
        for text in [
            "https://a.example",
            "https://a.example:8443/",
            "http://127.0.0.1:1",
            "http://127.8.9.10",
            "http://[::1]:80",
            "http://LOCALHOST:3000",
        ] {
            assert!(own_origin(text).is_ok(), "{text}");
        }
        for text in [
            "http://a.example",
            "http://localhost.example",
            "http://128.0.0.1",
            "http://0.0.0.0",
            "https://a.example/path",
            "https://u@a.example",
            "https://a.example?",
            "https://a.example#",
            "https://*.example",
            "ftp://a.example",
            "a.example",
            "localhost:8080",
            "//a.example",
            "https:\\\\a.example",
            "https://a.exa\tmple",
            " https://a.example",
        ] {
            assert!(own_origin(text).is_err(), "{text}");
        }
    }

    #[test]
    fn collectors() {
        for text in [
            "http://127.0.0.1:4317",
            "http://[::1]:4317/",
            "http://localhost:4317",
            "http://10.1.2.3:4317",
            "http://[fd00::1]:4317",
            "http://otel-collector:4317",
            "http://collector.observability.svc.cluster.local:4317",
            "http://collector.corp.internal",
        ] {
            assert!(collector(text).is_ok(), "{text}");
        }
        for text in [
            "127.0.0.1:4317",
            "grpc://127.0.0.1:4317",
            "https://127.0.0.1:4317",
            "https://api.collector.example",
            "http://api.collector.example:4317",
            "http://local:4317.example",
            "http://203.0.113.7:4317",
            "http://0.0.0.0:4317",
            "http://[2001:db8::1]:4317",
            "http://[::ffff:203.0.113.7]:4317",
            "http://key@127.0.0.1:4317",
            "http://user:key@127.0.0.1:4317",
            "http://127.0.0.1:4317/v1/traces",
            "http://127.0.0.1:4317?key=1",
            "http://127.0.0.1:4317#key",
        ] {
            assert!(collector(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "\\PC{0,40}") {
            let _ = (size(&text), http_url(&text), own_origin(&text), network(&text));
            let _ = collector(&text);
            let _ = (host_and_port(&text), socket_address(&text), scope(&text), is_name(&text));
            let _ = duration(Duration::ZERO..=Duration::MAX)(&text);
        }

        #[test]
        fn an_origin_that_is_taken_is_one(text in "https?://[a-z0-9.:@/?#\\[\\]-]{1,30}") {
            if let Ok(url) = own_origin(&text) {
                prop_assert_eq!(url.as_str(), format!("{}/", url.origin().ascii_serialization()));
            }
        }
    }
}
