//! Giving a revision a mark, and taking it back.

use jiff::Timestamp;

use super::{BY_MAX, Rejection, said};
use crate::authorize::authorize_mark;
use crate::bound;
use crate::mark::{BAD, MARKS_MAX, Mark, Marked, Saying};
use crate::name::Revision;
use crate::principal::Principal;
use crate::stage_file::StageFile;

/// A mark is called by at most so many characters, as the stage file has it.
const WORD_MAX: usize = 40;

/// What somebody wants said of a revision.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub revision: &'a Revision,
    pub saying: &'a Saying,
    pub principal: &'a Principal,
}

/// The marks of the revision afterwards, or why not. Saying once more what is said already changes
/// nothing. `file` is the one in force: it says which marks there are and who may give them.
///
/// # Errors
/// [`Rejection`] if the person may not, if there is no such mark, if `bad` has no reason, or if
/// somebody else has said it already.
pub fn mark(
    known: Option<&Marked>,
    wanted: Wanted<'_>,
    file: Option<&StageFile>,
    now: Timestamp,
) -> Result<Marked, Rejection> {
    let word = wanted.saying.mark();
    let mut marked = known.cloned().unwrap_or_else(|| Marked {
        revision: wanted.revision.clone(),
        marks: std::collections::BTreeMap::new(),
    });
    // What is said already may be taken back after the stage file has lost the word.
    let is_word = marked.marks.contains_key(word) || is_known(word, file);
    if !is_word {
        return Err(unknown(word, file));
    }
    authorize_mark(wanted.principal, word, file).map_err(Rejection::from)?;
    match wanted.saying {
        Saying::Mark { note, .. } => {
            let note = note
                .as_deref()
                .map(str::trim)
                .filter(|note| !note.is_empty());
            let mark = Mark {
                by: bound::text(wanted.principal.name(), BY_MAX),
                at: now,
                note: note.map(said),
            };
            give(&mut marked, word, mark)?;
        }
        Saying::Unmark { .. } => {
            if marked.marks.remove(word).is_none() {
                return Err(Rejection::not_found(
                    format!("{} is not marked {word}", wanted.revision.short()),
                    "`greenroom releases` shows the marks there are",
                ));
            }
        }
    }
    Ok(marked)
}

fn give(marked: &mut Marked, word: &str, mark: Mark) -> Result<(), Rejection> {
    let short = marked.revision.short().to_owned();
    if word == BAD && mark.note.is_none() {
        return Err(Rejection::invalid(
            "a revision is marked bad for a reason, which everybody reads who asks",
            &format!("greenroom mark bad --release {short} --reason \"...\""),
        ));
    }
    if let Some(known) = marked.marks.get(word) {
        if known.by == mark.by && known.note == mark.note {
            return Ok(());
        }
        let why = known.note.as_ref();
        let why = why.map_or_else(String::new, |note| format!(": {note}"));
        return Err(Rejection::conflict(
            format!("{} marked {short} {word} already{why}", known.by),
            &format!("greenroom unmark {word} --release {short}"),
        ));
    }
    if marked.marks.len() >= MARKS_MAX {
        return Err(Rejection::conflict(
            format!("{short} has {MARKS_MAX} marks already"),
            &format!("greenroom unmark MARK --release {short}"),
        ));
    }
    marked.marks.insert(word.to_owned(), mark);
    Ok(())
}

fn is_known(word: &str, file: Option<&StageFile>) -> bool {
    word == BAD || file.is_some_and(|file| file.marks.contains_key(word))
}

fn unknown(word: &str, file: Option<&StageFile>) -> Rejection {
    let declared = file.into_iter().flat_map(|file| file.marks.keys());
    let known: Vec<&str> = declared.map(String::as_str).chain([BAD]).collect();
    Rejection::not_found(
        format!(
            "the stage file in force has no mark `{}`",
            bound::text(word, WORD_MAX)
        ),
        &format!("there are {}", known.join(", ")),
    )
}
