//! The provider by HTTP, as its client and a browser use it.

mod browser;
mod client;

use super::keys::code_challenge;
use super::*;
use crate::random;
use data_encoding::BASE64;
use reqwest::redirect::Policy;
use serde_json::Value;
use std::collections::BTreeMap;
use url::Url;
use url::form_urlencoded::Serializer;

const CALLBACK: &str = "http://127.0.0.1:9/callback/demo";
type Fields<'a> = Vec<(&'a str, &'a str)>;

/// A provider, and a user agent that follows no redirect.
struct Scene {
    demo: Demo,
    http: reqwest::Client,
    verifier: String,
}

impl Scene {
    #[expect(clippy::disallowed_methods, reason = "a test plays the browser")]
    async fn new() -> Self {
        let demo = start(DevOnly::for_test(), 0).await.expect("started");
        demo.register(CALLBACK);
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .build();
        Self {
            demo,
            http: http.expect("a client"),
            verifier: random::token(),
        }
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.demo.issuer())
    }

    fn request(&self, changes: &[(&str, &str)]) -> BTreeMap<String, String> {
        let challenge = code_challenge(&self.verifier);
        let usual = [
            ("response_type", "code"),
            ("client_id", self.demo.client_id()),
            ("redirect_uri", CALLBACK),
            ("scope", "openid profile email offline_access phone"),
            ("state", "st&te"),
            ("nonce", "n-0"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let all = usual.iter().chain(changes);
        all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    /// GET of the form.
    async fn ask(&self, changes: &[(&str, &str)]) -> reqwest::Response {
        let query = Serializer::new(String::new())
            .extend_pairs(self.request(changes))
            .finish();
        let link = self.at(&format!("/authorize?{query}"));
        self.http.get(link).send().await.expect("an answer")
    }

    /// POST of the form, as a browser would send it.
    async fn answer(&self, changes: &[(&str, &str)]) -> reqwest::Response {
        let body = Serializer::new(String::new())
            .extend_pairs(self.request(changes))
            .finish();
        let request = self
            .http
            .post(self.at("/authorize"))
            .header("origin", self.demo.issuer());
        request.body(body).send().await.expect("an answer")
    }

    /// A code for Ada.
    async fn code(&self) -> String {
        let response = self.answer(&[("user", "Ada"), ("decision", "allow")]).await;
        returned(&response)["code"].clone()
    }

    async fn post(&self, path: &str, fields: Fields<'_>) -> reqwest::Response {
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        let pair = format!("{}:{}", self.demo.client_id(), self.demo.client_secret());
        let basic = format!("Basic {}", BASE64.encode(pair.as_bytes()));
        let request = self
            .http
            .post(self.at(path))
            .header("authorization", basic)
            .body(body);
        request.send().await.expect("an answer")
    }

    async fn exchange(&self, code: &str, changes: &[(&str, &str)]) -> (u16, Value) {
        let mut fields = BTreeMap::from([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", &self.verifier),
        ]);
        fields.extend(changes.iter().copied());
        read(self.post("/token", fields.into_iter().collect()).await).await
    }

    async fn refresh(&self, token: &str) -> (u16, Value) {
        let fields = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
        read(self.post("/token", fields).await).await
    }

    async fn open(&self, path: &str, token: &Value) -> (u16, Value) {
        let token = format!("Bearer {}", token.as_str().expect("a token"));
        let request = self.http.get(self.at(path)).header("authorization", token);
        read(request.send().await.expect("an answer")).await
    }
}

async fn read(response: reqwest::Response) -> (u16, Value) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["cache-control"], "no-store");
    let body = response.bytes().await.expect("a body");
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// The parameters that a redirect to the client carries.
fn returned(response: &reqwest::Response) -> BTreeMap<String, String> {
    assert_eq!(response.status(), 303);
    let location = response.headers()["location"].to_str().expect("text");
    let location = Url::parse(location).expect("a URL");
    assert_eq!(location.as_str().split('?').next(), Some(CALLBACK));
    location.query_pairs().into_owned().collect()
}

fn refused(answer: &(u16, Value), status: u16, error: &str) {
    assert_eq!(
        (answer.0, answer.1["error"].as_str()),
        (status, Some(error)),
        "{answer:?}"
    );
    assert!(answer.1.get("access_token").is_none());
}
