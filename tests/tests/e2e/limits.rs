//! What compiling and running a component may cost: a compiler in a child of the program, which a
//! component can wear out and nothing else; and what the operator's log tells of one that crashes.

use crate::house::expect_signed_in;
use anyhow::{Context as _, Result, ensure};
use celadon_tests::{Browser, Celadon, Op, Sandbox, Setup, Temporal, component, waiting};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;
use wasm_encoder::{
    BlockType, CodeSection, ComponentSection, ConstExpr, DataSection, Function, FunctionSection,
    Instruction, MemorySection, MemoryType, Module, ModuleSection, TypeSection, ValType,
};

/// The component `oidc` with a function of this many nested loops over this many variables. Some
/// 30 KiB of it keep a compiler busy for longer than anybody would wait.
fn bomb(loops: u32, variables: u32) -> Result<Vec<u8>> {
    let mut function = Function::new([(variables, ValType::I32)]);
    for _ in 0..loops {
        function.instruction(&Instruction::Loop(BlockType::Empty));
    }
    for variable in 0..variables {
        function.instruction(&Instruction::LocalGet(variable));
        function.instruction(&Instruction::I32Const(1));
        function.instruction(&Instruction::I32Add);
        function.instruction(&Instruction::LocalSet((variable + 1) % variables));
    }
    for index in 0..loops {
        function.instruction(&Instruction::LocalGet(index * 7 % variables));
        function.instruction(&Instruction::BrIf(0));
        function.instruction(&Instruction::End);
    }
    function.instruction(&Instruction::End);
    let mut types = TypeSection::new();
    types.ty().function([], []);
    with_function(&types, &function)
}

/// The component `oidc` with one more function, which nobody calls.
fn with_function(types: &TypeSection, function: &Function) -> Result<Vec<u8>> {
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut code = CodeSection::new();
    code.function(function);
    let mut module = Module::new();
    module.section(types).section(&functions).section(&code);
    let mut bytes = std::fs::read(component("oidc")?)?;
    ModuleSection(&module).append_to_component(&mut bytes);
    Ok(bytes)
}

/// The component `oidc` with so many bytes of data.
fn with_data(bytes: usize) -> Result<Vec<u8>> {
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 2_048,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::i32_const(0), vec![b'x'; bytes]);
    let mut module = Module::new();
    module.section(&memories).section(&data);
    let mut component = std::fs::read(celadon_tests::component("oidc")?)?;
    ModuleSection(&module).append_to_component(&mut component);
    Ok(component)
}

/// As [`bomb`], but what it wears out is who validates it: a branch with this many targets, each of
/// which takes a thousand values.
fn validation_bomb(targets: usize) -> Result<Vec<u8>> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    types.ty().function([], vec![ValType::I32; 1_000]);
    let mut function = Function::new([]);
    function.instruction(&Instruction::Block(BlockType::FunctionType(1)));
    function.instruction(&Instruction::Unreachable);
    function.instruction(&Instruction::BrTable(vec![0; targets].into(), 0));
    function.instruction(&Instruction::End);
    function.instruction(&Instruction::Unreachable);
    function.instruction(&Instruction::End);
    with_function(&types, &function)
}

fn bomb_in(sandbox: &Sandbox) -> Result<PathBuf> {
    let path = sandbox.file("bomb.wasm");
    std::fs::write(&path, bomb(3_000, 2_000)?)?;
    Ok(path)
}

/// The processes whose parent is this one and which compile.
fn compilers(parent: u32) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        let path = entry?.path();
        // A process may end while it is looked at.
        let stat = std::fs::read_to_string(path.join("stat")).unwrap_or_default();
        let command = std::fs::read(path.join("cmdline")).unwrap_or_default();
        let Some((_, rest)) = stat.rsplit_once(") ") else {
            continue;
        };
        let is_child = rest.split(' ').nth(1) == Some(&parent.to_string());
        let compiles = String::from_utf8_lossy(&command).contains("compile-component");
        if is_child
            && compiles
            && let Some(id) = path.file_name().and_then(|id| id.to_str())
        {
            found.push(id.parse()?);
        }
    }
    Ok(found)
}

