//! The one client: Celadon itself. How it authenticates, and where its answers may go.

use super::fields::Fields;
use crate::random;
use axum::http::{HeaderMap, header};
use data_encoding::BASE64;
use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};
use subtle::ConstantTimeEq;
use url::form_urlencoded;

/// The client, made at start.
pub(super) struct Client {
    id: String,
    secret: String,
    redirect_uris: RwLock<BTreeSet<String>>,
}

/// Why a request is not the client's.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum ClientError {
    /// Wrong or missing credentials.
    #[error("the client did not authenticate")]
    Unauthenticated,
    /// Credentials in the header and in the body too ([RFC 6749 section 2.3]).
    ///
    /// [RFC 6749 section 2.3]: https://www.rfc-editor.org/rfc/rfc6749#section-2.3
    #[error("the client authenticated in more than one way")]
    Twice,
}

impl Client {
    pub(super) fn generate() -> Self {
        Self {
            id: format!("celadon-{}", random::id()),
            secret: random::token(),
            redirect_uris: RwLock::default(),
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn secret(&self) -> &str {
        &self.secret
    }

    pub(super) fn register(&self, redirect_uri: &str) {
        self.redirect_uris
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(redirect_uri.to_owned());
    }

    pub(super) fn may_receive_at(&self, redirect_uri: &str) -> bool {
        self.redirect_uris
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(redirect_uri)
    }

    /// Checks `client_secret_basic` or `client_secret_post`.
    pub(super) fn authenticate(
        &self,
        headers: &HeaderMap,
        fields: &Fields,
    ) -> Result<(), ClientError> {
        let posted = fields.get("client_secret");
        let (id, secret) = match (headers.get(header::AUTHORIZATION), posted) {
            (Some(_), Some(_)) => return Err(ClientError::Twice),
            (Some(value), None) => basic(value.as_bytes()).ok_or(ClientError::Unauthenticated)?,
            (None, Some(secret)) => {
                let id = fields.get("client_id").unwrap_or_default();
                (id.to_owned(), secret.to_owned())
            }
            (None, None) => return Err(ClientError::Unauthenticated),
        };
        let named_otherwise = fields.get("client_id").is_some_and(|named| named != id);
        let right = id.as_bytes().ct_eq(self.id.as_bytes())
            & secret.as_bytes().ct_eq(self.secret.as_bytes());
        if bool::from(right) && !named_otherwise {
            Ok(())
        } else {
            Err(ClientError::Unauthenticated)
        }
    }
}

/// `Basic` with form-encoded parts ([RFC 6749 section 2.3.1]).
///
/// [RFC 6749 section 2.3.1]: https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
fn basic(value: &[u8]) -> Option<(String, String)> {
    let (scheme, encoded) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let decoded = String::from_utf8(BASE64.decode(encoded).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((form_decoded(id)?, form_decoded(secret)?))
}

/// One form-encoded word.
fn form_decoded(word: &str) -> Option<String> {
    if word.contains(['&', '=']) {
        return None;
    }
    let mut pairs = form_urlencoded::parse(word.as_bytes());
    let (name, _) = pairs.next()?;
    Some(name.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    fn with(authorization: &str) -> HeaderMap {
        let value = HeaderValue::from_str(authorization).expect("a header");
        HeaderMap::from_iter([(header::AUTHORIZATION, value)])
    }

    fn basic_of(id: &str, secret: &str) -> String {
        format!(
            "Basic {}",
            BASE64.encode(format!("{id}:{secret}").as_bytes())
        )
    }

    #[test]
    fn both_ways_are_accepted_but_not_both_at_once() {
        let client = Client::generate();
        let header = with(&basic_of(client.id(), client.secret()));
        let body = format!(
            "client_id={}&client_secret={}",
            client.id(),
            client.secret()
        );
        let posted = Fields::parse(body.as_bytes()).expect("parsed");
        assert_eq!(client.authenticate(&header, &Fields::default()), Ok(()));
        assert_eq!(client.authenticate(&HeaderMap::new(), &posted), Ok(()));
        assert_eq!(
            client.authenticate(&header, &posted),
            Err(ClientError::Twice)
        );
    }

    #[test]
    fn wrong_credentials_are_refused() {
        let client = Client::generate();
        let wrong = [
            basic_of(client.id(), "guess"),
            basic_of("another", client.secret()),
            basic_of(client.id(), &format!("{}=", client.secret())),
            basic_of("", ""),
            format!("Bearer {}", client.secret()),
            "Basic".to_owned(),
            "Basic !!!".to_owned(),
        ];
        for header in wrong {
            let answer = client.authenticate(&with(&header), &Fields::default());
            assert_eq!(answer, Err(ClientError::Unauthenticated), "{header}");
        }
        let none = client.authenticate(&HeaderMap::new(), &Fields::default());
        assert_eq!(none, Err(ClientError::Unauthenticated));
        let another = Fields::parse(b"client_id=another").expect("parsed");
        let answer = client.authenticate(&with(&basic_of(client.id(), client.secret())), &another);
        assert_eq!(
            answer,
            Err(ClientError::Unauthenticated),
            "one id here, another there"
        );
    }

    proptest! {
        #[test]
        fn any_header_is_read_without_panic(bytes: Vec<u8>, tail in "[A-Za-z0-9+/=]{0,40}") {
            let _ = basic(&bytes);
            let _ = basic(format!("Basic {tail}").as_bytes());
        }
    }
}
