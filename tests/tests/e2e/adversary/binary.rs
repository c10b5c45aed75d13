//! Attacks that are in the binary itself: what no compiler of guests makes, and what is no provider.

use super::module::{CONTRACT, Crude, ENDLESS, component, importing};
use crate::hostile::guest::Guest;
use crate::hostile::table::{Row, row};
use anyhow::{Context, Result, ensure};
use celadon_tests::liar::Lies;
use celadon_tests::{Sandbox, Setup};
use wasm_encoder::{
    BlockType, ComponentSection, CustomSection, HeapType, InstanceSection, Instruction, ModuleArg,
};

/// The section that says what a component is.
const MANIFEST: &str = "celadon:manifest";
/// The biggest component that is read.
const BIGGEST: usize = 4 << 20;

macro_rules! binaries {
    ($($binary:ident $name:literal $tries:literal, $by:literal, $says:literal;)*) => {
        /// One hostile binary.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Binary {
            $($binary,)*
        }

        impl Binary {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$binary),*];

            /// Its name, which is the provider's too.
            pub fn name(self) -> &'static str {
                match self { $(Self::$binary => $name,)* }
            }

            /// What it tries.
            pub fn tries(self) -> &'static str {
                match self { $(Self::$binary => $tries,)* }
            }

            /// The rule that contains it, and where it is written.
            pub fn contained_by(self) -> &'static str {
                match self { $(Self::$binary => $by,)* }
            }

            /// What the operator reads.
            pub fn says(self) -> &'static str {
                match self { $(Self::$binary => $says,)* }
            }
        }
    };
}

binaries! {
    LoopInStart "loop-in-start" "to run for ever before it is called",
        "the clock starts before the instance (`plugin/call/confinement.rs`)", "did not answer within its deadline";
    LoopInRealloc "loop-in-realloc" "to run for ever while arguments are copied in",
        "the CPU deadline of a call (`plugin/call/confinement.rs`)", "did not answer within its deadline";
    LoopInPostReturn "loop-in-post-return" "to run for ever after it has answered",
        "the CPU deadline of a call (`plugin/call/confinement.rs`)", "did not answer within its deadline";
    MemoryAtStart "memory-at-start" "to have more memory than is granted from the start",
        "the memory limit (`plugin/call/confinement.rs`)", "needs more memory than its limit allows";
    TableBomb "table-bomb" "to grow a table until memory is gone",
        "10,000 elements (`plugin/call/confinement.rs`)", "needs more table space than its limit allows";
    TableAtStart "table-at-start" "to have a table of a million elements from the start",
        "the size of a slot in the pool (`plugin/engine/settings.rs`)", "cannot be compiled";
    StackBomb "stack-bomb" "to recurse for ever",
        "256 KiB of stack (`plugin/engine/settings.rs`)", "needs more stack than its limit allows";
    ManyInstances "many-instances" "to consist of a hundred instances",
        "8 core instances, 1 memory (`plugin/engine/settings.rs`)", "cannot be compiled";
    AliasedList "aliased-list" "to have one text copied a hundred thousand times",
        "the limit of output, counted while it is copied (`plugin/call/confinement.rs`)", "answer is too large";
    NotUtf8 "not-utf-8" "to answer with text that is none",
        "the types of the contract (`plugin/call/answer.rs`)", "does not have the contract's types";
    PointerOutside "pointer-outside" "to answer with memory that is not its own",
        "the sandbox itself (`plugin/call.rs`)", "`describe` failed";
    Memory64 "memory64" "to use a proposal that is switched off",
        "the features of the engine (`plugin/component/inspect.rs`)", "not valid WebAssembly of the kind that Celadon runs";
    SharedMemory "shared-memory" "to bring threads, and with them a clock",
        "the features of the engine (`plugin/component/inspect.rs`)", "not valid WebAssembly of the kind that Celadon runs";
    ForbiddenImport "forbidden-import" "to import a clock",
        "a component imports no function (`plugin/component/inspect.rs`)", "a provider imports no function";
    WrongWorld "wrong-world" "to be something else than a provider",
        "the exported interface (`plugin/component/inspect.rs`)", "so it is no provider";
    UnknownVersion "unknown-version" "to speak another version of the contract",
        "the exported interface (`plugin/component/inspect.rs`)", "is built for contract celadon:provider/provider@0.9.0";
    OtherTypes "other-types" "to have the contract's names and other types",
        "types are compared when an instance is made (`plugin/call.rs`)", "its functions do not have the types of";
    MissingFunction "missing-function" "to leave a function of the contract out",
        "linking at load (`plugin/component.rs`)", "its functions are not those of";
    CoreModule "core-module" "to be no component",
        "the binary's head (`plugin/component/inspect.rs`)", "is a core module, not a component";
    NotWasm "not-wasm" "to be a script",
        "the validator (`plugin/component/inspect.rs`)", "not valid WebAssembly of the kind that Celadon runs";
    Empty "empty" "to be nothing",
        "the validator (`plugin/component/inspect.rs`)", "not valid WebAssembly of the kind that Celadon runs";
    Truncated "truncated" "to end in its middle",
        "the validator (`plugin/component/inspect.rs`)", "not valid WebAssembly of the kind that Celadon runs";
    TooBig "too-big" "to be of more bytes than are read",
        "4 MiB, unless `limits.component_size` says more (`plugin/component/inspect.rs`)", "the file is bigger than";
    TwoManifests "two-manifests" "to say two things of itself",
        "one manifest (`plugin/component/inspect.rs`)", "there are two of them";
    BrokenManifest "broken-manifest" "to break the reader of manifests",
        "a strict reader of JSON (`plugin/component/manifest.rs`)", "section cannot be used";
    DeepManifest "deep-manifest" "to break the reader of manifests by depth",
        "a strict reader of JSON (`plugin/component/manifest.rs`)", "section cannot be used";
    LyingOptions "lying-options" "to ask for other options than it reads",
        "the operator's options have to fit both (`plugin/revisions/load.rs`)", "options.issuer";
    LyingManifest "lying-manifest" "to pass for another component by its manifest",
        "nothing is decided by a manifest; the description counts (`plugin/component/manifest.rs`)", "cannot be used as it describes itself";
}

