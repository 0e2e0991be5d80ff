//! Commits, as far as people are told about them.

use std::sync::Arc;

use greenroom_app::ports::secrets::Secrets;
use greenroom_app::ports::source::{Commit, Comparison, Repository, SourceError};
use greenroom_core::name::Revision;
use jiff::Timestamp;

use crate::GitHubSource;
use crate::api::parse;
use crate::kept::Object;
use crate::refusal::{explain, words};
use crate::send::{Answer, Request};
use crate::wire::{Compared, GitCommit, Inside, ListedCommit};

/// Longest author, address and subject that is kept, in characters.
const TEXT_MAX: usize = 200;
/// Commits on a page; GitHub's most.
const PAGE: usize = 100;
/// The first page of a comparison brings up to 300 files with what changed in them.
pub(crate) const COMPARED_MAX: usize = 48 * 1024 * 1024;

pub(crate) async fn commit<S: Secrets>(
    source: &GitHubSource<S>,
    repository: &Repository,
    revision: &Revision,
) -> Result<Commit, SourceError> {
    if !is_full_hash(revision.as_str()) {
        return Err(absent(repository, &[revision]));
    }
    let name = format!("{} commit {revision}", repository.name);
    if let Some(Object::Commit(known)) = source.kept.get(&name) {
        return Ok(Commit::clone(&known));
    }
    let request = Request::get(["git", "commits", revision.as_str()]);
    let answer = source.api.ask(repository, &request).await?;
    if answer.status != 200 {
        return Err(missing(source, repository, &answer, &[revision]).await);
    }
    let read: GitCommit = parse(repository, &answer, "a commit")?;
    let commit = told(read.sha, read.inside);
    source
        .kept
        .put(name, Object::Commit(Arc::new(commit.clone())));
    Ok(commit)
}

pub(crate) async fn compare<S: Secrets>(
    source: &GitHubSource<S>,
    repository: &Repository,
    base: &Revision,
    head: &Revision,
    limit: usize,
) -> Result<Comparison, SourceError> {
    for revision in [base, head] {
        if !is_full_hash(revision.as_str()) {
            return Err(absent(repository, &[revision]));
        }
    }
    let range = format!("{base}...{head}");
    let page = async |number: usize| {
        let mut request = Request::get(["compare", range.as_str()])
            .with("per_page", PAGE)
            .with("page", number);
        request.limit = COMPARED_MAX;
        source.api.ask(repository, &request).await
    };
    let first = page(1).await?;
    if first.status == 404 && words(&first.body).contains("No common ancestor") {
        return since_ever(source, repository, head, limit).await;
    }
    if first.status != 200 {
        return Err(missing(source, repository, &first, &[base, head]).await);
    }
    let first: Compared = parse(repository, &first, "a comparison")?;
    let total = first.total_commits;
    let mut oldest = Some(first.commits);
    let mut commits = Vec::new();
    // GitHub begins with the oldest, and the newest are wanted.
    for number in (1..=total.div_ceil(PAGE)).rev() {
        if commits.len() >= limit {
            break;
        }
        let found = match oldest.take_if(|_| number == 1) {
            Some(first) => first,
            None => {
                let answer = page(number).await?;
                if answer.status != 200 {
                    return Err(explain(repository.name.as_str(), &answer));
                }
                parse::<Compared>(repository, &answer, "a comparison")?.commits
            }
        };
        let found = found.into_iter().rev();
        commits.extend(found.map(|one| told(one.sha, one.commit)));
    }
    commits.truncate(limit);
    Ok(Comparison {
        truncated: total > commits.len(),
        commits,
    })
}

/// Everything that leads to `head`: nothing of it leads to a base with which it shares nothing.
async fn since_ever<S: Secrets>(
    source: &GitHubSource<S>,
    repository: &Repository,
    head: &Revision,
    limit: usize,
) -> Result<Comparison, SourceError> {
    let mut commits: Vec<Commit> = Vec::new();
    for number in 1.. {
        let request = Request::get(["commits"])
            .with("sha", head)
            .with("per_page", PAGE)
            .with("page", number);
        let answer = source.api.ask(repository, &request).await?;
        if answer.status != 200 {
            return Err(explain(repository.name.as_str(), &answer));
        }
        let found: Vec<ListedCommit> = parse(repository, &answer, "commits")?;
        commits.extend(found.into_iter().map(|one| told(one.sha, one.commit)));
        if commits.len() > limit || !answer.more {
            break;
        }
    }
    let truncated = commits.len() > limit;
    commits.truncate(limit);
    Ok(Comparison { commits, truncated })
}

/// The error for an answer that is not what was asked for: certain only when GitHub would have
/// shown us the commit if it had it.
pub(crate) async fn missing<S: Secrets>(
    source: &GitHubSource<S>,
    repository: &Repository,
    answer: &Answer,
    revisions: &[&Revision],
) -> SourceError {
    // 409: the repository is empty. 422: no such commit.
    if !matches!(answer.status, 404 | 409 | 422) {
        return explain(repository.name.as_str(), answer);
    }
    match source.api.is_shown(repository).await {
        Ok(()) => absent(repository, revisions),
        Err(error) => error,
    }
}

pub(crate) fn absent(repository: &Repository, revisions: &[&Revision]) -> SourceError {
    let printable = |revision: &&Revision| -> String {
        let text = revision.as_str().chars().filter(|c| !c.is_control());
        text.take(64).collect()
    };
    let all: Vec<String> = revisions.iter().map(printable).collect();
    SourceError::NotFound {
        what: format!("commit {}", all.join(" or ")),
        repository: repository.name.to_string(),
    }
}

pub(crate) fn is_full_hash(text: &str) -> bool {
    let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    matches!(text.len(), 40 | 64) && text.bytes().all(is_hex)
}

fn told(sha: String, inside: Inside) -> Commit {
    let cut = |text: &str| -> String { text.trim().chars().take(TEXT_MAX).collect() };
    let author = inside.author.as_ref();
    let name = author.and_then(|author| author.name.as_deref());
    let email = author.and_then(|author| author.email.as_deref());
    let at = inside.committer.as_ref();
    let at = at.and_then(|committer| committer.date.as_deref()?.parse().ok());
    Commit {
        revision: Revision::new(sha),
        author: cut(name.unwrap_or_default()),
        email: cut(email.unwrap_or_default()),
        subject: cut(&subject(&inside.message)),
        at: at.unwrap_or(Timestamp::UNIX_EPOCH),
    }
}

/// git's subject: the lines up to the first empty one, as one.
fn subject(message: &str) -> String {
    let lines = message.lines().map(str::trim_end);
    let lines = lines.skip_while(|line| line.is_empty());
    let first: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    first.join(" ")
}
