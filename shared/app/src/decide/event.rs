//! What a delivery's event means to the rules and to a stage.

use greenroom_core::name::RefName;
use greenroom_core::resolve::{Event, Trigger};
use greenroom_core::stage::{Cause, Fork};
use greenroom_github::SourceEvent;
use greenroom_github::event::{Action, What};

use crate::records::Delivery;
use crate::table::Versioned;

/// What the stage file's rules look at.
pub(super) fn trigger(event: &SourceEvent) -> Trigger {
    let (kind, reference) = match &event.what {
        What::Push(push) => (Event::Push, push.reference.clone()),
        What::Tag(tag) => (Event::Tag, tag.reference.clone()),
        What::PullRequest(pull) => {
            let base = pull.base.branch().unwrap_or(pull.base.as_str()).to_owned();
            let event = Event::PullRequest {
                number: pull.number,
                base,
                labels: pull.labels.clone(),
                fork: pull.fork,
            };
            (event, pull.head.clone())
        }
    };
    Trigger {
        event: kind,
        reference,
        actor: event.actor.clone(),
        deleted: is_over(event),
    }
}

/// Whether it tells of an end.
pub(super) fn is_over(event: &SourceEvent) -> bool {
    match &event.what {
        What::Push(push) => push.after.is_none(),
        What::Tag(tag) => tag.commit.is_none(),
        What::PullRequest(pull) => matches!(pull.action, Action::Closed { .. }),
    }
}

/// What to read again. The branch of a fork is in another repository, which nothing is read of; where
/// its pull request stands, GitHub keeps in this one.
pub(super) fn reference(event: &SourceEvent) -> RefName {
    match &event.what {
        What::Push(push) => push.reference.clone(),
        What::Tag(tag) => tag.reference.clone(),
        What::PullRequest(pull) if pull.fork => RefName::of_pull_request(pull.number),
        What::PullRequest(pull) => pull.head.clone(),
    }
}

/// The fork it is from, if it is.
pub(super) fn fork(event: &SourceEvent) -> Option<Fork> {
    match &event.what {
        What::PullRequest(pull) if pull.fork => Some(Fork {
            author: pull.author.clone(),
        }),
        What::PullRequest(_) | What::Push(_) | What::Tag(_) => None,
    }
}

/// Its number, if it is one.
pub(super) fn pull_request(event: &SourceEvent) -> Option<u64> {
    match &event.what {
        What::PullRequest(pull) => Some(pull.number),
        What::Push(_) | What::Tag(_) => None,
    }
}

/// Why a run is wanted because of it.
pub(super) fn cause(delivery: &Versioned<Delivery>) -> Cause {
    let actor = delivery.record.event.actor.clone();
    match &delivery.record.event.what {
        _ if delivery.record.polled => Cause::Poll,
        What::Push(_) => Cause::Push { actor },
        What::Tag(_) => Cause::Tag { actor },
        What::PullRequest(pull) => Cause::PullRequest {
            number: pull.number,
            actor,
        },
    }
}