/// A component that the build has made.
pub fn built(name: &str) -> Result<Vec<u8>> {
    std::fs::read(Setup::built(name)?).context("a built component")
}

impl Binary {
    /// Its row, after its bytes were written to a file.
    pub fn row(self, sandbox: &Sandbox) -> Result<Row> {
        let file = sandbox.file(&format!("{}.wasm", self.name()));
        std::fs::write(&file, self.bytes()?).context(self.name())?;
        let row = row(self.name(), self.tries(), Lies::none());
        Ok(row.guest(Guest::file(file)).not_loaded(self.says()))
    }

    fn bytes(self) -> Result<Vec<u8>> {
        let crude = Crude::default();
        match self {
            Self::LoopInStart => Crude { start: &ENDLESS[..3], ..crude }.component(),
            Self::LoopInRealloc => Crude { realloc: ENDLESS, ..crude }.component(),
            Self::LoopInPostReturn => Crude { post_return: &ENDLESS[..3], ..crude }.component(),
            Self::MemoryAtStart => Crude { pages: 1024, ..crude }.component(),
            Self::TableBomb => Crude { describe: &GROW_TABLE, ..crude }.component(),
            Self::TableAtStart => Crude { elements: 1_000_000, ..crude }.component(),
            Self::StackBomb => Crude { describe: &RECURSE, ..crude }.component(),
            Self::ManyInstances => many_instances(),
            Self::AliasedList => Crude { memory: aliased(1_000, 4_096), ..crude }.component(),
            Self::NotUtf8 => not_utf8(),
            Self::PointerOutside => Crude { describe: &[Instruction::I32Const(i32::MAX - 3)], ..crude }.component(),
            Self::Memory64 => Crude { memory64: true, ..crude }.component(),
            Self::SharedMemory => Crude { shared: true, ..crude }.component(),
            Self::ForbiddenImport => forbidden_import(),
            Self::WrongWorld => component("package other:thing@1.0.0; world w { }", &importing(&[])),
            Self::UnknownVersion => {
                let wit = changed("package celadon:provider@0.1.0;", "package celadon:provider@0.9.0;")?;
                component(&wit, &crude.module("0.9.0"))
            }
            Self::OtherTypes => {
                let wit = changed("record option-error { at: pointer, message: string }", "record option-error { at: pointer, message: string, code: u32 }")?;
                component(&wit, &crude.module("0.1.0"))
            }
            Self::MissingFunction => missing_function(),
            Self::CoreModule => Ok(crude.module("0.1.0")),
            Self::NotWasm => Ok(b"#!/bin/sh\nrm -rf ~\n".to_vec()),
            Self::Empty => Ok(Vec::new()),
            Self::Truncated => built("oidc").map(|mut bytes| {
                bytes.truncate(bytes.len() / 2);
                bytes
            }),
            Self::TooBig => Ok(vec![0; BIGGEST + 1]),
            Self::TwoManifests => built("oidc").map(|bytes| with_manifest(bytes, b"{}")),
            Self::BrokenManifest => Ok(with_manifest(crude.component()?, b"{\"name\":\"a\",\"name\":\"b\"}")),
            Self::DeepManifest => Ok(with_manifest(crude.component()?, "[".repeat(200_000).as_bytes())),
            Self::LyingOptions => Ok(with_manifest(crude.component()?, br#"{"options":{"issuer":{"type":"boolean"}}}"#)),
            Self::LyingManifest => Ok(with_manifest(
                crude.component()?,
                br#"{"name":"oidc","version":"99.0.0","contract":"9.9","sdk":"celadon","documentation":"https://example.com"}"#,
            )),
        }
    }
}

const GROW_TABLE: [Instruction<'_>; 8] = [
    Instruction::Loop(BlockType::Empty),
    Instruction::RefNull(HeapType::FUNC),
    Instruction::I32Const(1_000),
    Instruction::TableGrow(0),
    Instruction::Drop,
    Instruction::Br(0),
    Instruction::End,
    Instruction::Unreachable,
];

const RECURSE: [Instruction<'_>; 5] = [
    Instruction::LocalGet(0),
    Instruction::LocalGet(1),
    Instruction::LocalGet(2),
    Instruction::LocalGet(3),
    Instruction::Call(0),
];

fn changed(from: &str, to: &str) -> Result<String> {
    ensure!(CONTRACT.contains(from), "the contract has no {from}");
    Ok(CONTRACT.replace(from, to))
}

/// `err(list<option-error>)` of `count` entries, all of whose texts are the same `length` bytes.
fn aliased(count: u32, length: u32) -> Vec<u8> {
    let mut memory = vec![b'a'; 4096];
    for word in [1, 8192, count] {
        memory.extend_from_slice(&u32::to_le_bytes(word));
    }
    memory.resize(8192, b'a');
    for _ in 0..count {
        for word in [0, length, 0, length] {
            memory.extend_from_slice(&u32::to_le_bytes(word));
        }
    }
    memory
}

fn not_utf8() -> Result<Vec<u8>> {
    let mut memory = aliased(1, 1);
    memory[0] = 0xff;
    Crude {
        memory,
        ..Crude::default()
    }
    .component()
}

/// The whole component, and a hundred further instances of its module.
fn many_instances() -> Result<Vec<u8>> {
    let mut bytes = Crude::default().component()?;
    let mut instances = InstanceSection::new();
    for _ in 0..100 {
        instances.instantiate(0, std::iter::empty::<(&str, ModuleArg)>());
    }
    instances.append_to_component(&mut bytes);
    Ok(bytes)
}

fn forbidden_import() -> Result<Vec<u8>> {
    let wit = changed(
        "world identity-provider { export provider; }",
        "interface clock { now: func(); }\nworld identity-provider { import clock; import log: func(); }",
    )?;
    let imports = [("celadon:provider/clock@0.1.0", "now"), ("$root", "log")];
    component(&wit, &importing(&imports))
}

fn missing_function() -> Result<Vec<u8>> {
    let at = CONTRACT
        .find("  /// Withdraws the token of that name")
        .context("the contract has revoke")?;
    let (before, after) = CONTRACT.split_at(at);
    let (_, rest) = after
        .split_once("revoke-step, failure>;")
        .context("the end of revoke")?;
    component(
        &format!("{before}{rest}"),
        &Crude::default().module("0.1.0"),
    )
}

fn with_manifest(mut bytes: Vec<u8>, manifest: &[u8]) -> Vec<u8> {
    CustomSection {
        name: MANIFEST.into(),
        data: manifest.into(),
    }
    .append_to_component(&mut bytes);
    bytes
}
