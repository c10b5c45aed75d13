//! A login as a trace: whole, in one piece wherever it ran, and without a word of its user.

use crate::house::{House, expect_signed_in, with_parameter};
use anyhow::{Context, Result, ensure};
use celadon_tests::browser::state_of;
use celadon_tests::collector::{Collector, Trace};
use celadon_tests::{
    Browser, Celadon, Op, Sandbox, Setup, Temporal, http_client, login_id, waiting,
};
use serde_json::json;
use tokio::net::TcpListener;

/// A name that stands nowhere by chance.
const USER: &str = "zenobia-q7x";
/// Requests of a browser that signs in, and the login as a whole.
const ENDS: [&str; 3] = ["login", "GET /login/{provider}", "GET /callback/{provider}"];

/// Waits until spans of these names stand in the one trace that has the first of them.
async fn trace_of(collector: &Collector, names: &[&str]) -> Result<Trace> {
    let first = names.first().context("a name")?;
    waiting::until("the trace is with the collector", 20, async || {
        let trace = collector.trace_with(first)?;
        Ok(trace.filter(|trace| trace.has(names)))
    })
    .await
}

/// Fails unless the span's line of parents is this one.
fn expect_under(trace: &Trace, name: &str, line: &[&str]) -> Result<()> {
    let found = trace.line(trace.span(name)?)?;
    ensure!(found == line, "{name} stands under {found:?}: {trace}");
    Ok(())
}

#[tokio::test]
async fn a_login_is_one_trace_from_its_link_to_its_session() -> Result<()> {
    let collector = Collector::start().await?;
    let house = House::with(json!({}), |setup| setup.text(&collector.section())).await?;
    let mut browser = Browser::new()?;
    let page = browser.sign_in(&house.celadon.login("op"), "alice").await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    let trace = trace_of(&collector, &ENDS).await?;

    let begin = "GET /login/{provider}";
    let lines: [(&str, &[&str]); 15] = [
        ("login", &[]),
        (begin, &["login"]),
        ("authorize", &[begin, "login"]),
        ("GET discovery", &["authorize", begin, "login"]),
        ("plugin authorize", &["authorize", begin, "login"]),
        ("StartWorkflow:Authentication", &[begin, "login"]),
        ("GET /callback/{provider}", &["login"]),
        (
            "UpdateWorkflow:callback",
            &["GET /callback/{provider}", "login"],
        ),
        ("exchange", &["login"]),
        ("POST token", &["exchange", "login"]),
        ("identify", &["login"]),
        ("GET jwks", &["identify", "login"]),
        ("GET userinfo", &["identify", "login"]),
        ("persist", &["login"]),
        ("login", &[]),
    ];
    for (name, line) in lines {
        expect_under(&trace, name, line)?;
    }
    // Each pass over a transcript is a call of its own.
    for (name, step) in [
        ("plugin obtain", "exchange"),
        ("plugin identify", "identify"),
    ] {
        let calls: Vec<_> = trace.0.iter().filter(|span| span.name == name).collect();
        ensure!(calls.len() >= 2, "{name}: {trace}");
        for call in calls {
            ensure!(trace.line(call)? == [step, "login"], "{name}: {trace}");
        }
    }

    let login = trace.span("login")?;
    let id = login_id(&page.state()?);
    ensure!(login.attribute("celadon.login.id") == id, "{trace}");
    ensure!(login.attribute("celadon.provider") == "op", "{trace}");
    ensure!(login.attribute("celadon.outcome") == "signed_in", "{trace}");
    let token = trace.span("POST token")?;
    ensure!(token.attribute("http.request.method") == "POST", "{trace}");
    ensure!(
        token.attribute("http.response.status_code") == "200",
        "{trace}"
    );
    ensure!(token.attribute("server.address") == "127.0.0.1", "{trace}");
    let callback = trace.span("GET /callback/{provider}")?;
    ensure!(
        callback.attribute("http.route") == "/callback/{provider}",
        "{trace}"
    );
    ensure!(
        callback.attribute("http.response.status_code") == "303",
        "{trace}"
    );
    for span in &trace.0 {
        ensure!(!span.failed, "{} has failed: {trace}", span.name);
        ensure!(
            span.began <= span.ended,
            "{} is backwards: {trace}",
            span.name
        );
        ensure!(
            span.began >= login.began,
            "{} is before its login: {trace}",
            span.name
        );
        ensure!(span.service == "celadon", "{}", span.service);
    }
    let all: std::collections::BTreeSet<_> = trace.0.iter().map(|span| &span.id).collect();
    ensure!(all.len() == trace.0.len(), "a span came twice: {trace}");
    Ok(())
}

