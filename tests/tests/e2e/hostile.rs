//! Providers that lie or break: tables of cases, each with the rule that says how it has to end.
//!
//! One Celadon plays a whole table, a provider for each row ([`table`]). What every row is held to,
//! beside its own end: an answer within 20 seconds and below 500, no word of the provider's in page,
//! log or JSON, no code sent twice, no userinfo asked for an ID token that does not hold. Every table
//! begins with honest rows, so that none passes because everything fails.

mod bodies;
mod callback;
mod discovery;
pub mod guest;
mod id_token;
mod jwks;
mod mix_up;
mod patience;
pub mod table;
mod token;
mod userinfo;
mod wire;
