//! Whole configurations: right ones, wrong ones and nonsense.

mod overlay;
mod wrong;

use super::load::from_text;
use super::*;
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// The smallest complete file.
const COMPLETE: &str = r#"
[server]
listen = "127.0.0.1:8080"
[store]
url = "sqlite://celadon.db"
[temporal]
address = "127.0.0.1:7233"
[providers.idp]
component = "idp.wasm"
client_id = "celadon"
"#;

/// A private key that signs nothing but in tests.
const KEY: &str = r#"{"crv":"Ed25519","d":"ay5oKBNNK5ldq1r_ogTIDR3J50mGxj88jfsvPBv0i6s","x":"M1zahBRUa3SiFTKWeFT_mQxoyy_PbIGWyHmDNmdZxhc","kty":"OKP"}"#;

/// A folder with what configurations refer to.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("idp.wasm"), b"\0asm").unwrap();
    std::fs::write(
        folder.path().join("secret"),
        b"correct horse battery staple\n",
    )
    .unwrap();
    std::fs::write(folder.path().join("key.jwk"), KEY).unwrap();
    std::fs::write(folder.path().join("short"), b"hunter2").unwrap();
    std::fs::write(folder.path().join("empty"), b"\n").unwrap();
    std::fs::create_dir(folder.path().join("directory")).unwrap();
    folder
}

fn read_in(
    folder: &TempDir,
    text: &str,
    environment: &[(&str, &str)],
) -> Result<(Config, Vec<Warning>), ConfigErrors> {
    let path: Arc<Path> = Arc::from(Path::new("celadon.toml"));
    let environment = environment.iter().copied().collect();
    from_text(text, &path, folder.path().to_owned(), environment)
}

fn read(text: &str) -> Result<(Config, Vec<Warning>), ConfigErrors> {
    read_in(&folder(), text, &[])
}

fn name(name: &str) -> ProviderName {
    ProviderName::new(name)
}

#[test]
fn the_smallest_file_is_complete() {
    let folder = folder();
    let (config, warnings) = read_in(&folder, COMPLETE, &[]).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(
        config.server.at("/callback/idp"),
        "http://127.0.0.1:8080/callback/idp"
    );
    let database = folder.path().join("celadon.db");
    assert_eq!(config.store.url, format!("sqlite://{}", database.display()));
    assert_eq!(config.store.keys, folder.path().join("celadon.keys"));
    assert_eq!(config.temporal.address.as_deref(), Some("127.0.0.1:7233"));
    assert_eq!(config.temporal.namespace, "default");
    assert_eq!(config.temporal.task_queue, "celadon");
    assert_eq!(config.login.expires_in, Duration::from_secs(600));
    assert_eq!(
        config.login.session_lifetime,
        Duration::from_secs(12 * 3600)
    );
    assert_eq!(config.login.session_idle, Duration::from_secs(3600));
    assert_eq!(config.login.max_in_flight, 100_000);
    assert_eq!(config.login.max_in_flight_per_address, 1_000);
    assert!(config.operators.is_none());
    let provider = &config.providers[&name("idp")];
    assert_eq!(provider.component, folder.path().join("idp.wasm"));
    assert_eq!(provider.title, "idp");
    assert_eq!(provider.scopes, ["openid"]);
    assert_eq!(provider.limits.deadline, Duration::from_millis(50));
    assert!(!provider.grant.insecure_http);
}

#[test]
fn an_empty_file_has_defaults_and_says_that_nobody_can_sign_in() {
    let (config, warnings) = read("").unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert!(config.temporal.address.is_none());
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].caution, Caution::NoProvider);
}

