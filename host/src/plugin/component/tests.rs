use super::inspect::{InspectError, inspect};
use super::*;
use crate::config::{Limits, Tier};
use crate::plugin::call::{Breach, CallError};
use crate::plugin::engine::{Engines, Purpose};
use crate::plugin::testing::{self, CONTRACT, Hostile};
use proptest::prelude::*;
use std::os::unix::fs::PermissionsExt;
use std::sync::LazyLock;
use std::time::Duration;

static HARMLESS: LazyLock<Vec<u8>> = LazyLock::new(|| Hostile::default().component());

/// A component of a contract that the text changes, which imports or exports other things.
fn changed(from: &str, to: &str, version: &str) -> Vec<u8> {
    assert!(CONTRACT.contains(from), "{from}");
    Hostile::default().of_contract(&CONTRACT.replace(from, to), version)
}

#[test]
fn takes_a_component_that_imports_types_alone() {
    assert!(inspect(&HARMLESS).unwrap().is_none());
    let engine = testing::engines().of(Tier::Compact).unwrap();
    assert!(load(&engine, &HARMLESS).is_ok());
}

#[test]
fn says_how_a_core_module_becomes_a_component() {
    let error = inspect(&Hostile::default().module("0.1.0")).unwrap_err();
    assert!(
        error.to_string().contains("wasm-tools component new"),
        "{error}"
    );
}

#[test]
fn refuses_functions_among_the_imports_by_name() {
    let world = "interface clock { now: func() -> u64; }\nworld identity-provider { import clock; import log: func(line: string); }";
    let old = "world identity-provider { export provider; }";
    // The guests' own builder refuses such a module, so this one comes from the encoder alone.
    let bytes = importing(&CONTRACT.replace(old, world));
    let error = inspect(&bytes).unwrap_err();
    let InspectError::Imports(names) = &error else {
        panic!("{error}")
    };
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(
        error.to_string().contains("wasm32-unknown-unknown"),
        "{error}"
    );
}

/// A component that uses what this world imports, and exports nothing.
fn importing(wit: &str) -> Vec<u8> {
    use wasm_encoder::{EntityType, ImportSection, Module, TypeSection, ValType};
    let mut types = TypeSection::new();
    types.ty().function([], [ValType::I64]);
    types.ty().function([ValType::I32, ValType::I32], []);
    let mut imports = ImportSection::new();
    imports.import(
        "celadon:provider/clock@0.1.0",
        "now",
        EntityType::Function(0),
    );
    imports.import("$root", "log", EntityType::Function(1));
    let mut memories = wasm_encoder::MemorySection::new();
    memories.memory(wasm_encoder::MemoryType {
        minimum: 1,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut exports = wasm_encoder::ExportSection::new();
    exports.export("memory", wasm_encoder::ExportKind::Memory, 0);
    let mut module = Module::new();
    module
        .section(&types)
        .section(&imports)
        .section(&memories)
        .section(&exports);
    encode(wit, &module.finish())
}

fn encode(wit: &str, module: &[u8]) -> Vec<u8> {
    let mut bytes = module.to_vec();
    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_source("provider.wit", wit).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    let encoding = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut bytes, &resolve, world, encoding).unwrap();
    wit_component::ComponentEncoder::default()
        .module(&bytes)
        .unwrap()
        .encode()
        .unwrap()
}

#[test]
fn names_both_versions_where_they_differ() {
    let bytes = changed(
        "package celadon:provider@0.1.0;",
        "package celadon:provider@0.2.0;",
        "0.2.0",
    );
    let error = inspect(&bytes).unwrap_err().to_string();
    assert!(
        error.contains("provider@0.2.0") && error.contains("provider@0.1.0"),
        "{error}"
    );
}

#[test]
fn says_what_is_exported_instead() {
    let wit = "package other:thing@1.0.0; interface greet { } world w { }";
    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_source("other.wit", wit).unwrap();
    let world = resolve.select_world(&[package], Some("w")).unwrap();
    let mut module = wasm_encoder::Module::new().finish();
    let encoding = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, encoding).unwrap();
    let bytes = crate::plugin::componentize::componentize(&module).unwrap();
    assert!(matches!(
        inspect(&bytes),
        Err(InspectError::NoProvider { .. })
    ));
}

#[tokio::test]
async fn refuses_the_right_name_with_other_types() {
    let bytes = changed(
        "record option-error { at: pointer, message: string }",
        "record option-error { at: pointer, message: string, code: u32 }",
        "0.1.0",
    );
    let bench = testing::Bench::new(&bytes, "{}");
    let error = bench.sandbox.describe(bench.guest()).await.unwrap_err();
    assert!(
        matches!(error, CallError::Contract(Breach::Functions)),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains("celadon:provider/provider@0.1.0"),
        "{error}"
    );
}

