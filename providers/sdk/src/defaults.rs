//! What most providers do: the token and revocation requests of the RFCs.

use crate::{Failure, FailureKind, Grant, Http, Request, Response, Secret, Stop, Tokens};

/// The ordinary token request: the client's authentication, and the grant's credential in its field.
pub(crate) fn obtain(grant: &Grant, http: &mut Http) -> Result<Tokens, Stop> {
    let request = Request::as_client("token");
    let request = match grant {
        Grant::Code(_) => request.field("code", Secret::CODE),
        Grant::Refresh(_) => request.field("refresh_token", Secret::REFRESH_TOKEN),
        Grant::ClientCredentials => request,
        Grant::Device => request.field("device_code", Secret::DEVICE_CODE),
        Grant::Exchange(parameters) => exchange(request, parameters),
    };
    let response = http.send(request)?.ok()?;
    Ok(Tokens::standard(&response)?)
}

/// [RFC 8693, section 2.1](https://www.rfc-editor.org/rfc/rfc8693#section-2.1).
fn exchange(request: Request, parameters: &[crate::Parameter]) -> Request {
    let request = request.field("subject_token", Secret::SUBJECT_TOKEN);
    let acts = parameters.iter().any(|p| p.name == "actor_token_type");
    let request = if acts {
        request.field("actor_token", Secret::ACTOR_TOKEN)
    } else {
        request
    };
    parameters.iter().fold(request, |request, parameter| {
        request.field(&parameter.name, parameter.value.as_str())
    })
}

/// Withdraws the refresh token, which ends the grant at most providers, and then the access token.
pub(crate) fn revoke(endpoint: &str, http: &mut Http) -> Result<(), Stop> {
    let request = |secret: Secret, hint: &str| {
        Request::as_client(endpoint)
            .field("token", secret)
            .field("token_type_hint", hint)
    };
    let refresh = http.send(request(Secret::REFRESH_TOKEN, "refresh_token"))?;
    let had_refresh_token = refresh.status != 404;
    withdrawn(refresh)?;
    let access = http.send(request(Secret::ACCESS_TOKEN, "access_token"))?;
    if had_refresh_token {
        // The grant has ended already; some providers then no longer know the access token.
        return Ok(());
    }
    if access.status == 404 {
        let detail = "the provider has no revocation endpoint";
        return Err(Failure::new(FailureKind::Unsupported, detail).into());
    }
    Ok(withdrawn(access)?)
}

/// A token that is missing, or of a type that cannot be withdrawn, is no failure.
fn withdrawn(response: Response) -> Result<(), Failure> {
    let unsupported = response.text("/error") == Some("unsupported_token_type");
    if response.status == 404 || unsupported {
        return Ok(());
    }
    response.ok().map(|_| ())
}
