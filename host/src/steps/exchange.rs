//! Step 1: the code for tokens (RFC 6749 section 4.1.3), at most once ever.

use super::Steps;
use super::attempt::{self, Secrets};
use super::provider::Provider;
use super::tokens::TokenSet;
use crate::clock;
use crate::fault;
use crate::oidc::metadata::ProviderMetadata;
use crate::plugin::Revision;
use crate::plugin::bindings::{Grant, Lifetime, Parameter, Token, TokenStep, Tokens};
use crate::plugin::description::{Description, Relaxation};
use crate::plugin::endpoints::Endpoints;
use crate::plugin::references::{Vault, parse_secret};
use crate::plugin::request::{ClientCredentials, Purpose, Rules};
use crate::plugin::transcript::{Log, Next, Series, Stop, fault};
use celadon_workflows::types::{LoginId, Reason};
use futures::FutureExt;
use std::time::Instant;
use zeroize::Zeroizing;

/// Tokens of one grant, the first included.
const MOST_TOKENS: usize = 8;
/// The longest lifetime that is believed: ten years.
const LONGEST_LIFETIME: u64 = 10 * 365 * 24 * 3600;

impl Steps {
    /// Exchanges a login's code and keeps the tokens, sealed.
    pub(super) async fn exchange_code(&self, login: &LoginId) -> Result<(), Stop> {
        fault::point("update.accepted").await;
        let record = self.attempt_in_hand(login).await?;
        let Some(record) = record.filter(|record| record.tokens.is_none()) else {
            return Ok(());
        };
        let callback = self.open_callback(&record)?;
        if let Some(error) = &callback.error {
            return Err(refused_by_provider(error));
        }
        let code = callback.code.as_deref().ok_or_else(|| {
            Stop::refused(
                Reason::InvalidResponse,
                "the callback has neither code nor error",
            )
        })?;
        let revision = self.revision_of(&record.attempt.revision).await?;
        let provider = self.provider_of(&record.attempt.provider)?;
        let secrets = self.open_secrets(&record)?;
        let deadline = attempt::deadline(&callback);
        let metadata = self.metadata(provider, &revision, deadline).await?;
        let no_pkce = provider.relaxed(&revision.description, Relaxation::NoPkce);
        let grant = Obtaining {
            owner: login.as_str(),
            series: "obtain",
            provider,
            revision: &revision,
            metadata: metadata.as_deref(),
            deadline,
            purpose: Purpose::Code {
                redirect_uri: secrets.redirect_uri.clone(),
                code_verifier: (!no_pkce).then(|| Zeroizing::new(secrets.code_verifier.clone())),
            },
            named: vec![("code", code)],
            hidden: hidden(&secrets),
            asked: &secrets.scopes,
            repeatable: false,
        };
        let kept = callback.kept.iter().map(|(name, value)| Parameter {
            name: name.clone(),
            value: value.clone(),
        });
        let tokens = self.obtain(grant, Grant::Code(kept.collect())).await?;
        if revision.description.id_token && tokens.id_token.is_none() {
            return Err(Stop::refused(
                Reason::InvalidResponse,
                "the token answer has no id_token",
            ));
        }
        let context = attempt::tokens_of(login);
        let sealed = tokens.seal(&self.keys, &context).map_err(Stop::from)?;
        self.store.put_tokens(login, &sealed).await?;
        fault::point("tokens.sealed").await;
        Ok(())
    }

