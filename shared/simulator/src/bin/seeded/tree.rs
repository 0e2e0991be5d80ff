//! The copy of the sources that has every seeded bug in it, and its build.
//!
//! A file is written only if its content differs, so that a second build compiles only what has
//! changed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::edit;
use crate::table::Bug;

/// What is built.
const SIMULATOR: &str = "greenroom-simulator";
/// The profile it is built in.
const PROFILE: &str = "simulate";
/// What the simulator's binary is called there, lest it be taken for the one without bugs.
const BINARY: &str = "sim-seeded";
const RENAMED: &str = "name = \"sim-seeded\"";
/// Folders of a package that a build of its library and binaries does not need.
const LEFT_OUT: &[&str] = &["tests", "benches", "examples", "target", "seeded", "fuzz"];

/// Why there is no seeded simulator.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// Make room, or give the right to it.
    #[error("{} cannot be read or written", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// Mend the workspace first.
    #[error("cargo does not say what the workspace is made of: {0}")]
    Metadata(String),
    /// A bug does not compile, or the workspace does not.
    #[error("the seeded tree does not build:\n{said}")]
    Build { said: String },
    /// See `Error::Edit`.
    #[error("a bug no longer fits")]
    Edit(#[from] edit::EditError),
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// Absent for a normal one.
    kind: Option<String>,
    /// Present for one of the workspace.
    path: Option<PathBuf>,
}

/// Writes the tree and builds its simulator; where that is.
///
/// Cargo names what it compiles after the place in its workspace, so the two workspaces must not
/// share a target folder: each would take the other's crates for its own.
pub fn build(root: &Path, bugs: &[Bug]) -> Result<PathBuf, TreeError> {
    let ours = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    let ours = std::path::absolute(&ours).map_err(failed(&ours))?;
    let (tree, target) = (ours.join("seeded/tree"), ours.join("seeded/build"));
    write(root, &tree, bugs)?;
    let output = Command::new(env!("CARGO"))
        .args(["build", "--offline", "--profile", PROFILE])
        .args(["--package", SIMULATOR, "--bin", BINARY, "--target-dir"])
        .arg(&target)
        .current_dir(&tree)
        .output()
        .map_err(failed(&tree))?;
    if !output.status.success() {
        // Its warnings are about bugs and do not matter, but its errors do.
        return Err(TreeError::Build {
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
        });
    }
    Ok(target.join(PROFILE).join(BINARY))
}

/// Writes the tree; answers nothing, for its place is known.
pub fn write(root: &Path, tree: &Path, bugs: &[Bug]) -> Result<(), TreeError> {
    let mut files: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::new();
    for folder in folders(root)? {
        gather(root, &folder, &mut files)?;
    }
    for (name, text) in edit::apply(root, bugs)? {
        files.insert(Path::new("shared").join(name), text.into_bytes());
    }
    let manifest = root.join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest).map_err(failed(&manifest))?;
    files.insert("Cargo.toml".into(), workspace(&text).into_bytes());
    files.insert(
        "shared/core/src/seeded.rs".into(),
        switch(bugs).into_bytes(),
    );
    let library = PathBuf::from("shared/core/src/lib.rs");
    if let Some(library) = files.get_mut(&library) {
        library.extend(b"\npub mod seeded;\n");
    }
    for lock in ["Cargo.lock", "rust-toolchain.toml"] {
        let path = root.join(lock);
        files.insert(lock.into(), std::fs::read(&path).map_err(failed(&path))?);
    }
    for (name, content) in &files {
        put(&tree.join(name), content)?;
    }
    sweep(tree, tree, &files)
}

/// Folders of the simulator and of all it is made of, relative to `root`.
fn folders(root: &Path) -> Result<Vec<PathBuf>, TreeError> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(root)
        .output()
        .map_err(failed(root))?;
    let metadata: Metadata = serde_json::from_slice(&output.stdout).map_err(|error| {
        let said = String::from_utf8_lossy(&output.stderr);
        TreeError::Metadata(format!("{error}; {}", said.trim()))
    })?;
    let mut wanted = vec![SIMULATOR.to_owned()];
    let mut found = Vec::new();
    let mut next = 0;
    while let Some(name) = wanted.get(next).cloned() {
        next += 1;
        let package = metadata
            .packages
            .iter()
            .find(|package| package.name == name);
        let Some(package) = package else {
            return Err(TreeError::Metadata(format!("there is no package {name}")));
        };
        let folder = package.manifest_path.parent().unwrap_or(root);
        // `shared/<folder>`: cargo answers with whole paths, which may be spelt differently.
        let last = folder.file_name().unwrap_or_default();
        found.push(Path::new("shared").join(last));
        for dependency in &package.dependencies {
            let ours = dependency.path.is_some() && dependency.kind.as_deref() != Some("dev");
            if ours && !wanted.contains(&dependency.name) {
                wanted.push(dependency.name.clone());
            }
        }
    }
    Ok(found)
}

