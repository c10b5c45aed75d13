//! The same call, answered by a server on localhost over a connection that is kept.

use crate::subjects::{claims, options};
use anyhow::{Context, Result, anyhow, ensure};
use axum::routing::post;
use axum::{Json, Router};
use celadon_provider::{glue, wire};
use celadon_provider_oidc::Oidc;
use serde_json::{Value, json};

/// A webhook and its caller.
pub struct Webhook {
    tokio: tokio::runtime::Runtime,
    http: reqwest::Client,
    url: String,
    options: String,
    claims: String,
}

impl Webhook {
    /// Starts the server on a thread of its own.
    #[expect(
        clippy::disallowed_methods,
        reason = "the rule is for the program; this client asks the server below"
    )]
    pub fn start() -> Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}/identify", listener.local_addr()?);
        std::thread::spawn(move || serve(listener));
        Ok(Self {
            tokio: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?,
            http: reqwest::Client::builder().no_proxy().build()?,
            url,
            options: options(),
            claims: claims(),
        })
    }

    /// One call.
    pub fn identify(&self) -> Result<()> {
        let body = json!({
            "client_id": "celadon", "options": self.options, "id_token": self.claims,
            "scopes": ["openid", "email", "profile"],
        });
        let request = self.http.post(&self.url).body(body.to_string());
        let request = request.header("content-type", "application/json");
        let text = self
            .tokio
            .block_on(async { request.send().await?.bytes().await })?;
        let identity: Value = serde_json::from_slice(&text)?;
        ensure!(
            identity["groups"]
                .as_array()
                .is_some_and(|groups| groups.len() == 40)
        );
        Ok(())
    }
}

fn serve(listener: std::net::TcpListener) -> Result<()> {
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    tokio.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let router = Router::new().route("/identify", post(identify));
        axum::serve(listener, router).await.context("the webhook")
    })
}

async fn identify(Json(asked): Json<Value>) -> Json<Value> {
    Json(answer(&asked).unwrap_or_default())
}

fn answer(asked: &Value) -> Result<Value> {
    let text = |name: &str| asked[name].as_str().unwrap_or_default().to_owned();
    let setup = wire::Setup {
        client_id: text("client_id"),
        options: text("options"),
    };
    let evidence = wire::Evidence {
        id_token: Some(text("id_token")),
        access_token: None,
        token: "{}".to_owned(),
        callback: Vec::new(),
        scopes: vec!["openid".to_owned()],
    };
    let step = glue::identify::<Oidc>(setup, evidence, Vec::new());
    let Ok(wire::IdentityStep::Done(identity)) = step else {
        return Err(anyhow!("not identified"));
    };
    Ok(json!({
        "email": identity.email.map(|place| json!({"source": place.source, "at": place.at})),
        "username": identity.username, "name": identity.name, "picture": identity.picture,
        "locale": identity.locale, "groups": identity.groups, "attributes": identity.attributes,
    }))
}
