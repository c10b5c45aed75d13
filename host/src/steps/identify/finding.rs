//! What the host reads of the evidence: issuer, subject, e-mail.

use super::evidence::Sources;
use super::profile::{self, Profile};
use crate::oidc::email::{Email, read_email};
use crate::oidc::id_token::VerifiedIdToken;
use crate::oidc::subject::read_subject;
use crate::plugin::Revision;
use crate::plugin::bindings::{Identity, Place};
use crate::plugin::description::{Pointer, Source};
use crate::plugin::transcript::{Stop, fault};
use celadon_workflows::types::Reason;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Who signed in. Sealed in the attempt's row until it is persisted.
#[derive(Serialize, Deserialize)]
pub struct Finding {
    /// The issuer's identifier.
    pub issuer: String,
    /// The stable id of the user there.
    pub subject: String,
    /// The e-mail address.
    pub email: Option<String>,
    /// Whether the provider says that it verified the address.
    pub email_verified: bool,
    /// The component's word.
    pub profile: Profile,
}

/// Reads the evidence at the places that the description names.
pub(super) fn read(
    revision: &Revision,
    id_token: Option<&VerifiedIdToken>,
    sources: &Sources,
    identity: Identity,
) -> Result<Finding, Stop> {
    let description = &revision.description;
    let claims = id_token.map(VerifiedIdToken::to_value);
    let evidence = |source: &Source| match source {
        Source::IdToken => claims.as_ref(),
        other => sources.get(other),
    };
    let subject_at: Vec<String> = description
        .subject
        .at
        .iter()
        .map(ToString::to_string)
        .collect();
    let source = evidence(&description.subject.source).ok_or_else(|| {
        Stop::refused(
            Reason::InvalidResponse,
            format!(
                "there is no good answer of `{}`, where the subject stands",
                description.subject.source
            ),
        )
    })?;
    let subject = read_subject(source, &subject_at)
        .map_err(|error| Stop::refused(Reason::InvalidResponse, error.to_string()))?;
    let email = match &identity.email {
        Some(place) => email(revision, place, evidence)?,
        None => None,
    };
    let email_verified = email.as_ref().is_some_and(|email| email.verified);
    Ok(Finding {
        issuer: id_token
            .map_or(
                description.issuer.identifier.as_str(),
                VerifiedIdToken::issuer,
            )
            .to_owned(),
        subject,
        email: email.map(|email| email.address),
        email_verified,
        profile: profile::of(identity)?,
    })
}

/// The address at a place that matches one of the description's; none where it cannot be used.
fn email<'a>(
    revision: &Revision,
    place: &Place,
    evidence: impl Fn(&Source) -> Option<&'a Value>,
) -> Result<Option<Email>, Stop> {
    let wanted = Source::from_name(&place.source);
    let at = Pointer::parse(&place.at);
    let at = at.map_err(|_| fault("it names a place for the e-mail that is no JSON pointer"))?;
    let described = revision
        .description
        .emails
        .iter()
        .find(|email| email.source == wanted && email.address.matches(&at).is_some());
    let described = described.ok_or_else(|| {
        fault("it names a place for the e-mail that its description does not have")
    })?;
    let verified = described.verified.as_ref().map(ToString::to_string);
    Ok(evidence(&wanted).and_then(|source| {
        read_email(
            source,
            &place.at,
            &described.address.to_string(),
            verified.as_deref(),
        )
    }))
}
