//! Commits, as far as people are told about them.

use greenroom_app::ports::source::{Commit, Comparison, Repository, SourceError};
use greenroom_core::name::Revision;
use jiff::Timestamp;

use super::GitSource;
use super::mirror::Mirror;
use super::refusal::explain;

/// Five fields, each ended by a NUL, which no field can hold.
const FORMAT: &str = "--format=tformat:%H%x00%an%x00%ae%x00%ct%x00%s";
const FIELDS: usize = 5;

/// Longest author, address and subject that is kept, in characters.
const TEXT_MAX: usize = 200;

/// A subject may be a megabyte in the repository; this many bytes are read for one commit.
const PER_COMMIT: usize = 64 * 1024;
const ANSWER_MAX: usize = 64 * 1024 * 1024;

pub(super) async fn commit(
    source: &GitSource,
    repository: &Repository,
    mirror: &Mirror,
    revision: &Revision,
) -> Result<Commit, SourceError> {
    let commits = log(source, repository, mirror, 1, &[revision.as_str()]).await?;
    commits
        .into_iter()
        .next()
        .ok_or_else(|| SourceError::Unavailable {
            repository: repository.name.to_string(),
            why: format!("git says nothing about commit {revision}"),
        })
}

pub(super) async fn compare(
    source: &GitSource,
    repository: &Repository,
    mirror: &Mirror,
    base: &Revision,
    head: &Revision,
    limit: usize,
) -> Result<Comparison, SourceError> {
    let not_base = format!("^{base}");
    let range = [head.as_str(), &not_base];
    let mut commits = log(source, repository, mirror, limit.saturating_add(1), &range).await?;
    let truncated = commits.len() > limit;
    commits.truncate(limit);
    Ok(Comparison { commits, truncated })
}

async fn log(
    source: &GitSource,
    repository: &Repository,
    mirror: &Mirror,
    count: usize,
    range: &[&str],
) -> Result<Vec<Commit>, SourceError> {
    let count_option = format!("--max-count={count}");
    let limit = count.saturating_mul(PER_COMMIT).min(ANSWER_MAX);
    let mut arguments = vec![
        "log",
        "-z",
        "--no-color",
        "--no-show-signature",
        "--no-notes",
    ];
    arguments.extend([
        "--encoding=UTF-8",
        FORMAT,
        &count_option,
        "--end-of-options",
    ]);
    arguments.extend(range);
    arguments.push("--");
    let answer = source
        .read(&mirror.path, b"", limit, &arguments)
        .await
        .map_err(|failure| explain(repository, failure))?;
    let fields: Vec<&[u8]> = answer.split(|byte| *byte == 0).collect();
    Ok(fields.chunks_exact(FIELDS).map(read_commit).collect())
}

fn read_commit(fields: &[&[u8]]) -> Commit {
    let text = |at: usize| -> String {
        let text = String::from_utf8_lossy(fields[at]);
        text.trim().chars().take(TEXT_MAX).collect()
    };
    // A time nobody can read is no reason to hide the commit.
    let at = text(3)
        .parse()
        .ok()
        .and_then(|second| Timestamp::from_second(second).ok());
    Commit {
        revision: Revision::new(text(0)),
        author: text(1),
        email: text(2),
        subject: text(4),
        at: at.unwrap_or(Timestamp::UNIX_EPOCH),
    }
}
