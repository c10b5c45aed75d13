//! A component that signs users in as the generic OpenID Connect one does, and shows everything that
//! it was ever given. With it a test from outside can prove that no credential reaches a component:
//! it knows the client secret, and learns code, verifier and tokens from the OpenID provider that it
//! runs; none of them may stand, in any encoding, in what the spy shows.
//!
//! The spy shows three things, each the `Debug` form of *all* arguments of one call, so that nothing
//! is forgotten when the contract grows:
//!
//! - `authorize`: the parameter `spy` of the authorization link.
//! - `obtain`, `identify`, `revoke`: with the option `collector`, a POST to that address before the
//!   call ends, well or badly. Its JSON body is `{"call": "obtain", "saw": "…"}`. The address is a
//!   `resource` endpoint of the description, asked with no credential, so the test needs no more
//!   than its origin granted. A pure function gets its whole transcript in the last call, so one
//!   report holds all that was seen before.
//! - `identify`: the attribute `spy` of the identity, for tests without a collector.
//!
//! What it shows is written as the hex of each byte XOR `0x5A` ([`cover`]). A host that looks for
//! credentials in what a guest says must not find them here: were it to strike them out, the test
//! would pass although the component had seen them. [`uncover`] is for the test.

mod ink;

pub use ink::{cover, uncover};

use celadon_provider::bindings::exports::celadon::provider::provider::Guest;
use celadon_provider::wire::{
    AuthorizationRequest, Description as WireDescription, Evidence as WireEvidence, Failure, Grant,
    IdentityStep, OptionError, Parameter, Request, Response, RevokeStep, Setup as WireSetup,
    TokenStep, Tokens,
};
use celadon_provider::{
    Description, Evidence, Http, Identity, Kind, Manifest, OptionSpec, Provider, Role, Setup, Stop,
    glue, json, oidc, wire,
};
use serde::Deserialize;

/// What the test says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    issuer: String,
    #[serde(default)]
    collector: Option<String>,
    #[serde(default)]
    crash: bool,
}

/// The part that behaves.
struct Cover;

impl Provider for Cover {
    type Options = Options;

    const MANIFEST: Manifest = Manifest::new(
        "spy",
        env!("CARGO_PKG_VERSION"),
        "Shows everything it was given. For tests.",
    )
    .options(&[
        OptionSpec::required("issuer", Kind::String, "the issuer"),
        OptionSpec::optional("collector", Kind::String, "where reports are posted"),
        OptionSpec::optional("crash", Kind::Boolean, "whether `authorize` crashes"),
    ]);

    fn describe(setup: &Setup<Options>) -> Result<Description, Vec<OptionError>> {
        let mut description = oidc::email(Description::oidc(&setup.options.issuer), true);
        if let Some(collector) = &setup.options.collector {
            let endpoint = celadon_provider::Endpoint::new(COLLECTOR, Role::Resource, collector)
                .method(wire::Method::Post);
            description = description.endpoint(endpoint);
        }
        Ok(description)
    }

    fn authorize(
        setup: &Setup<Options>,
        request: &celadon_provider::AuthorizationRequest,
    ) -> Result<Vec<Parameter>, Failure> {
        if setup.options.crash {
            blow_its_cover(request);
        }
        Ok(oidc::hints(request))
    }

    fn identify(
        _: &Setup<Options>,
        evidence: &Evidence,
        http: &mut Http,
    ) -> Result<Identity, Stop> {
        let reading = oidc::Reading {
            userinfo: true,
            groups_claim: "groups",
        };
        oidc::identify(reading, evidence, http)
    }
}

const COLLECTOR: &str = "collector";

/// Crashes under a name that a test can look for, whatever the compiler would make of it.
#[inline(never)]
fn blow_its_cover(request: &celadon_provider::AuthorizationRequest) {
    panic!("a text that nobody gets to see, over {request:?}");
}

/// The component.
#[derive(Debug)]
pub struct Spy;

impl Guest for Spy {
    fn describe(setup: WireSetup) -> Result<WireDescription, Vec<OptionError>> {
        glue::describe::<Cover>(setup)
    }

    fn authorize(
        setup: WireSetup,
        request: AuthorizationRequest,
    ) -> Result<Vec<Parameter>, Failure> {
        let saw = cover(&(&setup, &request));
        let mut parameters = glue::authorize::<Cover>(setup, request)?;
        parameters.push(Parameter::new("spy", saw));
        Ok(parameters)
    }

    fn obtain(
        setup: WireSetup,
        grant: Grant,
        transcript: Vec<Response>,
    ) -> Result<TokenStep, Failure> {
        let saw = cover(&(&setup, &grant, &transcript));
        let run = |transcript| glue::obtain::<Cover>(setup.clone(), grant.clone(), transcript);
        match act(&setup, "obtain", saw, transcript, run, is_obtained) {
            Act::Report(request) => Ok(TokenStep::Send(vec![request])),
            Act::End(end) => end,
        }
    }

    fn identify(
        setup: WireSetup,
        evidence: WireEvidence,
        transcript: Vec<Response>,
    ) -> Result<IdentityStep, Failure> {
        let saw = cover(&(&setup, &evidence, &transcript));
        let run = |transcript| glue::identify::<Cover>(setup.clone(), evidence.clone(), transcript);
        match act(
            &setup,
            "identify",
            saw.clone(),
            transcript,
            run,
            is_identified,
        ) {
            Act::Report(request) => Ok(IdentityStep::Send(vec![request])),
            Act::End(Ok(IdentityStep::Done(mut identity))) => {
                identity.attributes = json!({ "spy": saw }).to_string();
                Ok(IdentityStep::Done(identity))
            }
            Act::End(end) => end,
        }
    }

