//! Makes a component of a core module that a compiler of guests left.
//!
//! Owned here: the rule that a guest imports no function, said early and with advice; and the place
//! of the `celadon:manifest` section, which moves from the core module to the component's top level,
//! where it is read without compiling. Whether the component fits the contract is decided where it
//! is loaded.

use wasmparser::{Parser, Payload};
use wit_component::ComponentEncoder;

/// The custom section with a component's name, version and options, as JSON.
pub const MANIFEST_SECTION: &str = "celadon:manifest";

/// The custom sections that describe the module's types to the encoder.
const TYPES_SECTION: &str = "component-type";

/// The names of functions, by which the operator's log tells where a component failed. Of the other
/// custom sections (debug information, tool versions) nobody has any use later, and they are most of
/// a module.
const NAME_SECTION: &str = "name";

/// Named imports in an error; more are counted.
const MOST_NAMED: usize = 5;

/// Why a core module makes no component.
#[derive(Debug, thiserror::Error)]
pub enum ComponentizeError {
    /// It is no WebAssembly module.
    #[error("this is not a core WebAssembly module")]
    NotModule(#[source] wasmparser::BinaryReaderError),
    /// It is a component already.
    #[error("this is a component already, not a core module: use it as it is")]
    AlreadyComponent,
    /// It imports something. A guest has its input and nothing else.
    #[error(
        "the module imports {imports}, and a provider must import nothing; build it with `cargo build \
         --target wasm32-unknown-unknown` (not wasm32-wasip*) and leave out crates that want a \
         clock, randomness or JavaScript: getrandom, time, chrono's `clock`, wasm-bindgen"
    )]
    Imports {
        /// What it imports, the first few by name.
        imports: ImportNames,
    },
    /// It has more than one manifest: two providers were linked into one module.
    #[error("the module has more than one `celadon:manifest` section")]
    ManifestTwice,
    /// It exports something else than its own description of its types says, or lacks one.
    #[error("the module does not encode as a component")]
    Encode(#[source] anyhow::Error),
}

/// The names of imports, as `module.name`.
#[derive(Debug)]
pub struct ImportNames(Vec<String>);

impl std::fmt::Display for ImportNames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let named = self.0.len().min(MOST_NAMED);
        f.write_str(&self.0[..named].join(", "))?;
        match self.0.len() - named {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// Makes a component of a core module. The same module gives the same bytes.
///
/// # Errors
/// [`ComponentizeError`], whose message tells the author what to change.
pub fn componentize(core_module: &[u8]) -> Result<Vec<u8>, ComponentizeError> {
    let parts = take_apart(core_module)?;
    if !parts.imports.is_empty() {
        let imports = ImportNames(parts.imports);
        return Err(ComponentizeError::Imports { imports });
    }
    let mut component = ComponentEncoder::default()
        .validate(true)
        .module(&parts.module)
        .and_then(|mut encoder| encoder.encode())
        .map_err(ComponentizeError::Encode)?;
    if let Some(manifest) = parts.manifest {
        append_custom_section(&mut component, MANIFEST_SECTION, manifest);
    }
    Ok(component)
}

struct Parts<'a> {
    /// The module without the custom sections that nobody reads later.
    module: Vec<u8>,
    manifest: Option<&'a [u8]>,
    imports: Vec<String>,
}

fn take_apart(core_module: &[u8]) -> Result<Parts<'_>, ComponentizeError> {
    use ComponentizeError::{AlreadyComponent, ManifestTwice, NotModule};
    if Parser::is_component(core_module) {
        return Err(AlreadyComponent);
    }
    let mut parts = Parts {
        module: Vec::with_capacity(core_module.len()),
        manifest: None,
        imports: Vec::new(),
    };
    for payload in Parser::new(0).parse_all(core_module) {
        let payload = payload.map_err(NotModule)?;
        match &payload {
            Payload::Version { range, .. } => {
                parts.module.extend_from_slice(&core_module[range.clone()]);
            }
            Payload::CustomSection(section)
                if section.name() == MANIFEST_SECTION
                    && parts.manifest.replace(section.data()).is_some() =>
            {
                return Err(ManifestTwice);
            }
            Payload::ImportSection(section) => {
                for import in section.clone().into_imports() {
                    let import = import.map_err(NotModule)?;
                    parts
                        .imports
                        .push(format!("{}.{}", import.module, import.name));
                }
            }
            _ => {}
        }
        let dropped = matches!(&payload, Payload::CustomSection(section)
            if !section.name().starts_with(TYPES_SECTION) && section.name() != NAME_SECTION);
        if let (false, Some((id, range))) = (dropped, payload.as_section()) {
            append_section(&mut parts.module, id, &core_module[range]);
        }
    }
    Ok(parts)
}

