//! Components for tests: hostile ones, written instruction by instruction, and the real one that the
//! build leaves.

use super::bindings::Setup;
use super::call::{Guest, Sandbox};
use super::component::{self, LoadedComponent};
use super::componentize::componentize;
use super::engine::{Engine, EngineOptions};
use crate::config::Limits;
use celadon_workflows::types::ProviderName;
use std::path::PathBuf;
use std::sync::Arc;
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, ExportKind, ExportSection, Function,
    FunctionSection, Instruction, MemorySection, MemoryType, Module, StartSection, TypeSection,
    ValType,
};

/// The contract as it is.
pub(crate) const CONTRACT: &str = include_str!("../../../wit/v0.1/provider.wit");

/// The instructions of an endless loop.
pub(crate) const ENDLESS: &[Instruction<'_>] = &[
    Instruction::Loop(BlockType::Empty),
    Instruction::Br(0),
    Instruction::End,
    Instruction::Unreachable,
];

/// A component whose `describe` is the instructions given. All others crash.
pub(crate) struct Hostile<'a> {
    /// The body of `describe`: answers a pointer.
    pub(crate) describe: &'a [Instruction<'a>],
    /// What runs when an instance is made.
    pub(crate) start: &'a [Instruction<'a>],
    /// What stands in memory, from address 0.
    pub(crate) memory: Vec<u8>,
    /// Pages of memory at the start.
    pub(crate) pages: u64,
}

impl Default for Hostile<'_> {
    /// Answers what zeros mean: an empty description.
    fn default() -> Self {
        Self {
            describe: &[Instruction::I32Const(4096)],
            start: &[],
            memory: Vec::new(),
            pages: 2,
        }
    }
}

impl Hostile<'_> {
    /// As a component of the present contract.
    pub(crate) fn component(&self) -> Vec<u8> {
        self.of_contract(CONTRACT, "0.1.0")
    }

    /// As a component of another contract with the same functions.
    pub(crate) fn of_contract(&self, wit: &str, version: &str) -> Vec<u8> {
        let mut resolve = wit_parser::Resolve::default();
        let package = resolve.push_source("provider.wit", wit).unwrap();
        let world = resolve.select_world(&[package], None).unwrap();
        let mut module = self.module(version);
        let encoding = wit_component::StringEncoding::UTF8;
        wit_component::embed_component_metadata(&mut module, &resolve, world, encoding).unwrap();
        componentize(&module).unwrap()
    }

    /// The core module inside.
    pub(crate) fn module(&self, version: &str) -> Vec<u8> {
        // Parameters as the canonical ABI flattens them; more than 16 go by a pointer.
        let functions = [
            ("describe", 4),
            ("authorize", 8),
            ("obtain", 9),
            ("identify", 1),
            ("revoke", 8),
        ];
        let mut types = TypeSection::new();
        let mut indexes = FunctionSection::new();
        let mut exports = ExportSection::new();
        let mut code = CodeSection::new();
        for (index, (name, parameters)) in (0..).zip(functions) {
            types
                .ty()
                .function(vec![ValType::I32; parameters], [ValType::I32]);
            indexes.function(index);
            let export = format!("celadon:provider/provider@{version}#{name}");
            exports.export(&export, ExportKind::Func, index);
            let crash = [Instruction::Unreachable];
            code.function(&body(if index == 0 { self.describe } else { &crash }));
        }
        // Arguments are written over each other: these guests do not read them.
        types.ty().function(vec![ValType::I32; 4], [ValType::I32]);
        indexes.function(5);
        exports.export("cabi_realloc", ExportKind::Func, 5);
        code.function(&body(&[Instruction::I32Const(65536)]));
        types.ty().function([], []);
        indexes.function(6);
        code.function(&body(self.start));
        exports.export("memory", ExportKind::Memory, 0);

        let mut memories = MemorySection::new();
        memories.memory(MemoryType {
            minimum: self.pages,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        let mut data = DataSection::new();
        data.active(0, &ConstExpr::i32_const(0), self.memory.iter().copied());
        let mut module = Module::new();
        module
            .section(&types)
            .section(&indexes)
            .section(&memories)
            .section(&exports);
        module.section(&StartSection { function_index: 6 });
        module.section(&code).section(&data);
        module.finish()
    }
}

fn body(instructions: &[Instruction<'_>]) -> Function {
    let mut function = Function::new([]);
    for instruction in instructions {
        function.instruction(instruction);
    }
    function.instruction(&Instruction::End);
    function
}

/// A component that the build leaves, such as `oidc`.
pub(crate) fn built(name: &str) -> Vec<u8> {
    std::fs::read(built_path(name)).unwrap_or_else(|_| {
        panic!(
            "{} is missing: run `cargo xtask build`",
            built_path(name).display()
        )
    })
}

/// Where the build leaves it.
#[expect(
    clippy::disallowed_methods,
    reason = "a test finds its components by the environment"
)]
pub(crate) fn built_path(name: &str) -> PathBuf {
    let folder = std::env::var_os("CELADON_COMPONENTS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/components")),
        PathBuf::from,
    );
    folder.join(format!("{name}.wasm"))
}

/// An engine of a few slots.
pub(crate) fn engine() -> Engine {
    Engine::new(EngineOptions {
        slots: 4,
        ..EngineOptions::default()
    })
    .unwrap()
}

/// A component in a sandbox of its own.
pub(crate) struct Bench {
    pub(crate) sandbox: Sandbox,
    pub(crate) component: Arc<LoadedComponent>,
    pub(crate) setup: Arc<Setup>,
    pub(crate) provider: ProviderName,
    pub(crate) limits: Limits,
}

impl Bench {
    pub(crate) fn new(bytes: &[u8], options: &str) -> Self {
        let engine = engine();
        let component = component::load(&engine, None, bytes).unwrap();
        Self::of(component, engine, options)
    }

    /// Of a component that is loaded already.
    pub(crate) fn of(component: LoadedComponent, engine: Engine, options: &str) -> Self {
        Self {
            component: Arc::new(component),
            sandbox: Sandbox::new(engine),
            setup: Arc::new(Setup {
                client_id: "client".to_owned(),
                options: options.to_owned(),
            }),
            provider: ProviderName::new("bench"),
            limits: Limits::default(),
        }
    }

    pub(crate) fn guest(&self) -> Guest<'_> {
        Guest {
            provider: &self.provider,
            component: &self.component,
            setup: &self.setup,
            limits: &self.limits,
        }
    }
}
