//! `push`: a branch or a tag was created, moved or deleted.

use serde::Deserialize;

use super::object::Object;
use super::shared::{Repository, Sender};
use super::text::{Lossy, Text};

/// The body of a push. Its up to 2048 commits are not read: suspects come from the repository.
#[derive(Deserialize, Debug)]
pub struct Push<'a> {
    #[serde(borrow, rename = "ref")]
    pub reference: Option<Text<'a>>,
    #[serde(borrow)]
    pub before: Option<Text<'a>>,
    #[serde(borrow)]
    pub after: Option<Text<'a>>,
    pub created: Option<bool>,
    pub forced: Option<bool>,
    /// Null when the reference was deleted.
    #[serde(borrow)]
    pub head_commit: Option<Object<HeadCommit<'a>>>,
    #[serde(borrow)]
    pub repository: Option<Object<Repository<'a>>>,
    #[serde(borrow)]
    pub pusher: Option<Object<Pusher<'a>>>,
    #[serde(borrow)]
    pub sender: Option<Object<Sender<'a>>>,
}

/// `head_commit`
#[derive(Deserialize, Debug)]
pub struct HeadCommit<'a> {
    /// The commit even when `after` is an annotated tag's own object.
    #[serde(borrow)]
    pub id: Option<Text<'a>>,
    #[serde(borrow)]
    pub message: Option<Lossy<'a>>,
}

/// `pusher`
#[derive(Deserialize, Debug)]
pub struct Pusher<'a> {
    /// A login.
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
}
