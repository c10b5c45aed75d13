//! Where a browser goes at the end: own paths and configured origins, nowhere else.

use crate::house::House;
use anyhow::{Result, ensure};
use celadon_tests::Browser;
use serde_json::json;

/// Values that browsers, or careless URL parsers, take for another site, or that split a header.
const ELSEWHERE: &[&str] = &[
    "//evil.example",
    "///evil.example",
    "////evil.example/x",
    "https://evil.example",
    "http:evil.example",
    "https:/evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "/\\/evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/\n/evil.example",
    "/ok\r\nLocation: https://evil.example",
    "/ok\0",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "//evil.example@127.0.0.1",
    "https://127.0.0.1@evil.example/",
    "/./\\evil.example",
    "/..//evil.example",
    "%2F%2Fevil.example",
    "@evil.example",
    ".evil.example",
];

#[tokio::test]
async fn an_own_path_is_where_the_login_ends() -> Result<()> {
    let house = House::new().await?;
    for path in ["/v1/providers", "/v1/providers?a=1&b=%2F", "/resource/op"] {
        let mut browser = Browser::new()?;
        let start = start(&house, path);
        let page = browser.sign_in(&start, "alice").await?;
        ensure!(page.status == 200, "{}: {}", page.status, page.text);
        ensure!(
            page.url.as_str() == house.celadon.url(path),
            "ended at {}, not {path}",
            page.url
        );
    }
    Ok(())
}

#[tokio::test]
async fn another_site_is_refused_before_the_login_begins() -> Result<()> {
    let house = House::new().await?;
    let mut browser = Browser::new()?;
    for target in ELSEWHERE {
        let page = browser.open(&start(&house, target)).await?;
        ensure!(
            (400..500).contains(&page.status),
            "{target:?} was answered with {}",
            page.status
        );
        ensure!(
            page.hops.len() == 1,
            "{target:?} sent the browser to {:?}",
            page.hops
        );
        ensure!(!page.text.contains("alert(1)"), "{target:?} is shown");
    }
    Ok(())
}

#[tokio::test]
async fn a_configured_origin_is_allowed_and_its_neighbours_are_not() -> Result<()> {
    // The provider stands for the application's site.
    let sandbox = celadon_tests::Sandbox::new()?;
    let site = celadon_tests::Op::start(&sandbox).await?;
    let origin = site.issuer().to_owned();
    let house = House::with(json!({}), |setup| {
        setup.login(&format!("return_origins = [\"{origin}\"]"))
    })
    .await?;
    let mut browser = Browser::new()?;
    let target = format!("{origin}/resource?a=1");
    let page = browser.sign_in(&start(&house, &target), "alice").await?;
    ensure!(page.url.as_str() == target, "ended at {}", page.url);
    let user_info = origin.replace("http://", "http://evil@");
    for target in [
        format!("{origin}1/"),
        format!("{origin}.evil.example/"),
        origin.replace("http", "https"),
        user_info,
    ] {
        let page = browser.open(&start(&house, &target)).await?;
        ensure!(
            (400..500).contains(&page.status),
            "{target} was answered with {}",
            page.status
        );
    }
    Ok(())
}

fn start(house: &House, target: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("return_to", target)
        .finish();
    format!("{}?{query}", house.celadon.login("op"))
}
