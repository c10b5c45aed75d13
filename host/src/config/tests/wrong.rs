//! Wrong configurations, each with what an operator must read: the line, the key and the mend.

use super::*;

/// What is wrong, and where and how it must be told. `@` stands for the smallest complete file,
/// whose last section is `[providers.idp]` and which has ten lines.
const WRONG: &[(&str, &str)] = &[
    // The file and its keys.
    ("a =", ":1: is not TOML"),
    ("[server\nlisten = 1", ":1: is not TOML"),
    ("[server]\n[server]", ":2: is not TOML: duplicate key"),
    (
        "listen = \"127.0.0.1:1\"",
        ":1: listen: unknown key; known here: server, store",
    ),
    ("[sever]", ":1: sever: unknown key; did you mean `server`?"),
    (
        "[provider.google]",
        ":1: provider: unknown key; did you mean `providers`?",
    ),
    ("server = 1", ":1: server: is an integer: write a table"),
    (
        "[providers]\ngoogle = \"x\"",
        ":2: providers.google: is a string: write a table",
    ),
    // [telemetry]
    (
        "[telemetry]\notpl = \"http://127.0.0.1:4317\"",
        ":2: telemetry.otpl: unknown key; did you mean `otlp`?",
    ),
    (
        "[telemetry]\notlp = \"127.0.0.1:4317\"",
        ":2: telemetry.otlp: is not a URL",
    ),
    (
        "[telemetry]\notlp = \"http://key:hunter2@127.0.0.1:4317\"",
        ":2: telemetry.otlp: holds a user or a password",
    ),
    (
        "[telemetry]\notlp = \"https://127.0.0.1:4317\"",
        ":2: telemetry.otlp: is https, which is not available yet",
    ),
    (
        "[telemetry]\notlp = \"http://collector.example:4317\"",
        ":2: telemetry.otlp: is http to a public host",
    ),
    (
        "[telemetry]\nsample = 1.5",
        ":2: telemetry.sample: is no part of all logins: write a number from 0 to 1",
    ),
    (
        "[telemetry]\nsample = nan",
        ":2: telemetry.sample: is no part of all logins",
    ),
    (
        "[telemetry]\nsample = 10",
        ":2: telemetry.sample: is no part of all logins",
    ),
    (
        "[telemetry]\nsample = \"all\"",
        ":2: telemetry.sample: is a string: write a number",
    ),
    (
        "[telemetry]\nservice_name = \"\"",
        ":2: telemetry.service_name: is empty",
    ),
    // [server]
    (
        "[server]\nlisten = \"localhost:80\"",
        ":2: server.listen: is not an IP address and a port: write it as in \"127.0.0.1:8080\"",
    ),
    (
        "[server]\nlisten = 8080",
        ":2: server.listen: is an integer: write a string in quotes",
    ),
    ("[server]\nlisten = \"\"", ":2: server.listen: is empty"),
    (
        "[server]\nlisten = \"0.0.0.0:80\"",
        ":1: server.public_url: is missing: listen is not a loopback address",
    ),
    (
        "[server]\npublic-url = \"x\"",
        ":2: server.public-url: unknown key; did you mean `public_url`?",
    ),
    (
        "[server]\npublic_url = \"http://login.example\"",
        ":2: server.public_url: is http and not on loopback: write https://",
    ),
    (
        "[server]\npublic_url = \"https://a.example/sso\"",
        ":2: server.public_url: has a path: write the origin alone",
    ),
    (
        "[server]\npublic_url = \"https://a.example/?a\"",
        ":2: server.public_url: has a query or a fragment",
    ),
    (
        "[server]\npublic_url = \"https://u:p@a.example\"",
        ":2: server.public_url: holds a user or a password",
    ),
    (
        "[server]\npublic_url = \"a.example\"",
        ":2: server.public_url: is not a URL: write it with its scheme",
    ),
    (
        "[server]\npublic_url = \"ftp://a.example\"",
        ":2: server.public_url: has another scheme: write https://",
    ),
    (
        "[server]\ntrusted_proxies = [\n\"10.0.0.0/8\",\n\"proxy\"]",
        ":4: server.trusted_proxies[1]: is neither an address nor a network",
    ),
    (
        "[server]\ntrusted_proxies = \"::1\"",
        ":2: server.trusted_proxies: is a string: write a list",
    ),
    // [store]
    (
        "[store]\nurl = \"postgres://db/celadon\"",
        ":2: store.url: PostgreSQL is not available yet: write \"sqlite://celadon.db\"",
    ),
    (
        "[store]\nurl = \"celadon.db\"",
        ":2: store.url: is not a store: write \"sqlite://celadon.db\"",
    ),
    (
        "[store]\nurl = \"sqlite://\"",
        ":2: store.url: is not a store",
    ),
    (
        "[store]\nurl = \"sqlite::memory:\"",
        ":2: store.url: a store in memory would lose every login",
    ),
    (
        "[store]\nurl = \"sqlite://a.db?mode=ro\"",
        ":2: store.url: has parameters",
    ),
    (
        "[store]\nurl = \"sqlite://gone/a.db\"",
        "/gone\": create it",
    ),
    (
        "[store]\nurl = \"sqlite://directory\"",
        "/directory\" is not a file: name a file",
    ),
    (
        "[store]\nkeys = \"celadon.keys\"",
        ":2: store.keys: is a string: write a table, as in",
    ),
    (
        "[store]\nkeys = { path = \"a\" }",
        ":2: store.keys.path: unknown key; known here: file",
    ),
    // [temporal]
    (
        "[temporal]\naddress = \"http://127.0.0.1:7233\"",
        ":2: temporal.address: is not a host and a port: write it as in \"127.0.0.1:7233\", without a scheme",
    ),
    (
        "[temporal]\naddress = \"localhost\"",
        ":2: temporal.address: is not a host and a port",
    ),
    (
        "[temporal]\naddress = \"localhost:0\"",
        ":2: temporal.address: is not a host and a port",
    ),
    (
        "[temporal]\nnamespace = \"a\\nb\"",
        ":2: temporal.namespace: holds a control character: remove it",
    ),
    (
        "[temporal]\nqueue = \"a\"",
        ":2: temporal.queue: unknown key; known here: address, namespace, task_queue",
    ),
    // [login]
    (
        "[login]\nexpires_in = 600",
        ":2: login.expires_in: is an integer: write a string",
    ),
    (
        "[login]\nexpires_in = \"600\"",
        ":2: login.expires_in: is not a duration: write a whole number and its unit",
    ),
    (
        "[login]\nexpires_in = \"2h\"",
        ":2: login.expires_in: is out of range: write a duration from 1s to 3600s",
    ),
    (
        "[login]\nexpires_in = \"0s\"",
        ":2: login.expires_in: is out of range",
    ),
    (
        "[login]\nsession_lifetime = \"1h\"\nsession_idle = \"2h\"",
        ":1: login.session_idle: is longer than session_lifetime",
    ),
    (
        "[login]\nmax_in_flight = 0",
        ":2: login.max_in_flight: is out of range: write a number from 1",
    ),
    (
        "[login]\nmax_in_flight = \"7\"",
        ":2: login.max_in_flight: is a string: write a whole number",
    ),
    (
        "[login]\nreturn_origins = [\"https://a.example/cb\"]",
        ":2: login.return_origins[0]: has a path: write the origin alone",
    ),
    (
        "[login]\nreturn_origins = [\"http://a.example\"]",
        ":2: login.return_origins[0]: is http and not on loopback",
    ),
    (
        "[login]\nreturn_origins = [\"https://*.a.example\"]",
        ":2: login.return_origins[0]: has a wildcard: name each host",
    ),
    // [providers.<name>]
    (
        "[providers.a]\nclient_id = \"x\"",
        ":1: providers.a.component: is missing: write the path of a .wasm file",
    ),
    (
        "[providers.a]\ncomponent = \"idp.wasm\"",
        ":1: providers.a.client_id: is missing: write client_id",
    ),
    (
        "@[providers.Google]",
        ":11: providers.Google: is not a name: use 1 to 63 of a-z, 0-9 and -",
    ),
    (
        "@[providers.\"a b\"]",
        ":11: providers.\"a b\": is not a name",
    ),
    (
        "@component_path = 1",
        ":11: providers.idp.component_path: unknown key",
    ),
    (
        "@clientid = \"x\"",
        ":11: providers.idp.clientid: unknown key; did you mean `client_id`?",
    ),
    (
        "@insecure_http = true",
        ":11: providers.idp.insecure_http: unknown key; it belongs in [providers.idp.grant]",
    ),
    (
        "@deadline = \"1s\"",
        ":11: providers.idp.deadline: unknown key; it belongs in [providers.idp.limits]",
    ),
    (
        "@client_auth = \"client_secret_bsic\"",
        ":11: providers.idp.client_auth: is not one of client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt, signed_secret, none; did you mean \"client_secret_basic\"?",
    ),
    (
        "@client_auth = \"client_secret_post\"",
        ":11: providers.idp.client_auth: \"client_secret_post\" needs a client_secret: add it",
    ),
    (
        "@client_auth = \"private_key_jwt\"",
        ":11: providers.idp.client_auth: \"private_key_jwt\" needs a client_key: add it",
    ),
    (
        "@client_key = \"key.jwk\"",
        ":11: providers.idp.client_key: is a string: write where it is, as in { file = \"key.jwk\" }",
    ),
    (
        "@client_key = { file = \"gone\" }",
        ":11: providers.idp.client_key.file: the secret's file",
    ),
    (
        "@client_key = { file = \"secret\" }",
        ":11: providers.idp.client_key.file: the file is no usable private key: it is not a JWK",
    ),
    (
        "@client_audience = \"token\"",
        ":11: providers.idp.client_audience: is not one of issuer, token_endpoint",
    ),
    (
        "@client_secret = 7",
        ":11: providers.idp.client_secret: is an integer: write { env = \"NAME\" }",
    ),
    (
        "@client_secret = \"\"",
        ":11: providers.idp.client_secret: the secret in the configuration is empty",
    ),
    (
        "@client_secret = { env = \"CELADON_TEST_UNSET\" }",
        ":11: providers.idp.client_secret: the environment variable CELADON_TEST_UNSET is not set: set it",
    ),
    (
        "@client_secret = { env = \"A=B\" }",
        ":11: providers.idp.client_secret.env: is not the name of an environment variable",
    ),
    (
        "@client_secret = { enf = \"A\" }",
        ":11: providers.idp.client_secret.enf: unknown key; did you mean `env`?",
    ),
    (
        "@client_secret = { env = \"A\", file = \"b\" }",
        ":11: providers.idp.client_secret: names 2 sources: name exactly one of env, file",
    ),
    (
        "@client_secret = {}",
        ":11: providers.idp.client_secret: names 0 sources",
    ),
    (
        "@client_secret = { file = \"empty\" }",
        "is empty: put the value there",
    ),
    (
        "@client_secret = { file = \"directory\" }",
        "is not a regular file: name one",
    ),
    (
        "@client_secret = { vault = \"kv/x\" }",
        ":11: providers.idp.client_secret.vault: reading secrets from Vault is not available yet: write { env = \"NAME\" }",
    ),
    (
        "@client_secret = { aws = \"x\" }",
        ":11: providers.idp.client_secret.aws: reading secrets from AWS is not available yet",
    ),
    (
        "@client_secret = { azure = { vault = 1 } }",
        ":11: providers.idp.client_secret.azure: reading secrets from Azure is not available yet",
    ),
    (
        "@client_secret = { dapr = \"x\" }",
        ":11: providers.idp.client_secret.dapr: reading secrets through Dapr is not available yet",
    ),
    (
        "@scopes = \"openid email\"",
        ":11: providers.idp.scopes: is a string: write a list",
    ),
    (
        "@scopes = [\"openid email\"]",
        ":11: providers.idp.scopes[0]: is not a scope",
    ),
    (
        "@scopes = [\"a\", \"a\"]",
        ":11: providers.idp.scopes[1]: stands in the list already: remove it",
    ),
    (
        "@scopes = [\"a\", 1]",
        ":11: providers.idp.scopes[1]: is an integer: write a string",
    ),
    (
        "@options = \"x\"",
        ":11: providers.idp.options: is a string: write a table",
    ),
    (
        "@options = { a = [1, nan] }",
        ":11: providers.idp.options.a[1]: is a float, which JSON does not have",
    ),
    (
        "@options = { a = 99999999999999999999 }",
        ":11: providers.idp.options.a: is an integer beyond 64 bits",
    ),
    (
        "@resource_url = \"http://api.example\"",
        ":11: providers.idp.resource_url: is http: write https://…, or allow it with insecure_http = true in [providers.idp.grant]",
    ),
    (
        "@resource_url = \"https://api.example/#a\"",
        ":11: providers.idp.resource_url: has a fragment",
    ),
    (
        "@title = \"a\\u001bb\"",
        ":11: providers.idp.title: holds a control character",
    ),
    (
        "@[providers.b]\nclient_id = \"x\"\ncomponent = \"gone.wasm\"",
        ":13: providers.b.component: there is no file",
    ),
    (
        "@[providers.b]\nclient_id = \"x\"\ncomponent = \"directory\"",
        ":13: providers.b.component: is a directory, and building one is not available yet: name the .wasm file",
    ),
    (
        "@[providers.b]\nclient_id = \"x\"\ncomponent = \"oci://r/p@sha256:0\"",
        ":13: providers.b.component: oci:// is not available yet",
    ),
    (
        "@[providers.b]\nclient_id = \"\"\ncomponent = \"idp.wasm\"",
        ":12: providers.b.client_id: is empty",
    ),
    // Its grant and limits.
    (
        "@[providers.idp.grant]\norigins = [\"http://a.example\"]",
        ":12: providers.idp.grant.origins[0]: is http: write https://",
    ),
    (
        "@[providers.idp.grant]\norigins = [\"a.example\"]",
        ":12: providers.idp.grant.origins[0]: is not a URL",
    ),
    (
        "@[providers.idp.grant]\ninsecure_http = \"yes\"",
        ":12: providers.idp.grant.insecure_http: is a string: write true or false",
    ),
    (
        "@[providers.idp.grant]\nprivate_addresses = [\"127.0.0.1:80\"]",
        ":12: providers.idp.grant.private_addresses[0]: is neither an address nor a network",
    ),
    (
        "@[providers.idp.grant]\nrelax = [\"no_pkce\"]",
        ":12: providers.idp.grant.relax[0]: is not one of no-pkce, no-nonce, secrets-in-query, hs256-id-token; did you mean \"no-pkce\"?",
    ),
    (
        "@[providers.idp.grant]\norigin = []",
        ":12: providers.idp.grant.origin: unknown key; did you mean `origins`?",
    ),
    (
        "@[providers.idp.limits]\ndeadline = \"50\"",
        ":12: providers.idp.limits.deadline: is not a duration",
    ),
    (
        "@[providers.idp.limits]\nmemory = \"32MB\"",
        ":12: providers.idp.limits.memory: is not a size",
    ),
    (
        "@[providers.idp.limits]\nmemory = -1",
        ":12: providers.idp.limits.memory: is not a size",
    ),
    (
        "@[providers.idp.limits]\noutput = \"1GiB\"",
        ":12: providers.idp.limits.output: is out of range: write a number from 1024 to",
    ),
    (
        "@[providers.idp.limits]\ntier = \"big\"",
        ":12: providers.idp.limits.tier: is not one of compact, large",
    ),
    (
        "@[providers.idp.limits]\nmemory = \"257MiB\"",
        ":12: providers.idp.limits.memory: is out of range: write a number from 65536 to 268435456",
    ),
    (
        "@[providers.idp.limits]\ntable_elements = 10001",
        ":12: providers.idp.limits.table_elements: is out of range: write a number from 0 to 10000",
    ),
    (
        "@[providers.idp.limits]\ntier = \"large\"\ntable_elements = 20001",
        ":13: providers.idp.limits.table_elements: is out of range: write a number from 0 to 20000",
    ),
    (
        "@[providers.idp.limits]\nrequests = 17",
        ":12: providers.idp.limits.requests: is out of range: write a number from 1 to 16",
    ),
    (
        "@[providers.idp.limits]\nrequest_size = 1023",
        ":12: providers.idp.limits.request_size: is out of range: write a number from 1024 to 1048576",
    ),
    (
        "@[providers.idp.limits]\nanswer_size = \"2MiB\"",
        ":12: providers.idp.limits.answer_size: is out of range: write a number from 1024 to 1048576",
    ),
    (
        "@[providers.idp.limits]\ntranscript_size = \"2MiB\"",
        ":12: providers.idp.limits.transcript_size: is out of range: write a number from 1024 to 1048576",
    ),
    (
        "@[providers.idp.limits]\ncomponent_size = \"65MiB\"",
        ":12: providers.idp.limits.component_size: is out of range: write a number from 1024 to 67108864",
    ),
    (
        "@[providers.idp.limits]\ncompile_time = \"999ms\"",
        ":12: providers.idp.limits.compile_time: is out of range: write",
    ),
    (
        "@[providers.idp.limits]\ncompile_memory = \"255MiB\"",
        ":12: providers.idp.limits.compile_memory: is out of range: write a number from 268435456 to 8589934592",
    ),
    (
        "@[providers.idp.limits]\nrate = 0",
        ":12: providers.idp.limits.rate: is out of range: write a number from 1 to 100000",
    ),
    (
        "@[providers.idp.limits]\nburst = 100001",
        ":12: providers.idp.limits.burst: is out of range: write a number from 1 to 100000",
    ),
    (
        "@compile_time = \"1s\"",
        ":11: providers.idp.compile_time: unknown key; it belongs in [providers.idp.limits]",
    ),
    // [clients.<name>] and [operators]
    (
        "[clients.app]\ntitle = \"x\"",
        ":1: clients.app.secret: is missing: write secret = { env",
    ),
    (
        "[clients.app]\nsecret = { file = \"short\" }",
        ":2: clients.app.secret: is shorter than 16 characters: make a random one",
    ),
    (
        "[clients.App]\nsecret = { file = \"secret\" }",
        ":1: clients.App: is not a name",
    ),
    (
        "[clients.a]\nsecret = { file = \"secret\" }\n[clients.b]\nsecret = { file = \"secret\" }",
        ":4: clients.b.secret: is the same secret as clients.a.secret: each caller needs its own",
    ),
    (
        "[operators]\nsecret = { file = \"short\" }",
        ":2: operators.secret: is shorter than 16",
    ),
    (
        "[operators]\npassword = \"x\"",
        ":1: operators.secret: is missing",
    ),
    (
        "[operators]\nsecret = { file = \"secret\" }\ncodec_origins = [\"http://ui.example\"]",
        ":3: operators.codec_origins[0]: ",
    ),
];

