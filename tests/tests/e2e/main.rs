//! Black-box tests: what DESIGN promises to the outside, over a running Celadon, a real Temporal dev
//! server and OpenID providers that others wrote. One module a subject; a test's name is the
//! sentence that it proves.

mod api;
mod boot;
mod edges;
mod harness;
mod histories;
mod house;
mod killed;
mod leaks;
mod outages;
mod refresh;
mod refusals;
mod return_to;
mod sign_in;
mod spy;
mod strangers;
mod watched;