/// Whether it runs: one that has ended and that nobody has asked after yet does not.
fn runs(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(") ")
        .is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

async fn with_bomb(sandbox: &Sandbox, compile_time: &str) -> Result<(Temporal, Op, Setup)> {
    let (temporal, op) = tokio::try_join!(Temporal::start(sandbox), Op::start(sandbox))?;
    let setup = Setup::new(&temporal)?
        .provider("op", &op)
        .await?
        .twin("bomb", &bomb_in(sandbox)?)
        .twin("bomb-too", &sandbox.file("bomb.wasm"))
        .text(&format!(
            "[providers.bomb.limits]\ncompile_time = \"{compile_time}\"\n\
             [providers.bomb-too.limits]\ncompile_time = \"{compile_time}\"\n"
        ));
    Ok((temporal, op, setup))
}

#[tokio::test]
async fn a_compile_bomb_is_reported_and_its_neighbour_signs_in() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let (_temporal, _op, setup) = with_bomb(&sandbox, "1s").await?;
    let celadon = Celadon::start(&sandbox, setup).await?;
    let logs = celadon.logs()?;
    for provider in ["bomb", "bomb-too"] {
        let told = logs.lines().any(|line| {
            line.contains(&format!("provider `{provider}`"))
                && line.contains("needs more than 1 s of CPU time")
                && line.contains("limits.compile_time")
        });
        ensure!(told, "{provider}: {logs}");
    }
    ensure!(logs.contains("available=1"), "one of three: {logs}");
    ensure!(compilers(celadon.id())?.is_empty(), "a compiler is left");
    let mut browser = Browser::new()?;
    let page = browser.sign_in(&celadon.login("op"), "alice").await?;
    ensure!(page.status == 200, "{}: {}", page.status, page.text);
    expect_signed_in(&celadon, &mut browser, "alice@example.test").await?;
    let text = celadon.get("/metrics").await?.text;
    let tried = "celadon_component_compilation_seconds_count{outcome=\"time\"} 1";
    ensure!(text.contains(tried), "it was tried once: {text}");
    Ok(())
}

#[tokio::test]
async fn check_says_what_compiling_would_need() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let temporal = "127.0.0.1:1";
    let slow = sandbox.file("slow.wasm");
    std::fs::write(&slow, validation_bomb(3_500_000)?)?;
    let fat = sandbox.file("fat.wasm");
    std::fs::write(&fat, with_data(60 << 20)?)?;
    let setup = Setup::with_temporal_at(temporal)?
        .issuer("op", "http://127.0.0.1:9")?
        .twin("bomb", &bomb_in(&sandbox)?)
        .twin("slow", &slow)
        .twin("fat", &fat)
        .text(
            "[providers.bomb.limits]\ncompile_time = \"1s\"\n\
             [providers.slow.limits]\ncompile_time = \"1s\"\ncompile_memory = \"2GiB\"\n\
             [providers.fat.limits]\ncomponent_size = \"64MiB\"\ncompile_memory = \"256MiB\"\n",
        );
    let output = Celadon::run(&sandbox, &setup, &["check"])?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.code() == Some(2), "{told}");
    for expected in [
        "providers.bomb.component: compiling the component needs more than 1 s of CPU time",
        "providers.slow.component: compiling the component needs more than 1 s of CPU time",
        "providers.fat.component: compiling the component needs more than 256 MiB of memory",
    ] {
        ensure!(told.contains(expected), "{expected}\n{told}");
    }
    let errors = told.lines().filter(|line| line.starts_with("error"));
    ensure!(
        errors.filter(|line| line.contains("providers.op.")).count() == 0,
        "{told}"
    );
    Ok(())
}

#[test]
fn tools_are_worn_out_by_no_component() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let slow = sandbox.file("slow.wasm");
    std::fs::write(&slow, validation_bomb(3_500_000)?)?;
    let path = slow.to_string_lossy();
    for command in ["inspect", "bundle"] {
        let output = Celadon::run_alone(&["provider", command, &path])?;
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8_lossy(&told);
        ensure!(output.status.code() == Some(1), "{told}");
        ensure!(
            told.contains("compiling the component needs more than"),
            "{told}"
        );
    }
    Ok(())
}

#[test]
fn tools_take_a_component_for_the_tier_that_they_are_told() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let big = sandbox.file("big.wasm");
    std::fs::write(&big, with_data(5 << 20)?)?;
    let path = big.to_string_lossy();
    let options = "{\"issuer\": \"https://id.example.com\"}";
    for command in [
        &["provider", "inspect", &path][..],
        &["provider", "bundle", &path],
        &["provider", "check", &path, "--options", options],
    ] {
        let output = Celadon::run_alone(command)?;
        ensure!(output.status.code() == Some(1), "{command:?}: {output:?}");
        let output = Celadon::run_alone(&[command, &["--tier", "large"]].concat())?;
        ensure!(output.status.success(), "{command:?}: {output:?}");
    }
    Ok(())
}

