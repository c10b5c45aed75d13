//! Signature algorithms of ID tokens ([RFC 7518 section 3], [RFC 8037], [RFC 9864]).
//!
//! [RFC 7518 section 3]: https://www.rfc-editor.org/rfc/rfc7518#section-3
//! [RFC 8037]: https://www.rfc-editor.org/rfc/rfc8037
//! [RFC 9864]: https://www.rfc-editor.org/rfc/rfc9864

use aws_lc_rs::digest;
use std::collections::BTreeSet;

/// An algorithm that Celadon verifies. `none` is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the RFC's")]
pub enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    Es512,
    /// Ed25519 under its older name.
    EdDsa,
    Ed25519,
    /// Symmetric, under the client secret. Only where the operator granted `hs256-id-token`.
    Hs256,
}

impl Algorithm {
    const ALL: [Self; 12] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::EdDsa,
        Self::Ed25519,
        Self::Hs256,
    ];

    /// The algorithm of that name, exactly.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }

    /// Its name in `alg`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
            Self::Ed25519 => "Ed25519",
            Self::Hs256 => "HS256",
        }
    }

    /// Whether both names mean one algorithm: Ed25519 has two.
    pub fn same_as(self, other: Self) -> bool {
        let is_ed25519 = |algorithm| matches!(algorithm, Self::EdDsa | Self::Ed25519);
        self == other || (is_ed25519(self) && is_ed25519(other))
    }

    /// The hash of `at_hash` and `c_hash`: the one that the signature uses
    /// ([OIDC Core 3.1.3.6](https://openid.net/specs/openid-connect-core-1_0.html#CodeIDToken)).
    pub fn hash(self) -> &'static digest::Algorithm {
        match self {
            Self::Rs256 | Self::Ps256 | Self::Es256 | Self::Hs256 => &digest::SHA256,
            Self::Rs384 | Self::Ps384 | Self::Es384 => &digest::SHA384,
            Self::Rs512 | Self::Ps512 | Self::Es512 | Self::EdDsa | Self::Ed25519 => {
                &digest::SHA512
            }
        }
    }

    /// The algorithms that an issuer's ID tokens may have: those of its
    /// `id_token_signing_alg_values_supported` that are asymmetric, RS256 where it names none.
    /// With `hs256`, the operator's grant, HS256 as well.
    pub fn allowed(supported: Option<&BTreeSet<String>>, hs256: bool) -> Vec<Self> {
        Self::ALL
            .into_iter()
            .filter(|algorithm| match (algorithm, supported) {
                (Self::Hs256, _) => hs256,
                (Self::Rs256, None) => true,
                (_, None) => false,
                (_, Some(names)) => names.contains(algorithm.name()),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> BTreeSet<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn only_exact_names_count() {
        for name in [
            "none", "None", "rs256", "RS256 ", "HS384", "HS512", "RS1", "ES256K", "",
        ] {
            assert_eq!(Algorithm::from_name(name), None, "{name}");
        }
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::from_name(algorithm.name()), Some(algorithm));
        }
    }

    #[test]
    fn an_issuer_cannot_allow_what_is_weak() {
        let listed = names(&["none", "HS256", "HS512", "ES256", "RS256", "A256GCM"]);
        assert_eq!(
            Algorithm::allowed(Some(&listed), false),
            [Algorithm::Rs256, Algorithm::Es256]
        );
        assert_eq!(Algorithm::allowed(None, false), [Algorithm::Rs256]);
        assert_eq!(Algorithm::allowed(Some(&names(&["none"])), false), []);
        assert_eq!(
            Algorithm::allowed(None, true),
            [Algorithm::Rs256, Algorithm::Hs256]
        );
    }
}
