//! An application that calls Celadon's API with a client's credential.

use anyhow::{Context, Result};
use data_encoding::BASE64;
use reqwest::Method;
use serde_json::Value;
use std::time::Duration;

/// An application.
#[derive(Clone)]
pub struct Caller {
    base: String,
    authorization: Option<String>,
    http: reqwest::Client,
}

/// An answer of the API.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body, `null` where it is empty.
    pub json: Value,
}

impl Caller {
    /// The configured client `name`, calling the instance at `base`.
    pub fn new(base: &str, name: &str, secret: &str) -> Result<Self> {
        let basic = BASE64.encode(format!("{name}:{secret}").as_bytes());
        Ok(Self {
            base: base.trim_end_matches('/').to_owned(),
            authorization: Some(format!("Basic {basic}")),
            http: crate::http_client()?,
        })
    }

    /// Somebody without a credential.
    pub fn anonymous(base: &str) -> Result<Self> {
        Ok(Self {
            authorization: None,
            ..Self::new(base, "", "")?
        })
    }

    /// A request with a JSON body, or none.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Answer> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        request = request.timeout(Duration::from_secs(40));
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let text = answer.text().await?;
        let json = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text)
                .with_context(|| format!("{path} answered {status}, not JSON: {text}"))?
        };
        Ok(Answer { status, json })
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.call(Method::GET, path, None).await
    }

    /// POST.
    pub async fn post(&self, path: &str, body: Value) -> Result<Answer> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Result<Answer> {
        self.call(Method::DELETE, path, None).await
    }
}

impl Answer {
    /// A text field of the body.
    pub fn text(&self, field: &str) -> Result<String> {
        let text = self.json[field].as_str();
        Ok(text
            .with_context(|| format!("no text {field} in {}", self.json))?
            .to_owned())
    }
}
