//! The trait that an author implements.

use crate::{
    AuthorizationRequest, Description, Evidence, Failure, Grant, Http, Identity, Manifest,
    OptionError, Parameter, Setup, Stop, Tokens, defaults,
};
use serde::de::DeserializeOwned;

/// One identity provider.
///
/// Every function is pure: the same arguments give the same answer. Celadon may call any of them
/// again, in a new instance, and refuses a component whose answers differ.
pub trait Provider {
    /// The operator's options. Add `#[serde(deny_unknown_fields)]`.
    type Options: DeserializeOwned;

    /// What can be known of the component without running it.
    const MANIFEST: Manifest;

    /// Everything that Celadon must know before a login; the operator approves it.
    ///
    /// # Errors
    /// All mistakes in the options at once. Unknown names, missing ones and wrong types are found
    /// before this is called, by the manifest.
    fn describe(setup: &Setup<Self::Options>) -> Result<Description, Vec<OptionError>>;

    /// Parameters to add to the authorization link. By default none.
    ///
    /// # Errors
    /// Where the provider cannot do what the application asks for.
    fn authorize(
        setup: &Setup<Self::Options>,
        request: &AuthorizationRequest,
    ) -> Result<Vec<Parameter>, Failure> {
        let _ = (setup, request);
        Ok(Vec::new())
    }

    /// Gets tokens. By default the request of [RFC 6749](https://www.rfc-editor.org/rfc/rfc6749) for
    /// this grant, to the endpoint called `token`, read by [`Tokens::standard`].
    ///
    /// # Errors
    /// [`Stop`]: a request to send first, or the provider's refusal.
    fn obtain(
        setup: &Setup<Self::Options>,
        grant: &Grant,
        http: &mut Http,
    ) -> Result<Tokens, Stop> {
        let _ = setup;
        defaults::obtain(grant, http)
    }

    /// Makes an identity of the evidence and of what it asks for.
    ///
    /// # Errors
    /// [`Stop`]: requests to send first, or a refusal of this user.
    fn identify(
        setup: &Setup<Self::Options>,
        evidence: &Evidence,
        http: &mut Http,
    ) -> Result<Identity, Stop>;

    /// Withdraws the token of that name (empty: the first) and its refresh token. By default the
    /// request of [RFC 7009](https://www.rfc-editor.org/rfc/rfc7009) to the first `revocation`
    /// endpoint.
    ///
    /// # Errors
    /// [`Stop`]: requests to send first, or that the provider cannot withdraw tokens.
    fn revoke(setup: &Setup<Self::Options>, token: &str, http: &mut Http) -> Result<(), Stop> {
        let _ = token;
        let endpoint = Self::describe(setup)
            .ok()
            .and_then(|description| description.first_revocation());
        defaults::revoke(endpoint.as_deref().unwrap_or("revocation"), http)
    }
}