#[test]
fn each_is_told_with_its_line_its_key_and_its_mend() {
    let folder = folder();
    for (text, expected) in WRONG {
        let text = match text.strip_prefix('@') {
            Some(more) => format!("{COMPLETE}{more}\n"),
            None => format!("{text}\n"),
        };
        let errors = match read_in(&folder, &text, &[]) {
            Ok(_) => panic!("taken as right:\n{text}"),
            Err(errors) => errors.to_string(),
        };
        assert!(
            errors.contains("celadon.toml:"),
            "the file of {expected}: {errors}"
        );
        assert!(
            errors.contains(expected),
            "expected {expected}\nof\n{text}\nread\n{errors}"
        );
        assert!(!errors.contains("hunter2"), "{errors}");
    }
}

#[test]
fn one_mistake_is_told_once() {
    let folder = folder();
    for more in [
        "client_secret = { vault = \"x\" }",
        "client_auth = \"x\"",
        "component = 1",
    ] {
        let text = COMPLETE.replace("component = \"idp.wasm\"", "");
        let base = if more.starts_with("component") {
            text.as_str()
        } else {
            COMPLETE
        };
        let errors = read_in(&folder, &format!("{base}{more}\n"), &[]).unwrap_err();
        assert_eq!(errors.mistakes().len(), 1, "{errors}");
    }
}

#[test]
fn a_name_cannot_write_to_the_terminal() {
    let errors = read(
        "[providers.\"\\u001b[2J\"]\nclient_secret = { env = \"\\u001b[2J\" }\n[\"\\n\\u0007\"]",
    )
    .unwrap_err()
    .to_string();
    assert!(!errors.contains(['\u{1b}', '\u{7}']), "{errors:?}");
}
