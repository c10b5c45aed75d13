//! Who calls the API: credentials of configured clients.
//!
//! `Authorization: Basic` with name and secret, form-encoded first as
//! [RFC 6749 section 2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1) has it or as they
//! are, or `Bearer` with the secret alone. All clients' secrets are compared, by their digests and
//! in constant time, so that the time tells neither which client nor how much of a secret is right.

use super::problem::{Problem, kinds};
use super::{Edge, address::ClientAddress};
use crate::config::Client;
use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::BASE64;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use std::collections::BTreeMap;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

const CHALLENGE: &str = r#"Basic realm="celadon", charset="UTF-8", Bearer realm="celadon""#;
const WRONG: &str =
    r#"Basic realm="celadon", charset="UTF-8", Bearer realm="celadon", error="invalid_token""#;

/// What a request presents.
pub(super) struct Presented {
    /// `None`: a bearer secret, which names nobody.
    name: Option<String>,
    secret: Zeroizing<String>,
}

impl Presented {
    /// Whether it holds this secret. An empty one, which validation refuses, opens nothing.
    pub(super) fn has(&self, secret: &str) -> Choice {
        let given = digest(&SHA256, self.secret.as_bytes());
        let right = digest(&SHA256, secret.as_bytes());
        given.as_ref().ct_eq(right.as_ref()) & Choice::from(u8::from(!secret.is_empty()))
    }
}

/// The name of the client that calls, or 401.
pub fn require(
    edge: &Edge,
    headers: &HeaderMap,
    ClientAddress(address): ClientAddress,
) -> Result<String, Problem> {
    let Some(header) = headers.get(AUTHORIZATION) else {
        return Err(Problem::new(&kinds::CLIENT_UNAUTHENTICATED).challenge(CHALLENGE));
    };
    let presented = header.to_str().map(presented).unwrap_or_default();
    if let Some(client) = matching(&edge.web.config.clients, &presented) {
        return Ok(client);
    }
    edge.limits.wrong_credential(address)?;
    Err(Problem::new(&kinds::CLIENT_UNAUTHENTICATED).challenge(WRONG))
}

/// The client whose credential is among these. Looks at all of them, whatever it finds.
fn matching(clients: &BTreeMap<String, Client>, presented: &[Presented]) -> Option<String> {
    let mut found = 0_u32;
    for (number, (name, client)) in (1_u32..).zip(clients) {
        let Some(secret) = current_secret(name, client) else {
            continue;
        };
        let right = presented
            .iter()
            .map(|one| is(one, name, &secret))
            .fold(Choice::from(0), |any, one| any | one);
        found.conditional_assign(&number, right);
    }
    let index = usize::try_from(found.checked_sub(1)?).ok()?;
    clients.keys().nth(index).cloned()
}

fn is(presented: &Presented, name: &str, secret: &str) -> Choice {
    // The name is no secret.
    let named = presented.name.as_deref().is_none_or(|given| given == name);
    presented.has(secret) & Choice::from(u8::from(named))
}

/// A secret that cannot be read now lets nobody in.
fn current_secret(name: &str, client: &Client) -> Option<Zeroizing<String>> {
    match client.secret.read() {
        Ok(secret) => Some(secret),
        Err(error) => {
            tracing::error!(client = name, %error, "client secret cannot be read");
            None
        }
    }
}

/// The readings of an `Authorization` header: none, or up to two of a Basic one.
pub(super) fn presented(header: &str) -> Vec<Presented> {
    let Some((scheme, value)) = header.split_once(' ') else {
        return Vec::new();
    };
    if scheme.eq_ignore_ascii_case("bearer") {
        let secret = Zeroizing::new(value.trim().to_owned());
        return vec![Presented { name: None, secret }];
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Vec::new();
    }
    basic(value.trim()).unwrap_or_default()
}

fn basic(encoded: &str) -> Option<Vec<Presented>> {
    let decoded = Zeroizing::new(BASE64.decode(encoded.as_bytes()).ok()?);
    let (name, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    let plain = Presented {
        name: Some(name.to_owned()),
        secret: Zeroizing::new(secret.to_owned()),
    };
    let form_encoded = form_decode(name).zip(form_decode(secret));
    let form_encoded = form_encoded.map(|(name, secret)| Presented {
        name: Some(name),
        secret: Zeroizing::new(secret),
    });
    Some([Some(plain), form_encoded].into_iter().flatten().collect())
}

/// Decodes one form-encoded word, strictly: what is malformed is none.
fn form_decode(word: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(word.len());
    let mut bytes = word.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => hex(bytes.next()?)? << 4 | hex(bytes.next()?)?,
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}

fn hex(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;
    use proptest::prelude::*;
    use url::form_urlencoded::byte_serialize;

    fn clients() -> BTreeMap<String, Client> {
        [
            ("app", "s3cret+/%: ü"),
            ("empty", ""),
            ("other", "other-secret"),
        ]
        .map(|(name, secret)| {
            let client = Client {
                secret: Secret::Plain(secret.to_owned()),
                title: name.to_owned(),
            };
            (name.to_owned(), client)
        })
        .into()
    }

    fn who(header: &str) -> Option<String> {
        matching(&clients(), &presented(header))
    }

    fn basic_of(name: &str, secret: &str) -> String {
        format!(
            "Basic {}",
            BASE64.encode(format!("{name}:{secret}").as_bytes())
        )
    }

    fn encoded(text: &str) -> String {
        byte_serialize(text.as_bytes()).collect()
    }

    #[test]
    fn a_client_is_known_by_name_and_secret_or_by_secret_alone() {
        assert_eq!(
            who(&basic_of("app", "s3cret+/%: ü")).as_deref(),
            Some("app")
        );
        assert_eq!(
            who(&basic_of("app", &encoded("s3cret+/%: ü"))).as_deref(),
            Some("app")
        );
        assert_eq!(who("bearer other-secret").as_deref(), Some("other"));
    }

    #[test]
    fn everything_else_opens_nothing() {
        for header in [
            "",
            "Bearer",
            "Bearer ",
            "Basic !!!",
            "Digest app",
            &basic_of("other", "s3cret+/%: ü"),
            &basic_of("app", ""),
            &basic_of("empty", ""),
            &basic_of("app", "other-secret"),
            &basic_of("nobody", "other-secret"),
        ] {
            assert_eq!(who(header), None, "{header}");
        }
    }

    proptest! {
        #[test]
        fn a_word_survives_form_encoding(word in any::<String>()) {
            prop_assert_eq!(form_decode(&encoded(&word)), Some(word));
        }

        #[test]
        fn any_header_is_read_without_panic_and_opens_nothing(text in ".{0,80}") {
            prop_assert_eq!(who(&text), None);
            prop_assert_eq!(who(&format!("Basic {text}")), None);
            prop_assert_eq!(who(&format!("Basic {}", BASE64.encode(text.as_bytes()))), None);
        }
    }
}
