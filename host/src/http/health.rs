//! `GET /healthz`: whether the process lives.

use super::json::Json;
use serde_json::{Value, json};

/// Always 200.
pub async fn get() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}
