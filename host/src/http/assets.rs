//! `GET /assets/{file}`: the style sheet and the icon. Their names hold a hash of their content,
//! so browsers keep them for good.

use super::problem::{Problem, kinds};
use crate::web::asset::{ALL, Asset};
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

/// The asset of this name.
pub async fn get(Path(file): Path<String>) -> Result<Response, Problem> {
    let named = |asset: &&Asset| asset.file() == file;
    let asset = ALL.into_iter().find(named);
    let asset = asset.ok_or_else(|| Problem::new(&kinds::NOT_FOUND))?;
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    let media_type = HeaderValue::from_static(asset.media_type);
    let headers = [(CONTENT_TYPE, media_type), (CACHE_CONTROL, forever)];
    Ok((headers, asset.content).into_response())
}