#[test]
fn refuses_an_interface_that_lacks_a_function() {
    let at = CONTRACT
        .find("  /// Withdraws the token of that name")
        .unwrap();
    let (before, after) = CONTRACT.split_at(at);
    let (_, rest) = after.split_once("revoke-step, failure>;").unwrap();
    let module = Hostile::default().module("0.1.0");
    let bytes = encode(&format!("{before}{rest}"), &module);
    let engine = testing::engines().of(Tier::Compact).unwrap();
    let error = load(&engine, &bytes).unwrap_err();
    assert!(
        matches!(error, ComponentError::MissingFunctions(_)),
        "{error}"
    );
}

fn with_manifest(manifest: &[u8]) -> Vec<u8> {
    use wasm_encoder::{ComponentSection, CustomSection};
    let mut bytes = HARMLESS.clone();
    CustomSection {
        name: crate::plugin::componentize::MANIFEST_SECTION.into(),
        data: manifest.into(),
    }
    .append_to_component(&mut bytes);
    bytes
}

#[test]
fn reads_one_manifest_and_no_more() {
    let bytes = with_manifest(br#"{"name":"x","contract":"0.1"}"#);
    assert_eq!(inspect(&bytes).unwrap().unwrap().name.as_deref(), Some("x"));
    assert!(matches!(
        inspect(&with_manifest(b"{")),
        Err(InspectError::Manifest(_))
    ));
    let mut twice = bytes.clone();
    let section = bytes.get(HARMLESS.len()..).unwrap();
    twice.extend_from_slice(section);
    assert!(matches!(inspect(&twice), Err(InspectError::Manifest(_))));
}

#[tokio::test]
async fn refuses_what_is_too_big_before_reading_it() {
    let limits = Limits {
        component_size: 1_024,
        ..Limits::default()
    };
    let library = testing::library();
    let error = library.load(vec![0; 1_025], &limits).await.unwrap_err();
    assert!(matches!(
        error,
        ComponentError::Inspect(InspectError::TooBig { most: 1_024 })
    ));
    let error = library.load(vec![0; 1_024], &limits).await.unwrap_err();
    assert!(matches!(
        error,
        ComponentError::Inspect(InspectError::Invalid(_))
    ));
}

proptest! {
    #[test]
    fn damaged_bytes_are_an_error_and_nothing_worse(at in 0_usize..4096, byte: u8, cut in 0_usize..8192) {
        let mut bytes = HARMLESS.clone();
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = inspect(&bytes);
        bytes.truncate(cut);
        let _ = inspect(&bytes);
    }
}

/// One damage to a component: where (in ten-thousandths of it), how long, with what.
#[derive(Clone, Debug)]
enum Damage {
    Overwrite(usize, Vec<u8>),
    Insert(usize, Vec<u8>),
    Remove(usize, usize),
    Repeat(usize, usize),
    Cut(usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let place = || 0_usize..10_000;
    let bytes = || proptest::collection::vec(any::<u8>(), 1..4);
    prop_oneof![
        6 => (place(), bytes()).prop_map(|(at, bytes)| Damage::Overwrite(at, bytes)),
        1 => (place(), bytes()).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        1 => (place(), 1_usize..64).prop_map(|(at, length)| Damage::Remove(at, length)),
        1 => (place(), 1_usize..64).prop_map(|(at, length)| Damage::Repeat(at, length)),
        1 => place().prop_map(Damage::Cut),
    ]
}

impl Damage {
    fn done_to(&self, bytes: &mut Vec<u8>) {
        let whole = bytes.len();
        let at = |place: &usize| place * whole / 10_000;
        let range = |place: &usize, length: &usize| at(place)..(at(place) + length).min(whole);
        match self {
            Self::Overwrite(place, new) => {
                let range = range(place, &new.len());
                bytes[range.clone()].copy_from_slice(&new[..range.len()]);
            }
            Self::Insert(place, new) => drop(bytes.splice(at(place)..at(place), new.clone())),
            Self::Remove(place, length) => drop(bytes.drain(range(place, length))),
            Self::Repeat(place, length) => {
                let again = bytes[range(place, length)].to_vec();
                drop(bytes.splice(at(place)..at(place), again));
            }
            Self::Cut(place) => bytes.truncate(at(place)),
        }
    }
}

static OIDC: LazyLock<Vec<u8>> = LazyLock::new(|| testing::built("oidc"));
static ENGINES: LazyLock<Engines> = LazyLock::new(testing::engines);

proptest! {
    #[test]
    fn a_real_component_that_is_damaged_is_read_or_refused(damages in proptest::collection::vec(damage(), 1..4)) {
        let mut bytes = OIDC.clone();
        damages.iter().for_each(|damage| damage.done_to(&mut bytes));
        if let Err(error) = inspect(&bytes) {
            prop_assert!(!error.to_string().chars().any(char::is_control), "{error}");
        }
    }
}

proptest! {
    // What is still valid is compiled and called, which takes its time.
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn a_real_component_that_is_damaged_and_loads_stays_in_its_sandbox(
        place in 0_usize..10_000, byte: u8
    ) {
        let mut bytes = OIDC.clone();
        Damage::Overwrite(place, vec![byte]).done_to(&mut bytes);
        let Ok(component) = load(&ENGINES.of(Tier::Compact).unwrap(), &bytes) else {
            return Ok(());
        };
        let bench = testing::Bench::of(component, &ENGINES, r#"{"issuer":"https://a.example"}"#);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        if let Err(error) = runtime.block_on(bench.sandbox.describe(bench.guest())) {
            prop_assert!(!matches!(error, CallError::Host(_) | CallError::Busy), "{error}");
        }
    }
}

fn cache(folder: &std::path::Path, key: u8) -> CodeCache {
    CodeCache::open(folder.join("code"), &[key; 32]).unwrap()
}

async fn load_with(cache: CodeCache) {
    let library = Library::new(testing::engines(), Some(cache), Compiler::InProcess);
    let limits = Limits::default();
    library.load(HARMLESS.clone(), &limits).await.unwrap();
}

fn entries(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let listed = std::fs::read_dir(folder.join("code")).unwrap();
    listed.map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test]
async fn compiled_code_is_kept_and_found_again() {
    let folder = tempfile::tempdir().unwrap();
    load_with(cache(folder.path(), 1)).await;
    let written = entries(folder.path());
    assert_eq!(written.len(), 1);
    let mode = std::fs::metadata(&written[0]).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let before = std::fs::metadata(&written[0]).unwrap().modified().unwrap();
    load_with(cache(folder.path(), 1)).await;
    assert_eq!(entries(folder.path()), written);
    assert_eq!(
        std::fs::metadata(&written[0]).unwrap().modified().unwrap(),
        before
    );
}

#[tokio::test]
async fn code_that_we_did_not_write_is_never_run() {
    let folder = tempfile::tempdir().unwrap();
    load_with(cache(folder.path(), 1)).await;
    let entry = entries(folder.path()).remove(0);
    let good = std::fs::read(&entry).unwrap();
    let name = entry.file_stem().unwrap().to_str().unwrap().to_owned();
    let ours = cache(folder.path(), 1);
    assert!(ours.read(&name).is_some());
    assert!(
        cache(folder.path(), 2).read(&name).is_none(),
        "another installation's key"
    );
    assert!(ours.read("0000").is_none(), "not there");
    std::fs::copy(&entry, entry.with_file_name("1111.cwasm")).unwrap();
    assert!(ours.read("1111").is_none(), "an entry under another name");
    for (at, what) in [(0, "tag"), (40, "code"), (good.len() - 1, "end")] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        std::fs::write(&entry, &bad).unwrap();
        assert!(ours.read(&name).is_none(), "{what}");
    }
    std::fs::write(&entry, &good[..good.len() / 2]).unwrap();
    assert!(ours.read(&name).is_none(), "cut");
    // And a miss is only slower.
    load_with(cache(folder.path(), 1)).await;
    assert!(ours.read(&name).is_some());
}

#[test]
fn a_folder_that_others_can_write_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("code");
    std::fs::create_dir(&path).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert!(CodeCache::open(&path, &[0; 32]).is_err());
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert!(CodeCache::open(&link, &[0; 32]).is_err());
}

