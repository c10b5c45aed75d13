//! Components for tests: hostile ones, written instruction by instruction, and the real one that the
//! build leaves.

use super::bindings::Setup;
use super::call::{Guest, Sandbox};
use super::component::{self, Compiler, Library, LoadedComponent};
use super::componentize::componentize;
use super::engine::{EngineOptions, Engines};
use crate::config::{Limits, Tier};
use celadon_workflows::types::ProviderName;
use std::path::PathBuf;
use std::sync::Arc;
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, ExportKind, ExportSection, Function,
    FunctionSection, Instruction, MemorySection, MemoryType, Module, NameMap, NameSection, RefType,
    StartSection, TableSection, TableType, TypeSection, ValType,
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
    /// Tables, of one element each at the start.
    pub(crate) tables: u32,
}

impl Default for Hostile<'_> {
    /// Answers what zeros mean: an empty description.
    fn default() -> Self {
        Self {
            describe: &[Instruction::I32Const(4096)],
            start: &[],
            memory: Vec::new(),
            pages: 2,
            tables: 0,
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
        let mut tables = TableSection::new();
        for _ in 0..self.tables {
            tables.table(TableType {
                element_type: RefType::FUNCREF,
                table64: false,
                minimum: 1,
                maximum: None,
                shared: false,
            });
        }
        let mut data = DataSection::new();
        data.active(0, &ConstExpr::i32_const(0), self.memory.iter().copied());
        let mut module = Module::new();
        module
            .section(&types)
            .section(&indexes)
            .section(&tables)
            .section(&memories)
            .section(&exports);
        module.section(&StartSection { function_index: 6 });
        module.section(&code).section(&data);
        let mut functions = NameMap::new();
        functions.append(0, "described here");
        let mut names = NameSection::new();
        names.functions(&functions);
        module.section(&names);
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

/// A component with one more core module, which is compiled and never run.
pub(crate) fn with_module(component: &[u8], module: &Module) -> Vec<u8> {
    use wasm_encoder::{ComponentSection, ModuleSection};
    let mut bytes = component.to_vec();
    ModuleSection(module).append_to_component(&mut bytes);
    bytes
}

/// A component that consists of so many core instances. Its own module is the first.
pub(crate) fn with_instances(component: &[u8], instances: u32) -> Vec<u8> {
    use wasm_encoder::{ComponentSection, InstanceSection, ModuleArg};
    use wasmparser::{Parser, Payload};
    let (mut modules, mut made) = (0, 0);
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(component) {
        match payload.unwrap() {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ModuleSection { .. } if depth == 1 => modules += 1,
            Payload::InstanceSection(section) if depth == 1 => {
                let instances = section.into_iter().map(Result::unwrap);
                made += instances
                    .filter(|one| matches!(one, wasmparser::Instance::Instantiate { .. }))
                    .count();
            }
            _ => {}
        }
    }
    let mut bytes = with_module(component, &Module::new());
    let mut section = InstanceSection::new();
    for _ in u32::try_from(made).unwrap()..instances {
        section.instantiate(modules, Vec::<(&str, ModuleArg)>::new());
    }
    section.append_to_component(&mut bytes);
    bytes
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

/// Engines of a few slots.
pub(crate) fn engines() -> Engines {
    let few = |tier| EngineOptions {
        slots: 4,
        ..EngineOptions::of(tier)
    };
    Engines::new(few(Tier::Compact), few(Tier::Large)).unwrap()
}

/// An empty library that compiles in this process.
pub(crate) fn library() -> Library {
    Library::new(engines(), None, Compiler::InProcess)
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
        Self::in_tier(Tier::Compact, bytes, options)
    }

    pub(crate) fn in_tier(tier: Tier, bytes: &[u8], options: &str) -> Self {
        let engines = engines();
        let engine = engines.of(tier).unwrap();
        let component = component::load(&engine, bytes).unwrap();
        Self::of(component, &engines, options)
    }

    /// Of a component that is loaded already, for one of these engines.
    pub(crate) fn of(component: LoadedComponent, engines: &Engines, options: &str) -> Self {
        let tier = component.engine().options().tier;
        Self {
            component: Arc::new(component),
            sandbox: Sandbox::new(engines),
            setup: Arc::new(Setup {
                client_id: "client".to_owned(),
                options: options.to_owned(),
            }),
            provider: ProviderName::new("bench"),
            limits: Limits::of(tier),
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
