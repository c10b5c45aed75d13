//! `celadon provider check`: everything that loading does, for a component that is not configured yet,
//! and what the operator would have to grant it.

use super::{Kind, ProviderError};
use crate::cli::check::{line, mistakes};
use crate::cli::{CliError, say};
use crate::config::{ClientAudience, Grant, Provider};
use crate::egress::addresses::special;
use crate::plain;
use crate::plugin::Description;
use crate::plugin::approval::{ApprovalError, bundled};
use crate::plugin::description::Relaxation;
use crate::plugin::json::{self, JsonError};
use crate::plugin::revisions::{self, Examined};
use crate::random;
use celadon_workflows::types::ProviderName;
use serde_json::{Map, Value};
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use tokio::runtime::Runtime;
use url::{Host, Url};

/// What stands below `celadon provider check --help`.
pub(super) const HELP: &str = "\
The component is compiled and asked, in the sandbox, to describe itself. Nothing is sent anywhere, and
no configuration is read.

Example:
  celadon provider check my-idp.wasm --options '{\"issuer\": \"https://id.example.com\"}'

Exit codes: 0 it can be used, once it is granted what it asks for; 1 it cannot; 2 wrong arguments.";

/// The longest file of options: as long as the contract's JSON may be.
const LONGEST_OPTIONS: u64 = json::MAX_BYTES as u64;
/// Every check that can be relaxed: what is asked for is told, not refused.
const ALL: [Relaxation; 4] = [
    Relaxation::NoPkce,
    Relaxation::NoNonce,
    Relaxation::SecretsInQuery,
    Relaxation::Hs256IdToken,
];

/// `celadon provider check`
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// The component
    file: PathBuf,
    #[command(flatten)]
    kind: Kind,
    /// Its options, as JSON
    #[arg(long, value_name = "JSON", conflicts_with = "options_file")]
    options: Option<String>,
    /// A file with its options, as JSON
    #[arg(long, value_name = "FILE")]
    options_file: Option<PathBuf>,
    /// The client id that it is told
    #[arg(long, value_name = "ID", default_value = "client-id")]
    client_id: String,
}

/// Why a component cannot be checked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckError {
    /// The options are not JSON.
    #[error("the options are not JSON as the contract has it")]
    Json(#[from] JsonError),
    /// They are JSON of another type.
    #[error(
        "the options must be a JSON object, as in '{{\"issuer\": \"https://id.example.com\"}}'"
    )]
    NoObject,
    /// Their file cannot be read.
    #[error("cannot read the options from {path:?}")]
    Options {
        /// As it was named.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The component cannot be used. Why was said.
    #[error("{path:?} cannot be used with these options")]
    Unusable {
        /// As it was named.
        path: PathBuf,
    },
}

impl CheckError {
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Json(_) | Self::NoObject => 2,
            Self::Options { .. } | Self::Unusable { .. } => 1,
        }
    }
}

pub(super) fn run(check: &Check) -> Result<(), CliError> {
    let options = options(check).map_err(ProviderError::from)?;
    let provider = provider(check, options);
    let bundled = bundled::beside_this_program().map_err(ApprovalError::from)?;
    let runtime = Runtime::new().map_err(CliError::Runtime)?;
    let name = ProviderName::new("checked");
    let examined = runtime
        .block_on(revisions::examine(&name, &provider))
        .map_err(CliError::Sandbox)?;
    let examined = match examined {
        Ok(examined) => examined,
        Err(error) => {
            for mistake in mistakes(&error) {
                say::error(format_args!("error: {mistake}"));
            }
            let path = check.file.clone();
            return Err(ProviderError::from(CheckError::Unusable { path }).into());
        }
    };
    let mut out = io::stdout().lock();
    let is_bundled = bundled.has(&examined.component);
    // A reader that has seen enough is no failure.
    let _ = write(&mut out, check, &examined, is_bundled).and_then(|()| out.flush());
    Ok(())
}

