//! In which files two commits differ.

use greenroom_app::ports::secrets::Secrets;
use greenroom_app::ports::source::{CHANGED_MAX, Changed, Repository, SourceError};
use greenroom_core::name::Revision;

use crate::GitHubSource;
use crate::api::parse;
use crate::history::{COMPARED_MAX, absent, is_full_hash, missing};
use crate::refusal::words;
use crate::send::Request;
use crate::wire::Differing;

pub(crate) async fn changed<S: Secrets>(
    source: &GitHubSource<S>,
    repository: &Repository,
    base: &Revision,
    head: &Revision,
) -> Result<Changed, SourceError> {
    for revision in [base, head] {
        if !is_full_hash(revision.as_str()) {
            return Err(absent(repository, &[revision]));
        }
    }
    let range = format!("{base}...{head}");
    // All files come with the first page, however few commits it has.
    let mut request = Request::get(["compare", range.as_str()])
        .with("per_page", 1)
        .with("page", 1);
    request.limit = COMPARED_MAX;
    let answer = source.api.ask(repository, &request).await?;
    if answer.status == 404 && words(&answer.body).contains("No common ancestor") {
        return Ok(Changed::Unknown);
    }
    if answer.status != 200 {
        return Err(missing(source, repository, &answer, &[base, head]).await);
    }
    let read: Differing = parse(repository, &answer, "a comparison")?;
    // Otherwise it tells how the head differs from where the two parted.
    let leads = matches!(read.status.as_str(), "ahead" | "identical");
    if !leads || read.files.len() > CHANGED_MAX {
        return Ok(Changed::Unknown);
    }
    let names = read.files.into_iter().flat_map(|file| {
        let before = file.previous_filename;
        std::iter::once(file.filename).chain(before)
    });
    let mut paths: Vec<String> = names.collect();
    paths.sort();
    Ok(Changed::Paths(paths))
}
