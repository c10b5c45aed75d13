//! Where things are: the source tree, and what is built and installed below `target/`.

use crate::failure::Failure;
use std::env;
use std::path::{Path, PathBuf};

/// The two roots.
#[derive(Clone, Debug)]
pub struct Places {
    workspace: PathBuf,
    target: PathBuf,
}

impl Places {
    /// Finds them: the target folder is that of this program, wherever cargo was told to put it.
    pub fn find() -> Result<Self, Failure> {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let workspace = workspace.canonicalize().map_err(|source| Failure::File {
            path: workspace,
            source,
        })?;
        let exe = env::current_exe().map_err(|source| Failure::File {
            path: "xtask".into(),
            source,
        })?;
        let target = target_of(&exe).unwrap_or_else(|| workspace.join("target"));
        Ok(Self { workspace, target })
    }

    /// The root of the source tree.
    pub fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// Where everything is built and installed.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// The program.
    pub fn celadon(&self) -> PathBuf {
        self.target.join("debug/celadon")
    }

    /// The list of the components that come with the program, beside it.
    pub fn bundled(&self) -> PathBuf {
        self.celadon().with_file_name("celadon.bundled")
    }

    /// The built components.
    pub fn components(&self) -> PathBuf {
        self.target.join("components")
    }

    /// The target folder of the guests' own cargo.
    pub fn guests(&self) -> PathBuf {
        self.target.join("guest")
    }

    /// Everything that is installed for development.
    pub fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }

    /// A program of the virtual environment.
    pub fn python_tool(&self, name: &str) -> PathBuf {
        self.tools().join("venv/bin").join(name)
    }

    /// The npm packages.
    pub fn node_modules(&self) -> PathBuf {
        self.tools().join("npm/node_modules")
    }
}

/// `…/target/debug/xtask`, and in tests `…/target/debug/deps/xtask-…`.
fn target_of(exe: &Path) -> Option<PathBuf> {
    let folder = exe.ancestors().find(|folder| folder.ends_with("debug"))?;
    folder.parent().map(Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_folder_is_that_of_the_program() {
        let target = Some(PathBuf::from("/w/out"));
        assert_eq!(target_of(Path::new("/w/out/debug/xtask")), target);
        assert_eq!(target_of(Path::new("/w/out/debug/deps/xtask-1")), target);
        assert_eq!(target_of(Path::new("/usr/bin/xtask")), None);
    }

    #[test]
    fn the_workspace_is_the_one_of_this_crate() {
        let places = Places::find().expect("found");
        assert!(places.workspace().join("tests/xtask/Cargo.toml").exists());
    }
}
