//! Reading request bodies: bounded, and of the type that the endpoint takes.

use super::problem::{Problem, kinds};
use super::query::{self, Pairs};
use axum::body::Body;
use axum::extract::Request;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;

/// The largest body that is read.
pub const MAX_BODY: usize = 64 << 10;
/// How much more is read and thrown away, so that a client which sends too much is still there to
/// hear so: one that is cut off in the middle sees a broken connection.
const MAX_DISCARDED: usize = 1 << 20;
/// The most characters of an explanation that may quote what the client sent.
const MAX_DETAIL: usize = 200;

/// Reads a form.
pub async fn form(request: Request) -> Result<Pairs, Problem> {
    let (parts, body) = request.into_parts();
    require_type(&parts.headers, "application/x-www-form-urlencoded")?;
    query::of_form(&read(body, MAX_BODY).await?)
}

/// Reads a JSON document. Unknown members are for `T` to refuse.
pub async fn json<T: DeserializeOwned>(request: Request) -> Result<T, Problem> {
    json_up_to(MAX_BODY, request).await
}

/// As [`json`], with a bound of the endpoint's own.
pub async fn json_up_to<T: DeserializeOwned>(
    max_body: usize,
    request: Request,
) -> Result<T, Problem> {
    let (parts, body) = request.into_parts();
    require_type(&parts.headers, "application/json")?;
    let bytes = read(body, max_body).await?;
    // An array would be taken for the members of `T` in their order.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::new(&kinds::BAD_REQUEST).detail("send a JSON object"));
    }
    serde_json::from_slice(&bytes).map_err(|error| {
        let detail: String = error.to_string().chars().take(MAX_DETAIL).collect();
        Problem::new(&kinds::BAD_REQUEST).detail(detail)
    })
}

fn require_type(headers: &HeaderMap, wanted: &str) -> Result<(), Problem> {
    let given = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default();
    if given.trim().eq_ignore_ascii_case(wanted) {
        Ok(())
    } else {
        Err(Problem::new(&kinds::UNSUPPORTED_MEDIA_TYPE).detail(format!("send {wanted}")))
    }
}

async fn read(mut body: Body, max_body: usize) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let mut seen = 0;
    while let Some(frame) = body.frame().await {
        // The client went away or sent broken chunks.
        let frame = frame.map_err(|_| Problem::new(&kinds::BAD_REQUEST))?;
        let Some(data) = frame.data_ref() else {
            continue;
        };
        seen += data.len();
        if seen <= max_body {
            bytes.extend_from_slice(data);
        } else if seen > max_body + MAX_DISCARDED {
            break;
        }
    }
    if seen > max_body {
        return Err(Problem::new(&kinds::CONTENT_TOO_LARGE));
    }
    Ok(bytes)
}
