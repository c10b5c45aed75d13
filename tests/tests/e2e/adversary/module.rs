//! Core modules written instruction by instruction, and components of them.

use anyhow::Result;
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection,
    Function, FunctionSection, ImportSection, Instruction, MemorySection, MemoryType, Module,
    RefType, StartSection, TableSection, TableType, TypeSection, ValType,
};

/// The contract as it is.
pub const CONTRACT: &str = include_str!("../../../../wit/v0.1/provider.wit");

/// The instructions of an endless loop.
pub const ENDLESS: &[Instruction<'_>] = &[
    Instruction::Loop(BlockType::Empty),
    Instruction::Br(0),
    Instruction::End,
    Instruction::Unreachable,
];

/// A guest whose `describe` is the instructions given. All other functions of the contract crash.
pub struct Crude<'a> {
    /// The body of `describe`: answers a pointer.
    pub describe: &'a [Instruction<'a>],
    /// What runs when an instance is made.
    pub start: &'a [Instruction<'a>],
    /// What gives room for arguments: answers a pointer.
    pub realloc: &'a [Instruction<'a>],
    /// What runs when the answer of `describe` has been read.
    pub post_return: &'a [Instruction<'a>],
    /// What stands in memory, from address 0.
    pub memory: Vec<u8>,
    /// Pages of memory at the start.
    pub pages: u64,
    /// Elements of the table at the start.
    pub elements: u64,
    /// Whether addresses have 64 bits.
    pub memory64: bool,
    /// Whether threads share the memory.
    pub shared: bool,
}

impl Default for Crude<'_> {
    /// Answers what zeros mean: an empty description.
    fn default() -> Self {
        Self {
            describe: &[Instruction::I32Const(4096)],
            start: &[],
            realloc: &[Instruction::I32Const(65536)],
            post_return: &[],
            memory: Vec::new(),
            pages: 2,
            elements: 0,
            memory64: false,
            shared: false,
        }
    }
}

impl Crude<'_> {
    /// As a component of the present contract.
    pub fn component(&self) -> Result<Vec<u8>> {
        component(CONTRACT, &self.module("0.1.0"))
    }

    /// The core module.
    pub fn module(&self, version: &str) -> Vec<u8> {
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
        types.ty().function(vec![ValType::I32; 4], [ValType::I32]);
        indexes.function(5);
        exports.export("cabi_realloc", ExportKind::Func, 5);
        code.function(&body(self.realloc));
        types.ty().function([], []);
        indexes.function(6);
        code.function(&body(self.start));
        types.ty().function([ValType::I32], []);
        indexes.function(7);
        let post_return = format!("cabi_post_celadon:provider/provider@{version}#describe");
        exports.export(&post_return, ExportKind::Func, 7);
        code.function(&body(self.post_return));
        exports.export("memory", ExportKind::Memory, 0);

        let mut tables = TableSection::new();
        tables.table(TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum: self.elements,
            maximum: None,
            shared: false,
        });
        let mut memories = MemorySection::new();
        memories.memory(MemoryType {
            minimum: self.pages,
            maximum: self.shared.then_some(self.pages),
            memory64: self.memory64,
            shared: self.shared,
            page_size_log2: None,
        });
        let mut data = DataSection::new();
        let address = if self.memory64 {
            ConstExpr::i64_const(0)
        } else {
            ConstExpr::i32_const(0)
        };
        data.active(0, &address, self.memory.iter().copied());
        let mut module = Module::new();
        module.section(&types).section(&indexes).section(&tables);
        module.section(&memories).section(&exports);
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

/// A module that imports these functions without parameters, and exports a memory.
pub fn importing(functions: &[(&str, &str)]) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut imports = ImportSection::new();
    for (module, name) in functions {
        imports.import(module, name, EntityType::Function(0));
    }
    let mut module = Module::new();
    module.section(&types).section(&imports);
    module.finish()
}

/// The component that a contract and a module make. Nothing is checked, as nobody checks what an
/// attacker makes.
pub fn component(wit: &str, module: &[u8]) -> Result<Vec<u8>> {
    let mut module = module.to_vec();
    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_source("provider.wit", wit)?;
    let world = resolve.select_world(&[package], None)?;
    let encoding = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, encoding)?;
    let mut encoder = wit_component::ComponentEncoder::default()
        .validate(false)
        .module(&module)?;
    encoder.encode()
}
