//! A configuration in words. No secret is read for it: only where each comes from is told.

use super::ProviderReport;
use crate::config::{ClientAuth, Config, Grant, Limits, Provider, Temporal};
use crate::oidc::client_key::ClientKey;
use aws_lc_rs::digest::{Context, SHA256};
use celadon_workflows::types::ProviderName;
use data_encoding::HEXLOWER;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// Writes the whole summary.
pub(super) fn write(
    out: &mut impl Write,
    config: &Config,
    reports: &[ProviderReport],
) -> io::Result<()> {
    line(out, "listen", &config.server.listen)?;
    line(
        out,
        "public_url",
        &config.server.public_url.origin().ascii_serialization(),
    )?;
    line(
        out,
        "trusted_proxies",
        &or_none(&config.server.trusted_proxies),
    )?;
    line(out, "store", &config.store.url)?;
    line(out, "keys", &config.store.keys.display())?;
    line(out, "temporal", &temporal(&config.temporal))?;
    line(out, "clients", &or_none(config.clients.keys()))?;
    let operators = if config.operators.is_some() {
        "with the configured secret"
    } else {
        "off"
    };
    line(out, "operators", &operators)?;
    let mut digests = BTreeMap::new();
    for (name, provider) in &config.providers {
        writeln!(out, "\nprovider {name}")?;
        line(
            out,
            "redirect_uri",
            &config.server.at(&format!("/callback/{name}")),
        )?;
        // Hundreds of providers may share one component.
        let digest = digests
            .entry(provider.component.as_path())
            .or_insert_with(|| {
                digest(&provider.component).unwrap_or_else(|error| error.to_string())
            });
        self::provider(out, provider, digest)?;
        found(out, name, reports)?;
    }
    writeln!(out, "\nThe configuration is right.")
}

fn provider(out: &mut impl Write, provider: &Provider, digest: &str) -> io::Result<()> {
    line(out, "component", &provider.component.display())?;
    line(out, "sha256", &digest)?;
    line(out, "client_id", &provider.client_id)?;
    if let Some(secret) = &provider.client_secret {
        line(out, "client_secret", &format_args!("from {secret}"))?;
    }
    if let Some(key) = &provider.client_key {
        let what = ClientKey::read(key).map_or_else(
            |error| error.to_string(),
            |key| match key.kid() {
                Some(kid) => format!("{}, kid {kid}", key.algorithm()),
                None => format!("{}, without kid", key.algorithm()),
            },
        );
        line(
            out,
            "client_key",
            &format_args!("{what}, from the file {key:?}"),
        )?;
        line(out, "client_audience", &provider.client_audience.as_str())?;
    }
    let method = provider
        .client_auth
        .map_or("as the component describes", ClientAuth::as_str);
    line(out, "client_auth", &method)?;
    line(out, "scopes", &or_none(&provider.scopes))?;
    if let Some(url) = &provider.resource_url {
        line(out, "resource_url", url)?;
    }
    grant(out, &provider.grant)?;
    limits(out, &provider.limits)
}

pub(in crate::cli) fn grant(out: &mut impl Write, grant: &Grant) -> io::Result<()> {
    line(out, "further origins", &or_none(&grant.origins))?;
    line(
        out,
        "http://",
        &if grant.insecure_http {
            "allowed"
        } else {
            "refused"
        },
    )?;
    line(out, "private networks", &or_none(&grant.private_addresses))?;
    line(out, "relaxed checks", &or_none(&grant.relax))
}

fn limits(out: &mut impl Write, limits: &Limits) -> io::Result<()> {
    let changed = limits.changed();
    let told: Vec<_> = changed
        .iter()
        .map(|(key, value)| format!("{key} {value}"))
        .collect();
    let told = if told.is_empty() {
        "as usual".to_owned()
    } else {
        told.join(", ")
    };
    line(out, "limits", &told)
}

/// What the sandbox found out.
fn found(out: &mut impl Write, name: &ProviderName, reports: &[ProviderReport]) -> io::Result<()> {
    let of_this = reports.iter().filter(|report| report.provider == *name);
    for (what, fact) in of_this.flat_map(|report| &report.facts) {
        line(out, what, fact)?;
    }
    Ok(())
}

fn temporal(temporal: &Temporal) -> String {
    let Temporal {
        address,
        namespace,
        task_queue,
    } = temporal;
    let address = address
        .as_deref()
        .unwrap_or("an embedded development server");
    format!("{address}, namespace {namespace}, task queue {task_queue}")
}

pub(in crate::cli) fn line(
    out: &mut impl Write,
    what: &str,
    value: &dyn std::fmt::Display,
) -> io::Result<()> {
    writeln!(out, "  {what:<18}{value}")
}

pub(in crate::cli) fn or_none<T: ToString>(values: impl IntoIterator<Item = T>) -> String {
    let values: Vec<_> = values.into_iter().map(|value| value.to_string()).collect();
    if values.is_empty() {
        "none".to_owned()
    } else {
        values.join(", ")
    }
}

fn digest(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(HEXLOWER.encode(context.finish().as_ref())),
            length => context.update(&buffer[..length]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, load};

    #[test]
    fn a_summary_tells_what_a_provider_may_do_and_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("idp.wasm"), b"abc").unwrap();
        let file = folder.path().join("celadon.toml");
        let text = "[server]\nlisten = \"127.0.0.1:9\"\n[providers.idp]\ncomponent = \"idp.wasm\"\n\
            client_id = \"celadon\"\nclient_secret = \"hunter2\"\n[providers.idp.grant]\n\
            relax = [\"no-pkce\"]\norigins = [\"https://api.example\"]\n";
        std::fs::write(&file, text).unwrap();
        let none = std::iter::empty::<(String, String)>();
        let (config, _) = load(Some(&file), Environment::from_iter(none)).unwrap();
        let report = ProviderReport {
            provider: ProviderName::new("idp"),
            facts: vec![("subject from", "id token /sub".to_owned())],
            warnings: Vec::new(),
            mistakes: Vec::new(),
        };
        let mut out = Vec::new();
        write(&mut out, &config, &[report]).unwrap();
        let out = String::from_utf8(out).unwrap();
        for expected in [
            "redirect_uri      http://127.0.0.1:9/callback/idp\n",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n",
            "client_secret     from the configuration\n",
            "relaxed checks    no-pkce\n",
            "further origins   https://api.example/\n",
            "http://           refused\n",
            "subject from      id token /sub\n",
            "temporal          an embedded development server, namespace default",
        ] {
            assert!(out.contains(expected), "{expected}\n{out}");
        }
        assert!(!out.contains("hunter2"));
    }
}