    fn revoke(
        setup: WireSetup,
        token: String,
        transcript: Vec<Response>,
    ) -> Result<RevokeStep, Failure> {
        let saw = cover(&(&setup, &token, &transcript));
        let run = |transcript| glue::revoke::<Cover>(setup.clone(), token.clone(), transcript);
        match act(&setup, "revoke", saw, transcript, run, is_revoked) {
            Act::Report(request) => Ok(RevokeStep::Send(vec![request])),
            Act::End(end) => end,
        }
    }
}

fn is_obtained(step: &TokenStep) -> bool {
    matches!(step, TokenStep::Done(Tokens { .. }))
}

fn is_identified(step: &IdentityStep) -> bool {
    matches!(step, IdentityStep::Done(_))
}

fn is_revoked(step: &RevokeStep) -> bool {
    matches!(step, RevokeStep::Done)
}

enum Act<T> {
    /// The call would end, and its report is not sent yet.
    Report(Request),
    End(Result<T, Failure>),
}

/// Runs the cover's function, with one report between its last answer and its end. The report's own
/// answer is the transcript's last, so it was sent if the cover ends without that one.
fn act<T>(
    setup: &WireSetup,
    call: &str,
    saw: String,
    mut transcript: Vec<Response>,
    run: impl Fn(Vec<Response>) -> Result<T, Failure>,
    done: impl Fn(&T) -> bool,
) -> Act<T> {
    let ends = |step: &Result<T, Failure>| step.as_ref().map_or(true, &done);
    let end = run(transcript.clone());
    if !ends(&end) || !reports(setup) {
        return Act::End(end);
    }
    if transcript.pop().is_some() {
        let before = run(transcript);
        if ends(&before) {
            return Act::End(before);
        }
    }
    let report = json!({ "call": call, "saw": saw });
    Act::Report(Request {
        endpoint: COLLECTOR.to_owned(),
        query: Vec::new(),
        body: wire::Body::Document(report.to_string()),
        credential: wire::Credential::None,
    })
}

fn reports(setup: &WireSetup) -> bool {
    glue::describe::<Cover>(setup.clone())
        .is_ok_and(|description| description.endpoints.iter().any(|e| e.name == COLLECTOR))
}

celadon_provider::export_guest!(Spy, <Cover as Provider>::MANIFEST);

#[cfg(test)]
mod tests {
    use super::*;

    fn setup() -> WireSetup {
        let options = json!({"issuer": "https://a.b", "collector": "https://c.d/collect"});
        WireSetup {
            client_id: String::from("client-é"),
            options: options.to_string(),
        }
    }

    fn answer(body: &str) -> Response {
        Response {
            status: 200,
            headers: Vec::new(),
            body: body.to_owned(),
        }
    }

    #[test]
    fn what_is_covered_comes_back() {
        let covered = cover(&setup());
        assert!(!covered.contains("issuer"));
        assert_eq!(uncover(&covered), Some(format!("{:?}", setup())));
        assert_eq!(uncover("5"), None);
        assert_eq!(uncover("zz"), None);
    }

    #[test]
    fn obtain_reports_its_transcript_once_and_ends() {
        let token = answer(r#"{"access_token":"secret:0/access_token","seen":1}"#);
        let obtain = |transcript| Spy::obtain(setup(), Grant::Code(Vec::new()), transcript);
        let Ok(TokenStep::Send(first)) = obtain(vec![]) else {
            panic!("the token request comes first");
        };
        assert_eq!(first[0].endpoint, "token");
        let Ok(TokenStep::Send(report)) = obtain(vec![token.clone()]) else {
            panic!("the report comes second");
        };
        let wire::Body::Document(report) = &report[0].body else {
            panic!("the report is a document");
        };
        let report: celadon_provider::Value = report.parse().expect("JSON");
        assert_eq!(report["call"], "obtain");
        let saw = uncover(report["saw"].as_str().expect("text")).expect("covered");
        assert!(
            saw.contains("secret:0/access_token") && saw.contains("client-é"),
            "{saw}"
        );
        let end = obtain(vec![token, answer("null")]);
        assert!(matches!(end, Ok(TokenStep::Done(_))), "{end:?}");
    }

    #[test]
    fn a_refusal_is_reported_too() {
        let refusal = answer(r#"{"error":"invalid_grant"}"#);
        let obtain = |transcript| Spy::obtain(setup(), Grant::Code(Vec::new()), transcript);
        assert!(matches!(
            obtain(vec![refusal.clone()]),
            Ok(TokenStep::Send(_))
        ));
        assert!(obtain(vec![refusal, answer("null")]).is_err());
    }

    #[test]
    fn identify_reports_even_where_nothing_is_asked() {
        let evidence = || WireEvidence {
            id_token: Some(r#"{"sub":"1"}"#.to_owned()),
            access_token: None,
            token: String::from("{}"),
            callback: Vec::new(),
            scopes: Vec::new(),
        };
        let identify = |transcript| Spy::identify(setup(), evidence(), transcript);
        assert!(matches!(identify(vec![]), Ok(IdentityStep::Send(_))));
        let Ok(IdentityStep::Done(identity)) = identify(vec![answer("null")]) else {
            panic!("it ends after the report");
        };
        assert!(identity.attributes.contains("spy"));
    }
}