#[test]
fn every_key_arrives() {
    let folder = folder();
    let text = r#"
[server]
listen = "0.0.0.0:443"
public_url = "https://login.example.com/"
trusted_proxies = ["10.1.2.3", "fd00::/8"]
[store]
url = "sqlite:///tmp/elsewhere.db"
keys = { file = "directory/ring" }
[temporal]
namespace = "sso"
task_queue = "logins"
[login]
expires_in = "3s"
return_origins = ["https://app.example.com", "http://localhost:3000"]
session_lifetime = "7d"
session_idle = "30m"
max_in_flight = 10
max_in_flight_per_address = 2
[providers.my-idp]
component = "idp.wasm"
title = "My IdP"
client_id = "celadon"
client_secret = { file = "secret" }
client_auth = "client_secret_post"
client_key = { file = "key.jwk" }
client_audience = "token_endpoint"
scopes = ["openid", "email"]
options = { issuer = "https://idp.example", depth = [1, 2.5, true, { since = 2024-01-01 }] }
resource_url = "https://api.example/me?full=1"
[providers.my-idp.grant]
origins = ["https://www.example.com/api/"]
insecure_http = false
private_addresses = ["192.168.1.7"]
relax = ["no-nonce"]
[providers.my-idp.limits]
deadline = "80ms"
memory = "64MiB"
output = 4096
tier = "large"
table_elements = 20000
requests = 3
request_size = "8KiB"
answer_size = "64KiB"
transcript_size = "128KiB"
component_size = "20MiB"
compile_time = "90s"
compile_memory = "3GiB"
rate = 7
burst = 11
[clients.app]
secret = { file = "secret" }
title = "The app"
[operators]
secret = { env = "OPERATORS" }
"#;
    let (config, warnings) =
        read_in(&folder, text, &[("OPERATORS", "a long enough secret")]).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(config.server.at("/"), "https://login.example.com/");
    assert_eq!(config.server.trusted_proxies[0].to_string(), "10.1.2.3/32");
    assert_eq!(config.store.url, "sqlite:///tmp/elsewhere.db");
    assert_eq!(config.login.expires_in, Duration::from_secs(3));
    let origins: Vec<_> = config
        .login
        .return_origins
        .iter()
        .map(url::Origin::ascii_serialization)
        .collect();
    assert_eq!(
        origins,
        ["https://app.example.com", "http://localhost:3000"]
    );
    let provider = &config.providers[&name("my-idp")];
    assert_eq!(provider.client_auth, Some(ClientAuth::Post));
    assert_eq!(provider.client_key, Some(folder.path().join("key.jwk")));
    assert_eq!(provider.client_audience, ClientAudience::TokenEndpoint);
    assert_eq!(
        provider
            .client_secret
            .as_ref()
            .unwrap()
            .read()
            .unwrap()
            .as_str(),
        "correct horse battery staple"
    );
    let options = serde_json::json!({
        "issuer": "https://idp.example",
        "depth": [1, 2.5, true, { "since": "2024-01-01" }],
    });
    assert_eq!(serde_json::Value::Object(provider.options.clone()), options);
    assert_eq!(
        provider.grant.origins[0].as_str(),
        "https://www.example.com/api"
    );
    assert_eq!(provider.grant.relax, ["no-nonce"]);
    assert_eq!(provider.limits.memory, 64 << 20);
    assert_eq!(provider.limits.output, 4096);
    assert_eq!(provider.limits.tier, Tier::Large);
    assert_eq!(provider.limits.table_elements, 20_000);
    assert_eq!(provider.limits.requests, 3);
    assert_eq!(provider.limits.request_size, 8 << 10);
    assert_eq!(provider.limits.answer_size, 64 << 10);
    assert_eq!(provider.limits.transcript_size, 128 << 10);
    assert_eq!(provider.limits.component_size, 20 << 20);
    assert_eq!(provider.limits.compile_time, Duration::from_secs(90));
    assert_eq!(provider.limits.compile_memory, 3 << 30);
    assert_eq!(provider.limits.rate.get(), 7);
    assert_eq!(provider.limits.burst.get(), 11);
    assert_eq!(config.clients["app"].title, "The app");
    assert!(matches!(&config.operators.unwrap().secret, Secret::Env(name) if name == "OPERATORS"));
}

