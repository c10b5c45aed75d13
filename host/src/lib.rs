//! Celadon: signs users in through any identity provider and hands workers short-lived tokens.
//!
//! The login's way through the house is told in ARCHITECTURE.md. In short: [`http`] takes the
//! browser's request, [`logins`] starts or updates the durable workflow, whose activities are the
//! [`steps`]; these ask the sandboxed component ([`plugin`]) what to send, send it ([`egress`]),
//! check what comes back ([`oidc`]) and write it down, sealed ([`seal`], [`store`]).

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod egress;
pub mod fault;
pub mod http;
pub mod logins;
pub mod metrics;
pub mod oidc;
pub mod plain;
pub mod plugin;
pub mod random;
pub mod seal;
pub mod sessions;
pub mod steps;
pub mod store;
pub mod temporal;
pub mod traces;
pub mod web;
