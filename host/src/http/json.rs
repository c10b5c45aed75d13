//! JSON responses in which `<`, `>` and `&` are escaped, so that no browser that guesses at types
//! ever finds markup in them.

use super::problem::{Problem, kinds};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use std::sync::Arc;

/// A response of type `application/json`.
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_string(&self.0) {
            Ok(text) => {
                let mut response = Response::new(Body::from(escape(&text)));
                let media_type = HeaderValue::from_static("application/json");
                response.headers_mut().insert(CONTENT_TYPE, media_type);
                response
            }
            Err(error) => Problem::new(&kinds::INTERNAL)
                .cause(Arc::new(error) as Arc<_>)
                .into_response(),
        }
    }
}

/// In JSON these characters can only stand inside strings, where an escape means the same.
fn escape(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '<' => safe.push_str("\\u003c"),
            '>' => safe.push_str("\\u003e"),
            '&' => safe.push_str("\\u0026"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_markup_is_left(text in any::<String>(), key in "[<>&a-z]{0,8}") {
            let value = serde_json::json!({ key: text });
            let safe = escape(&value.to_string());
            prop_assert!(!safe.contains(['<', '>', '&']));
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).expect("JSON"), value);
        }
    }
}