#[test]
fn the_documented_file_is_right() {
    let page = include_str!("../../../docs/CONFIGURATION.md");
    let (_, after) = page.split_once("```toml\n").unwrap();
    let (text, _) = after.split_once("```").unwrap();
    let text = text.replace("providers/google.wasm", "idp.wasm");
    let (_, warnings) = read_in(&folder(), &text, &[("GOOGLE_CLIENT_SECRET", "x")]).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[test]
fn a_session_that_ends_early_is_not_idle_for_longer() {
    let (config, _) = read("[login]\nsession_lifetime = \"5s\"\nmax_in_flight = 3").unwrap();
    assert_eq!(config.login.session_idle, Duration::from_secs(5));
    assert_eq!(config.login.max_in_flight_per_address, 3);
}

#[test]
fn a_path_means_itself_to_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join("50%20?");
    std::fs::create_dir(&odd).unwrap();
    let path: Arc<Path> = Arc::from(Path::new("celadon.toml"));
    let (config, _) =
        from_text("", &path, odd, std::iter::empty::<(&str, &str)>().collect()).unwrap();
    assert!(
        config.store.url.ends_with("/50%20?/celadon.db"),
        "{}",
        config.store.url
    );
}

#[test]
fn warnings() {
    let (_, open) = read("[server]\ntrusted_proxies = [\"0.0.0.0/0\"]").unwrap();
    assert_eq!(open[0].caution, Caution::TrustsEverybody);
    assert_eq!(open[0].place.to_string(), "celadon.toml:2");
    let text = format!(
        "{COMPLETE}client_auth = \"none\"\nclient_secret = \"hunter2hunter2hunter2\"\n\
         [providers.idp.grant]\ninsecure_http = true\n\
         private_addresses = [\"10.0.0.0/8\", \"127.0.0.0/8\", \"169.254.169.254\", \"10.0.0.9\"]\n"
    );
    let (config, warnings) = read(&text).unwrap();
    let said: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    let expected = [
        "celadon.toml:12: providers.idp.client_secret: the secret stands in the file",
        "celadon.toml:12: providers.idp.client_secret: this secret is never sent",
        "celadon.toml:14: providers.idp.grant.insecure_http: codes, tokens and keys",
        "celadon.toml:15: providers.idp.grant.private_addresses: 10.0.0.0/8 is wide",
        "celadon.toml:15: providers.idp.grant.private_addresses: 169.254.169.254/32 is wide",
    ];
    assert_eq!(said.len(), expected.len(), "{said:#?}");
    for (said, expected) in said.iter().zip(expected) {
        assert!(said.starts_with(expected), "{said}");
    }
    assert!(!format!("{config:?} {warnings:?} {said:?}").contains("hunter2"));
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let folder = folder();
    let missing = folder.path().join("missing.toml");
    let set = [("CELADON_SERVER__LISTEN", "127.0.0.1:0")];
    let error = load(Some(&missing), set.into_iter().collect())
        .unwrap_err()
        .to_string();
    assert!(error.contains("missing.toml: no such file"), "{error}");
    let error = load(Some(folder.path()), set.into_iter().collect())
        .unwrap_err()
        .to_string();
    assert!(error.contains("cannot be read"), "{error}");

    let file = folder.path().join("celadon.toml");
    std::fs::write(&file, COMPLETE).unwrap();
    let (config, _) = load(Some(&file), set.into_iter().collect()).unwrap();
    assert_eq!(config.server.listen.port(), 0);
    assert_eq!(config.store.keys, folder.path().join("celadon.keys"));

    std::fs::write(&file, b"\xff").unwrap();
    let error = load(Some(&file), set.into_iter().collect())
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with("celadon.toml: is not UTF-8: save it as UTF-8"),
        "{error}"
    );
}

#[test]
fn every_mistake_is_told_at_once() {
    let text = "[server]\nlisten = 1\n[temporal]\nadress = \"x\"\n[login]\nexpires_in = \"2h\"\n\
                [providers.a]\n[providers.b]\ncomponent = \"none.wasm\"\n";
    let errors = read_in(&folder(), text, &[("CELADON_STORE__URL", "mysql://")]).unwrap_err();
    let keys: Vec<_> = errors
        .mistakes()
        .iter()
        .map(|mistake| mistake.key.as_str())
        .collect();
    assert_eq!(
        keys,
        [
            "server.listen",
            "store.url",
            "temporal.adress",
            "login.expires_in",
            "providers.a.component",
            "providers.a.client_id",
            "providers.b.component",
            "providers.b.client_id",
        ]
    );
    assert_eq!(errors.to_string().lines().count(), keys.len());
}

