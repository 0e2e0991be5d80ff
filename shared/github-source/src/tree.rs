//! Files at a commit, by listings and blobs.
//!
//! Only files: a link's content is another path and a submodule has none, so neither is a file of
//! the commit here. That is why GitHub's "contents" is not asked: it follows links without saying
//! so. Sizes are in the listings, so nothing above a limit is ever fetched.

use std::sync::Arc;

use futures_util::stream::{StreamExt, TryStreamExt, iter};
use globset::{GlobBuilder, GlobMatcher};
use greenroom_app::ports::secrets::Secrets;
use greenroom_app::ports::source::{Repository, SourceError, SourceFile};
use greenroom_core::name::Revision;

use crate::GitHubSource;
use crate::api::parse;
use crate::history::{absent, is_full_hash, missing};
use crate::kept::{Object, Tree};
use crate::refusal::{explain, unreadable};
use crate::send::{RAW, Request};
use crate::wire::{Entry, TreeAnswer};

/// As the port says.
const FILES_MAX: usize = 500;
const BYTES_MAX: usize = 8 * 1024 * 1024;
/// GitHub cuts a listing at 100,000 entries.
const LISTING_MAX: usize = 64 * 1024 * 1024;
/// Blobs that are fetched at the same time.
const AT_ONCE: usize = 8;

impl Entry {
    fn is_file(&self) -> bool {
        self.mode.starts_with("100")
    }

    fn is_folder(&self) -> bool {
        self.mode == "040000"
    }
}

pub(crate) async fn file_at<S: Secrets>(
    source: &GitHubSource<S>,
    repository: &Repository,
    revision: &Revision,
    path: &str,
    limit: usize,
) -> Result<Option<Vec<u8>>, SourceError> {
    let mut tree = root(source, repository, revision, false).await?;
    if !is_plain(path) {
        return Ok(None);
    }
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        let found = tree.entries.iter().find(|entry| entry.path == part);
        let Some(entry) = found.cloned() else {
            return Ok(None);
        };
        if parts.peek().is_none() {
            return content(source, repository, &entry, path, limit).await;
        }
        if !entry.is_folder() {
            return Ok(None);
        }
        tree = listing(source, repository, &entry.sha, false).await?;
    }
    Ok(None)
}

async fn content<S: Secrets>(
    source: &GitHubSource<S>,
    repository: &Repository,
    entry: &Entry,
    path: &str,
    limit: usize,
) -> Result<Option<Vec<u8>>, SourceError> {
    if !entry.is_file() {
        return Ok(None);
    }
    let size = entry.size.unwrap_or(usize::MAX);
    if size > limit {
        return Err(SourceError::TooLarge {
            path: path.to_owned(),
            limit,
        });
    }
    let bytes = blob(source, repository, &entry.sha, size).await?;
    Ok(Some(bytes.to_vec()))
}

pub(crate) async fn files_at<S: Secrets>(
    source: &GitHubSource<S>,
    repository: &Repository,
    revision: &Revision,
    glob: &str,
) -> Result<Vec<SourceFile>, SourceError> {
    let matcher = matcher(repository, glob)?;
    let mut found = matching(source, repository, revision, glob, &matcher).await?;
    found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    let total = found.iter().fold(0, |sum: usize, entry| {
        sum.saturating_add(entry.size.unwrap_or(usize::MAX))
    });
    if found.len() > FILES_MAX || total > BYTES_MAX {
        return Err(SourceError::TooLarge {
            path: format!("{glob} ({} files, at most {FILES_MAX})", found.len()),
            limit: BYTES_MAX,
        });
    }
    let fetched = found.into_iter().map(|entry| async move {
        let size = entry.size.unwrap_or_default();
        let bytes = blob(source, repository, &entry.sha, size).await?;
        Ok::<_, SourceError>(SourceFile {
            path: entry.path,
            bytes: bytes.to_vec(),
        })
    });
    iter(fetched).buffered(AT_ONCE).try_collect().await
}

