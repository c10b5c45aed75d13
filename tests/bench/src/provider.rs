//! An OpenID provider that costs little: it tells no lie, asks nobody and keeps nothing.
//!
//! A code carries its login's nonce, so that any number of logins can be under way. ID tokens are
//! ES256: the signature that costs its maker least.

use anyhow::{Result, anyhow};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use url::Url;

/// A running provider. It ends with its runtime.
pub struct Provider {
    issuer: String,
}

struct Op {
    issuer: String,
    key: EcdsaKeyPair,
}

impl Provider {
    /// Starts one on a free port.
    pub async fn start() -> Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let issuer = format!("http://{}", listener.local_addr()?);
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .map_err(|_| anyhow!("no key"))?;
        let op = Arc::new(Op {
            issuer: issuer.clone(),
            key,
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/jwks", get(jwks))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state(op);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { issuer })
    }

    /// Its issuer.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The path and query with which it sends a browser back that came by this link.
    pub fn redirect(&self, link: &Url) -> Result<String> {
        let parameters: HashMap<_, _> = link.query_pairs().into_owned().collect();
        let parameter = |name: &str| {
            let found = parameters.get(name);
            found.ok_or_else(|| anyhow!("the link has no {name}"))
        };
        let mut callback = Url::parse(parameter("redirect_uri")?)?;
        callback
            .query_pairs_mut()
            .append_pair("code", &format!("code-{}", parameter("nonce")?))
            .append_pair("state", parameter("state")?)
            .append_pair("iss", &self.issuer);
        let query = callback.query().unwrap_or_default();
        Ok(format!("{}?{query}", callback.path()))
    }
}

async fn metadata(State(op): State<Arc<Op>>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", op.issuer);
    Json(json!({
        "issuer": op.issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/userinfo"),
        "jwks_uri": at("/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn jwks(State(op): State<Arc<Op>>) -> Json<Value> {
    let point = &op.key.public_key().as_ref()[1..];
    let (x, y) = point.split_at(32);
    Json(json!({"keys": [{
        "kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig", "alg": "ES256",
        "x": BASE64URL_NOPAD.encode(x), "y": BASE64URL_NOPAD.encode(y),
    }]}))
}

async fn token(
    State(op): State<Arc<Op>>,
    Form(form): Form<HashMap<String, String>>,
) -> Json<Value> {
    let nonce = form
        .get("code")
        .and_then(|code| code.strip_prefix("code-"))
        .unwrap_or_default();
    Json(json!({
        "access_token": format!("access-{nonce}"),
        "refresh_token": format!("refresh-{nonce}"),
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": "openid email profile",
        "id_token": op.id_token(nonce),
    }))
}

async fn userinfo() -> Json<Value> {
    Json(json!({
        "sub": "alice", "email": "alice@example.com", "email_verified": true, "name": "Alice",
    }))
}

impl Op {
    fn id_token(&self, nonce: &str) -> String {
        let now = celadon::clock::now();
        let header = json!({"alg": "ES256", "kid": "k1", "typ": "JWT"});
        let claims = json!({
            "iss": self.issuer, "sub": "alice", "aud": "celadon", "nonce": nonce,
            "iat": now, "exp": now + 300,
            "at_hash": BASE64URL_NOPAD.encode(&digest(&SHA256, format!("access-{nonce}").as_bytes()).as_ref()[..16]),
        });
        let part = |value: Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes());
        let signature = signature.map(|made| BASE64URL_NOPAD.encode(made.as_ref()));
        format!("{signed}.{}", signature.unwrap_or_default())
    }
}
