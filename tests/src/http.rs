//! The tests' own HTTP client.

use anyhow::Result;
use reqwest::redirect::Policy;

/// A client that uses no proxy and follows no redirect.
#[expect(
    clippy::disallowed_methods,
    reason = "the rule is for the program; what a test asks for is written in the test"
)]
pub fn http_client() -> Result<reqwest::Client> {
    let client = reqwest::Client::builder()
        .no_proxy()
        // A test server's keep-alive may end while a request is on its way.
        .pool_max_idle_per_host(0)
        .redirect(Policy::none());
    Ok(client.build()?)
}