/// Files that match, their paths from the root. One listing of everything; where that is too much
/// for GitHub, of the folder that the pattern begins with.
async fn matching<S: Secrets>(
    source: &GitHubSource<S>,
    repository: &Repository,
    revision: &Revision,
    glob: &str,
    matcher: &GlobMatcher,
) -> Result<Vec<Entry>, SourceError> {
    let all = root(source, repository, revision, true).await?;
    if !all.truncated {
        return Ok(of(&all, "", matcher));
    }
    let mut folder = root(source, repository, revision, false).await?;
    let mut within = String::new();
    let mut parts = glob.split('/').peekable();
    let mut sha = None;
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        if is_last || part.contains(['*', '?', '[', '{', '\\']) {
            break;
        }
        let mut folders = folder.entries.iter().filter(|entry| entry.is_folder());
        let Some(entry) = folders.find(|entry| entry.path == part).cloned() else {
            return Ok(Vec::new());
        };
        within = format!("{within}{part}/");
        folder = listing(source, repository, &entry.sha, false).await?;
        sha = Some(entry.sha);
    }
    let too_large = SourceError::TooLarge {
        path: format!("{glob} (more files to look through than GitHub lists)"),
        limit: BYTES_MAX,
    };
    let Some(sha) = sha else {
        return Err(too_large);
    };
    let all = listing(source, repository, &sha, true).await?;
    if all.truncated {
        return Err(too_large);
    }
    Ok(of(&all, &within, matcher))
}

fn of(tree: &Tree, within: &str, matcher: &GlobMatcher) -> Vec<Entry> {
    let files = tree.entries.iter().filter(|entry| entry.is_file());
    let placed = files.map(|entry| Entry {
        path: format!("{within}{}", entry.path),
        ..entry.clone()
    });
    placed
        .filter(|entry| matcher.is_match(&entry.path))
        .collect()
}

/// The listing of a commit, which says that there is no such commit when there is none.
async fn root<S: Secrets>(
    source: &GitHubSource<S>,
    repository: &Repository,
    revision: &Revision,
    recursive: bool,
) -> Result<Arc<Tree>, SourceError> {
    if !is_full_hash(revision.as_str()) {
        return Err(absent(repository, &[revision]));
    }
    listing(source, repository, revision.as_str(), recursive).await
}

async fn listing<S: Secrets>(
    source: &GitHubSource<S>,
    repository: &Repository,
    sha: &str,
    recursive: bool,
) -> Result<Arc<Tree>, SourceError> {
    let kind = if recursive { "files" } else { "tree" };
    let name = format!("{} {kind} {sha}", repository.name);
    if let Some(Object::Tree(known)) = source.kept.get(&name) {
        return Ok(known);
    }
    let mut request = Request::get(["git", "trees", sha]);
    if recursive {
        request = request.with("recursive", 1);
    }
    request.limit = LISTING_MAX;
    let answer = source.api.ask(repository, &request).await?;
    if answer.status != 200 {
        let revision = Revision::new(sha);
        return Err(missing(source, repository, &answer, &[&revision]).await);
    }
    let read: TreeAnswer = parse(repository, &answer, "a listing of files")?;
    let tree = Arc::new(Tree {
        entries: read.tree,
        truncated: read.truncated,
    });
    source.kept.put(name, Object::Tree(tree.clone()));
    Ok(tree)
}

/// A file's bytes, exactly as many as the listing says.
async fn blob<S: Secrets>(
    source: &GitHubSource<S>,
    repository: &Repository,
    sha: &str,
    size: usize,
) -> Result<Arc<[u8]>, SourceError> {
    let name = format!("{} blob {sha}", repository.name);
    if let Some(Object::Blob(known)) = source.kept.get(&name) {
        return Ok(known);
    }
    let mut request = Request::get(["git", "blobs", sha]);
    request.accept = RAW;
    // A refusal may be longer than a small file.
    request.limit = size.max(64 * 1024);
    let answer = source.api.ask(repository, &request).await?;
    if answer.status != 200 {
        return Err(explain(repository.name.as_str(), &answer));
    }
    if answer.body.len() != size {
        return Err(unreadable(repository.name.as_str(), "a file"));
    }
    let bytes: Arc<[u8]> = answer.body.into();
    source.kept.put(name, Object::Blob(bytes.clone()));
    Ok(bytes)
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

/// As a commit spells a path: no other spelling exists in one.
fn is_plain(path: &str) -> bool {
    !path.contains('\0') && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}
