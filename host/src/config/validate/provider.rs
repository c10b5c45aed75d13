//! `[providers.<name>]`. What a component makes of its options is found out by running it; here is
//! only what can be told without.

mod authority;
mod limits;
mod options;

use super::secret_source;
use crate::config::mistake::Caution;
use crate::config::problem::Problem;
use crate::config::section::{Context, Section};
use crate::config::{ClientAudience, ClientAuth, Grant, Provider, values};
use std::path::PathBuf;
use url::Url;

const LONGEST_TITLE: usize = 100;
const LONGEST_CLIENT_ID: usize = 1024;

pub(super) fn read(name: String, mut section: Section<'_>) -> Option<Provider> {
    let context = section.context;
    let mend = "the path of a .wasm file, as in component = \"providers/oidc.wasm\"";
    let component = section.required("component", mend, |text| component(context, text));
    let mend = "client_id = \"…\", as the provider gave it to you";
    let client_id = section.required("client_id", mend, values::text(LONGEST_CLIENT_ID));
    let title = section.parsed("title", values::text(LONGEST_TITLE));
    let credentials = Credentials::read(&mut section);
    let audience = section.parsed("client_audience", |text| {
        values::word(text, &ClientAudience::ALL, ClientAudience::as_str)
    });
    let scopes = section.list("scopes", values::scope);
    let options = section.take("options").and_then(options::read);
    let grant = authority::grant(&name, section.section("grant"));
    let limits = limits::read(section.section("limits"));
    let resource_url = section.parsed("resource_url", |text| resource(&name, &grant, text));
    section.finish();
    Some(Provider {
        component: component?,
        title: title.unwrap_or(name),
        client_id: client_id?,
        client_secret: credentials.secret,
        client_key: credentials.key,
        client_auth: credentials.method,
        client_audience: audience.unwrap_or_default(),
        scopes: scopes.unwrap_or_else(|| vec!["openid".to_owned()]),
        options: options.unwrap_or_default(),
        grant,
        limits,
        resource_url,
    })
}

fn component(context: &Context, text: &str) -> Result<PathBuf, Problem> {
    if text.starts_with("oci://") {
        return Err(Problem::ComponentRegistry);
    }
    let path = context.path(text);
    if path.is_dir() {
        Err(Problem::ComponentDirectory)
    } else if path.is_file() {
        Ok(path)
    } else {
        Err(Problem::NoFile { path })
    }
}

fn resource(name: &str, grant: &Grant, text: &str) -> Result<Url, Problem> {
    let url = values::http_url(text)?;
    if url.fragment().is_some() {
        return Err(Problem::UrlFragment);
    }
    authority::check_scheme(name, grant.insecure_http, &url)?;
    Ok(url)
}

/// How Celadon authenticates at this provider.
struct Credentials {
    secret: Option<crate::config::Secret>,
    key: Option<PathBuf>,
    method: Option<ClientAuth>,
}

impl Credentials {
    fn read(section: &mut Section<'_>) -> Self {
        let secret = section.take("client_secret");
        let key = section.take("client_key");
        // What is there and wrong is told once.
        let (has_secret, has_key) = (secret.is_some(), key.is_some());
        let secret_place = secret.as_ref().map(|found| found.node.place.clone());
        let secret = secret.and_then(|found| secret_source::read(found, 0));
        let key = key.and_then(secret_source::key_file);
        let method = section.take("client_auth").and_then(|found| {
            let place = found.node.place.clone();
            let parse = |text: &str| values::word(text, &ClientAuth::ALL, ClientAuth::as_str);
            Some((found.parsed(parse)?, place))
        });
        let context = section.context;
        let key_of = |name| format!("{}.{name}", section.key);
        if let Some((method, place)) = &method {
            let needed = match method {
                ClientAuth::Basic | ClientAuth::Post | ClientAuth::SecretJwt if !has_secret => {
                    Some("client_secret")
                }
                ClientAuth::PrivateKeyJwt | ClientAuth::SignedSecret if !has_key => {
                    Some("client_key")
                }
                _ => None,
            };
            if let Some(needed) = needed {
                let problem = Problem::MethodNeeds {
                    method: method.as_str(),
                    needed,
                };
                context
                    .report
                    .mistake(place, &key_of("client_auth"), problem);
            }
        }
        if let (Some((ClientAuth::None, _)), Some(place)) = (&method, &secret_place) {
            context
                .report
                .warn(place, &key_of("client_secret"), Caution::UnusedSecret);
        }
        Self {
            secret: secret.map(|readable| readable.source),
            key,
            method: method.map(|(method, _)| method),
        }
    }
}
