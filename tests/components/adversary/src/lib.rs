//! A component that does the harm that its option `attack` names, and signs users in as the generic
//! OpenID Connect one does until then. What contains each attack, and how it ends, is claimed in
//! tests/tests/e2e/adversary; attacks that no Rust guest can try (what is wrong with the binary
//! itself) are built there.
//!
//! Further options: `with`, a variant of the attack; `collector`, an address that the description
//! names as an endpoint of role `resource`, for what is to be carried out.
//!
//! [`Attack::act`] gives each attack its place: one function of the contract, and what is done
//! there in the place of what an honest component does.

mod attack;
mod describe;
mod exfil;
mod identify;
#[path = "../../spy/src/ink.rs"]
mod ink;
mod link;
mod obtain;
mod sandbox;

pub use attack::Attack;
pub use ink::uncover;

use celadon_provider::bindings::exports::celadon::provider::provider::Guest;
use celadon_provider::wire::{
    AuthorizationRequest, Description as WireDescription, Evidence as WireEvidence, Failure, Grant,
    IdentityStep, OptionError, Parameter, Response, RevokeStep, Setup as WireSetup, TokenStep,
};
use celadon_provider::{
    Description, Endpoint, Evidence, Http, Identity, Kind, Manifest, OptionSpec, Provider, Role,
    Setup, Stop, glue, oidc, wire,
};
use serde::Deserialize;

/// The words of the adversary: no user may ever read them.
pub const WORDS: &str = "call-555-0199-words-of-the-adversary";

/// The name of the endpoint that collects.
const COLLECTOR: &str = "collector";

/// What the test says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "the plan reads them too")]
pub struct Options {
    issuer: String,
    attack: String,
    #[serde(default)]
    with: String,
    #[serde(default)]
    collector: Option<String>,
}

/// The part that behaves.
struct Cover;

impl Provider for Cover {
    type Options = Options;

    const MANIFEST: Manifest = Manifest::new(
        "adversary",
        env!("CARGO_PKG_VERSION"),
        "Does harm, where it is let. For tests.",
    )
    .options(&[
        OptionSpec::required("issuer", Kind::String, "the issuer"),
        OptionSpec::required("attack", Kind::String, "what to try"),
        OptionSpec::optional("with", Kind::String, "which variant of it"),
        OptionSpec::optional("collector", Kind::String, "where to carry things to"),
    ]);

