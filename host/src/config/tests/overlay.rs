//! The environment over the file.

use super::*;

const OTHER: &str = "CELADON_PROVIDERS__MY_IDP__CLIENT_ID";

fn provider(environment: &[(&str, &str)]) -> Provider {
    let text = COMPLETE.replace("providers.idp", "providers.my-idp");
    let (config, _) = read_in(&folder(), &text, environment).unwrap();
    config.providers[&name("my-idp")].clone()
}

fn wrong(environment: &[(&str, &str)]) -> String {
    read_in(&folder(), COMPLETE, environment)
        .unwrap_err()
        .to_string()
}

#[test]
fn a_variable_wins_over_the_file() {
    let set = [
        ("CELADON_SERVER__LISTEN", "127.0.0.1:9"),
        ("CELADON_LOGIN__EXPIRES_IN", "3s"),
    ];
    let (config, _) = read_in(&folder(), COMPLETE, &set).unwrap();
    assert_eq!(config.server.listen.port(), 9);
    assert_eq!(config.login.expires_in, Duration::from_secs(3));
    let set = [
        ("CELADON_LOGIN__MAX_IN_FLIGHT", "7"),
        ("CELADON_SERVER__TRUSTED_PROXIES", "['::1']"),
    ];
    let (config, _) = read_in(&folder(), COMPLETE, &set).unwrap();
    assert_eq!(config.login.max_in_flight, 7);
    assert_eq!(config.server.trusted_proxies[0].to_string(), "::1/128");
}

#[test]
fn traces_are_off_until_a_collector_is_named() {
    let (config, _) = read_in(&folder(), COMPLETE, &[]).unwrap();
    assert!(config.telemetry.otlp.is_none());
    let set = [
        ("CELADON_TELEMETRY__OTLP", "http://127.0.0.1:4317"),
        ("CELADON_TELEMETRY__SAMPLE", "0.25"),
        ("CELADON_TELEMETRY__SERVICE_NAME", "sso"),
    ];
    let (config, _) = read_in(&folder(), COMPLETE, &set).unwrap();
    let telemetry = config.telemetry;
    let otlp = telemetry.otlp.map(String::from);
    assert_eq!(otlp.as_deref(), Some("http://127.0.0.1:4317/"));
    assert_eq!(telemetry.sample, 0.25);
    assert_eq!(telemetry.service_name, "sso");
}

#[test]
fn no_file_is_needed() {
    let set = [
        ("CELADON_PROVIDERS__MY_IDP__COMPONENT", "idp.wasm"),
        (OTHER, "celadon"),
        (
            "CELADON_PROVIDERS__MY_IDP__OPTIONS",
            r#"{ issuer = "https://a.example" }"#,
        ),
        ("CELADON_PROVIDERS__MY_IDP__OPTIONS__TENANT", "b"),
        ("CELADON_CLIENTS__APP__SECRET", "0123456789abcdef"),
    ];
    let (config, warnings) = read_in(&folder(), "", &set).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    let options = &config.providers[&name("my-idp")].options;
    assert_eq!(options["issuer"], "https://a.example");
    assert_eq!(options["tenant"], "b");
    assert_eq!(
        config.clients["app"].secret.read().unwrap().as_str(),
        "0123456789abcdef"
    );
}

#[test]
fn an_underscore_in_a_name_is_a_hyphen() {
    assert_eq!(provider(&[(OTHER, "other")]).client_id, "other");
}

#[test]
fn text_stays_text_whatever_it_looks_like() {
    for id in [
        "1234",
        "007",
        "true",
        "1.50",
        "nan",
        "2024-01-01",
        "[1]",
        "{ a = 1 }",
        "a\"b",
        " x ",
    ] {
        assert_eq!(provider(&[(OTHER, id)]).client_id, id);
    }
    assert_eq!(provider(&[(OTHER, "'quoted'")]).client_id, "quoted");
    let secret = "CELADON_PROVIDERS__MY_IDP__CLIENT_SECRET";
    let number = provider(&[(secret, "12345678")]).client_secret.unwrap();
    assert_eq!(number.read().unwrap().as_str(), "12345678");
}

