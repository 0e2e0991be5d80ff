//! The corpus: its files, the variables they get, and the verdicts recorded from hurl.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Given to every file, by `hurl --variable` and by us alike.
pub const VARIABLES: [(&str, &str); 7] = [
    ("who", "Ada"),
    ("count", "42"),
    ("ratio", "0.5"),
    ("flag", "true"),
    ("nothing", "null"),
    ("quoted", "\"42\""),
    ("odd", "a b&c=d/ü\"x"),
];

/// `tests/corpus/verdicts.json`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Recording {
    /// What `hurl --version` says first.
    pub hurl: String,
    /// By file name.
    pub files: BTreeMap<String, Recorded>,
}

/// One file's result.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    pub success: bool,
    /// Lines of the expectations that were not met.
    pub lines: BTreeSet<u32>,
}

/// The folder of the corpus.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// Name and path of every Hurl file, sorted.
pub fn files() -> BTreeMap<String, PathBuf> {
    let entries = std::fs::read_dir(folder()).expect("the corpus folder is readable");
    let paths = entries.map(|entry| entry.expect("the corpus folder is readable").path());
    paths
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "hurl")
        })
        .map(|path| {
            (
                path.file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                path,
            )
        })
        .collect()
}
