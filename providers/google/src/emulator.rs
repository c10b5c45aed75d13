//! What may stand in Google's place. Whoever answers at the issuer's address decides who everybody
//! is, so an emulator is confined to this machine, and to http: an address that could be Google's,
//! or anybody else's, is none. Celadon itself asks for more: the operator has to grant `insecure_http` and the
//! private address.

/// Whether this is `http://` and a loopback address with a port.
pub(crate) fn is_allowed(origin: &str) -> bool {
    let Some(authority) = origin.strip_prefix("http://") else {
        return false;
    };
    let port = ["127.0.0.1:", "[::1]:", "localhost:"]
        .iter()
        .find_map(|host| authority.strip_prefix(host));
    port.is_some_and(|port| {
        !port.starts_with('0')
            && port.bytes().all(|byte| byte.is_ascii_digit())
            && port.parse::<u16>().is_ok()
    })
}
