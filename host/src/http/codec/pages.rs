//! Which pages may call the codec: those of configured origins
//! ([Fetch, CORS protocol](https://fetch.spec.whatwg.org/#http-cors-protocol)).
//!
//! A browser says in `Origin` whose page calls and lets no page choose it. Any other program can
//! write what it likes there; for those it is the credential that counts.

use crate::config::Operators;
use crate::http::address::ClientAddress;
use crate::http::problem::{Problem, kinds};
use crate::http::{Edge, operators};
use axum::response::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue};
use url::Origin;

/// What the Temporal UI sends.
const HEADERS: &str = "authorization, content-type, x-namespace";
/// Seconds for which a browser need not ask again.
const MAX_AGE: &str = "600";

/// Who calls the codec.
pub(super) enum Caller {
    /// No page.
    Program,
    /// A page of an origin that may.
    Page {
        /// As the browser wrote it.
        origin: HeaderValue,
        /// Whether it is the page that `celadon dev` opened, on this machine.
        open: bool,
    },
}

impl Caller {
    /// Who calls; 404 without operators, 403 for a page of another origin.
    pub(super) fn of(
        edge: &Edge,
        headers: &HeaderMap,
        ClientAddress(address): ClientAddress,
    ) -> Result<Self, Problem> {
        let operators = operators::configured(edge)?;
        let Some(origin) = headers.get(ORIGIN) else {
            return Ok(Self::Program);
        };
        let open =
            address.is_loopback() && is_one_of(operators.open_codec_origin.as_slice(), origin);
        if open || allowed(operators, origin) {
            let origin = origin.clone();
            return Ok(Self::Page { origin, open });
        }
        Err(Problem::new(&kinds::FOREIGN_ORIGIN)
            .detail("[operators] codec_origins does not list the page's origin"))
    }

    /// Whether it may do without the operators' credential.
    pub(super) fn needs_no_credential(&self) -> bool {
        matches!(self, Self::Page { open: true, .. })
    }

    /// Lets the page read the response. Cookies are never part of it.
    pub(super) fn permit(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.insert(VARY, HeaderValue::from_static("origin"));
        if let Self::Page { origin, .. } = self {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            for (name, value) in [
                (ACCESS_CONTROL_ALLOW_METHODS, "POST"),
                (ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
                (ACCESS_CONTROL_MAX_AGE, MAX_AGE),
            ] {
                headers.insert(name, HeaderValue::from_static(value));
            }
        }
        response
    }
}

fn allowed(operators: &Operators, origin: &HeaderValue) -> bool {
    is_one_of(&operators.codec_origins, origin)
}

/// Byte for byte, as browsers serialise origins.
fn is_one_of(origins: &[Origin], origin: &HeaderValue) -> bool {
    origins
        .iter()
        .any(|known| known.is_tuple() && origin == known.ascii_serialization().as_str())
}