#[tokio::test]
async fn one_component_is_compiled_once() {
    let library = testing::library();
    let limits = Limits::default();
    let loads = (0..8).map(|_| library.load(HARMLESS.clone(), &limits));
    let loaded = futures::future::join_all(loads).await;
    let first = loaded[0].as_ref().unwrap();
    assert!(
        loaded
            .iter()
            .all(|other| Arc::ptr_eq(first, other.as_ref().unwrap()))
    );
    assert!(library.get(first.digest(), Tier::Compact).is_some());
    assert!(library.get(first.digest(), Tier::Large).is_none());
}

#[tokio::test]
async fn each_tier_has_so_many_core_instances_and_not_one_more() {
    let library = testing::library();
    for (tier, most) in [(Tier::Compact, 8), (Tier::Large, 60)] {
        let limits = Limits::of(tier);
        let bytes = testing::with_instances(&HARMLESS, most);
        library.load(bytes, &limits).await.unwrap();
        let bytes = testing::with_instances(&HARMLESS, most + 1);
        let error = library.load(bytes, &limits).await.unwrap_err();
        assert!(
            matches!(
                &error,
                ComponentError::Compile(CompileError::Refused(complaint))
                    if complaint.to_string().contains("core module instances")
            ),
            "{error}"
        );
    }
}