#[tokio::test]
async fn a_login_that_moves_to_another_instance_stays_one_trace() -> Result<()> {
    let collector = Collector::start().await?;
    let sandbox = Sandbox::new()?;
    let (temporal, op) = tokio::try_join!(Temporal::start(&sandbox), Op::start(&sandbox))?;
    let setup = Setup::new(&temporal)?.text(&collector.section());
    let setup = setup.provider("op", &op).await?;
    let second = setup.beside()?;
    let mut first = Celadon::start(&sandbox, setup).await?;
    let mut browser = Browser::new()?;
    let callback = browser.authorize(&first.login("op"), "alice").await?;
    // Its spans are sent before it ends.
    let (_, status) = first.sigterm().await?;
    ensure!(status.success(), "{status}");
    let second = Celadon::start(&sandbox, second).await?;
    let page = browser.open(&second.here(&callback)).await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    expect_signed_in(&second, &mut browser, "alice").await?;

    let trace = trace_of(&collector, &ENDS).await?;
    let begun = trace.span("GET /login/{provider}")?;
    let ended = trace.span("GET /callback/{provider}")?;
    ensure!(begun.instance != ended.instance, "one instance: {trace}");
    for step in ["exchange", "identify", "persist"] {
        ensure!(
            trace.span(step)?.instance == ended.instance,
            "{step}: {trace}"
        );
    }
    for span in &trace.0 {
        let line = trace.line(span)?;
        ensure!(line.last().is_none_or(|root| *root == "login"), "{trace}");
    }
    Ok(())
}

#[tokio::test]
async fn traces_of_a_login_and_a_renewal_hold_no_secret_and_no_user() -> Result<()> {
    let collector = Collector::start().await?;
    let house = House::with(json!({"ttl": {"AccessToken": 4}}), |setup| {
        setup.text(&collector.section())
    })
    .await?;
    let mut browser = Browser::new()?;
    let start = format!(
        "{}?login_hint={USER}&return_to=/",
        house.celadon.login("op")
    );
    let page = browser.sign_in(&start, USER).await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    let resource = house.celadon.url("/resource/op");
    waiting::until("a refresh", 20, async || {
        browser.open(&resource).await?;
        Ok((!house.op.token_requests("refresh_token").await?.is_empty()).then_some(()))
    })
    .await?;
    let page_of_mallory = Browser::new()?.refuse(&house.celadon.login("op")).await?;
    ensure!(page_of_mallory.status == 403, "{}", page_of_mallory.status);
    trace_of(
        &collector,
        &["renewal", "GET /resource/{provider}", "refresh"],
    )
    .await?;
    waiting::until("both logins are with the collector", 20, async || {
        let spans = collector.spans();
        let logins = spans.iter().filter(|span| span.name == "login");
        Ok((logins.count() == 2).then_some(()))
    })
    .await?;

    let trace = trace_of(
        &collector,
        &["renewal", "GET /resource/{provider}", "refresh"],
    )
    .await?;
    expect_under(&trace, "refresh", &["renewal"])?;
    expect_under(&trace, "POST token", &["refresh", "renewal"])?;
    expect_under(
        &trace,
        "StartWorkflow:Grant",
        &["GET /resource/{provider}", "renewal"],
    )?;

    let mut secrets = house.op.needles().await?.expecting(&[
        "code",
        "code_verifier",
        "state",
        "nonce",
        "client_secret",
        "access_token",
        "refresh_token",
        "id_token",
    ]);
    secrets.add("user", USER);
    let ours = |(name, _): &(String, String)| !name.starts_with("_op");
    for (name, value) in browser.cookies("").into_iter().filter(ours) {
        secrets.add(&format!("cookie {name}"), &value);
    }
    let bytes = collector.bytes();
    let id = login_id(&page.state()?);
    let has_id = bytes.windows(id.len()).any(|part| part == id.as_bytes());
    ensure!(has_id, "these are not the bytes of this login");
    let found = secrets.found_in(&bytes)?;
    ensure!(found.is_empty(), "the traces hold {found:?}");
    Ok(())
}

#[tokio::test]
async fn a_login_that_fails_is_a_trace_that_says_why() -> Result<()> {
    let collector = Collector::start().await?;
    let house = House::with(json!({}), |setup| setup.text(&collector.section())).await?;
    let mut browser = Browser::new()?;
    let callback = browser
        .authorize(&house.celadon.login("op"), "alice")
        .await?;
    let spoilt = with_parameter(&callback, "code", &["a-code-that-nobody-gave"]);
    let page = browser.open(spoilt.as_str()).await?;
    ensure!(page.status == 400, "{}: {}", page.status, page.text);
    let trace = trace_of(&collector, &ENDS).await?;
    for name in ["login", "exchange"] {
        let span = trace.span(name)?;
        ensure!(span.failed, "{name}: {trace}");
        ensure!(span.attribute("error.type") == "invalid_grant", "{trace}");
    }
    ensure!(trace.span("login")?.attribute("celadon.outcome") == "refused");
    ensure!(trace.span("POST token")?.failed, "{trace}");
    expect_under(&trace, "conclude", &["login"])?;
    // That somebody is refused is no fault of the program.
    ensure!(!trace.span("GET /callback/{provider}")?.failed, "{trace}");
    ensure!(!trace.has(&["identify"]), "{trace}");
    let bytes = collector.bytes();
    let code = b"a-code-that-nobody-gave";
    ensure!(
        !bytes.windows(code.len()).any(|part| part == code),
        "the code"
    );
    Ok(())
}

