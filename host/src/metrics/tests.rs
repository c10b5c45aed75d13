use super::*;
use celadon_workflows::types::{Reason, Refusal};

#[tokio::test]
async fn the_documentation_lists_every_metric() {
    let page = include_str!("../../../docs/OPERATIONS.md");
    // A metric without a series is not shown.
    let provider = ProviderName::new("listed");
    let took = Duration::from_millis(1);
    login_started(&provider);
    login_ended(&provider, &Outcome::Expired);
    step("listed", async { Ok(()) }).await.ok();
    plugin_call(&provider, "describe", "ok", took);
    egress(&provider, &Err(EgressError::RateLimited));
    http("/", "GET", 200, took);
    let text = text(Some(3)).expect("text");
    assert!(text.contains("celadon_logins_in_flight 3\n"), "{text}");
    let names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(names.len(), 12, "{names:?}");
    for name in names {
        assert!(page.contains(&format!("| `{name}")), "it lacks {name}");
    }
}

#[tokio::test]
async fn a_step_is_measured_under_how_it_went() {
    let refused = || Stop::refused(Reason::InvalidGrant, "spent");
    step("first", async { Ok(()) }).await.ok();
    step("first", async { Err::<(), _>(refused()) }).await.ok();
    let reauth = Refreshed::NeedsReauth {
        detail: String::new(),
    };
    step("second", async { Ok(reauth) }).await.ok();
    let text = text(None).expect("text");
    for line in [
        "celadon_step_duration_seconds_count{step=\"first\",outcome=\"done\"} 1",
        "celadon_step_duration_seconds_count{step=\"first\",outcome=\"refused\"} 1",
        "celadon_step_duration_seconds_count{step=\"second\",outcome=\"refused\"} 1",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
}

#[test]
fn a_login_ends_under_its_reason_and_not_under_its_detail() {
    let provider = ProviderName::new("metered");
    let refusal = Refusal::new(Reason::InvalidGrant, "a detail");
    login_ended(&provider, &Outcome::Refused(refusal));
    let text = text(None).expect("text");
    let line = "celadon_logins_ended_total{provider=\"metered\",outcome=\"refused\",reason=\"invalid_grant\"} 1";
    assert!(text.contains(line), "{text}");
    assert!(!text.contains("a detail"), "{text}");
}

#[test]
fn the_queue_is_as_deep_as_calls_wait() {
    let depth = |number: u8| format!("celadon_plugin_queue_depth {number}\n");
    let (one, two) = (plugin_call_waits(), plugin_call_waits());
    let deep = text(None).expect("text");
    assert!(deep.contains(&depth(2)), "{deep}");
    drop((one, two));
    let empty = text(None).expect("text");
    assert!(empty.contains(&depth(0)), "{empty}");
}
