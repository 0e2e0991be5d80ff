//! A folder with the files of one commit.

use std::path::Path;

use greenroom_app::ports::source::{Repository, SourceError};
use greenroom_core::name::Revision;

use super::GitSource;
use super::command::{Failure, Run};
use super::mirror::Mirror;
use super::refusal::explain;

/// checkout says next to nothing with `--quiet`.
const ANSWER_MAX: usize = 1024 * 1024;

/// Makes `into` a repository that borrows the mirror's objects, with the commit checked out.
///
/// Not `git worktree`: that writes into the mirror and must be undone there. Not `git clone
/// --shared`: it copies every reference, and a busy repository has tens of thousands.
pub(super) async fn make(
    source: &GitSource,
    repository: &Repository,
    mirror: &Mirror,
    revision: &Revision,
    into: &Path,
) -> Result<(), SourceError> {
    let failed = |failure| explain(repository, failure);
    let broken = |error| failed(Failure::Broken(error));
    std::fs::create_dir(into).map_err(broken)?;
    let into = into.canonicalize().map_err(broken)?;
    let into_text = into.to_string_lossy();
    let format = if revision.as_str().len() == 64 {
        "--object-format=sha256"
    } else {
        "--object-format=sha1"
    };
    let init = ["init", "--quiet", "--template=", format, "--", &into_text];
    run(source, init).await.map_err(failed)?;
    let objects = mirror.path.join("objects").to_string_lossy().into_owned();
    let alternates = into.join(".git/objects/info/alternates");
    tokio::fs::create_dir_all(into.join(".git/objects/info"))
        .await
        .map_err(broken)?;
    tokio::fs::write(alternates, objects + "\n")
        .await
        .map_err(broken)?;
    let to = revision.as_str();
    let checkout = [
        "-C", &into_text, "checkout", "--quiet", "--force", "--detach", to, "--",
    ];
    run(source, checkout).await.map_err(failed)
}

async fn run<const N: usize>(source: &GitSource, arguments: [&str; N]) -> Result<(), Failure> {
    let run = Run {
        repository: None,
        input: b"",
        limit: ANSWER_MAX,
        timeout: source.limits.read,
    };
    source.program.run(run, arguments).await.map(|_| ())
}