fn gather(
    root: &Path,
    folder: &Path,
    files: &mut BTreeMap<PathBuf, Vec<u8>>,
) -> Result<(), TreeError> {
    let here = root.join(folder);
    let of_package = folder.components().count() == 2;
    for entry in std::fs::read_dir(&here).map_err(failed(&here))? {
        let entry = entry.map_err(failed(&here))?;
        let path = folder.join(entry.file_name());
        let name = entry.file_name();
        let kind = entry.file_type().map_err(failed(&here))?;
        if kind.is_dir() {
            let left_out = of_package && LEFT_OUT.iter().any(|left| name == *left);
            if !left_out {
                gather(root, &path, files)?;
            }
            continue;
        }
        let full = root.join(&path);
        let mut content = std::fs::read(&full).map_err(failed(&full))?;
        if name == "Cargo.toml" {
            content = shipped(&String::from_utf8_lossy(&content)).into_bytes();
        }
        files.insert(path, content);
    }
    Ok(())
}

/// A package's manifest without what only tests and benches need; the simulator is renamed.
fn shipped(manifest: &str) -> String {
    let only_tested = ["[dev-dependencies", "[[bench]]", "[[test]]", "[[example]]"];
    let mut kept = String::new();
    let mut keep = true;
    for line in manifest.lines() {
        if line.starts_with('[') {
            keep = !only_tested.iter().any(|header| line.starts_with(header));
        }
        if keep {
            kept.push_str(if line == "name = \"sim\"" {
                RENAMED
            } else {
                line
            });
            kept.push('\n');
        }
    }
    kept
}

/// The workspace's manifest for the packages that were copied.
fn workspace(manifest: &str) -> String {
    let mut kept = String::new();
    for line in manifest.lines() {
        if line.starts_with("members = ") {
            kept.push_str("members = [\"shared/*\"]\n");
        } else if !line.starts_with("exclude = ") {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// The module that knows which bug is on. It is asked very often: one number is compared.
fn switch(bugs: &[Bug]) -> String {
    let names: String = bugs
        .iter()
        .map(|bug| format!("    {:?},\n", bug.name))
        .collect();
    format!(
        "//! Which seeded bug is switched on. Made; changes are lost.

use std::sync::OnceLock;

static ON: OnceLock<usize> = OnceLock::new();

const NAMES: &[&str] = &[
{names}];

/// Whether this one is.
#[inline]
pub fn on(bug: usize) -> bool {{
    *ON.get_or_init(chosen) == bug
}}

fn chosen() -> usize {{
    let Ok(name) = std::env::var(\"GREENROOM_SEEDED_BUG\") else {{
        return usize::MAX;
    }};
    let number = NAMES.iter().position(|known| *known == name);
    number.unwrap_or_else(|| panic!(\"there is no seeded bug `{{name}}`\"))
}}
"
    )
}

fn put(path: &Path, content: &[u8]) -> Result<(), TreeError> {
    if std::fs::read(path).is_ok_and(|known| known == content) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed(folder))?;
    }
    std::fs::write(path, content).map_err(failed(path))
}

/// Takes away files that the tree has and the sources no longer have.
fn sweep(tree: &Path, folder: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) -> Result<(), TreeError> {
    for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
        let path = entry.map_err(failed(folder))?.path();
        if path.is_dir() {
            sweep(tree, &path, files)?;
        } else if path
            .strip_prefix(tree)
            .is_ok_and(|name| !files.contains_key(name))
        {
            std::fs::remove_file(&path).map_err(failed(&path))?;
        }
    }
    Ok(())
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> TreeError + use<> {
    let path = path.to_owned();
    move |source| TreeError::File { path, source }
}