    /// One `obtain` series, to its tokens.
    pub(super) async fn obtain(&self, want: Obtaining<'_>, grant: Grant) -> Result<TokenSet, Stop> {
        let description = &want.revision.description;
        let client = want
            .provider
            .client_credentials(description, want.metadata)?;
        let scope_parameters = scope_parameters(description);
        let secret = client_secret(&client);
        let hidden = want
            .hidden
            .iter()
            .copied()
            .chain(secret.as_deref().map(String::as_str));
        let reveal: Vec<String> = description.reveal.iter().map(ToString::to_string).collect();
        let mut series = Series {
            log: Log {
                store: self.store.as_ref(),
                keys: &self.keys,
                owner: want.owner,
                name: want.series,
                everything: true,
                repeatable: want.repeatable,
            },
            egress: &want.provider.egress,
            limits: &want.provider.config.limits,
            deadline: want.deadline,
            endpoints: Endpoints {
                description,
                metadata: want.metadata,
            },
            rules: Rules {
                purpose: &want.purpose,
                client: &client,
                client_id: &want.revision.setup.client_id,
                id_parameter: &description.client.id_parameter,
                secret_parameter: &description.client.secret_parameter,
                scope_parameters: &scope_parameters,
                renewal: description.renewal,
                secrets_in_query: want
                    .provider
                    .relaxed(description, Relaxation::SecretsInQuery),
            },
            vault: Vault::new(want.named.iter().copied(), hidden),
            reveal: &reveal,
            kept: Vec::new(),
            subject: None,
        };
        let tokens = series
            .run(|transcript| {
                let asked = self
                    .sandbox()
                    .obtain(want.revision, grant.clone(), transcript);
                asked
                    .map(|answer| {
                        Ok(match self.call(answer)? {
                            TokenStep::Send(requests) => Next::Send(requests),
                            TokenStep::Done(tokens) => Next::Done(tokens),
                        })
                    })
                    .boxed()
            })
            .await?;
        token_set(&series, &tokens, want.asked)
    }
}

/// What a series that obtains tokens needs.
pub(super) struct Obtaining<'a> {
    /// Whose journal.
    pub(super) owner: &'a str,
    /// Which series of it.
    pub(super) series: &'a str,
    pub(super) provider: &'a Provider,
    pub(super) revision: &'a Revision,
    pub(super) metadata: Option<&'a ProviderMetadata>,
    pub(super) deadline: Instant,
    pub(super) purpose: Purpose,
    /// Credentials that the component may name.
    pub(super) named: Vec<(&'a str, &'a str)>,
    /// Credentials that it may not, the client's aside.
    pub(super) hidden: Vec<&'a str>,
    /// The scopes asked for.
    pub(super) asked: &'a [String],
    /// Whether a request whose answer was lost may be sent again.
    pub(super) repeatable: bool,
}

/// The tokens that the component named, each found in an answer to this grant.
fn token_set(series: &Series<'_>, tokens: &Tokens, asked: &[String]) -> Result<TokenSet, Stop> {
    if tokens.tokens.len() > MOST_TOKENS {
        return Err(fault("it returns more than 8 tokens"));
    }
    let mut first = tokens.tokens.iter().filter(|token| token.name.is_empty());
    let (Some(first), None) = (first.next(), first.next()) else {
        return Err(fault("it returns no first token, or several"));
    };
    let answer = parse_secret(&first.access)
        .and_then(|(place, _)| series.vault.answer(place))
        .cloned()
        .unwrap_or_default();
    Ok(TokenSet {
        access_token: owned(series.token(&first.access)?),
        refresh_token: optional(series, first.refresh.as_deref())?,
        id_token: optional(series, tokens.id_token.as_deref())?,
        further: further(series, &tokens.tokens)?,
        token_type: token_type(first)?,
        scope: scope(first, asked)?,
        expires_at: expires_at(&first.lifetime),
        answer,
    })
}

fn owned(token: &str) -> Zeroizing<String> {
    Zeroizing::new(token.to_owned())
}

/// A token that may be missing: the component names the place whether it is there or not.
fn optional(series: &Series<'_>, name: Option<&str>) -> Result<Option<Zeroizing<String>>, Stop> {
    name.map(|name| series.token(name).map(owned)).transpose()
}