/// A configuration of known and unknown keys with values of every type.
fn nearly_right() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        Just("[server]"),
        Just("[store]"),
        Just("[temporal]"),
        Just("[login]"),
        Just("[operators]"),
        Just("[providers.a]"),
        Just("[providers.a.grant]"),
        Just("[providers.a.limits]"),
        Just("[clients.a]"),
        Just("[providers.\"\\u001b[31m\"]"),
        Just("listen = "),
        Just("url = "),
        Just("keys = "),
        Just("expires_in = "),
        Just("scopes = "),
        Just("options = "),
        Just("client_secret = "),
        Just("client_key = "),
        Just("client_auth = "),
        Just("secret = "),
        Just("origins = "),
        Just("memory = "),
        Just("component = "),
        Just("client_id = "),
        Just("private_addresses = "),
        Just("public_url = "),
        Just("nonsense = "),
    ];
    let value = prop_oneof![
        Just("1"),
        Just("-1"),
        Just("99999999999999999999"),
        Just("nan"),
        Just("true"),
        Just("[]"),
        Just("[[[]]]"),
        Just("{}"),
        Just("{ a = { b = nan } }"),
        Just("{ env = 1 }"),
        Just("{ file = \"/dev/zero\" }"),
        Just("\"\""),
        Just("\"\\u0000\""),
        Just("1979-05-27"),
        Just("\"https://a.example\""),
        Just("\"10m\""),
        Just("[\"::/0\"]"),
        Just("\"idp.wasm\""),
    ];
    prop::collection::vec((key, value), 0..20).prop_map(|lines| {
        let lines = lines.into_iter().map(|(key, value)| {
            if key.starts_with('[') {
                format!("{key}\n")
            } else {
                format!("{key}{value}\n")
            }
        });
        lines.collect()
    })
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "(?s).{0,200}") {
        let _ = read(&text);
    }

    #[test]
    fn nearly_right_files_never_panic(text in nearly_right()) {
        if let Err(errors) = read(&text) {
            prop_assert!(!errors.mistakes().is_empty());
            let escapes = errors.to_string().contains('\u{1b}');
            prop_assert!(!escapes);
        }
    }

    #[test]
    fn arbitrary_variables_never_panic(
        name in "CELADON_(SERVER|PROVIDERS__A|STORE|X|)(__)?[A-Z_]{0,12}", value in "\\PC{0,30}",
    ) {
        let _ = read_in(&folder(), COMPLETE, &[(&name, &value)]);
    }

    /// Wherever a secret is put, and however wrong that is, no message repeats it.
    #[test]
    fn a_value_is_never_repeated(
        key in prop_oneof![
            Just("server.listen"), Just("server.public_url"), Just("store.url"), Just("store.keys"),
            Just("temporal.adress"), Just("login.expires_in"), Just("login.return_origins"),
            Just("providers.idp.client_secret"), Just("providers.idp.client_auth"),
            Just("providers.idp.scopes"), Just("providers.idp.grant.origins"),
            Just("providers.idp.limits.memory"), Just("clients.app.secret"), Just("clients.app.title"),
            Just("operators.secret"), Just("providers.idp.resource_url"), Just("nonsense"),
        ],
        quote in prop_oneof![
            Just("\"hunter2\""), Just("\"hunter2"), Just("[\"hunter2 \"]"), Just("hunter2"),
            Just("{ vault = \"hunter2\" }"), Just("\"https://u:hunter2@a.example\""),
            Just("\"\"\"hunter2"), Just("\"hunter2\" x"), Just("{ env = 1, aws = [\"hunter2\"] }"),
        ],
    ) {
        let text = format!("{key} = {quote}\n");
        if let Err(errors) = read(&text) {
            prop_assert!(!format!("{errors} {errors:?}").contains("hunter2"), "{errors}");
        }
    }
}