/// A module with a byte at the start of its memory, and one 8 MiB further.
fn sparse() -> wasm_encoder::Module {
    use wasm_encoder::{ConstExpr, DataSection, MemorySection, MemoryType, Module};
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 128,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut data = DataSection::new();
    for place in [0, (8 << 20) - 1] {
        data.active(0, &ConstExpr::i32_const(place), [b'x']);
    }
    let mut module = Module::new();
    module.section(&memories).section(&data);
    module
}

#[test]
fn gaps_between_data_are_no_code() {
    let mut bytes = HARMLESS.clone();
    for _ in 0..4 {
        bytes = testing::with_module(&bytes, &sparse());
    }
    for tier in Tier::ALL {
        let code = crate::plugin::engine::precompile(tier, Purpose::Calls, &bytes).unwrap();
        assert!(code.len() < 2 << 20, "{tier:?}: {} bytes", code.len());
    }
}

/// A module whose global is computed, as those of linked interpreters are.
fn computed() -> wasm_encoder::Module {
    use wasm_encoder::{ConstExpr, GlobalSection, GlobalType, Module, ValType};
    let mut globals = GlobalSection::new();
    let one = ConstExpr::i32_const(1);
    let computed = one.with_i32_const(2).with_i32_add();
    let global_type = GlobalType {
        val_type: ValType::I32,
        mutable: false,
        shared: false,
    };
    globals.global(global_type, &computed);
    let mut module = Module::new();
    module.section(&globals);
    module
}

#[tokio::test]
async fn what_interpreters_need_is_in_the_large_tier_alone() {
    let bytes = testing::with_module(&HARMLESS, &computed());
    let library = testing::library();
    let compact = library.load(bytes.clone(), &Limits::default()).await;
    let error = compact.unwrap_err();
    assert!(
        matches!(error, ComponentError::Compile(CompileError::NoProvider(_))),
        "{error}"
    );
    assert!(error.to_string().contains("tier = \"large\""), "{error}");
    let large = Limits::of(Tier::Large);
    let loaded = library.load(bytes, &large).await.unwrap();
    assert_eq!(loaded.engine().options().tier, Tier::Large);
}

/// A library whose compiler is a shell script.
fn scripted(folder: &std::path::Path, script: &str) -> Library {
    let path = folder.join("compiler");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let compiler = Compiler::Children(Arc::new(compile::Children::new(path)));
    Library::new(testing::engines(), None, compiler)
}

