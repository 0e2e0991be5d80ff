//! `push`: of a branch, or of a tag.

use greenroom_core::name::{RefName, Revision};

use super::{Normalised, ignored, readable, sender};
use crate::BadPayload;
use crate::event::{Push, SourceEvent, Tag, What};
use crate::field::{Field, identity, subject};
use crate::wire::{self, Object, Text};

/// Reads a push.
pub fn push(body: &[u8]) -> Result<Normalised, BadPayload> {
    let push: wire::Push<'_> = wire::parse("push", body)?;
    let moved = Moved {
        reference: field("ref").reference(push.reference)?,
        before: field("before").revision_or_zeros(push.before)?,
        after: field("after").revision_or_zeros(push.after)?,
        created: field("created").need(push.created)?,
        forced: field("forced").need(push.forced)?,
    };
    let repository = identity("push", push.repository)?;
    let (sender, sender_is_bot) = sender("push", push.sender)?;
    let pusher = push.pusher.and_then(|Object(pusher)| pusher.name);
    let actor = field("pusher.name").login(pusher)?.or(sender);
    let (commit, message) = match push.head_commit {
        Some(Object(head)) => (Some(head.id), head.message),
        None => (None, None),
    };
    let what = match moved.what(commit)? {
        Ok(what) => what,
        Err(why) => return Ok(ignored(why)),
    };
    Ok(Normalised::Event(SourceEvent {
        repository: repository.id,
        repository_name: repository.name,
        default_branch: repository.default_branch,
        what,
        actor,
        subject: message.and_then(|message| subject(&message.0)),
        sender_is_bot,
    }))
}

struct Moved {
    reference: RefName,
    before: Option<Revision>,
    after: Option<Revision>,
    created: bool,
    forced: bool,
}

impl Moved {
    /// A branch or a tag, or why it is neither. `head` is `head_commit.id`, if there is a head.
    fn what(self, head: Option<Option<Text<'_>>>) -> Result<Result<What, String>, BadPayload> {
        let Self {
            reference,
            before,
            after,
            created,
            forced,
        } = self;
        if reference.branch().is_some() {
            return Ok(Ok(What::Push(Push {
                reference,
                before,
                after,
                forced,
                created,
            })));
        }
        let name = readable(reference.as_str());
        if reference.tag().is_none() {
            return Ok(Err(format!("`{name}` is neither a branch nor a tag")));
        }
        let commit = match (after, head) {
            (None, _) => None,
            // `after` is no commit for an annotated tag, `head_commit` always is one.
            (Some(_), Some(id)) => Some(field("head_commit.id").revision(id)?),
            (Some(_), None) => return Ok(Err(format!("`{name}` does not lead to a commit"))),
        };
        Ok(Ok(What::Tag(Tag {
            reference,
            commit,
            forced,
            created,
        })))
    }
}

fn field(path: &'static str) -> Field {
    Field {
        event: "push",
        path,
    }
}
