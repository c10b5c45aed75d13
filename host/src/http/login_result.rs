//! `POST /v1/logins/{id}/result`: a client redeems the one-time code that its user's browser
//! brought, and learns who signed in.

use super::address::ClientAddress;
use super::json::Json;
use super::login::login_id;
use super::problem::Problem;
use super::session::describe;
use super::{Edge, body, clients};
use axum::Extension;
use axum::extract::{Path, Request, State};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The code, under its own name or the one that it has in `return_to`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Redemption {
    #[serde(alias = "result")]
    code: String,
}

/// Redeems the code.
pub async fn post(
    State(edge): State<Arc<Edge>>,
    Extension(address): Extension<ClientAddress>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Value>, Problem> {
    let client = clients::require(&edge, request.headers(), address)?;
    let login = login_id(&id)?;
    let redemption: Redemption = body::json(request).await?;
    let logins = &edge.web.logins;
    let result = logins.result(&client, &login, &redemption.code).await?;
    Ok(Json(json!({
        "id": result.login,
        "authorization": result.authorization,
        "user": result.user,
        "identity": describe(&result.identity),
    })))
}