async fn compile_error(library: &Library, limits: &Limits) -> CompileError {
    match library.load(HARMLESS.clone(), limits).await {
        Err(ComponentError::Compile(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_cannot_be_compiled_for_diagnosis_is_tried_once_and_still_called() {
    let folder = tempfile::tempdir().unwrap();
    let component = testing::library()
        .load(HARMLESS.clone(), &Limits::default())
        .await
        .unwrap();
    let script = format!("echo \"$3\" >> {}/started; exit 4", folder.path().display());
    let library = scripted(folder.path(), &script);
    let limits = Limits::default();
    for _ in 0..3 {
        let error = library
            .for_diagnosis(&component, &limits)
            .await
            .unwrap_err();
        let memory = matches!(error, ComponentError::Compile(CompileError::Memory(_)));
        assert!(memory, "{error}");
    }
    // What fails with address maps may do without them.
    compile_error(&library, &limits).await;
    let started = std::fs::read_to_string(folder.path().join("started")).unwrap();
    assert_eq!(started, "diagnosis\ncalls\n");
}

#[tokio::test]
async fn a_component_that_is_too_much_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "echo $$ >> {}/started; kill -XCPU $$",
        folder.path().display()
    );
    let library = scripted(folder.path(), &script);
    let limits = Limits {
        compile_time: Duration::from_secs(5),
        ..Limits::default()
    };
    let started = || std::fs::read_to_string(folder.path().join("started")).unwrap();
    let loads = (0..300).map(|_| compile_error(&library, &limits));
    for error in futures::future::join_all(loads).await {
        assert!(
            matches!(error, CompileError::Time(time) if time == limits.compile_time),
            "{error}"
        );
        assert!(error.to_string().contains("limits.compile_time"), "{error}");
    }
    assert_eq!(
        started().lines().count(),
        1,
        "three hundred asked, one was run"
    );
    // With more than before it is tried again.
    let more = Limits {
        compile_time: Duration::from_secs(6),
        ..Limits::default()
    };
    compile_error(&library, &more).await;
    assert_eq!(started().lines().count(), 2);
}

#[tokio::test]
async fn a_compiler_that_gets_no_time_is_killed_and_its_component_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "echo $$ >> {}/started; exec sleep 1000",
        folder.path().display()
    );
    let library = scripted(folder.path(), &script);
    let limits = Limits {
        compile_time: Duration::from_millis(50),
        ..Limits::default()
    };
    for _ in 0..2 {
        let error = compile_error(&library, &limits).await;
        assert!(
            matches!(error, CompileError::Starved(patience) if patience > limits.compile_time),
            "{error}"
        );
    }
    let started = std::fs::read_to_string(folder.path().join("started")).unwrap();
    assert_eq!(started.lines().count(), 2);
    for id in started.lines() {
        let process = std::path::Path::new("/proc").join(id);
        assert!(!process.exists(), "it was killed and reaped");
    }
}

#[tokio::test]
async fn a_compiler_that_somebody_killed_is_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "echo $$ >> {}/started; kill -KILL $$",
        folder.path().display()
    );
    let library = scripted(folder.path(), &script);
    for _ in 0..2 {
        let error = compile_error(&library, &Limits::default()).await;
        assert!(matches!(error, CompileError::Killed), "{error}");
    }
    let started = std::fs::read_to_string(folder.path().join("started")).unwrap();
    assert_eq!(started.lines().count(), 2);
}

#[tokio::test]
async fn a_load_that_is_broken_off_ends_its_compiler() {
    let folder = tempfile::tempdir().unwrap();
    let started = folder.path().join("started");
    let library = scripted(
        folder.path(),
        &format!("echo $$ > {}; exec sleep 1000", started.display()),
    );
    let limits = Limits::default();
    let id = {
        let mut load = Box::pin(library.load(HARMLESS.clone(), &limits));
        loop {
            assert!(futures::poll!(load.as_mut()).is_pending());
            match std::fs::read_to_string(&started) {
                Ok(id) if id.ends_with('\n') => break id,
                _ => tokio::task::yield_now().await,
            }
        }
    };
    // One that has ended and that nobody has asked after yet runs no more.
    let runs = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", id.trim()));
        let stat = stat.unwrap_or_default();
        stat.rsplit_once(") ")
            .is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
    };
    while runs() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_a_compiler_ends_with_is_told_apart() {
    type Fits = fn(&CompileError) -> bool;
    let cases: [(&str, Fits); 7] = [
        (
            "cat > /dev/null; echo 'bad\u{1b}[2J' >&2; exit 3",
            |e| matches!(e, CompileError::Refused(why) if why.to_string() == "bad\u{fffd}[2J"),
        ),
        ("exit 4", |e| matches!(e, CompileError::Memory(_))),
        ("exit 5", |e| matches!(e, CompileError::NotRun(_))),
        ("kill -XCPU $$", |e| matches!(e, CompileError::Time(_))),
        (
            "echo 'memory allocation of 9 bytes failed' >&2; kill -ABRT $$",
            |e| matches!(e, CompileError::Memory(_)),
        ),
        ("kill -SEGV $$", |e| matches!(e, CompileError::Crashed(_))),
        ("cat > /dev/null; echo this is no code", |e| {
            matches!(e, CompileError::Refused(_))
        }),
    ];
    for (script, fits) in cases {
        let folder = tempfile::tempdir().unwrap();
        let library = scripted(folder.path(), script);
        let error = compile_error(&library, &Limits::default()).await;
        assert!(fits(&error), "{script}: {error:?}");
    }
    let nobody = compile::Children::new("/nonexistent/celadon".into());
    let compiler = Compiler::Children(Arc::new(nobody));
    let library = Library::new(testing::engines(), None, compiler);
    let error = compile_error(&library, &Limits::default()).await;
    assert!(matches!(error, CompileError::NotRun(_)), "{error:?}");
    assert!(!error.is_final(), "it is worth another try");
}
