//! Where branches and tags stand, asked of the repository itself.

use greenroom_app::ports::source::{Head, Repository, SourceError};
use greenroom_core::name::{RefName, Revision};

use super::GitSource;
use super::command::Run;
use super::refusal::explain;

/// 200,000 branches with long names.
const ANSWER_MAX: usize = 32 * 1024 * 1024;

/// Longer names can be a reference nowhere: git itself keeps each as a file path.
const NAME_MAX: usize = 4096;

pub(super) async fn default_branch(
    source: &GitSource,
    repository: &Repository,
) -> Result<RefName, SourceError> {
    let answer = ask(source, repository, &["--symref"], &["HEAD"]).await?;
    answer
        .lines()
        .find_map(|line| line.strip_prefix("ref: ")?.strip_suffix("\tHEAD"))
        .filter(|name| name.starts_with("refs/heads/"))
        .map(RefName::from)
        .ok_or_else(|| SourceError::NotFound {
            what: "a default branch (HEAD names no branch that has commits)".to_owned(),
            repository: repository.name.to_string(),
        })
}

pub(super) async fn head(
    source: &GitSource,
    repository: &Repository,
    reference: &RefName,
) -> Result<Option<Head>, SourceError> {
    if !can_exist(reference.as_str()) {
        return Ok(None);
    }
    // git takes these as patterns, but a legal name holds nothing that means anything in one.
    let name = reference.as_str();
    let peeled = format!("{name}^{{}}");
    let answer = ask(source, repository, &[], &[name, &peeled]).await?;
    let found = |wanted: &str| {
        rows(&answer)
            .find(|(_, name)| *name == wanted)
            .map(|(revision, _)| revision.to_owned())
    };
    Ok(found(&peeled).or_else(|| found(name)).map(|revision| Head {
        reference: reference.clone(),
        revision: Revision::new(revision),
    }))
}

pub(super) async fn heads(
    source: &GitSource,
    repository: &Repository,
) -> Result<Vec<Head>, SourceError> {
    let answer = ask(source, repository, &["--heads"], &[]).await?;
    let mut heads: Vec<Head> = rows(&answer)
        .filter(|(_, name)| name.starts_with("refs/heads/"))
        .map(|(revision, name)| Head {
            reference: name.into(),
            revision: revision.into(),
        })
        .collect();
    heads.sort_unstable_by(|a, b| a.reference.cmp(&b.reference));
    Ok(heads)
}

async fn ask(
    source: &GitSource,
    repository: &Repository,
    options: &[&str],
    patterns: &[&str],
) -> Result<String, SourceError> {
    let address = address_of(repository)?;
    let mut arguments = vec!["ls-remote", "--quiet"];
    arguments.extend(options);
    arguments.extend(["--", address]);
    arguments.extend(patterns);
    let _turn = source.asking.acquire().await;
    let run = Run {
        repository: None,
        input: b"",
        limit: ANSWER_MAX,
        timeout: source.limits.ask,
    };
    let answer = source
        .program
        .run(run, arguments)
        .await
        .map_err(|failure| explain(repository, failure))?;
    // A name that is not UTF-8 can be asked for by nobody here; it does not hide the others.
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// The address, if it is one that git could take for nothing else.
pub(super) fn address_of(repository: &Repository) -> Result<&str, SourceError> {
    let refused = |why: &str| SourceError::Refused {
        repository: repository.name.to_string(),
        why: why.to_owned(),
    };
    match repository.git.as_deref() {
        None | Some("") => Err(refused("it has no git address")),
        Some(address) if address.starts_with('-') || address.contains(['\0', '\n']) => {
            Err(refused("its git address is neither a path nor a URL"))
        }
        // `<helper>::<address>` runs a program of that name.
        Some(address) if address.contains("::") && !address.starts_with('/') => Err(refused(
            "its git address names a transport that is not allowed",
        )),
        Some(address) => Ok(address),
    }
}

fn rows(answer: &str) -> impl Iterator<Item = (&str, &str)> {
    answer.lines().filter_map(|line| line.split_once('\t'))
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