#[tokio::test]
async fn a_login_of_another_temporal_client_is_one_trace_too() -> Result<()> {
    let collector = Collector::start().await?;
    let house = House::with(json!({}), |setup| setup.text(&collector.section())).await?;
    let temporal = &house.temporal;
    temporal.start_authentication("theirs-zenobia-q7x", &json!({"provider": "op"}))?;
    let login_url = waiting::until("the login waits for its user", 20, async || {
        let status = temporal.status("theirs-zenobia-q7x")?;
        Ok(status["login_url"].as_str().map(str::to_owned))
    })
    .await?;
    Browser::new()?.sign_in(&login_url, "alice").await?;
    let trace = trace_of(
        &collector,
        &["login", "prepare", "GET /callback/{provider}"],
    )
    .await?;
    expect_under(&trace, "prepare", &["login"])?;
    expect_under(&trace, "persist", &["login"])?;
    let bytes = collector.bytes();
    let named = bytes
        .windows(USER.len())
        .any(|part| part == USER.as_bytes());
    ensure!(!named, "another client's words are in the trace");
    Ok(())
}

#[tokio::test]
async fn a_stranger_does_not_choose_the_trace() -> Result<()> {
    let collector = Collector::start().await?;
    let house = House::with(json!({}), |setup| setup.text(&collector.section())).await?;
    let foreign = "0af7651916cd43dd8448eb211c80319c";
    let request = http_client()?
        .get(house.celadon.login("op"))
        .header("traceparent", format!("00-{foreign}-b7ad6b7169203331-01"))
        .header("tracestate", "stranger=here");
    let answer = request.send().await?;
    ensure!(answer.status() == 303, "{}", answer.status());
    let trace = trace_of(&collector, &["GET /login/{provider}"]).await?;
    ensure!(trace.0.iter().all(|span| span.trace != foreign), "{trace}");
    ensure!(!collector.bytes().windows(8).any(|part| part == b"stranger"));
    Ok(())
}

#[tokio::test]
async fn nothing_is_sent_of_logins_that_are_not_sampled() -> Result<()> {
    let collector = Collector::start().await?;
    let section = collector.section() + "sample = 0\n";
    let mut house = House::with(json!({}), |setup| setup.text(&section)).await?;
    let mut browser = Browser::new()?;
    let page = browser.sign_in(&house.celadon.login("op"), "alice").await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    // At its end it sends whatever it has.
    house.celadon.sigterm().await?;
    ensure!(collector.spans().is_empty(), "{:?}", collector.spans());
    Ok(())
}

#[tokio::test]
async fn a_collector_that_is_away_or_hangs_costs_no_login_anything() -> Result<()> {
    // Nobody listens at the one; the other takes connections and never answers.
    let away = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    let hangs = TcpListener::bind("127.0.0.1:0").await?;
    for address in [away, hangs.local_addr()?] {
        let section = format!("[telemetry]\notlp = \"http://{address}\"\n");
        let mut house = House::with(json!({}), |setup| setup.text(&section)).await?;
        let mut browser = Browser::new()?;
        let callback = browser
            .authorize(&house.celadon.login("op"), "alice")
            .await?;
        ensure!(state_of(&callback).is_some(), "{callback}");
        let page = browser.open(callback.as_str()).await?;
        ensure!(page.status == 200, "{}: {}", page.status, page.text);
        let told = "the collector does not take traces";
        waiting::until("the log says so", 30, async || {
            Ok(house.celadon.logs()?.contains(told).then_some(()))
        })
        .await?;
        for _ in 0..3 {
            let page = Browser::new()?
                .sign_in(&house.celadon.login("op"), "bob")
                .await?;
            ensure!(page.status == 200, "{}: {}", page.status, page.text);
        }
        let (took, status) = house.celadon.sigterm().await?;
        ensure!(status.success() && took.as_secs() < 10, "{status} {took:?}");
        let lines = house.celadon.logs()?.matches(told).count();
        ensure!(lines == 1, "the log says it {lines} times");
    }
    Ok(())
}
