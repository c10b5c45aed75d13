//! Fault points: places between two effects of a login at which a test stops the program, to kill
//! it there.
//!
//! A program that was built for release has none: [`point`] is empty then. In others a point does
//! nothing unless the environment names it in `CELADON_FAULT_POINT` and a file in
//! `CELADON_FAULT_FILE`. Whoever comes to it first makes that file and goes no further; later ones
//! find the file and pass, so a program that is started again over the same file runs on.

/// The place `name`, between two effects.
#[cfg(not(debug_assertions))]
pub async fn point(_name: &'static str) {}

#[cfg(debug_assertions)]
pub use stops::point;

#[cfg(debug_assertions)]
mod stops {
    use crate::config::Environment;
    use std::fs::File;
    use std::path::PathBuf;
    use std::sync::LazyLock;

    /// The point at which to stop, and the file that says that somebody has.
    struct Stop {
        point: String,
        file: PathBuf,
    }

    static STOP: LazyLock<Option<Stop>> = LazyLock::new(|| asked(&Environment::of_process()));

    fn asked(environment: &Environment) -> Option<Stop> {
        Some(Stop {
            point: environment
                .variable("CELADON_FAULT_POINT")?
                .to_str()?
                .to_owned(),
            file: environment.variable("CELADON_FAULT_FILE")?.into(),
        })
    }

    /// The place `name`, between two effects.
    pub async fn point(name: &'static str) {
        if STOP.as_ref().is_some_and(|stop| stop.holds(name)) {
            tracing::warn!(point = name, "stopped at a fault point");
            std::future::pending::<()>().await;
        }
    }

    impl Stop {
        fn holds(&self, name: &str) -> bool {
            // Making the file decides between those who come at once.
            self.point == name && File::create_new(&self.file).is_ok()
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn nothing_stops_unless_point_and_file_are_named() {
            let environment = |pairs: &[(&str, &str)]| pairs.iter().copied().collect();
            assert!(asked(&environment(&[])).is_none());
            assert!(asked(&environment(&[("CELADON_FAULT_POINT", "a.b")])).is_none());
            assert!(asked(&environment(&[("CELADON_FAULT_FILE", "/f")])).is_none());
        }

        #[test]
        fn one_is_held_at_the_named_point_and_later_ones_pass() {
            let folder = tempfile::tempdir().expect("a folder");
            let stop = Stop {
                point: "a.b".to_owned(),
                file: folder.path().join("reached"),
            };
            assert!(!stop.holds("a.c") && !stop.file.exists());
            assert!(stop.holds("a.b") && stop.file.exists());
            assert!(!stop.holds("a.b"));
        }
    }
}
