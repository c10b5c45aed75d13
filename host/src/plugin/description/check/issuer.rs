//! The issuer: what `iss` may be and where the keys come from.

use super::{Checker, quoted};
use crate::oidc::metadata::is_under;
use crate::plugin::bindings;
use crate::plugin::description::{Issuer, Relaxation, names, strict_url};
use url::Url;

/// The longest identifier, in bytes.
const MAX_IDENTIFIER: usize = 512;
/// The longest value of a claim in an identifier, in bytes.
const MAX_CLAIM_VALUE: usize = 255;
const PRINTABLE: &str = "must be 1 to 512 visible ASCII characters";

impl Checker<'_> {
    pub(super) fn issuer(&mut self, raw: &bindings::Description) -> Issuer {
        let issuer = &raw.issuer;
        let is_identifier = |text: &str| names::is_visible(text, MAX_IDENTIFIER);
        let claim = claim_of(&issuer.identifier);
        let is_alias = |text: &str| {
            let same_claim = !text.contains('{') || claim_of(text) == claim;
            is_identifier(text) && without_claim(text).is_some() && same_claim
        };
        let is_value = |text: &str| names::is_visible(text, MAX_CLAIM_VALUE);
        self.identifier(raw);
        let checked = Issuer {
            identifier: issuer.identifier.clone(),
            aliases: self.set(&issuer.aliases, "issuer.aliases", is_alias,
                "must be 1 to 512 visible ASCII characters, with no other `{claim}` than the identifier has"),
            allow: self.set(&issuer.allow, "issuer.allow", is_value,
                "must be 1 to 255 visible ASCII characters"),
            deny: self.set(&issuer.deny, "issuer.deny", is_value,
                "must be 1 to 255 visible ASCII characters"),
            metadata: self.metadata(issuer),
            metadata_issuer: issuer.metadata_issuer.clone(),
        };
        if raw.id_token {
            self.keys_at_home(&checked);
        }
        self.ensure(
            !checked.aliases.contains(&checked.identifier),
            "issuer.aliases",
            "repeats the identifier",
        );
        self.ensure(
            issuer.metadata_issuer.as_deref().is_none_or(is_identifier),
            "issuer.metadata-issuer",
            PRINTABLE,
        );
        self.ensure(
            issuer.metadata.is_some() || issuer.metadata_issuer.is_none(),
            "issuer.metadata-issuer",
            "means nothing without `metadata`",
        );
        let lists_values = !checked.allow.is_empty() || !checked.deny.is_empty();
        self.ensure(
            !lists_values || checked.template().is_some(),
            "issuer.allow",
            "values mean nothing without a `{claim}` in the identifier",
        );
        checked
    }

    fn identifier(&mut self, raw: &bindings::Description) {
        let at = "issuer.identifier";
        let identifier = raw.issuer.identifier.as_str();
        if !names::is_visible(identifier, MAX_IDENTIFIER) {
            self.mistake(at, PRINTABLE);
            return;
        }
        let plain = match without_claim(identifier) {
            Some(plain) => plain,
            None => {
                self.mistake(
                    at,
                    "may hold one `{claim}`, of 1 to 64 of `A-Za-z0-9_`, and no other braces",
                );
                return;
            }
        };
        let has_claim = plain != identifier;
        self.ensure(
            !has_claim || raw.id_token,
            at,
            "takes a claim from an ID token, but `id-token` is false",
        );
        if raw.id_token || has_claim {
            self.issuer_url(identifier, &plain);
        }
        let by_secret = self.declared.contains(&Relaxation::Hs256IdToken);
        self.ensure(
            !raw.id_token || raw.issuer.metadata.is_some() || by_secret,
            "issuer.metadata",
            "must be there where `id-token` is true: keys come from nowhere else",
        );
    }

    /// An issuer of ID tokens is a URL without query and fragment (OIDC Core section 2), and its
    /// host is nobody's to choose.
    fn issuer_url(&mut self, identifier: &str, plain: &str) {
        let at = "issuer.identifier";
        match strict_url::parse(plain, self.operator.grant.insecure_http) {
            Ok(url) => {
                self.ensure(url.query().is_none(), at, "must not have a query");
                let origin = url.origin().ascii_serialization();
                let claim_in_path = identifier.find('{').is_none_or(|brace| {
                    identifier
                        .get(..brace)
                        .is_some_and(|before| before.starts_with(&format!("{origin}/")))
                });
                self.ensure(claim_in_path, at, "may have its claim in the path only");
            }
            Err(error) => self.mistake(at, format_args!("{}: {error}", quoted(identifier))),
        }
    }

    /// Whoever gives the keys says who everybody is. So metadata elsewhere than on the issuer's origin,
    /// by which a component could pass for any issuer, needs the operator.
    fn keys_at_home(&mut self, issuer: &Issuer) {
        let home = without_claim(&issuer.identifier).and_then(|plain| Url::parse(&plain).ok());
        let (Some(metadata), Some(home)) = (&issuer.metadata, home) else {
            return;
        };
        let at_home = home.origin() == metadata.origin();
        if at_home || is_under(metadata, &self.operator.grant.origins) {
            return;
        }
        let origin = metadata.origin().ascii_serialization();
        let provider = self.operator.provider;
        self.mistake(
            "issuer.metadata",
            format_args!(
                "is not on the issuer's origin, and whoever gives the keys says who everybody is; \
                 to allow it: [providers.{provider}.grant] origins = [\"{origin}\"]"
            ),
        );
    }

    fn metadata(&mut self, issuer: &bindings::Issuer) -> Option<Url> {
        let text = issuer.metadata.as_deref()?;
        self.url(text, "issuer.metadata")
    }
}

/// The claim between the first braces.
fn claim_of(identifier: &str) -> Option<&str> {
    let (_, rest) = identifier.split_once('{')?;
    rest.split_once('}').map(|(claim, _)| claim)
}

/// The identifier with `x` for its claim; `None` where braces stand otherwise.
fn without_claim(identifier: &str) -> Option<String> {
    let Some((before, rest)) = identifier.split_once('{') else {
        return (!identifier.contains('}')).then(|| identifier.to_owned());
    };
    let (claim, after) = rest.split_once('}')?;
    let is_claim = (1..=64).contains(&claim.len())
        && claim
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let is_rest_plain = !before.contains('}') && !after.contains(['{', '}']);
    (is_claim && is_rest_plain).then(|| format!("{before}x{after}"))
}
