//! The rules, one file a section. Each reader takes its section apart, says what is wrong and goes
//! on: only at the end is it decided whether there is a configuration.

mod callers;
mod login;
mod provider;
mod secret_source;
mod server;
mod store;
mod telemetry;
mod temporal;

use super::Config;
use super::mistake::Caution;
use super::problem::Problem;
use super::section::Section;
use super::values;
use celadon_workflows::types::ProviderName;

/// The whole file.
pub(super) fn config(mut root: Section<'_>) -> Option<Config> {
    let server = server::read(root.section("server"));
    let store = store::read(root.section("store"));
    let temporal = temporal::read(root.section("temporal"));
    let login = login::read(root.section("login"));
    let providers = named(root.section("providers"));
    let providers: Vec<_> = providers
        .into_iter()
        .map(|(name, section)| Some((ProviderName::new(&name), provider::read(name, section)?)))
        .collect();
    if providers.is_empty() {
        root.context
            .report
            .warn(&root.place, "providers", Caution::NoProvider);
    }
    let clients = named(root.section("clients"));
    let (clients, operators) = callers::read(clients, root.take("operators"));
    let telemetry = telemetry::read(root.section("telemetry"));
    root.finish();
    Some(Config {
        server: server?,
        store: store?,
        temporal,
        login,
        providers: providers.into_iter().collect::<Option<_>>()?,
        clients: clients?,
        operators,
        telemetry,
        lock: None,
    })
}

/// The sections of a table whose keys are names.
fn named<'c>(mut table: Section<'c>) -> Vec<(String, Section<'c>)> {
    let mut sections = Vec::new();
    for (name, found) in table.take_all() {
        if !values::is_name(&name) {
            found.mistake(Problem::BadName);
        }
        sections.extend(found.section().map(|section| (name, section)));
    }
    sections
}
