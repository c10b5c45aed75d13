//! The outline of a component: what stands in its bytes, not yet judged.

use super::inspect::{INTERFACE, InspectError, MANIFEST_SECTION};
use wasmparser::{Encoding, Parser, Payload};

/// Custom sections that are noted; a file may have any number.
const MAX_CUSTOMS: usize = 1024;

/// What stands in the bytes. All names are the component's own.
#[derive(Debug, Default)]
pub struct Outline<'a> {
    /// Whether it is a component, and not a core module.
    pub is_component: bool,
    /// Names of its imports, types included.
    pub imports: Vec<&'a str>,
    /// Names of its exports.
    pub exports: Vec<&'a str>,
    /// Core modules in it.
    pub modules: usize,
    /// Custom sections anywhere in it, by name and size in bytes.
    pub customs: Vec<(&'a str, usize)>,
    /// The manifests anywhere in it: compilers leave custom sections in the core module.
    pub manifests: Vec<&'a [u8]>,
}

impl<'a> Outline<'a> {
    /// Takes bytes apart.
    pub fn of(bytes: &'a [u8]) -> Result<Self, InspectError> {
        let mut outline = Self::default();
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.map_err(InspectError::invalid)? {
                Payload::Version { encoding, .. } => {
                    if depth == 0 {
                        outline.is_component = encoding == Encoding::Component;
                    }
                    outline.modules += usize::from(encoding == Encoding::Module);
                    depth += 1;
                }
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 1 => {
                    for import in section {
                        let import = import.map_err(InspectError::invalid)?;
                        outline.imports.push(import.name.name);
                    }
                }
                Payload::ComponentExportSection(section) if depth == 1 => {
                    for export in section {
                        let export = export.map_err(InspectError::invalid)?;
                        outline.exports.push(export.name.name);
                    }
                }
                Payload::ImportSection(section) if depth == 1 => {
                    for import in section.into_imports() {
                        let import = import.map_err(InspectError::invalid)?;
                        outline.imports.push(import.module);
                    }
                }
                Payload::CustomSection(section) => outline.custom(section.name(), section.data()),
                _ => {}
            }
        }
        Ok(outline)
    }

    fn custom(&mut self, name: &'a str, data: &'a [u8]) {
        if self.customs.len() < MAX_CUSTOMS {
            self.customs.push((name, data.len()));
        }
        if name == MANIFEST_SECTION {
            self.manifests.push(data);
        }
    }

    /// What it is.
    pub fn kind(&self) -> &'static str {
        if self.is_component {
            "component"
        } else {
            "core module"
        }
    }

    /// The version of the contract that it exports.
    pub fn contract_version(&self) -> Option<&'a str> {
        self.exports
            .iter()
            .find_map(|name| name.strip_prefix(INTERFACE)?.strip_prefix('@'))
    }
}
