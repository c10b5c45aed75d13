//! Write an identity provider for Celadon.
//!
//! A provider is a type that implements [`Provider`] and is handed to [`export!`]. It describes its
//! endpoints once and then answers small questions; Celadon sends the requests, holds the
//! credentials and checks everything that decides who somebody is. The README beside this crate
//! walks through a whole provider.
//!
//! This crate owns the comfortable side of the contract in `wit/`: builders, defaults that follow
//! the RFCs, reading of answers, and a [`harness`] for recorded fixtures. What the host checks it
//! leaves to the host. All code here is pure: no clock, no randomness, no I/O, so that a component
//! imports no function.
//!
//! ```
//! use celadon_provider::{
//!     Description, Evidence, Http, Identity, Manifest, NoOptions, OptionError, Provider, Request,
//!     Setup, Stop,
//! };
//!
//! struct Example;
//!
//! impl Provider for Example {
//!     type Options = NoOptions;
//!     const MANIFEST: Manifest = Manifest::new("example", "1.0.0", "Signs in at example.com.");
//!
//!     fn describe(_: &Setup<NoOptions>) -> Result<Description, Vec<OptionError>> {
//!         Ok(Description::oauth2("https://example.com")
//!             .authorization("https://example.com/authorize")
//!             .token("https://example.com/token")
//!             .userinfo("user", "https://example.com/api/user")
//!             .subject("user", &["/id"])
//!             .email("user", "/email", Some("/email_verified")))
//!     }
//!
//!     fn identify(_: &Setup<NoOptions>, _: &Evidence, http: &mut Http) -> Result<Identity, Stop> {
//!         let user = http.send(Request::to("user"))?.ok()?;
//!         Ok(Identity::new().email("user", "/email").name(user.text("/name")))
//!     }
//! }
//!
//! celadon_provider::export!(Example);
//! ```

pub mod bindings;
mod defaults;
mod description;
mod endpoint;
mod evidence;
mod export;
mod failure;
#[cfg(not(target_arch = "wasm32"))]
pub mod harness;
mod http;
mod identity;
mod manifest;
#[cfg(target_arch = "wasm32")]
mod memory;
pub mod oidc;
mod provider;
mod request;
mod response;
mod setup;
mod tokens;

#[doc(hidden)]
pub mod glue;

pub use bindings::celadon::provider::types as wire;
pub use description::Description;
pub use endpoint::Endpoint;
pub use evidence::Evidence;
pub use http::{Http, Stop};
pub use identity::Identity;
pub use manifest::{Kind, Manifest, OptionSpec};
pub use provider::Provider;
pub use request::{AuthorizationRequest, Input, Request, Secret};
pub use response::Response;
pub use setup::{NoOptions, Setup};
pub use tokens::{Token, Tokens};
pub use wire::{
    ClientAuthentication, Failure, FailureKind, Grant, Lifetime, Method, OptionError, Parameter,
    Placement, Relaxation, Renewal, Role,
};

#[doc(no_inline)]
pub use serde_json::{Value, json};
