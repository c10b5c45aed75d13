//! Every parser of strangers' bytes, under a fuzzer.
//!
//! A target takes bytes, reads them as the program does, and panics where what it promises does not
//! hold: that nothing is accepted twice in two ways, that nothing unsigned is believed, that no
//! credential is left. `cargo xtask fuzz` runs each for a minute under libFuzzer; the seeds, to which
//! every input that ever broke something is added, run with the other tests.

mod targets;

/// A target: its name, which is its seeds' folder too, and what it does with an input.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] = &[
    ("component", targets::component::component),
    ("cookies", targets::browser::cookies),
    ("id-token", targets::oidc::id_token),
    ("json", targets::json::json),
    ("jwks", targets::oidc::jwks),
    ("lock", targets::approval::lock),
    ("manifest", targets::component::manifest),
    ("metadata", targets::oidc::metadata),
    ("return-to", targets::browser::return_to),
    ("scrub", targets::scrub::scrub),
    ("sealed", targets::sealed::sealed),
    ("url", targets::url::url),
];

#[cfg(test)]
mod tests {
    use super::TARGETS;
    use std::path::Path;

    #[test]
    fn every_seed_of_every_target_holds() {
        for (name, run) in TARGETS {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("seeds")
                .join(name);
            let seeds = std::fs::read_dir(&folder).expect("every target has seeds");
            let mut number = 0;
            for seed in seeds {
                let path = seed.expect("an entry").path();
                run(&std::fs::read(&path).expect("a seed"));
                number += 1;
            }
            assert!(number > 0, "{name} has no seeds");
        }
    }
}
