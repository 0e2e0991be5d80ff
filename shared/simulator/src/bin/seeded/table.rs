//! The list of seeded bugs, one YAML file for each letter of the invariants.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// One mistake.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bug {
    /// `kebab-case`; what `GREENROOM_SEEDED_BUG` is set to.
    pub name: String,
    /// The invariants it should break, as ARCHITECTURE.md numbers them.
    pub breaks: Vec<String>,
    /// One sentence: what the programmer got wrong.
    pub story: String,
    /// The one that shows that the simulation is not blind.
    #[serde(default)]
    pub canary: bool,
    pub edits: Vec<Edit>,
}

/// One change of one file.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// Relative to `shared`.
    pub file: String,
    /// Text whose first occurrence behind this one is meant; it occurs exactly once itself.
    #[serde(default)]
    pub after: Option<String>,
    /// Text that occurs exactly once; white space does not count.
    pub find: String,
    /// What takes its place. `$ON` is true while the bug is switched on; `$IT` is what was found.
    pub replace: String,
}

/// Why the list cannot be used. Each says what to correct.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// Put the list back.
    #[error("{} cannot be read", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// Correct the file.
    #[error("{} is not a list of bugs", path.display())]
    Parse {
        path: PathBuf,
        #[source]
        source: Box<serde_saphyr::Error>,
    },
    /// Name one of them differently.
    #[error("two bugs are called {0}")]
    Twice(String),
    /// Keep exactly one.
    #[error("{0} bugs are the canary; it is exactly one")]
    Canaries(usize),
}

/// Reads all lists of `folder`, in the order of their names.
pub fn read(folder: &Path) -> Result<Vec<Bug>, TableError> {
    let unread = |path: &Path| {
        let path = path.to_owned();
        move |source| TableError::Read { path, source }
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unread(folder))? {
        let path = entry.map_err(unread(folder))?.path();
        if path.extension().is_some_and(|kind| kind == "yaml") {
            paths.push(path);
        }
    }
    paths.sort();
    let mut bugs: Vec<Bug> = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).map_err(unread(&path))?;
        let some: Vec<Bug> = serde_saphyr::from_str(&text).map_err(|source| TableError::Parse {
            path,
            source: Box::new(source),
        })?;
        bugs.extend(some);
    }
    let mut names = BTreeSet::new();
    if let Some(twice) = bugs.iter().find(|bug| !names.insert(&bug.name)) {
        return Err(TableError::Twice(twice.name.clone()));
    }
    match bugs.iter().filter(|bug| bug.canary).count() {
        1 => Ok(bugs),
        canaries => Err(TableError::Canaries(canaries)),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::{edit, root};

    fn bugs() -> Vec<Bug> {
        read(&root().join("shared/simulator/seeded")).expect("the list holds")
    }

    /// What stands between `- **` and `**` at the beginning of a line, and in `**E6**` beside it.
    fn invariants() -> BTreeSet<String> {
        let path: PathBuf = root().join("ARCHITECTURE.md");
        let text = std::fs::read_to_string(path).expect("ARCHITECTURE.md is there");
        text.lines()
            .filter(|line| line.starts_with("- **"))
            .flat_map(|line| line.split("**").skip(1).step_by(2))
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn every_seeded_bug_fits_todays_sources_exactly_once() {
        let edited = edit::apply(&root(), &bugs()).expect("every bug fits");
        assert!(edited.len() > 10, "the bugs are spread over the sources");
    }

    #[test]
    fn every_seeded_bug_says_which_invariant_it_breaks_and_how() {
        let known = invariants();
        for bug in bugs() {
            assert!(!bug.breaks.is_empty(), "{} breaks nothing", bug.name);
            for broken in &bug.breaks {
                assert!(known.contains(broken), "{}: what is {broken}?", bug.name);
            }
            let sentence = bug.story.ends_with('.') && !bug.story.contains('\n');
            assert!(sentence, "{}: the story is one sentence", bug.name);
            let switched = bug.edits.iter().any(|edit| edit.replace.contains("$ON"));
            assert!(switched, "{} cannot be switched off", bug.name);
        }
    }

    #[test]
    fn there_are_at_least_forty_of_them() {
        let bugs = bugs();
        assert!(bugs.len() >= 40, "{} are left", bugs.len());
    }
}
