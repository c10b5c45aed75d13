//! Parameters for the link.

use crate::Plan;
use celadon_provider::Parameter;

pub(crate) fn one(name: &str, value: &str) -> Vec<Parameter> {
    vec![Parameter::new(name, value)]
}

pub(crate) fn many(count: usize) -> Vec<Parameter> {
    (0..count)
        .map(|index| Parameter::new(format!("p{index}"), "v".repeat(60)))
        .collect()
}

pub(crate) fn long(_: &Plan) -> Vec<Parameter> {
    (0..16)
        .map(|index| Parameter::new(format!("p{index}"), "a".repeat(4_096)))
        .collect()
}

pub(crate) fn twice(_: &Plan) -> Vec<Parameter> {
    vec![Parameter::new("hint", "a"), Parameter::new("HINT", "b")]
}
