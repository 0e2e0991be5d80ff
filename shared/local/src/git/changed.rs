//! In which files two commits differ.

use greenroom_app::ports::source::{CHANGED_MAX, Changed, Repository, SourceError};
use greenroom_core::name::Revision;

use super::GitSource;
use super::command::Failure;
use super::mirror::Mirror;
use super::refusal::explain;

/// A path has at most 4 KiB; more than this are too many in any case.
const LISTING_MAX: usize = 8 * 1024 * 1024;

pub(super) async fn changed(
    source: &GitSource,
    repository: &Repository,
    mirror: &Mirror,
    base: &Revision,
    head: &Revision,
) -> Result<Changed, SourceError> {
    let not_head = format!("^{head}");
    let (base, head) = (base.as_str(), head.as_str());
    let only_base = [
        "rev-list",
        "--max-count=1",
        "--end-of-options",
        base,
        &not_head,
        "--",
    ];
    let left = source
        .read(&mirror.path, b"", LISTING_MAX, &only_base)
        .await
        .map_err(|failure| explain(repository, failure))?;
    if !left.is_empty() {
        return Ok(Changed::Unknown);
    }
    let differ = [
        "diff-tree",
        "-r",
        "-z",
        "--name-only",
        "--no-renames",
        "--end-of-options",
        base,
        head,
        "--",
    ];
    let listing = match source.read(&mirror.path, b"", LISTING_MAX, &differ).await {
        Err(Failure::TooMuch { .. }) => return Ok(Changed::Unknown),
        answer => answer.map_err(|failure| explain(repository, failure))?,
    };
    let names = listing
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty());
    let names = names.map(|name| String::from_utf8_lossy(name).into_owned());
    let mut paths: Vec<String> = names.take(CHANGED_MAX + 1).collect();
    paths.sort();
    Ok(if paths.len() > CHANGED_MAX {
        Changed::Unknown
    } else {
        Changed::Paths(paths)
    })
}