fn options(check: &Check) -> Result<Map<String, Value>, CheckError> {
    let text = match (&check.options, &check.options_file) {
        (Some(text), _) => text.clone(),
        (None, None) => return Ok(Map::new()),
        (None, Some(path)) => {
            let mut text = String::new();
            File::open(path)
                .and_then(|file| file.take(LONGEST_OPTIONS + 1).read_to_string(&mut text))
                .map_err(|source| CheckError::Options {
                    path: path.clone(),
                    source,
                })?;
            text
        }
    };
    match json::parse(&text)? {
        Value::Object(options) => Ok(options),
        _ => Err(CheckError::NoObject),
    }
}

/// A configuration that grants whatever can be asked for: what is asked for is told, not refused.
fn provider(check: &Check, options: Map<String, Value>) -> Provider {
    Provider {
        component: check.file.clone(),
        title: String::new(),
        client_id: check.client_id.clone(),
        client_secret: None,
        client_key: None,
        client_audience: ClientAudience::default(),
        client_auth: None,
        scopes: Vec::new(),
        options,
        grant: Grant {
            insecure_http: true,
            relax: ALL.map(|it| it.as_str().to_owned()).to_vec(),
            ..Grant::default()
        },
        limits: check.kind.limits(),
        resource_url: None,
    }
}

fn write(
    out: &mut impl Write,
    check: &Check,
    examined: &Examined,
    is_bundled: bool,
) -> io::Result<()> {
    let description = &examined.description;
    let canonical = description.canonical();
    let path = check.file.to_string_lossy();
    line(out, "component", &plain::line(&path, path.len()))?;
    line(out, "sha256", &examined.component)?;
    let approval = if is_bundled {
        "none needed: the component came with this program"
    } else {
        "needed: once it is configured, `celadon provider approve` shows this and asks"
    };
    line(out, "approval", &approval)?;
    line(
        out,
        "description",
        &random::sha256_hex(canonical.as_bytes()),
    )?;
    line(out, "canonical", &json::ascii(&canonical))?;
    for fact in description.explain() {
        line(out, "it", &fact)?;
    }
    let grant = grant_lines(description);
    if grant.is_empty() {
        return writeln!(out, "\nIt asks for no grant.");
    }
    writeln!(out, "\nIt asks for what the operator has to grant:\n")?;
    writeln!(out, "[providers.<name>.grant]")?;
    grant.iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// What a description needs beyond itself, as lines of the configuration.
fn grant_lines(description: &Description) -> Vec<String> {
    let endpoints = description.endpoints.values().map(|it| it.url.clone());
    let identifier = Url::parse(&description.issuer.identifier).ok();
    let metadata = description.issuer.metadata.clone();
    let urls: Vec<Url> = endpoints.chain(identifier).chain(metadata).collect();
    let mut lines = Vec::new();
    if urls.iter().any(|url| url.scheme() == "http") {
        lines.push("insecure_http = true".to_owned());
    }
    let mut networks: Vec<String> = urls.iter().filter_map(private_network).collect();
    networks.sort_unstable();
    networks.dedup();
    if !networks.is_empty() {
        lines.push(format!("private_addresses = {networks:?}"));
    }
    if !description.relax.is_empty() {
        let relax: Vec<&str> = description.relax.iter().map(|it| it.as_str()).collect();
        lines.push(format!("relax = {relax:?}"));
    }
    lines
}

/// The network of a URL that names an address which is not public. Names are not looked up.
fn private_network(url: &Url) -> Option<String> {
    let address: IpAddr = match url.host()? {
        Host::Domain("localhost") => return Some("127.0.0.0/8".to_owned()),
        Host::Domain(_) => return None,
        Host::Ipv4(address) => address.into(),
        Host::Ipv6(address) => address.into(),
    };
    special(address)?;
    Some(match address {
        IpAddr::V4(address) if address.is_loopback() => "127.0.0.0/8".to_owned(),
        IpAddr::V4(address) => format!("{address}/32"),
        IpAddr::V6(address) => format!("{address}/128"),
    })
}