#[test]
fn tables_may_be_set_whole_or_by_key() {
    let secret = "CELADON_PROVIDERS__MY_IDP__CLIENT_SECRET";
    let by_key = format!("{secret}__FILE");
    for set in [(secret, "{ file = 'secret' }"), (by_key.as_str(), "secret")] {
        let secret = provider(&[set]).client_secret;
        assert!(matches!(secret, Some(Secret::File(path)) if path.ends_with("secret")));
    }
    let variables = [(secret, "{ env = 'HERE' }"), ("HERE", "value")];
    assert!(
        matches!(provider(&variables).client_secret, Some(Secret::Env(name)) if name == "HERE")
    );
    let grant = provider(&[("CELADON_PROVIDERS__MY_IDP__GRANT__INSECURE_HTTP", "true")]).grant;
    assert!(grant.insecure_http);
}

#[test]
fn options_keep_their_spelling() {
    let text = format!("{COMPLETE}options = {{ hostedDomain = \"a\", tenant-id = \"b\" }}\n");
    let set = [
        ("CELADON_PROVIDERS__IDP__OPTIONS__HOSTEDDOMAIN", "c"),
        ("CELADON_PROVIDERS__IDP__OPTIONS__TENANT_ID", "7"),
        ("CELADON_PROVIDERS__IDP__OPTIONS__NEW_ONE", "nan"),
    ];
    let (config, _) = read_in(&folder(), &text, &set).unwrap();
    let options = serde_json::Value::Object(config.providers[&name("idp")].options.clone());
    let expected = serde_json::json!({ "hostedDomain": "c", "tenant-id": 7, "new_one": "nan" });
    assert_eq!(options, expected);
}

#[test]
fn other_names_are_not_configuration() {
    let set = [
        ("CELADON_CONFIG", "x"),
        ("CELADON_LOG_FORMAT", "json"),
        ("CELADON", "x"),
        ("SERVER__LISTEN", "x"),
        ("celadon_server__listen", "x"),
    ];
    assert!(read_in(&folder(), COMPLETE, &set).is_ok());
    assert!(!Environment::from_iter(set).configures());
}

#[test]
fn wrong_variables_are_named() {
    for (variable, value, expected) in [
        (
            "CELADON_SERVER__LISTEN",
            "x",
            "server.listen: is not an IP address and a port",
        ),
        (
            "CELADON_SERVER__LISTEM",
            "x",
            "server.listem: unknown key; did you mean `listen`?",
        ),
        (
            "CELADON_SEVER__LISTEN",
            "x",
            "sever: unknown key; did you mean `server`?",
        ),
        ("CELADON_SERVER__", "x", "is not the name of a key"),
        ("CELADON___LISTEN", "x", "is not the name of a key"),
        (
            "CELADON_SERVER__LISTEN__DEEPER",
            "x",
            "server.listen: is a table",
        ),
        (
            "CELADON_LOGIN__MAX_IN_FLIGHT",
            "many",
            "login.max_in_flight: is a string: write a whole number",
        ),
        (
            "CELADON_PROVIDERS__IDP__CLIENT_ID",
            "",
            "providers.idp.client_id: is empty",
        ),
        (
            "CELADON_PROVIDERS__IDP__SCOPES",
            "openid",
            "providers.idp.scopes: is a string: write a list",
        ),
        (
            "CELADON_PROVIDERS__NEW__TITLE",
            "x",
            "providers.new.component: is missing",
        ),
    ] {
        let error = wrong(&[(variable, value)]);
        let place = format!("environment variable {variable}: ");
        assert!(
            error.contains(&place) && error.contains(expected),
            "{variable}: {error}"
        );
    }
}

#[cfg(unix)]
#[test]
fn what_is_not_unicode_is_a_mistake() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;
    let bytes = |text: &[u8]| OsString::from_vec(text.to_vec());
    for (variable, value) in [
        (bytes(b"CELADON_SERVER__LISTEN"), bytes(b"\xff")),
        (bytes(b"CELADON_SERVER__\xff"), bytes(b"x")),
    ] {
        let path: Arc<Path> = Arc::from(Path::new("celadon.toml"));
        let environment = Environment::from_iter([(variable, value)]);
        let error = from_text("", &path, PathBuf::from("/tmp"), environment)
            .unwrap_err()
            .to_string();
        assert!(error.contains("is not UTF-8"), "{error}");
    }
}
