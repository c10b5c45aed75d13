//! Black-box tests: what DESIGN promises to the outside, over a running Celadon, a real Temporal dev
//! server and OpenID providers that others wrote. One module a subject; a test's name is the
//! sentence that it proves.

mod adversary;
mod api;
mod approval;
mod boot;
mod clicked;
mod client_keys;
mod edges;
mod google;
mod harness;
mod histories;
mod hostile;
mod house;
mod keys;
mod killed;
mod killed_between;
mod leaks;
mod limits;
mod moved;
mod outages;
mod refresh;
mod refusals;
mod return_to;
mod searched;
mod security_model;
mod sign_in;
mod spy;
mod store_outages;
mod strangers;
mod tampered;
mod temporal_outages;
mod traced;
mod watched;
