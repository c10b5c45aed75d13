//! Components and what stands in their sections, as strangers write them.

use celadon::plugin::component::inspect::inspect;
use celadon::plugin::component::manifest::Manifest;
use serde_json::Map;
use wasmparser::{Parser, Payload};

/// What passes inspection imports no function, by another reading of the same bytes.
pub fn component(input: &[u8]) {
    if inspect(input).is_err() {
        return;
    }
    for payload in Parser::new(0).parse_all(input) {
        match payload.expect("what passed can be parsed") {
            Payload::ComponentImportSection(imports) => {
                for import in imports {
                    let kind = import.expect("an import").ty.kind();
                    assert_ne!(kind, wasmparser::ComponentExternalKind::Func);
                }
            }
            // What modules inside import comes from the component itself.
            Payload::ModuleSection { .. } => break,
            _ => {}
        }
    }
}

/// A manifest is read or refused, and what it says of options can be applied.
pub fn manifest(input: &[u8]) {
    if let Ok(manifest) = Manifest::parse(input) {
        manifest.check(&Map::new());
    }
}
