//! Files at a commit.
//!
//! Only files: a link's content is another path and a submodule has none, so neither is a file
//! of the commit here.

use globset::{GlobBuilder, GlobMatcher};
use greenroom_app::ports::source::{Repository, SourceError, SourceFile};
use greenroom_core::name::Revision;

use super::GitSource;
use super::command::Failure;
use super::mirror::Mirror;
use super::refusal::explain;

/// As the port says.
const FILES_MAX: usize = 500;
const BYTES_MAX: usize = 8 * 1024 * 1024;

/// The listing of a commit with half a million files.
const LISTING_MAX: usize = 96 * 1024 * 1024;

struct Entry {
    object: String,
    size: usize,
    path: String,
}

pub(super) async fn file_at(
    source: &GitSource,
    repository: &Repository,
    mirror: &Mirror,
    revision: &Revision,
    path: &str,
    limit: usize,
) -> Result<Option<Vec<u8>>, SourceError> {
    if !is_plain(path) {
        return Ok(None);
    }
    let failed = |failure| explain(repository, failure);
    let arguments = [
        "ls-tree",
        "-z",
        "-l",
        "--full-tree",
        revision.as_str(),
        "--",
        path,
    ];
    let listing = source
        .read(&mirror.path, b"", LISTING_MAX, &arguments)
        .await
        .map_err(failed)?;
    let Some(entry) = entries(&listing).find(|entry| entry.path == path) else {
        return Ok(None);
    };
    if entry.size > limit {
        return Err(SourceError::TooLarge {
            path: path.to_owned(),
            limit,
        });
    }
    let bytes = source
        .read(
            &mirror.path,
            b"",
            entry.size,
            &["cat-file", "blob", &entry.object],
        )
        .await
        .map_err(failed)?;
    Ok(Some(bytes))
}

pub(super) async fn files_at(
    source: &GitSource,
    repository: &Repository,
    mirror: &Mirror,
    revision: &Revision,
    glob: &str,
) -> Result<Vec<SourceFile>, SourceError> {
    let matcher = matcher(repository, glob)?;
    let failed = |failure| explain(repository, failure);
    let arguments = [
        "ls-tree",
        "-r",
        "-z",
        "-l",
        "--full-tree",
        revision.as_str(),
    ];
    let listing = source
        .read(&mirror.path, b"", LISTING_MAX, &arguments)
        .await
        .map_err(failed)?;
    let mut found: Vec<Entry> = entries(&listing)
        .filter(|entry| matcher.is_match(&entry.path))
        .collect();
    found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    let total = found
        .iter()
        .fold(0, |sum: usize, entry| sum.saturating_add(entry.size));
    if found.len() > FILES_MAX || total > BYTES_MAX {
        return Err(SourceError::TooLarge {
            path: format!("{glob} ({} files, at most {FILES_MAX})", found.len()),
            limit: BYTES_MAX,
        });
    }
    let wanted: String = found
        .iter()
        .map(|entry| format!("{}\n", entry.object))
        .collect();
    // Each content comes with a line before it and a newline after it.
    let limit = total + found.len() * 128;
    let answer = source
        .read(
            &mirror.path,
            wanted.as_bytes(),
            limit,
            &["cat-file", "--batch"],
        )
        .await
        .map_err(failed)?;
    split_batch(&answer, found).ok_or_else(|| {
        failed(Failure::Said {
            said: "git cat-file gave an answer of an unknown form".to_owned(),
        })
    })
}

fn matcher(repository: &Repository, glob: &str) -> Result<GlobMatcher, SourceError> {
    GlobBuilder::new(glob)
        .literal_separator(true)
        .build()
        .map(|glob| glob.compile_matcher())
        .map_err(|error| SourceError::Refused {
            repository: repository.name.to_string(),
            why: format!("{glob:?} is not a pattern of paths: {}", error.kind()),
        })
}

/// Rows of `<mode> <type> <object> <size>\t<path>\0`, those that are files.
fn entries(listing: &[u8]) -> impl Iterator<Item = Entry> {
    listing.split(|byte| *byte == 0).filter_map(|row| {
        let tab = row.iter().position(|byte| *byte == b'\t')?;
        let facts = std::str::from_utf8(&row[..tab]).ok()?;
        let mut facts = facts.split_whitespace();
        let (mode, _, object, size) = (facts.next()?, facts.next()?, facts.next()?, facts.next()?);
        if !mode.starts_with("100") {
            return None;
        }
        Some(Entry {
            object: object.to_owned(),
            size: size.parse().ok()?,
            path: String::from_utf8_lossy(&row[tab + 1..]).into_owned(),
        })
    })
}

fn split_batch(mut answer: &[u8], entries: Vec<Entry>) -> Option<Vec<SourceFile>> {
    let mut files = Vec::with_capacity(entries.len());
    for entry in entries {
        let line = answer.iter().position(|byte| *byte == b'\n')?;
        let content = answer.get(line + 1..)?;
        files.push(SourceFile {
            path: entry.path,
            bytes: content.get(..entry.size)?.to_vec(),
        });
        answer = content.get(entry.size + 1..)?;
    }
    Some(files)
}

/// As a commit spells a path: no other spelling exists in one.
fn is_plain(path: &str) -> bool {
    !path.contains('\0') && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}
