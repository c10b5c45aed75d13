//! `options`: a table of the component's own, handed to it as JSON.

use crate::config::key::join;
use crate::config::problem::Problem;
use crate::config::section::{Context, Found};
use crate::config::tree::{Node, Table, Value};
use serde_json::{Map, Number, Value as Json};

pub(super) fn read(found: Found<'_>) -> Option<Map<String, Json>> {
    match found.node.value {
        Value::Table(table) => Some(object(found.context, &found.key, table)),
        _ => found.wrong_type("a table, as in { issuer = \"https://…\" }"),
    }
}

fn object(context: &Context, key: &str, table: Table) -> Map<String, Json> {
    table
        .into_iter()
        .filter_map(|(name, node)| {
            let value = json(context, &join(key, &name), node)?;
            Some((name, value))
        })
        .collect()
}

fn json(context: &Context, key: &str, node: Node) -> Option<Json> {
    let kind = node.value.kind();
    let converted = match node.value {
        Value::Text(text) | Value::Date(text) => Some(Json::String(text)),
        Value::Integer(integer) => Some(Json::from(integer)),
        Value::Float(float) => Number::from_f64(float).map(Json::Number),
        Value::Boolean(boolean) => Some(Json::Bool(boolean)),
        Value::Huge => None,
        Value::List(elements) => {
            let element = |(index, node)| json(context, &format!("{key}[{index}]"), node);
            return Some(
                elements
                    .into_iter()
                    .enumerate()
                    .filter_map(element)
                    .collect(),
            );
        }
        Value::Table(table) => return Some(Json::Object(object(context, key, table))),
    };
    // A variable that only looks like `nan` or a very long number is a word.
    let converted = converted.or_else(|| node.raw.map(Json::String));
    if converted.is_none() {
        context
            .report
            .mistake(&node.place, key, Problem::NotJson { found: kind });
    }
    converted
}
