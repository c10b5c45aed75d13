//! What a black-box test of Celadon stands on: the program as a child process ([`Celadon`]), a real
//! Temporal dev server ([`Temporal`]), OpenID providers that others wrote ([`Op`], [`MockOp`]), one
//! that lies ([`liar`]), a collector of traces ([`collector`]), a browser without JavaScript ([`Browser`]), a real one ([`Chromium`]), an
//! application that calls the API ([`Caller`]) and a search for secrets in whatever bytes are left
//! behind ([`Needles`]).
//!
//! The harness knows the program's outside alone: `celadon.toml`, HTTP, signals, files, workflow
//! histories. Every test starts what it needs on free ports of 127.0.0.1 and leaves nothing behind,
//! so tests run side by side. Nothing sleeps for a fixed time: [`waiting::until`] polls a condition
//! and names it when it does not come true.

pub mod browser;
mod caller;
mod celadon;
mod children;
mod chromium;
pub mod collector;
mod database;
mod http;
mod leaks;
pub mod liar;
mod mock_op;
mod op;
mod places;
mod proxy;
mod recording;
mod sandbox;
mod temporal;
pub mod waiting;

pub use browser::Browser;
pub use caller::{Answer, Caller};
pub use celadon::{Celadon, Dev, Setup};
pub use chromium::{Chromium, Key};
pub use database::Database;
pub use http::http_client;
pub use leaks::Needles;
pub use mock_op::MockOp;
pub use op::{Op, Request};
pub use places::{component, free_port, number, pictures, text_of};
pub use proxy::Proxy;
pub use sandbox::Sandbox;
pub use temporal::Temporal;

/// Whether any string in this JSON, at any depth, is exactly `text`.
pub fn mentions(json: &serde_json::Value, text: &str) -> bool {
    use serde_json::Value;
    match json {
        Value::String(value) => value == text,
        Value::Array(values) => values.iter().any(|value| mentions(value, text)),
        Value::Object(fields) => fields.values().any(|value| mentions(value, text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The id of the login with this `state`: the lower-case hex SHA-256 of it.
pub fn login_id(state: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, state.as_bytes());
    data_encoding::HEXLOWER.encode(digest.as_ref())
}
