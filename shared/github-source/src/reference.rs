//! Where one branch or tag stands.

use greenroom_app::ports::secrets::Secrets;
use greenroom_app::ports::source::{Head, Repository, SourceError};
use greenroom_core::name::{RefName, Revision};

use crate::GitHubSource;
use crate::api::parse;
use crate::refusal::explain;
use crate::send::Request;
use crate::wire::{Reference, RepositoryAnswer, Tag, Target};

/// Longer names can be a reference nowhere: git itself keeps each as a file path.
const NAME_MAX: usize = 4096;
/// A tag of a tag of a tag.
const TAGS_MAX: usize = 10;

pub(crate) async fn default_branch<S: Secrets>(
    source: &GitHubSource<S>,
    repository: &Repository,
) -> Result<RefName, SourceError> {
    let answer: RepositoryAnswer = source
        .api
        .read(repository, &Request::get([]), "the repository")
        .await?;
    let name = RefName::new(format!("refs/heads/{}", answer.default_branch));
    // GitHub names one that is yet to be pushed, too.
    match head(source, repository, &name).await? {
        Some(head) => Ok(head.reference),
        None => Err(SourceError::NotFound {
            what: format!(
                "a default branch (`{}` has no commits)",
                answer.default_branch
            ),
            repository: repository.name.to_string(),
        }),
    }
}

pub(crate) async fn head<S: Secrets>(
    source: &GitHubSource<S>,
    repository: &Repository,
    reference: &RefName,
) -> Result<Option<Head>, SourceError> {
    if !can_exist(reference.as_str()) {
        return Ok(None);
    }
    let short = reference.as_str().trim_start_matches("refs/");
    let path =
        |kind: &'static str| [&["git", kind][..], &short.split('/').collect::<Vec<_>>()].concat();
    let answer = source
        .api
        .ask(repository, &Request::get(path("ref")))
        .await?;
    let target = match answer.status {
        200 => {
            let found: Reference = parse(repository, &answer, "a reference")?;
            (found.name == reference.as_str()).then_some(found.object)
        }
        // The repository is empty.
        409 => None,
        // A list that is empty is certain where "not found" is not.
        404 => {
            let answer = source
                .api
                .ask(repository, &Request::get(path("matching-refs")))
                .await?;
            match answer.status {
                200 => {
                    let all: Vec<Reference> = parse(repository, &answer, "references")?;
                    let mut all = all.into_iter();
                    let found = all.find(|found| found.name == reference.as_str());
                    found.map(|found| found.object)
                }
                409 => None,
                _ => return Err(explain(repository.name.as_str(), &answer)),
            }
        }
        _ => return Err(explain(repository.name.as_str(), &answer)),
    };
    let Some(target) = target else {
        return Ok(None);
    };
    let revision = commit_of(source, repository, target).await?;
    let reference = reference.clone();
    Ok(Some(Head {
        reference,
        revision,
    }))
}

/// Follows annotated tags to what they are of.
async fn commit_of<S: Secrets>(
    source: &GitHubSource<S>,
    repository: &Repository,
    mut target: Target,
) -> Result<Revision, SourceError> {
    for _ in 0..TAGS_MAX {
        if target.kind != "tag" {
            break;
        }
        let request = Request::get(["git", "tags", target.sha.as_str()]);
        let tag: Tag = source.api.read(repository, &request, "a tag").await?;
        target = tag.object;
    }
    Ok(Revision::new(target.sha))
}

/// git's own rules for names, as far as they make it certain that a reference does not exist.
fn can_exist(name: &str) -> bool {
    let part_is_legal =
        |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    let illegal = |c: char| c.is_ascii_control() || " ~^:?*[\\".contains(c);
    name.len() <= NAME_MAX
        && name.starts_with("refs/")
        && name.split('/').all(part_is_legal)
        && !name.contains(illegal)
        && !name.contains("..")
        && !name.contains("@{")
        && !name.ends_with('.')
}
