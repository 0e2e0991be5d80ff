//! `pull_request`: only the actions that change what code a stage should run.

use greenroom_core::name::{RefName, RepositoryId, Revision};

use super::{Normalised, ignored, readable, sender};
use crate::BadPayload;
use crate::event::{Action, Association, PullRequest, SourceEvent, What};
use crate::field::{Field, identity, subject};
use crate::wire::{self, Object, PullRequestEvent, Tip};

/// Of all labels kept, together. GitHub allows 100 labels of 50 characters on a pull request.
const LABEL_BYTES: usize = 768;

/// Reads a pull request event.
pub fn pull_request(body: &[u8]) -> Result<Normalised, BadPayload> {
    let event: PullRequestEvent<'_> = wire::parse("pull_request", body)?;
    let number = field("number").id(event.number)?;
    let repository = identity("pull_request", event.repository)?;
    let Object(pull) = field("pull_request").need(event.pull_request)?;
    let wire::Text(word) = field("action").need(event.action)?;
    let Some(action) = action(&word, pull.merged)? else {
        return Ok(ignored(format!(
            "`{}` changes nothing about where a pull request's code runs",
            readable(&word)
        )));
    };
    let head = head(pull.head, repository.id)?;
    let (labels, labels_cut) = labels(
        field("pull_request.labels")
            .need(pull.labels)?
            .into_iter()
            .filter_map(|Object(label)| label.name)
            .map(|name| name.0.into_owned()),
    );
    let (actor, sender_is_bot) = sender("pull_request", event.sender)?;
    let author = match pull.user {
        Some(Object(user)) => field("pull_request.user.login").login(user.login)?,
        None => None,
    };
    Ok(Normalised::Event(SourceEvent {
        repository: repository.id,
        repository_name: repository.name,
        default_branch: repository.default_branch,
        what: What::PullRequest(PullRequest {
            number,
            action,
            revision: head.revision,
            head: head.reference,
            base: base(pull.base)?,
            labels,
            labels_cut,
            fork: head.fork,
            draft: pull.draft.unwrap_or(false),
            author_association: association(
                &field("pull_request.author_association")
                    .need(pull.author_association)?
                    .0,
            ),
            author,
        }),
        actor,
        subject: pull.title.and_then(|title| subject(&title.0)),
        sender_is_bot,
    }))
}

fn field(path: &'static str) -> Field {
    Field {
        event: "pull_request",
        path,
    }
}

/// `None` for actions that change neither code nor rules, and for those GitHub adds one day.
fn action(word: &str, merged: Option<bool>) -> Result<Option<Action>, BadPayload> {
    Ok(Some(match word {
        "opened" => Action::Opened,
        "reopened" => Action::Reopened,
        "synchronize" => Action::Synchronized,
        "labeled" => Action::Labeled,
        "unlabeled" => Action::Unlabeled,
        "edited" => Action::Edited,
        "ready_for_review" => Action::ReadyForReview,
        "converted_to_draft" => Action::ConvertedToDraft,
        "closed" => Action::Closed {
            merged: field("pull_request.merged").need(merged)?,
        },
        _ => return Ok(None),
    }))
}

struct Head {
    reference: RefName,
    revision: Revision,
    fork: bool,
}

fn head(tip: Option<Object<Tip<'_>>>, here: RepositoryId) -> Result<Head, BadPayload> {
    let Object(tip) = field("pull_request.head").need(tip)?;
    // By id: a fork may have the same owner or any name, and `head.repo.fork` is also true for a
    // pull request within a repository that is itself somebody's fork.
    let home = tip.repo.and_then(|Object(repository)| repository.id);
    Ok(Head {
        reference: field("pull_request.head.ref").branch(tip.reference)?,
        revision: field("pull_request.head.sha").revision(tip.sha)?,
        fork: home != Some(here.0),
    })
}

fn base(tip: Option<Object<Tip<'_>>>) -> Result<RefName, BadPayload> {
    let Object(tip) = field("pull_request.base").need(tip)?;
    field("pull_request.base.ref").branch(tip.reference)
}

/// As many whole labels as fit, and whether that is not all.
fn labels(names: impl Iterator<Item = String>) -> (Vec<String>, bool) {
    let mut kept = Vec::new();
    let mut room = LABEL_BYTES;
    let mut cut = false;
    for name in names {
        match room.checked_sub(name.len()) {
            Some(left) => {
                room = left;
                kept.push(name);
            }
            None => cut = true,
        }
    }
    (kept, cut)
}

fn association(word: &str) -> Association {
    match word {
        "OWNER" => Association::Owner,
        "MEMBER" => Association::Member,
        "COLLABORATOR" => Association::Collaborator,
        "CONTRIBUTOR" => Association::Contributor,
        "FIRST_TIMER" => Association::FirstTimer,
        "FIRST_TIME_CONTRIBUTOR" => Association::FirstTimeContributor,
        "MANNEQUIN" => Association::Mannequin,
        _ => Association::None,
    }
}