fn further(
    series: &Series<'_>,
    tokens: &[Token],
) -> Result<Vec<(String, Zeroizing<String>)>, Stop> {
    let mut further: Vec<(String, Zeroizing<String>)> = Vec::new();
    for token in tokens.iter().filter(|token| !token.name.is_empty()) {
        let plain = token.name.len() <= 32
            && token
                .name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
        if !plain || further.iter().any(|(name, _)| *name == token.name) {
            return Err(fault(
                "a token's name is not 1 to 32 characters a-z0-9_-, or is there twice",
            ));
        }
        further.push((token.name.clone(), owned(series.token(&token.access)?)));
    }
    Ok(further)
}

/// RFC 6749 section 7.1: a token of a type that is not understood must not be used.
fn token_type(token: &Token) -> Result<String, Stop> {
    match token.token_type.as_deref() {
        None => Ok("Bearer".to_owned()),
        Some(kind) if kind.eq_ignore_ascii_case("bearer") => Ok("Bearer".to_owned()),
        Some(_) => Err(Stop::refused(
            Reason::InvalidResponse,
            "the token answer has a token_type other than Bearer",
        )),
    }
}

fn scope(token: &Token, asked: &[String]) -> Result<String, Stop> {
    let scopes = token.scopes.as_deref().unwrap_or(asked);
    // RFC 6749 section 3.3.
    let good = |scope: &String| {
        !scope.is_empty()
            && scope
                .bytes()
                .all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
    };
    if !scopes.iter().all(good) {
        return Err(Stop::refused(
            Reason::InvalidResponse,
            "the granted scopes hold characters that RFC 6749 section 3.3 forbids",
        ));
    }
    Ok(scopes.join(" "))
}

fn expires_at(lifetime: &Lifetime) -> Option<u64> {
    let now = clock::now();
    match lifetime {
        Lifetime::Unknown => None,
        Lifetime::Seconds(seconds) => Some(now + (*seconds).min(LONGEST_LIFETIME)),
        Lifetime::Until(at) => Some((*at).min(now + LONGEST_LIFETIME)),
    }
}

/// What the provider said at the callback, in the host's words.
fn refused_by_provider(error: &str) -> Stop {
    match error {
        "access_denied" => Stop::refused(
            Reason::AccessDenied,
            "the provider answered access_denied: the user said no, or may not",
        ),
        "temporarily_unavailable" | "server_error" => Stop::refused(
            Reason::ProviderUnavailable,
            format!("the provider answered {error}"),
        ),
        attempt::ISSUER_MISSING => Stop::refused(
            Reason::InvalidResponse,
            "the callback has no iss, which the provider's metadata promises (RFC 9207)",
        ),
        attempt::ISSUER_WRONG => Stop::refused(
            Reason::InvalidResponse,
            "the callback's iss is not the provider's issuer (RFC 9207): it may come from another provider",
        ),
        _ => Stop::refused(
            Reason::ProviderRefused,
            format!("the provider answered the authorization request with {error}"),
        ),
    }
}

/// The names that only the host writes for scopes and resources.
pub(super) fn scope_parameters(description: &Description) -> Vec<String> {
    description
        .scopes
        .iter()
        .map(|scope| scope.name.clone())
        .chain([description.resource_parameter.clone(), "scope".to_owned()])
        .filter(|name| !name.is_empty())
        .collect()
}

/// The client secret in this series, to keep it from the component.
pub(super) fn client_secret(client: &ClientCredentials) -> Option<Zeroizing<String>> {
    match client {
        // What a key signs is made for one request, and hidden with its answer.
        ClientCredentials::None
        | ClientCredentials::PrivateKeyJwt { .. }
        | ClientCredentials::SignedSecret { .. } => None,
        ClientCredentials::Basic(secret)
        | ClientCredentials::Post(secret)
        | ClientCredentials::SecretJwt { secret, .. } => Some(secret.clone()),
    }
}

/// What a login keeps from its component beside the code.
pub(super) fn hidden(secrets: &Secrets) -> Vec<&str> {
    vec![
        secrets.code_verifier.as_str(),
        secrets.state.as_str(),
        secrets.nonce.as_str(),
    ]
}
