//! Writes bugs into sources. White space does not count in what is looked for, so that a
//! formatter changes nothing; everything else does.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::table::{Bug, Edit};

/// Why a bug cannot be written in.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The file has gone: write the bug anew, or drop it.
    #[error("{bug}: {} cannot be read", path.display())]
    Read {
        bug: String,
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// The text is not there exactly once: write the bug anew, or drop it.
    #[error("{bug}: {file} has {times} times `{text}`, not once")]
    Times {
        bug: String,
        file: String,
        times: usize,
        text: String,
    },
}

/// The files of `shared` that all `bugs` together change, with their new text.
pub fn apply(root: &Path, bugs: &[Bug]) -> Result<BTreeMap<String, String>, EditError> {
    let mut edited: BTreeMap<String, String> = BTreeMap::new();
    for (number, bug) in bugs.iter().enumerate() {
        for edit in &bug.edits {
            let text = match edited.remove(&edit.file) {
                Some(text) => text,
                None => {
                    let path = root.join("shared").join(&edit.file);
                    std::fs::read_to_string(&path).map_err(|source| EditError::Read {
                        bug: bug.name.clone(),
                        path,
                        source,
                    })?
                }
            };
            let next = written(&text, bug, number, edit)?;
            edited.insert(edit.file.clone(), next);
        }
    }
    Ok(edited)
}

fn written(text: &str, bug: &Bug, number: usize, edit: &Edit) -> Result<String, EditError> {
    let once = |text: &str, wanted: &str| {
        let found = places(text, wanted);
        match found.as_slice() {
            [only] => Ok(only.clone()),
            _ => Err(EditError::Times {
                bug: bug.name.clone(),
                file: edit.file.clone(),
                times: found.len(),
                text: wanted.to_owned(),
            }),
        }
    };
    let found = match &edit.after {
        None => once(text, &edit.find)?,
        Some(after) => {
            let from = once(text, after)?.end;
            let behind = &text[from..];
            let first = places(behind, &edit.find).into_iter().next();
            match first {
                Some(found) => from + found.start..from + found.end,
                None => once(behind, &edit.find)?,
            }
        }
    };
    // The core cannot name itself by its name.
    let ours = edit.file.starts_with("core/");
    let path = if ours { "crate" } else { "greenroom_core" };
    let on = format!("{path}::seeded::on({number} /* {} */)", bug.name);
    let replacement = edit
        .replace
        .replace("$ON", &on)
        .replace("$IT", &text[found.clone()]);
    let mut next = text.to_owned();
    next.replace_range(found, &replacement);
    Ok(next)
}

/// Where `wanted` stands in `text`, white space aside.
fn places(text: &str, wanted: &str) -> Vec<Range<usize>> {
    let mut bare = String::with_capacity(text.len());
    let mut at = Vec::with_capacity(text.len());
    for (place, letter) in text
        .char_indices()
        .filter(|(_, letter)| !letter.is_whitespace())
    {
        bare.push(letter);
        // One for each byte of `bare`.
        at.resize(bare.len(), place);
    }
    let wanted: String = wanted
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    bare.match_indices(&wanted)
        .map(|(start, found)| {
            let last = at[start + found.len() - 1];
            let width = text[last..].chars().next().map_or(0, char::len_utf8);
            at[start]..last + width
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bug(find: &str, after: Option<&str>) -> (Bug, Edit) {
        let edit = Edit {
            file: "core/src/x.rs".to_owned(),
            after: after.map(str::to_owned),
            find: find.to_owned(),
            replace: "if $ON { 0 } else { $IT }".to_owned(),
        };
        let bug = Bug {
            name: "wrong".to_owned(),
            breaks: vec!["A1".to_owned()],
            story: "It is wrong.".to_owned(),
            canary: false,
            edits: vec![edit.clone()],
        };
        (bug, edit)
    }

    #[test]
    fn white_space_does_not_count_and_what_was_found_stays_as_it_was() {
        let (bug, edit) = bug("one + two", None);
        let text = written("let x = one\n    + two;", &bug, 7, &edit).expect("it is there once");
        assert_eq!(
            text,
            "let x = if crate::seeded::on(7 /* wrong */) { 0 } else { one\n    + two };"
        );
    }

    #[test]
    fn what_is_there_twice_or_not_at_all_is_an_error_that_names_the_bug() {
        for text in ["one one", "two"] {
            let (bug, edit) = bug("one", None);
            let error = written(text, &bug, 0, &edit).expect_err("it is not there once");
            assert!(error.to_string().starts_with("wrong: "), "{error}");
        }
    }

    #[test]
    fn behind_an_anchor_the_first_one_is_meant() {
        let (bug, edit) = bug("one", Some("fn b"));
        let text = written("fn a one fn b one one", &bug, 0, &edit).expect("it is there");
        assert!(text.starts_with("fn a one fn b if "), "{text}");
    }
}