/// Modules and components write sections alike: a number, the length, the content
/// ([binary format](https://webassembly.github.io/spec/core/binary/modules.html#sections)).
fn append_section(wasm: &mut Vec<u8>, id: u8, content: &[u8]) {
    wasm.push(id);
    append_length(wasm, content.len());
    wasm.extend_from_slice(content);
}

fn append_custom_section(wasm: &mut Vec<u8>, name: &str, data: &[u8]) {
    let mut content = Vec::with_capacity(name.len() + data.len() + 2);
    append_length(&mut content, name.len());
    content.extend_from_slice(name.as_bytes());
    content.extend_from_slice(data);
    append_section(wasm, 0, &content);
}

/// Unsigned LEB128.
fn append_length(wasm: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        wasm.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    wasm.push(length as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEADER: &[u8] = b"\0asm\x01\0\0\0";

    fn module(sections: &[(u8, &[u8])]) -> Vec<u8> {
        let mut wasm = HEADER.to_vec();
        for (id, content) in sections {
            append_section(&mut wasm, *id, content);
        }
        wasm
    }

    /// The custom sections with their depth: 0 is the top.
    fn custom_sections(wasm: &[u8]) -> Vec<(usize, String, Vec<u8>)> {
        let mut depth = 0;
        let mut found = Vec::new();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.expect("valid") {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.max(1) - 1,
                Payload::CustomSection(section) => {
                    found.push((depth, section.name().to_owned(), section.data().to_vec()));
                }
                _ => {}
            }
        }
        found
    }

    #[test]
    fn the_manifest_moves_to_the_top() {
        let manifest = [b"{\"name\":\"".to_vec(), vec![b'x'; 300], b"\"}".to_vec()].concat();
        let mut core = module(&[]);
        append_custom_section(&mut core, MANIFEST_SECTION, &manifest);
        append_custom_section(&mut core, NAME_SECTION, b"\x07\x01\0");
        append_custom_section(&mut core, ".debug_info", b"\0");

        let component = componentize(&core).expect("a component");
        assert!(Parser::is_component(&component));
        let sections = custom_sections(&component);
        let manifests: Vec<_> = sections
            .iter()
            .filter(|(_, name, _)| name == MANIFEST_SECTION)
            .collect();
        assert_eq!(manifests, [&(0, MANIFEST_SECTION.to_owned(), manifest)]);
        let inside = sections.iter().filter(|(depth, ..)| *depth > 0);
        let inside: Vec<_> = inside.map(|(_, name, _)| name.as_str()).collect();
        assert_eq!(inside, [NAME_SECTION], "{sections:?}");
        assert_eq!(
            component,
            componentize(&core).expect("a component"),
            "it repeats"
        );
    }

    #[test]
    fn a_module_with_imports_is_refused_with_their_names_and_advice() {
        // Type 0: () -> (); six imports `env.f` of it.
        let types: &[u8] = &[1, 0x60, 0, 0];
        let mut imports = vec![6];
        for _ in 0..6 {
            imports.extend_from_slice(b"\x03env\x01f\x00\x00");
        }
        let error = componentize(&module(&[(1, types), (2, &imports)])).expect_err("refused");
        let message = error.to_string();
        assert!(
            message.contains("env.f, env.f, env.f, env.f, env.f and 1 more"),
            "{message}"
        );
        assert!(message.contains("wasm32-unknown-unknown"), "{message}");
    }

    #[test]
    fn a_memory_import_is_refused_as_well() {
        let imports: &[u8] = b"\x01\x03env\x06memory\x02\x00\x01";
        let error = componentize(&module(&[(2, imports)])).expect_err("refused");
        assert!(
            matches!(error, ComponentizeError::Imports { .. }),
            "{error}"
        );
    }

    #[test]
    fn two_manifests_are_refused() {
        let mut core = module(&[]);
        append_custom_section(&mut core, MANIFEST_SECTION, b"{}");
        append_custom_section(&mut core, MANIFEST_SECTION, b"{}");
        let error = componentize(&core).expect_err("refused");
        assert!(matches!(error, ComponentizeError::ManifestTwice), "{error}");
    }

    #[test]
    fn a_component_is_no_core_module() {
        let component = componentize(&module(&[])).expect("a component");
        let error = componentize(&component).expect_err("refused");
        assert!(
            matches!(error, ComponentizeError::AlreadyComponent),
            "{error}"
        );
    }

    #[test]
    fn a_type_description_that_lies_is_refused() {
        let mut core = module(&[]);
        append_custom_section(&mut core, "component-type:lie", b"\0asm\x0d\0\x01\0");
        let error = componentize(&core).expect_err("refused");
        assert!(matches!(error, ComponentizeError::Encode(_)), "{error}");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(tail in proptest::collection::vec(any::<u8>(), 0..200)) {
            let wasm = [HEADER, &tail].concat();
            let _ = componentize(&tail);
            let _ = componentize(&wasm);
        }
    }
}
