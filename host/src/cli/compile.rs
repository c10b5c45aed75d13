//! `celadon compile-component`: what this program asks of a child of its own. It is no command for
//! people: it reads a component from stdin and writes machine code to stdout, without its rights.

use crate::config::Tier;
use crate::plugin::component::compile::confined;
use crate::plugin::engine::Purpose;
use clap::Args;
use clap::builder::PossibleValuesParser;

/// As [`confined::Order`], on a command line.
#[derive(Debug, Args)]
pub(super) struct Order {
    #[arg(value_parser = PossibleValuesParser::new(Tier::ALL.map(Tier::as_str)))]
    tier: String,
    #[arg(value_parser = PossibleValuesParser::new(
        Purpose::ALL.map(Purpose::as_str).into_iter().chain([confined::VERDICT])
    ))]
    purpose: String,
    /// Seconds of CPU time.
    seconds: u64,
    /// Bytes of address space.
    memory: u64,
}

impl From<&Order> for confined::Order {
    fn from(order: &Order) -> Self {
        let tier = Tier::ALL
            .into_iter()
            .find(|tier| tier.as_str() == order.tier);
        let purpose = Purpose::ALL
            .into_iter()
            .find(|purpose| purpose.as_str() == order.purpose);
        Self {
            tier: tier.unwrap_or_default(),
            purpose,
            seconds: order.seconds,
            memory: order.memory,
        }
    }
}
