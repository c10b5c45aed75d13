//! Runs a provider natively against a recorded fixture.
//!
//! A fixture is a JSON file that holds calls: what goes in, which requests are expected with the
//! answers that the provider gave, and what must come out. The harness hides credentials in the
//! answers as Celadon does, so a provider that works here sees in production what it saw here. It
//! does not repeat the host's checks: what a fixture's requests may carry is the host's to judge.
//!
//! ```json
//! { "about": "a public account",
//!   "options": {},
//!   "calls": [
//!     { "call": "describe", "expect": { "issuer": { "identifier": "https://example.com" } } },
//!     { "call": "obtain", "grant": "code",
//!       "exchanges": [
//!         { "request": { "endpoint": "token", "credential": "client",
//!                        "form": { "code": { "secret": "code" } } },
//!           "answer": { "body": { "access_token": "at", "token_type": "Bearer" } } } ],
//!       "expect": { "tokens": [ { "access": "secret:0/access_token" } ] } } ] }
//! ```
//!
//! `request` must match exactly. `expect` must be contained in what comes out: members that it does
//! not name are free. A refusal comes out as `{"failure": {"kind": …, "code": …, "detail": …}}`.

mod fixture;
mod hide;
mod play;
mod shape;

pub use fixture::{Call, Exchange, Fixture, Mismatch};
pub use play::check;