#[tokio::test]
async fn no_compiler_outlives_its_host() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let (_temporal, _op, setup) = with_bomb(&sandbox, "600s").await?;
    let mut celadon = Celadon::launch(&sandbox, setup.beside()?)?;
    let compiler = waiting::until("a compiler runs", 30, async || {
        Ok(compilers(celadon.id())?.first().copied())
    });
    let compiler = compiler.await?;
    celadon.kill9()?;
    waiting::until("it ends with a host that was killed", 10, async || {
        Ok((!runs(compiler)).then_some(()))
    })
    .await?;
    // And with one that is asked to stop while it starts.
    let mut celadon = Celadon::launch(&sandbox, setup)?;
    let compiler = waiting::until("a compiler runs", 30, async || {
        Ok(compilers(celadon.id())?.first().copied())
    });
    let compiler = compiler.await?;
    let (took, status) = celadon.sigterm().await?;
    ensure!(status.success(), "{status}");
    ensure!(took < Duration::from_secs(10), "it took {took:?}");
    ensure!(!runs(compiler), "it was left behind");
    Ok(())
}

/// Whoever started the host may have passed files on to it.
#[tokio::test]
async fn a_compiler_closes_what_it_inherits() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let program = Celadon::copy_program(&sandbox.file(""))?;
    let open = "exec 9</dev/null 251</dev/null; exec \"$@\"";
    let mut compiler = Command::new("bash")
        .args(["-c", open, "bash"])
        .arg(program)
        .args(["compile-component", "compact", "calls", "10", "536870912"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let process = PathBuf::from(format!("/proc/{}", compiler.id()));
    let confined = waiting::until("three pipes are left", 30, async || {
        // By then the shell has opened its two.
        let is_compiler = std::fs::read_link(process.join("exe"))?.ends_with("celadon");
        let files = std::fs::read_dir(process.join("fd"))?.count();
        Ok((is_compiler && files == 3).then_some(()))
    });
    let confined = confined.await;
    drop(compiler.stdin.take());
    compiler.wait()?;
    confined
}

#[tokio::test]
async fn the_log_says_where_a_component_crashed_and_the_user_reads_a_sentence() -> Result<()> {
    let sandbox = Sandbox::new()?;
    let (temporal, op) = tokio::try_join!(Temporal::start(&sandbox), Op::start(&sandbox))?;
    let setup = Setup::new(&temporal)?.provider("op", &op).await?;
    let setup = setup
        .component("test/spy")?
        .option("crash", true.into())
        .variable("CELADON_LOG_FORMAT", "json");
    let celadon = Celadon::start(&sandbox, setup).await?;
    for _ in 0..2 {
        let page = celadon.get("/login/op").await?;
        ensure!((400..500).contains(&page.status), "{}", page.status);
        ensure!(!page.text.contains("blow_its_cover"), "{}", page.text);
    }
    let line = waiting::until("the log says where", 30, async || {
        let logs = celadon.logs()?;
        let line = logs.lines().find(|line| line.contains("blow_its_cover"));
        Ok(line.map(str::to_owned))
    })
    .await?;
    let line: serde_json::Value = serde_json::from_str(&line).context("a line of JSON")?;
    let fields = &line;
    for (name, expected) in [
        ("provider", "op"),
        ("function", "authorize"),
        ("outcome", "trap"),
        ("message", "a plugin call failed"),
    ] {
        ensure!(fields[name] == expected, "{name}: {line}");
    }
    let digest = fields["component"].as_str().context("its digest")?;
    ensure!(digest.len() == 64, "{line}");
    ensure!(!line["span"]["login"].is_null(), "of which login: {line}");
    // The second crash within a minute is told without being looked into.
    let all = celadon.logs()?;
    let told = all.matches("\"a plugin call failed\"").count();
    ensure!(told == 2, "{told} lines: {all}");
    ensure!(all.matches("not looked into").count() == 1, "{all}");
    ensure!(!all.contains("a text that nobody gets to see"), "{all}");
    Ok(())
}
