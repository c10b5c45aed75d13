//! A callback at the edge: what can be told before the workflow hears of it.

use super::{CallbackRequest, LoginError};
use crate::clock::Timestamp;
use crate::oidc::metadata::ProviderMetadata;
use crate::plugin::description::Description;
use crate::steps::attempt::{Callback, ISSUER_MISSING, ISSUER_WRONG};
use celadon_workflows::types::LoginId;

/// Parameters of one callback.
const MOST_PARAMETERS: usize = 64;
/// The longest state that could be ours is 43 characters; some room for clear answers.
const LONGEST_STATE: usize = 512;
/// The longest code that is taken.
const LONGEST_CODE: usize = 8 << 10;
/// Bytes of all kept parameters.
const MOST_KEPT: usize = 16 << 10;

/// Error codes of an authorization response: RFC 6749 section 4.1.2.1, OIDC Core 3.1.2.6. Others
/// become `other`, so that the history holds no provider's words.
const ERRORS: [&str; 16] = [
    "invalid_request",
    "unauthorized_client",
    "access_denied",
    "unsupported_response_type",
    "invalid_scope",
    "server_error",
    "temporarily_unavailable",
    "interaction_required",
    "login_required",
    "account_selection_required",
    "consent_required",
    "invalid_request_uri",
    "invalid_request_object",
    "request_not_supported",
    "request_uri_not_supported",
    "registration_not_supported",
];

/// The callback's parameters, each there at most once.
pub(super) struct Parameters<'a>(&'a [(String, String)]);

impl<'a> Parameters<'a> {
    /// RFC 6749 section 3.1: parameters must not be included more than once.
    pub(super) fn new(request: &'a CallbackRequest) -> Result<Self, LoginError> {
        let parameters = &request.parameters;
        if parameters.len() > MOST_PARAMETERS {
            return Err(LoginError::BadRequest(
                "the callback has too many parameters".to_owned(),
            ));
        }
        for (index, (name, _)) in parameters.iter().enumerate() {
            if parameters[..index]
                .iter()
                .any(|(earlier, _)| earlier == name)
            {
                return Err(LoginError::BadRequest(
                    "the callback has one of its parameters twice".to_owned(),
                ));
            }
        }
        Ok(Self(parameters))
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        self.0
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    /// The login that the state names.
    pub(super) fn login(&self) -> Result<LoginId, LoginError> {
        let state = self.get("state").filter(|state| !state.is_empty());
        let state =
            state.ok_or_else(|| LoginError::BadRequest("the callback has no state".to_owned()))?;
        if state.len() > LONGEST_STATE {
            return Err(LoginError::UnknownState);
        }
        Ok(LoginId::new(crate::random::sha256_hex(state.as_bytes())))
    }

    /// Authorization server issuer identification (RFC 9207 section 2.4).
    pub(super) fn check_issuer(
        &self,
        description: &Description,
        metadata: Option<&ProviderMetadata>,
    ) -> Result<(), &'static str> {
        let Some(iss) = self.get("iss") else {
            let promised = metadata
                .is_some_and(|metadata| metadata.authorization_response_iss_parameter_supported);
            return if promised {
                Err(ISSUER_MISSING)
            } else {
                Ok(())
            };
        };
        let issuers = &description.callback.issuers;
        let right = if issuers.is_empty() {
            is_issuer(description, iss)
        } else {
            issuers.contains(iss)
        };
        if right { Ok(()) } else { Err(ISSUER_WRONG) }
    }

    /// What the steps need of it.
    pub(super) fn callback(
        &self,
        description: &Description,
        received_at: Timestamp,
    ) -> Result<Callback, LoginError> {
        let code = self
            .get(&description.callback.code_parameter)
            .filter(|code| !code.is_empty());
        let error = self.get("error");
        if code.is_some() == error.is_some() {
            return Err(LoginError::BadRequest(
                "the callback needs either a code or an error".to_owned(),
            ));
        }
        if code.is_some_and(|code| code.len() > LONGEST_CODE) {
            return Err(LoginError::BadRequest(
                "the callback's code is too long".to_owned(),
            ));
        }
        // RFC 6749 appendix A.11. Whatever else came is not what the provider wrote.
        if code.is_some_and(|code| !code.bytes().all(|byte| (0x20..=0x7e).contains(&byte))) {
            return Err(LoginError::BadRequest(
                "the callback's code has characters that RFC 6749 forbids".to_owned(),
            ));
        }
        let kept: Vec<(String, String)> = self
            .0
            .iter()
            .filter(|(name, _)| description.callback.keep.contains(name))
            .cloned()
            .collect();
        if kept
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum::<usize>()
            > MOST_KEPT
        {
            return Err(LoginError::BadRequest(
                "the callback is too long".to_owned(),
            ));
        }
        let known = |error: &str| ERRORS.contains(&error).then(|| error.to_owned());
        Ok(Callback {
            code: code.map(str::to_owned),
            error: error.map(|error| known(error).unwrap_or_else(|| "another error".to_owned())),
            kept,
            received_at,
        })
    }
}

/// Whether `iss` is the identifier: byte for byte, or with any one path segment in the place of
/// its `{claim}`. Which tenants may sign in is decided by the ID token.
fn is_issuer(description: &Description, iss: &str) -> bool {
    let issuer = &description.issuer;
    if iss == issuer.identifier || issuer.aliases.contains(iss) {
        return true;
    }
    issuer.template().is_some_and(|template| {
        iss.strip_prefix(template.prefix)
            .and_then(|rest| rest.strip_suffix(template.suffix))
            .is_some_and(|claim| !claim.is_empty() && !claim.contains(['/', '?', '#', '@']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(parameters: &[(&str, &str)]) -> CallbackRequest {
        CallbackRequest {
            provider: "op".to_owned(),
            parameters: parameters
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            bindings: Vec::new(),
        }
    }

    #[test]
    fn a_parameter_stands_once() {
        let twice = request(&[("state", "a"), ("code", "c"), ("state", "a")]);
        assert!(matches!(
            Parameters::new(&twice),
            Err(LoginError::BadRequest(_))
        ));
        let many: Vec<(String, String)> = (0..=MOST_PARAMETERS)
            .map(|n| (format!("p{n}"), String::new()))
            .collect();
        let many = CallbackRequest {
            parameters: many,
            ..request(&[])
        };
        assert!(matches!(
            Parameters::new(&many),
            Err(LoginError::BadRequest(_))
        ));
    }

    #[test]
    fn the_state_names_the_login() {
        let own = request(&[("state", "abc")]);
        let login = Parameters::new(&own).and_then(|parameters| parameters.login());
        // SHA-256 of "abc", FIPS 180-2 appendix B.1.
        assert_eq!(
            login.map(|login| login.to_string()).ok().as_deref(),
            Some("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        );
        for (state, known) in [("", false), (&*"s".repeat(LONGEST_STATE + 1), true)] {
            let odd = request(&[("state", state)]);
            let error = Parameters::new(&odd)
                .and_then(|parameters| parameters.login())
                .err();
            assert_eq!(
                matches!(error, Some(LoginError::UnknownState)),
                known,
                "{state:.10}"
            );
            assert!(error.is_some());
        }
        let none = request(&[("code", "c")]);
        assert!(
            Parameters::new(&none)
                .and_then(|parameters| parameters.login())
                .is_err()
        );
    }
}
