//! `GET` and `DELETE /v1/logins/{id}`: where a client's login stands, and calling it off.
//!
//! The client learns the status here, never who signed in: that comes by the one-time code which
//! travels through the user's browser (`login_result.rs`), so that a link sent to a victim yields
//! nothing.

use super::address::ClientAddress;
use super::json::Json;
use super::login::login_id;
use super::problem::{Problem, kinds};
use super::{Edge, clients, query};
use crate::logins::LoginStatus;
use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use celadon_workflows::types::{Outcome, Stage};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;

/// The longest that a client may wait, in seconds.
const MAX_WAIT: u64 = 60;

/// Where the login stands; with `?wait=` as soon as it has ended.
pub async fn get(
    State(edge): State<Arc<Edge>>,
    Extension(address): Extension<ClientAddress>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let client = clients::require(&edge, &headers, address)?;
    let login = login_id(&id)?;
    let wait = wait(raw.as_deref())?;
    let status = edge.web.logins.status(&client, &login, wait).await?;
    Ok(Json(Value::Object(describe(&status))))
}

/// Calls the login off.
pub async fn delete(
    State(edge): State<Arc<Edge>>,
    Extension(address): Extension<ClientAddress>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let client = clients::require(&edge, &headers, address)?;
    edge.web.logins.cancel(&client, &login_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn wait(raw: Option<&str>) -> Result<Option<Duration>, Problem> {
    let pairs = query::of_query(raw)?;
    let Some(text) = query::single(&pairs, "wait")? else {
        return Ok(None);
    };
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u64>() {
        Ok(seconds) if digits && seconds <= MAX_WAIT => Ok(Some(Duration::from_secs(seconds))),
        _ => Err(Problem::new(&kinds::BAD_REQUEST)
            .detail(format!("wait is a number of seconds from 0 to {MAX_WAIT}"))),
    }
}

fn describe(status: &LoginStatus) -> Map<String, Value> {
    let mut members = Map::new();
    let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
    put("id", json!(status.login));
    put("provider", json!(status.provider));
    put("expires_at", json!(status.expires_at));
    match &status.outcome {
        None => {
            put("status", json!(stage(status.stage)));
        }
        Some(ended) => {
            put("status", json!(outcome(ended)));
            put("outcome", json!(outcome(ended)));
            if let Outcome::Refused(refusal) = ended {
                put("reason", json!(refusal.reason.as_str()));
                put("detail", json!(refusal.detail));
            }
        }
    }
    members
}

fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::SignedIn { .. } => "signed_in",
        Outcome::Refused(_) => "refused",
        Outcome::Expired => "expired",
        Outcome::Cancelled => "cancelled",
    }
}

fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Preparing => "preparing",
        Stage::WaitingForUser => "waiting_for_user",
        Stage::Exchanging => "exchanging",
        Stage::Identifying => "identifying",
        Stage::Persisting => "persisting",
        Stage::Ended => "ended",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_a_number_of_seconds_up_to_a_minute() {
        for good in ["wait=0", "wait=60", "wait=30&x=y"] {
            assert!(matches!(wait(Some(good)), Ok(Some(_))), "{good}");
        }
        assert!(matches!(wait(None), Ok(None)));
        for bad in [
            "wait=61",
            "wait=",
            "wait=-1",
            "wait=%2B5",
            "wait=1.5",
            "wait=1&wait=2",
        ] {
            assert!(wait(Some(bad)).is_err(), "{bad}");
        }
    }
}
