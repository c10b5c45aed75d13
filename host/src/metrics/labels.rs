//! The labels, one set a metric.

use prometheus_client::encoding::EncodeLabelSet;

macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident { $($label:ident: $type:ty),* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
            pub(super) struct $name {
                $(pub(super) $label: $type,)*
            }
        )*
    };
}

labels! {
    /// A login that began.
    Started { provider: String }
    /// A login that ended; `reason` is empty unless it was refused.
    Ended { provider: String, outcome: &'static str, reason: &'static str }
    /// A step's run.
    StepEnd { step: &'static str, outcome: &'static str }
    /// A plugin call.
    Call { provider: String, function: &'static str, outcome: &'static str }
    /// A plugin call's time.
    CallTime { provider: String, function: &'static str }
    /// A component's compilation.
    Compilation { outcome: &'static str }
    /// A request to a provider.
    Egress { provider: String, result: &'static str }
    /// A request to us.
    Http { route: &'static str, method: &'static str, status: &'static str }
    /// The time of a request to us.
    HttpTime { route: &'static str }
}