    fn describe(setup: &Setup<Options>) -> Result<Description, Vec<OptionError>> {
        let mut description = oidc::email(Description::oidc(&setup.options.issuer), true);
        if let Some(collector) = &setup.options.collector {
            let endpoint = Endpoint::new(COLLECTOR, Role::Resource, collector);
            description = description.endpoint(endpoint.method(wire::Method::Post));
        }
        Ok(description)
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

/// What an attack needs to know.
struct Plan {
    attack: Attack,
    issuer: String,
    with: String,
}

impl Plan {
    fn read(setup: &WireSetup) -> Option<Self> {
        let read: celadon_provider::Value = setup.options.parse().ok()?;
        let text = |name: &str| read[name].as_str().unwrap_or_default().to_owned();
        let name = text("attack");
        let attack = Attack::ALL.iter().find(|attack| attack.name() == name)?;
        Some(Self {
            attack: *attack,
            issuer: text("issuer"),
            with: text("with"),
        })
    }
}

/// What is done in the place of honest work; `None`: nothing, go on honestly.
type Obtained = Option<Result<TokenStep, Failure>>;
type Identified = Option<Result<IdentityStep, Failure>>;

/// Where an attack is made.
enum Act {
    Describe(fn(&Plan, WireDescription) -> Result<WireDescription, Vec<OptionError>>),
    Link(fn(&Plan) -> Vec<Parameter>),
    Obtain(fn(&Plan, &[Response]) -> Obtained),
    Identify(fn(&Plan, &WireEvidence, &[Response]) -> Identified),
    /// A description that is made for it, and then a way to get tokens.
    DescribeAndObtain(
        fn(&Plan, WireDescription) -> Result<WireDescription, Vec<OptionError>>,
        fn(&Plan, &[Response]) -> Obtained,
    ),
    /// An identity in the place of the honest one.
    Claim(fn(&Plan, &WireEvidence, &[Response], wire::Identity) -> Result<IdentityStep, Failure>),
}

/// The component.
#[derive(Debug)]
pub struct Adversary;

impl Guest for Adversary {
    fn describe(setup: WireSetup) -> Result<WireDescription, Vec<OptionError>> {
        let plan = Plan::read(&setup);
        let honest = glue::describe::<Cover>(setup)?;
        let Some(plan) = plan else {
            return Err(vec![OptionError::new("attack", "names no attack")]);
        };
        match plan.attack.act() {
            Act::Describe(change) | Act::DescribeAndObtain(change, _) => change(&plan, honest),
            _ => Ok(honest),
        }
    }

    fn authorize(
        setup: WireSetup,
        request: AuthorizationRequest,
    ) -> Result<Vec<Parameter>, Failure> {
        match Plan::read(&setup).map(|plan| (plan.attack.act(), plan)) {
            Some((Act::Link(parameters), plan)) => Ok(parameters(&plan)),
            _ => glue::authorize::<Cover>(setup, request),
        }
    }

    fn obtain(
        setup: WireSetup,
        grant: Grant,
        transcript: Vec<Response>,
    ) -> Result<TokenStep, Failure> {
        let plan = Plan::read(&setup).map(|plan| (plan.attack.act(), plan));
        let done = match plan {
            Some((Act::Obtain(act) | Act::DescribeAndObtain(_, act), plan)) => {
                act(&plan, &transcript)
            }
            _ => None,
        };
        done.unwrap_or_else(|| glue::obtain::<Cover>(setup, grant, transcript))
    }

    fn identify(
        setup: WireSetup,
        evidence: WireEvidence,
        transcript: Vec<Response>,
    ) -> Result<IdentityStep, Failure> {
        let honest =
            |transcript| glue::identify::<Cover>(setup.clone(), evidence.clone(), transcript);
        match Plan::read(&setup).map(|plan| (plan.attack.act(), plan)) {
            Some((Act::Identify(act), plan)) => {
                act(&plan, &evidence, &transcript).unwrap_or_else(|| honest(transcript))
            }
            Some((Act::Claim(claim), plan)) => match honest(transcript.clone())? {
                IdentityStep::Done(identity) => claim(&plan, &evidence, &transcript, identity),
                send => Ok(send),
            },
            _ => honest(transcript),
        }
    }

    fn revoke(
        setup: WireSetup,
        token: String,
        transcript: Vec<Response>,
    ) -> Result<RevokeStep, Failure> {
        glue::revoke::<Cover>(setup, token, transcript)
    }
}

impl Attack {
    /// Where it is made, and how.
    fn act(self) -> Act {
        match self {
            Self::LoopInDescribe => Act::Describe(|_, _| sandbox::spin()),
            Self::LoopInAuthorize => Act::Link(|_| sandbox::spin()),
            Self::LoopInObtain => Act::Obtain(|_, _| sandbox::spin()),
            Self::LoopInIdentify => Act::Identify(|_, _, _| sandbox::spin()),
            Self::MemoryBomb => Act::Link(|_| sandbox::take_all_memory()),
            Self::GrowAndGoOn => Act::Link(|_| sandbox::grow_and_go_on()),
            Self::NanBits => Act::Link(|_| sandbox::nan_bits()),
            Self::Trap => Act::Link(|_| sandbox::trap()),
            Self::Panic => Act::Link(|_| panic!("{WORDS}")),
            Self::HugeString => Act::Link(|_| link::one("a", &"a".repeat(2 << 20))),
            Self::HugeList => Act::Link(|_| link::many(30_000)),
            Self::LongList => Act::Link(|_| link::many(257)),
            Self::DeepAttributes => Act::Claim(identify::deep_attributes),
            Self::DeepDocument => Act::Obtain(obtain::deep_document),
            Self::FatAttributes => Act::Claim(identify::fat_attributes),
            Self::Relaxations => Act::Describe(describe::relaxations),
            Self::HeaderInDescription => Act::Describe(describe::header),
            Self::UrlInDescription => Act::Describe(describe::url),
            Self::SubjectFromResource => Act::Describe(describe::subject_from_resource),
            Self::EmailFromResource => Act::Describe(describe::email_from_resource),
            Self::IssuerOfAnother => Act::Describe(describe::issuer_of_another),
            Self::RevealTheToken => Act::Describe(describe::reveal_the_token),
            Self::RevealAndUse => {
                Act::DescribeAndObtain(describe::reveal_the_ticket, obtain::token_at_ticket)
            }
            Self::SigningOracle => Act::Describe(describe::signing_oracle),
            Self::WordsInOptionErrors => Act::Describe(describe::words_in_errors),
            Self::LinkParameter => Act::Link(|plan| link::one(&plan.with, "forged")),
            Self::LinkParameterTwice => Act::Link(link::twice),
            Self::LongLink => Act::Link(link::long),
            Self::LineBreakInLink => Act::Link(|_| link::one("a", "b\r\nset-cookie: c=d\r\n\r\n")),
            Self::TokenField => Act::Obtain(obtain::token_field),
            Self::TokenFieldInJson => Act::Obtain(obtain::token_field_in_json),
            Self::FieldTwice => Act::Obtain(obtain::field_twice),
            Self::DocumentToToken => Act::Obtain(obtain::document_to_token),
            Self::CodeToResource => Act::Obtain(obtain::code_to_resource),
            Self::CodeInQuery => Act::Obtain(obtain::code_in_query),
            Self::CodeAsBearer => Act::Obtain(obtain::code_as_bearer),
            Self::CodeTwice => Act::Obtain(obtain::code_twice),
            Self::CodeAgain => Act::Obtain(obtain::code_again),
            Self::TokenInField => Act::Identify(identify::token_in_field),
            Self::ClientToResource => Act::Obtain(obtain::client_to_resource),
            Self::ForgedName => Act::Obtain(obtain::forged_name),
            Self::NameAsText => Act::Obtain(obtain::name_as_text),
            Self::NoSuchEndpoint => Act::Obtain(obtain::no_such_endpoint),
            Self::HostOnlyEndpoint => Act::Obtain(obtain::host_only_endpoint),
            Self::QueryContradicts => Act::Obtain(obtain::query_contradicts),
            Self::UserinfoOfAnother => Act::Identify(identify::userinfo_of_another),
            Self::TokenInCompany => Act::Obtain(obtain::token_in_company),
            Self::SendsNothing => Act::Obtain(|_, _| Some(Ok(TokenStep::Send(Vec::new())))),
            Self::TooManyAtOnce => Act::Obtain(obtain::too_many_at_once),
            Self::HundredRequests | Self::BigTranscript => Act::Obtain(obtain::one_more),
            Self::Private => Act::Obtain(obtain::collect_first),
            Self::ForeignGrant => Act::Obtain(obtain::foreign_grant),
            Self::TokenOfResource => Act::Obtain(obtain::token_of_resource),
            Self::TokenOfError => Act::Obtain(obtain::token_of_error),
            Self::ManyTokens => Act::Obtain(obtain::many_tokens),
            Self::ForgedSubject => Act::Claim(identify::forged_subject),
            Self::ForgedEmail => Act::Claim(identify::forged_email),
            Self::PictureOfServer => Act::Claim(identify::picture_of_server),
            Self::MarkupInName => Act::Claim(identify::markup_in_name),
            Self::ExfilByQuery => Act::Identify(exfil::by_query),
            Self::ExfilByForm => Act::Identify(exfil::by_form),
            Self::ExfilByJson => Act::Identify(exfil::by_json),
            Self::ExfilByDocument => Act::Identify(exfil::by_document),
            Self::ExfilInObtain => Act::Obtain(exfil::in_obtain),
            Self::ExfilByIdentity => Act::Claim(exfil::by_identity),
            Self::ExfilByFailure => Act::Claim(exfil::by_failure),
        }
    }
}

celadon_provider::export_guest!(Adversary, <Cover as Provider>::MANIFEST);
